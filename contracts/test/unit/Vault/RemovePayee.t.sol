// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice removePayee.tree. Quoted: I8 (one transaction, O(1), effective at once, by owner or guardian), I6.
contract RemovePayeeTest is VaultTest {
    function test_When_TheOwnerRemoves() public {
        removes(owner);
    }

    function test_When_TheGuardianRemoves() public {
        removes(guardian);
    }

    // I8: O(1)
    function test_Given_ThousandsOfPayeesAndSessions() public {
        uint256 snapshot = vm.snapshotState();
        uint256 few = gasOfRemoval();
        assertTrue(vm.revertToState(snapshot));
        IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](1_000);
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i] = IVault.PayeeEntry(address(uint160(0x10000 + i)), DATA);
        }
        vm.prank(owner);
        vault.setPayees(entries);
        assertEq(gasOfRemoval(), few);
        assertLt(few, 100_000);
    }

    function test_RevertWhen_TheCallerIsNeitherOwnerNorGuardian() public {
        address[4] memory callers = [payee, agent, stranger, address(0)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwnerOrGuardian.selector, callers[i]));
            vault.removePayee(payee);
        }
        assertUntouched();
    }

    // I8: a stop is no error where somebody else has made it, so that a batch of stops never fails for it
    function test_When_ThePayeeIsNotInTheBook() public {
        vm.prank(guardian);
        vault.removePayee(stranger);
        assertUntouched();
        vm.prank(owner);
        vault.removePayee(payee);
        assertLogged(1);
        vm.prank(guardian);
        vault.removePayee(payee);
        assertUntouched();
    }

    function removes(address by) internal {
        expectLog();
        emit IVault.PayeeRemoved(payee, by, sequence + 1);
        vm.prank(by);
        vault.removePayee(payee);
        assertLogged(1);
        assertEq(vault.payeeOf(payee), 0);
        assertEq(vault.payeeOf(relayer), RELAY);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.PayeeNotInBook.selector, payee));
        vm.prank(by);
        vault.removePayee(relayer); // as a fee recipient too
        vm.prank(owner);
        vault.setPayees(onePayee(payee, DATA));
        assertLogged(2);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.PayeeNotInBook.selector, relayer));
    }

    function gasOfRemoval() internal returns (uint256) {
        vm.cool(address(vault));
        vm.prank(guardian);
        vault.removePayee(payee);
        return vm.lastCallGas().gasTotalUsed;
    }
}
