// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice pause.tree. Quoted: I8 (by owner or guardian, in the block that includes it), I10 (withdraw works paused).
contract PauseTest is VaultTest {
    function test_When_TheOwnerPauses() public {
        pauses(owner);
    }

    function test_When_TheGuardianPauses() public {
        pauses(guardian);
    }

    function test_Given_TheVaultPaused() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        vm.prank(owner);
        vault.pause();
        vm.prank(guardian);
        vault.pause();
        assertLogged(0);
        assertTrue(vault.paused());
    }

    // I8, I10
    function test_Given_PausedWhatMustWork() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        vm.startPrank(owner);
        vault.withdraw(address(token), 1e6);
        vault.setLimit(SESSION, 0, address(token), DAY, 1e6);
        vault.setPerPaymentCap(SESSION, address(token), 1e6);
        vault.setCategories(SESSION, 0);
        vault.setValidity(SESSION, VALID_FROM, START + 1);
        vault.removeLimit(SESSION, 0, address(token), WEEK);
        vault.removePayee(payee);
        vault.rotateKey(SESSION, otherAgent);
        vault.revoke(SESSION);
        vault.revokeAll();
        vault.withdraw(address(token), type(uint256).max);
        vm.stopPrank();
        assertLogged(11);
        assertEq(token.balanceOf(treasury), FUNDS);
        assertTrue(vault.paused());
    }

    function test_RevertWhen_TheCallerIsNeitherOwnerNorGuardian() public {
        address[4] memory callers = [payee, agent, stranger, address(0)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, callers[i]));
            vault.pause();
        }
        assertUntouched();
        assertFalse(vault.paused());
    }

    function pauses(address by) internal {
        expectLog();
        emit IVault.Paused(by, sequence + 1);
        vm.prank(by);
        vault.pause();
        assertLogged(1);
        assertTrue(vault.paused());
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.VaultPaused.selector));
        assertEq(vault.epoch(), 0);
    }
}
