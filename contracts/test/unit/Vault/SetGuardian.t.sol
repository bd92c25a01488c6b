// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice setGuardian.tree. Quoted: I8 (who may stop; the guardian is never a session key).
contract SetGuardianTest is VaultTest {
    function test_When_AGuardianIsSet() public {
        expectLog();
        emit IVault.GuardianSet(stranger, sequence + 1);
        set(stranger);
        assertLogged(1);
        assertEq(vault.guardian(), stranger);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, guardian));
        vault.pause();
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, guardian));
        vault.revoke(SESSION);
        assertUntouched();
        vm.startPrank(stranger);
        vault.pause();
        vault.revoke(SESSION);
        vault.revokeAll();
        vault.removePayee(payee);
        vm.stopPrank();
        assertLogged(4);
        // its agent key may be granted now that the old guardian has no role
        IVault.Grant memory other = otherGrant();
        other.key = guardian;
        vm.prank(owner);
        vault.grant(other);
        assertLogged(4);
    }

    function test_When_ZeroIsSet() public {
        set(address(0));
        assertLogged(1);
        assertEq(vault.guardian(), address(0));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, guardian));
        vault.pause();
        vm.prank(owner);
        vault.pause();
        vm.prank(owner);
        vault.revoke(SESSION);
        assertLogged(2);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setGuardian(stranger);
        }
        assertUntouched();
    }

    function test_RevertWhen_ItIsASessionKey() public {
        vm.prank(owner);
        vault.revoke(SESSION);
        assertLogged(1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.RoleConflict.selector, agent));
        vault.setGuardian(agent); // not even a revoked one
        assertUntouched();
    }

    function set(address account) internal {
        vm.prank(owner);
        vault.setGuardian(account);
    }
}
