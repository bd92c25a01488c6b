// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice revokeAll.tree. Quoted: I8 (one transaction, O(1), every session granted so far, for good).
contract RevokeAllTest is VaultTest {
    function test_When_TheOwnerRevokesAll() public {
        revokesAll(owner);
    }

    function test_When_TheGuardianRevokesAll() public {
        revokesAll(guardian);
    }

    function test_When_CalledAgain() public {
        vm.prank(guardian);
        vault.revokeAll();
        vm.prank(owner);
        vault.grant(otherGrant());
        assertLogged(5);
        expectLog();
        emit IVault.AllRevoked(2, guardian, sequence + 1);
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(1);
        assertEq(vault.epoch(), 2);
        assertTrue(lens.sessionOf(address(vault), SESSION).revoked);
        assertTrue(lens.sessionOf(address(vault), SESSION + 1).revoked);
    }

    function test_Given_TheVaultPaused() public {
        vm.startPrank(guardian);
        vault.pause();
        vault.revokeAll();
        vm.stopPrank();
        assertLogged(2);
        assertTrue(vault.paused());
    }

    // I8: O(1)
    function test_Given_ThousandsOfSessions() public {
        uint256 snapshot = vm.snapshotState();
        uint256 few = gasOfRevocation();
        assertTrue(vm.revertToState(snapshot));
        IVault.Grant memory many = otherGrant();
        vm.startPrank(owner);
        for (uint32 i = 0; i < 2_000; ++i) {
            (many.session, many.key) = (1_000 + i, address(uint160(0x10000 + i)));
            vault.grant(many);
        }
        vm.stopPrank();
        assertEq(gasOfRevocation(), few);
        assertLt(few, 100_000);
    }

    function test_RevertWhen_TheCallerIsNeitherOwnerNorGuardian() public {
        address[4] memory callers = [payee, agent, stranger, address(0)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, callers[i]));
            vault.revokeAll();
        }
        assertUntouched();
        assertEq(vault.epoch(), 0);
    }

    function revokesAll(address by) internal {
        vm.prank(owner);
        vault.grant(otherGrant());
        assertLogged(4);
        expectLog();
        emit IVault.AllRevoked(1, by, sequence + 1);
        vm.prank(by);
        vault.revokeAll();
        assertLogged(1);
        assertEq(vault.epoch(), 1);
        assertFalse(vault.paused());
        assertTrue(lens.sessionOf(address(vault), SESSION).revoked);
        assertTrue(lens.sessionOf(address(vault), SESSION + 1).revoked);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
        IVault.Payment memory payment = defaultPayment();
        payment.session = SESSION + 1;
        bytes memory why = abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION + 1);
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
    }

    function gasOfRevocation() internal returns (uint256) {
        vm.cool(address(vault));
        vm.prank(guardian);
        vault.revokeAll();
        return vm.lastCallGas().gasTotalUsed;
    }
}
