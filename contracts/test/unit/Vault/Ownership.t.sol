// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice ownership.tree: transferOwnership and acceptOwnership. Quoted: I8 (the owner is never a session key).
contract OwnershipTest is VaultTest {
    function test_When_TheOwnerNamesASuccessor() public {
        expectLog();
        emit IVault.OwnershipTransferStarted(owner, stranger, sequence + 1);
        name(stranger);
        assertLogged(1);
        assertEq(vault.owner(), owner);
        assertEq(vault.pendingOwner(), stranger);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, stranger));
        vault.unpause();
    }

    function test_When_TheSuccessorAccepts() public {
        name(stranger);
        assertLogged(1);
        expectLog();
        emit IVault.OwnershipTransferred(owner, stranger, sequence + 1);
        accept(stranger);
        assertLogged(1);
        assertEq(vault.owner(), stranger);
        assertEq(vault.pendingOwner(), address(0));
        assertEq(vault.treasury(), treasury);
        assertEq(vault.guardian(), guardian);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, owner));
        vault.withdraw(address(token), 1);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, owner));
        vault.pause();
        vm.prank(stranger);
        vault.withdraw(address(token), 1);
        assertLogged(1);
        assertEq(token.balanceOf(treasury), 1);
    }

    function test_When_TheOwnerNamesAnother() public {
        name(stranger);
        name(payee);
        assertLogged(2);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPendingOwner.selector, stranger));
        vault.acceptOwnership();
        assertUntouched();
        accept(payee);
        assertLogged(1);
        assertEq(vault.owner(), payee);
    }

    function test_When_TheOwnerNamesZero() public {
        name(stranger);
        expectLog();
        emit IVault.OwnershipTransferStarted(owner, address(0), sequence + 2);
        name(address(0));
        assertLogged(2);
        assertEq(vault.pendingOwner(), address(0));
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPendingOwner.selector, stranger));
        vault.acceptOwnership();
        assertUntouched();
    }

    // I8
    function test_RevertGiven_TheSuccessorBecameASessionKey() public {
        name(otherAgent);
        vm.prank(owner);
        vault.grant(otherGrant());
        assertLogged(5);
        vm.prank(otherAgent);
        vm.expectRevert(abi.encodeWithSelector(IVault.RoleConflict.selector, otherAgent));
        vault.acceptOwnership();
        assertUntouched();
        assertEq(vault.owner(), owner);
    }

    function test_RevertWhen_AStrangerNames() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.transferOwnership(callers[i]);
        }
        assertUntouched();
    }

    function test_RevertWhen_ASessionKeyIsNamed() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.RoleConflict.selector, agent));
        vault.transferOwnership(agent);
        assertUntouched();
    }

    function test_RevertWhen_SomebodyElseAccepts() public {
        name(stranger);
        assertLogged(1);
        address[3] memory callers = [owner, guardian, payee];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotPendingOwner.selector, callers[i]));
            vault.acceptOwnership();
        }
        assertUntouched();
    }

    function test_RevertWhen_AcceptedTwice() public {
        name(stranger);
        accept(stranger);
        assertLogged(2);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotPendingOwner.selector, stranger));
        vault.acceptOwnership();
        assertUntouched();
    }

    function name(address successor) internal {
        vm.prank(owner);
        vault.transferOwnership(successor);
    }

    function accept(address successor) internal {
        vm.prank(successor);
        vault.acceptOwnership();
    }
}
