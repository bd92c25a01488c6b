// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice setPayees.tree. Quoted: I6 (unknown payee = refused; category 0 does not exist), I8 (a session key is never
///         a payee).
contract SetPayeesTest is VaultTest {
    address internal constant LOW = address(0x1111);
    address internal constant HIGH = address(0x2222);

    function test_When_ThePayeesAreNew() public {
        assertEq(vault.payeeOf(LOW), 0);
        expectLog();
        emit IVault.PayeeSet(LOW, 5, sequence + 1);
        expectLog();
        emit IVault.PayeeSet(HIGH, 6, sequence + 2);
        set(twoPayees(IVault.PayeeEntry(LOW, 5), IVault.PayeeEntry(HIGH, 6)));
        assertLogged(2);
        assertEq(vault.payeeOf(LOW), 5);
        assertEq(vault.payeeOf(HIGH), 6);
        assertEq(vault.payeeOf(payee), DATA);
    }

    function test_When_APayeeMovesToAnotherCategory() public {
        set(onePayee(payee, 9));
        assertLogged(1);
        assertEq(vault.payeeOf(payee), 9);
        refuses(paymentOf(0, 1e6), abi.encodeWithSelector(IVault.CategoryNotGranted.selector, SESSION, 9));
        set(onePayee(payee, RELAY));
        IVault.Payment memory payment = paymentOf(0, 1e6);
        bytes memory signature = sign(payment);
        assertLogged(1);
        expectLog();
        emit IVault.Paid(SESSION, payee, payment.ref, address(token), 1e6, 0, address(0), RELAY, 0, sequence + 1);
        submitSigned(payment, signature);
        assertLogged(1);
    }

    function test_When_TheCategoriesAreTheFirstAndTheLast() public {
        set(twoPayees(IVault.PayeeEntry(LOW, 1), IVault.PayeeEntry(HIGH, 63)));
        assertLogged(2);
        assertEq(vault.payeeOf(LOW), 1);
        assertEq(vault.payeeOf(HIGH), 63);
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setPayees(onePayee(LOW, 5));
        }
        assertUntouched();
    }

    function test_RevertWhen_TheListIsEmpty() public {
        setRefuses(new IVault.PayeeEntry[](0), abi.encodeWithSelector(IVault.EmptyList.selector));
    }

    function test_RevertWhen_TheListIsNotAscending() public {
        IVault.PayeeEntry[] memory entries = new IVault.PayeeEntry[](3);
        entries[0] = IVault.PayeeEntry(LOW, 5);
        entries[1] = IVault.PayeeEntry(HIGH, 5);
        entries[2] = IVault.PayeeEntry(HIGH, 6);
        setRefuses(entries, abi.encodeWithSelector(IVault.NotAscending.selector, 2));
        entries[1] = IVault.PayeeEntry(LOW, 5);
        setRefuses(entries, abi.encodeWithSelector(IVault.NotAscending.selector, 1));
        entries[0] = IVault.PayeeEntry(HIGH, 5);
        setRefuses(entries, abi.encodeWithSelector(IVault.NotAscending.selector, 1));
        assertEq(vault.payeeOf(LOW), 0);
    }

    function test_RevertWhen_ACategoryIs0OrAbove63() public {
        setRefuses(onePayee(LOW, 0), abi.encodeWithSelector(IVault.CategoryInvalid.selector, 0));
        setRefuses(onePayee(LOW, 64), abi.encodeWithSelector(IVault.CategoryInvalid.selector, 64));
        setRefuses(onePayee(LOW, 255), abi.encodeWithSelector(IVault.CategoryInvalid.selector, 255));
        setRefuses(onePayee(payee, 0), abi.encodeWithSelector(IVault.CategoryInvalid.selector, 0));
    }

    function test_RevertWhen_APayeeIsZero() public {
        setRefuses(onePayee(address(0), 5), abi.encodeWithSelector(IVault.ZeroAddress.selector));
    }

    function test_RevertWhen_APayeeHasAnotherRole() public {
        address[3] memory taken = [address(vault), address(token), agent];
        for (uint256 i = 0; i < taken.length; ++i) {
            setRefuses(onePayee(taken[i], 5), abi.encodeWithSelector(IVault.RoleConflict.selector, taken[i]));
        }
        // a key that served once is no payee either
        vm.prank(owner);
        vault.rotateKey(SESSION, otherAgent);
        assertLogged(1);
        setRefuses(onePayee(agent, 5), abi.encodeWithSelector(IVault.RoleConflict.selector, agent));
        setRefuses(onePayee(otherAgent, 5), abi.encodeWithSelector(IVault.RoleConflict.selector, otherAgent));
    }

    function set(IVault.PayeeEntry[] memory entries) internal {
        vm.prank(owner);
        vault.setPayees(entries);
    }

    function setRefuses(IVault.PayeeEntry[] memory entries, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.setPayees(entries);
        assertUntouched();
    }
}
