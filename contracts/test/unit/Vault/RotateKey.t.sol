// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice rotateKey.tree. Quoted: I3 (a new nonce space), I7 (no rotation gives allowance back), I8 (a key serves
///         once, ever).
contract RotateKeyTest is VaultTest {
    function test_When_TheNewKeyIsFresh() public {
        submit(paymentOf(5, 1e6));
        assertLogged(1);
        expectLog();
        emit IVault.KeyRotated(SESSION, agent, otherAgent, sequence + 1);
        rotate(otherAgent);
        assertLogged(1);

        IVaultLens.SessionView memory view_ = lens.sessionOf(address(vault), SESSION);
        assertEq(view_.key, otherAgent);
        assertEq(view_.validFrom, VALID_FROM);
        assertEq(view_.validUntil, VALID_UNTIL);
        assertEq(view_.categories, CATEGORIES);
        assertEq(view_.nonceHighest, 0);
        assertEq(view_.nonceWindow, 0);
        assertFalse(view_.revoked);
        assertEq(vault.sessionOfKey(agent), SESSION);
        assertEq(vault.sessionOfKey(otherAgent), SESSION);

        payRefuses(paymentOf(6, 1e6), abi.encodeWithSelector(IVault.KeyRetired.selector, SESSION, agent));
        submitBy(OTHER_KEY, paymentOf(5, 1e6)); // nonce 5 paid under the old key
        submitBy(OTHER_KEY, paymentOf(0, 1e6));
        assertLogged(2);
    }

    // I7: no rotation gives allowance back
    function test_Given_SomethingWasSpent() public {
        submit(paymentOf(0, 60e6));
        rotate(otherAgent);
        assertLogged(2);
        assertEq(leftOf(DAY), 40e6);
        IVault.Payment memory payment = paymentOf(0, 40e6 + 1);
        bytes memory why =
            abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, address(token), DAY, 40e6 + 1, 40e6);
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
        submitBy(OTHER_KEY, paymentOf(0, 40e6));
        assertLogged(1);
    }

    function test_Given_TheSessionExpired() public {
        vm.warp(VALID_UNTIL);
        rotate(otherAgent);
        assertLogged(1);
        IVault.Payment memory payment = defaultPayment();
        bytes memory why = abi.encodeWithSelector(IVault.SessionExpired.selector, SESSION, VALID_UNTIL);
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
    }

    function test_Given_RotatedTwice() public {
        rotate(otherAgent);
        rotate(vm.addr(0x99));
        assertLogged(2);
        IVault.Payment memory payment = defaultPayment();
        payRefuses(payment, abi.encodeWithSelector(IVault.KeyRetired.selector, SESSION, agent));
        bytes memory why = abi.encodeWithSelector(IVault.KeyRetired.selector, SESSION, otherAgent);
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
        submitBy(0x99, payment);
        assertLogged(1);
        // setters reach the key that serves now, not one that served
        vm.startPrank(owner);
        vault.setValidity(SESSION, VALID_FROM, VALID_UNTIL + 1);
        vault.setCategories(SESSION, CATEGORIES | 2);
        vm.stopPrank();
        assertLogged(2);
        payRefuses(paymentOf(1, 1e6), abi.encodeWithSelector(IVault.KeyRetired.selector, SESSION, agent));
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.rotateKey(SESSION, otherAgent);
        }
        assertUntouched();
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 8));
        vault.rotateKey(8, otherAgent);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 0));
        vault.rotateKey(0, otherAgent);
        assertUntouched();
    }

    // I8: a revoked session never comes back
    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(SESSION);
        assertLogged(1);
        rotateRefuses(otherAgent, abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
        vm.prank(owner);
        vault.grant(otherGrant());
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(5);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION + 1));
        vault.rotateKey(SESSION + 1, vm.addr(0x99));
        assertUntouched();
    }

    function test_RevertWhen_TheNewKeyIsZero() public {
        rotateRefuses(address(0), abi.encodeWithSelector(IVault.ZeroAddress.selector));
    }

    function test_RevertWhen_TheNewKeyServedBefore() public {
        rotateRefuses(agent, abi.encodeWithSelector(IVault.KeyUsedBefore.selector, agent));
        vm.prank(owner);
        vault.grant(otherGrant());
        assertLogged(4);
        rotateRefuses(otherAgent, abi.encodeWithSelector(IVault.KeyUsedBefore.selector, otherAgent));
        rotate(vm.addr(0x99));
        assertLogged(1);
        rotateRefuses(agent, abi.encodeWithSelector(IVault.KeyUsedBefore.selector, agent));
    }

    function test_RevertWhen_TheNewKeyHasAnotherRole() public {
        address[7] memory roles = [owner, guardian, treasury, payee, relayer, address(vault), address(token)];
        for (uint256 i = 0; i < roles.length; ++i) {
            rotateRefuses(roles[i], abi.encodeWithSelector(IVault.RoleConflict.selector, roles[i]));
        }
    }

    function rotate(address newKey) internal {
        vm.prank(owner);
        vault.rotateKey(SESSION, newKey);
    }

    function rotateRefuses(address newKey, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.rotateKey(SESSION, newKey);
        assertUntouched();
    }
}
