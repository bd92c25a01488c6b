// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice unpause.tree. Quoted: I7, I8 (the guardian never resumes).
contract UnpauseTest is VaultTest {
    function test_Given_TheVaultPaused() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        expectLog();
        emit IVault.Unpaused(owner, sequence + 1);
        vm.prank(owner);
        vault.unpause();
        assertLogged(1);
        assertFalse(vault.paused());
        submit(defaultPayment());
        assertLogged(1);
    }

    function test_Given_TheVaultNotPaused() public {
        vm.prank(owner);
        vault.unpause();
        assertLogged(0);
        assertFalse(vault.paused());
    }

    // I7
    function test_Given_SomethingWasSpentBeforeThePause() public {
        submit(paymentOf(0, 60e6));
        vm.startPrank(owner);
        vault.pause();
        vault.revokeAll();
        vault.unpause();
        vm.stopPrank();
        assertLogged(4);
        assertEq(vault.epoch(), 1);
        assertEq(leftOf(DAY), 40e6);
        refuses(paymentOf(1, 1), abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    // I8
    function test_RevertWhen_TheGuardianCalls() public {
        vm.startPrank(guardian);
        vault.pause();
        assertLogged(1);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, guardian));
        vault.unpause();
        vm.stopPrank();
        assertUntouched();
        assertTrue(vault.paused());
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        vm.prank(owner);
        vault.pause();
        assertLogged(1);
        address[3] memory callers = [agent, treasury, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.unpause();
        }
        assertUntouched();
    }
}
