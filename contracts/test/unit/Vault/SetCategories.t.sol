// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice setCategories.tree. Quoted: I6 (empty means nothing, bit 0 does not exist), I7, I8.
contract SetCategoriesTest is VaultTest {
    function test_When_CategoriesAreGiven() public {
        uint64 mask = (uint64(1) << 4) | (uint64(1) << 62);
        expectLog();
        emit IVault.CategoriesSet(SESSION, mask, sequence + 1);
        set(mask);
        assertLogged(1);
        assertEq(lens.sessionOf(address(vault), SESSION).categories, mask);
        assertEq(lens.sessionOf(address(vault), SESSION).key, agent);
        assertEq(lens.sessionOf(address(vault), SESSION).validUntil, VALID_UNTIL);
        refuses(paymentOf(0, 1e6), abi.encodeWithSelector(IVault.CategoryNotGranted.selector, SESSION, DATA));
        set(mask | (uint64(1) << DATA));
        submit(paymentOf(0, 1e6));
        assertLogged(2);
    }

    // I6: empty means nothing, never everything
    function test_When_NoneIsGiven() public {
        set(0);
        assertLogged(1);
        refuses(paymentOf(0, 1e6), abi.encodeWithSelector(IVault.CategoryNotGranted.selector, SESSION, DATA));
    }

    function test_When_AllAreGiven() public {
        set(type(uint64).max - 1);
        assertLogged(1);
        for (uint8 category = 1; category <= 63; ++category) {
            vm.prank(owner);
            vault.setPayees(onePayee(payee, category));
            IVault.Payment memory payment = paymentOf(category, 1e6);
            bytes memory signature = sign(payment);
            assertLogged(1);
            expectLog();
            emit IVault.Paid(
                SESSION, payee, payment.ref, address(token), 1e6, 0, address(0), category, category, sequence + 1
            );
            submitSigned(payment, signature);
            assertLogged(1);
        }
        // each alone
        for (uint8 category = 1; category <= 63; ++category) {
            set(type(uint64).max - 1 - (uint64(1) << category));
            vm.prank(owner);
            vault.setPayees(onePayee(payee, category));
            assertLogged(2);
            bytes memory why = abi.encodeWithSelector(IVault.CategoryNotGranted.selector, SESSION, category);
            refuses(paymentOf(100, 1e6), why);
        }
    }

    // I7
    function test_Given_SomethingWasSpent() public {
        submit(paymentOf(9, 60e6));
        set(type(uint64).max - 1);
        assertLogged(2);
        assertEq(leftOf(DAY), 40e6);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceHighest, 9);
        refuses(paymentOf(9, 1e6), abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 9));
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        address[3] memory callers = [guardian, agent, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IVault.NotOwner.selector, callers[i]));
            vault.setCategories(SESSION, CATEGORIES);
        }
        assertUntouched();
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, 8));
        vault.setCategories(8, CATEGORIES);
        assertUntouched();
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(1);
        setRefuses(CATEGORIES, abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    function test_RevertWhen_BitZeroIsSet() public {
        setRefuses(1, abi.encodeWithSelector(IVault.CategoryMaskInvalid.selector, 1));
        uint64 all = type(uint64).max;
        setRefuses(all, abi.encodeWithSelector(IVault.CategoryMaskInvalid.selector, all));
    }

    function set(uint64 mask) internal {
        vm.prank(owner);
        vault.setCategories(SESSION, mask);
    }

    function setRefuses(uint64 mask, bytes memory why) internal {
        vm.prank(owner);
        vm.expectRevert(why);
        vault.setCategories(SESSION, mask);
        assertUntouched();
    }
}
