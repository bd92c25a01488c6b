// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {FreezableToken} from "../../mocks/FreezableToken.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice check.tree. Every refusal of pay.tree is asked of `check` too, by `refuses`; here is what is its own.
contract CheckTest is VaultTest {
    function test_When_ThePaymentFits() public {
        vm.record();
        vault.check(defaultPayment(), false);
        (, bytes32[] memory writes) = vm.accesses(address(vault));
        assertEq(writes.length, 0);
        assertLogged(0);
        submit(defaultPayment());
        assertLogged(1);
    }

    function test_When_AskedByAnyone() public {
        vm.prank(stranger);
        vault.check(defaultPayment(), false);
        vm.prank(address(0));
        vault.check(defaultPayment(), false);
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        IVault.Payment memory payment = defaultPayment();
        payment.session = SESSION + 1;
        vm.expectRevert(abi.encodeWithSelector(IVault.SessionUnknown.selector, SESSION + 1));
        vault.check(payment, false);
    }

    function test_RevertWhen_TheVaultIsPausedAndTheSessionUnknown() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        IVault.Payment memory payment = defaultPayment();
        payment.session = SESSION + 1;
        refuses(payment, abi.encodeWithSelector(IVault.SessionUnknown.selector, SESSION + 1));
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.VaultPaused.selector));
    }

    function test_RevertWhen_TheBalanceIsShort() public {
        vm.prank(owner);
        vault.withdraw(address(token), FUNDS - 10.1e6 + 1);
        assertLogged(1);
        vm.expectRevert(abi.encodeWithSelector(IVault.VaultShort.selector, 10.1e6 - 1, 10.1e6));
        vault.check(defaultPayment(), false);
        token.mint(address(vault), 1);
        vault.check(defaultPayment(), false);
    }

    // It speaks of the vault's rules and balance, not of the token
    function test_Given_TheTokenWouldRefuse() public {
        FreezableToken freezable = new FreezableToken();
        freezable.mint(address(vault), FUNDS);
        IVault.Grant memory other = otherGrant();
        other.tokens = tokenGrants(address(freezable));
        vm.startPrank(owner);
        vault.addToken(address(freezable), 0);
        vault.grant(other);
        vm.stopPrank();
        assertLogged(5);
        freezable.freeze(payee, true);
        IVault.Payment memory payment = defaultPayment();
        (payment.session, payment.token) = (other.session, address(freezable));
        vault.check(payment, false);
    }

    /// @notice One judge: for payments of all kinds in all states, `check` and `pay` say the same, to the byte.
    /// forge-config: default.fuzz.runs = 500
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_Given_AnyStateAndPayment(uint256 seed, uint32 warp, uint32 nonce, uint128 amount, uint128 fee)
        public
    {
        vm.startPrank(owner);
        if (seed & 0x7000 == 4096) vault.setCategories(SESSION, uint64(seed >> 128) & ~uint64(1));
        if (seed & 0x7 == 1) vault.pause();
        if (seed & 0x38 == 8) vault.revoke(SESSION);
        if (seed & 0x1c0 == 64) vault.revokeAll();
        if (seed & 0xe00 == 512) vault.removePayee(payee);
        if (seed & 0x38000 == 32768) vault.withdraw(address(token), FUNDS - 20e6);
        if (seed & 0x300000 == 0x100000) vault.setLimit(0, 0, address(token), HOUR, uint32(seed >> 64) % 80e6);
        if (seed & 0xc00000 == 0x400000 && !lens.sessionOf(address(vault), SESSION).revoked) {
            vault.setLimit(SESSION, DATA, address(token), LIFETIME, uint32(seed >> 96) % 80e6);
        }
        if (seed & 0x3000000 == 0x1000000 && !lens.sessionOf(address(vault), SESSION).revoked) {
            vault.setLimit(SESSION, RELAY, address(token), MONTH, uint32(seed >> 32) % 5e6);
        }
        vm.stopPrank();
        vm.warp(START + within(warp, 0, 100 days));
        IVault.Payment memory payment = defaultPayment();
        payment.nonce = uint32(within(nonce, 0, 1100));
        payment.amount = uint128(within(amount, 0, 110e6));
        payment.fee = uint128(within(fee, 0, 5e6));
        if (seed >> 255 == 1) payment.feeRecipient = address(0);
        bool approved = (seed >> 254) & 1 == 1;
        bool above = uint256(payment.amount) + payment.fee > PER_PAYMENT_CAP;

        (bool checked, bytes memory said) = address(vault).call(abi.encodeCall(vault.check, (payment, approved)));
        bytes memory approval = approved && above ? approve(payment) : bytes("");
        (bool paid, bytes memory answer) =
            address(vault).call(abi.encodeCall(vault.pay, (payment, sign(payment), approval)));
        assertEq(checked, paid);
        assertEq(said, answer);
    }
}
