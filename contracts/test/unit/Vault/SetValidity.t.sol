// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice setValidity.tree. Quoted: I7 (nothing is given back), I8 (a revoked session never comes back).
contract SetValidityTest is VaultTest {
    function test_When_TheSpanEndsAfterNow() public {
        expectLog();
        emit IVault.ValiditySet(SESSION, START + 10, START + 20, sequence + 1);
        set(START + 10, START + 20);
        assertLogged(1);
        IVaultLens.SessionView memory view_ = lens.sessionOf(address(vault), SESSION);
        assertEq(view_.validFrom, START + 10);
        assertEq(view_.validUntil, START + 20);
        assertEq(view_.categories, CATEGORIES);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.SessionNotYetValid.selector, SESSION, START + 10));
        vm.warp(START + 20);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.SessionExpired.selector, SESSION, START + 20));
        set(0, type(uint32).max);
        submit(defaultPayment());
        assertLogged(2);
    }

    function test_Given_TheSessionExpired() public {
        vm.warp(VALID_UNTIL + 5 days);
        set(VALID_FROM, VALID_UNTIL + 10 days);
        submit(defaultPayment());
        assertLogged(2);
    }

    // I7
    function test_Given_SomethingWasSpent() public {
        submit(paymentOf(9, 60e6));
        set(START, VALID_UNTIL);
        assertLogged(2);
        assertEq(leftOf(DAY), 40e6);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceHighest, 9);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 1);
        refuses(paymentOf(9, 1e6), abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 9));
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setValidity(SESSION, VALID_FROM, VALID_UNTIL);
        }
        assertUntouched();
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 8));
        vault.setValidity(8, VALID_FROM, VALID_UNTIL);
        assertUntouched();
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(SESSION);
        assertLogged(1);
        setRefuses(VALID_FROM, VALID_UNTIL, abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
        vm.prank(owner);
        vault.grant(otherGrant());
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(5);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION + 1));
        vault.setValidity(SESSION + 1, VALID_FROM, VALID_UNTIL);
        assertUntouched();
    }

    function test_RevertWhen_TheSpanIsEmpty() public {
        bytes4 invalid = IVault.ValidityInvalid.selector;
        setRefuses(START + 5, START + 5, abi.encodeWithSelector(invalid, START + 5, START + 5));
        setRefuses(START + 6, START + 5, abi.encodeWithSelector(invalid, START + 6, START + 5));
        set(START + 4, START + 5);
        assertLogged(1);
    }

    function test_RevertWhen_TheSpanIsOver() public {
        setRefuses(0, START, abi.encodeWithSelector(IVault.ValidityInvalid.selector, 0, START));
        setRefuses(0, 1, abi.encodeWithSelector(IVault.ValidityInvalid.selector, 0, 1));
        setRefuses(0, 0, abi.encodeWithSelector(IVault.ValidityInvalid.selector, 0, 0));
        set(0, START + 1);
        assertLogged(1);
    }

    function set(uint32 validFrom, uint32 validUntil) internal {
        vm.prank(owner);
        vault.setValidity(SESSION, validFrom, validUntil);
    }

    function setRefuses(uint32 validFrom, uint32 validUntil, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.setValidity(SESSION, validFrom, validUntil);
        assertUntouched();
    }
}
