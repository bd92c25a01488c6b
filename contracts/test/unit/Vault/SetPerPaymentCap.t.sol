// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice setPerPaymentCap.tree. Quoted: I5 (as a refusal), I6, I7, I8.
contract SetPerPaymentCapTest is VaultTest {
    // I5
    function test_When_TheCapFits() public {
        expectLog();
        emit IVault.PerPaymentCapSet(SESSION, address(token), 5e6, sequence + 1);
        set(5e6);
        assertLogged(1);
        (uint128 cap,) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(cap, 5e6);
        refuses(paymentOf(0, 5e6 + 1), abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, 5e6 + 1, 5e6));
        submit(paymentOf(0, 5e6));
        submit(paymentOf(1, 5e6)); // per payment, not in all
        assertLogged(2);
    }

    // I7
    function test_When_TheCapIsRaised() public {
        submit(paymentOf(0, 60e6));
        set(2_000e6);
        assertLogged(2);
        bytes memory why =
            abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, address(token), DAY, 41e6, 40e6);
        refuses(paymentOf(1, 41e6), why);
    }

    function test_When_TheUnitIsCoarse() public {
        PlainToken coarse = new PlainToken(6);
        vm.startPrank(owner);
        vault.addToken(address(coarse), 10);
        assertLogged(1);
        expectLog();
        emit IVault.PerPaymentCapSet(SESSION, address(coarse), 2048, sequence + 1);
        vault.setPerPaymentCap(SESSION, address(coarse), 3071);
        vault.setLimit(SESSION, 0, address(coarse), HOUR, 1 << 40);
        vm.stopPrank();
        assertLogged(2);
        (uint128 cap,) = lens.remaining(address(vault), SESSION, 0, address(coarse));
        assertEq(cap, 2048);
        IVault.Payment memory payment = paymentOf(0, 2049);
        payment.token = address(coarse);
        refuses(payment, abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, 2049, 2048));
    }

    // I6
    function test_Given_NoLimitStands() public {
        PlainToken other = new PlainToken(6);
        vm.startPrank(owner);
        vault.addToken(address(other), 0);
        vault.setPerPaymentCap(SESSION, address(other), 5e6);
        vm.stopPrank();
        assertLogged(2);
        (uint128 cap, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(other));
        assertEq(cap, 5e6);
        assertEq(limits.length, 0);
        IVault.Payment memory payment = paymentOf(0, 1);
        payment.token = address(other);
        refuses(payment, abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(other)));
    }

    function test_Given_LimitsStand() public {
        submit(paymentOf(0, 20e6));
        (, IVaultLens.LimitView[] memory before) = lens.remaining(address(vault), SESSION, 0, address(token));
        set((1 << 31) - 1);
        set(0);
        assertLogged(3);
        (uint128 cap, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(cap, 0);
        assertEq(abi.encode(limits), abi.encode(before));
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setPerPaymentCap(SESSION, address(token), 1);
        }
        assertUntouched();
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 8));
        vault.setPerPaymentCap(8, address(token), 1);
        assertUntouched();
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(SESSION);
        assertLogged(1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
        vault.setPerPaymentCap(SESSION, address(token), 1);
        assertUntouched();
    }

    function test_RevertWhen_TheTokenIsNotListed() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.TokenNotListed.selector, stranger));
        vault.setPerPaymentCap(SESSION, stranger, 1);
        assertUntouched();
    }

    function test_RevertWhen_TheCapDoesNotFitTheUnit() public {
        uint128 most = (1 << 31) - 1;
        set(most);
        assertLogged(1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.CapTooLarge.selector, most + 1, most));
        vault.setPerPaymentCap(SESSION, address(token), most + 1);
        assertUntouched();
    }

    function set(uint128 cap) internal {
        vm.prank(owner);
        vault.setPerPaymentCap(SESSION, address(token), cap);
    }
}
