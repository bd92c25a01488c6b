// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {FreezableToken} from "../../mocks/FreezableToken.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice scopes.tree: limits of the vault, of a session, of a category within one. Quoted: I4 (amount and fee, in any
///         window, in every scope), I6 (vault and category limits only tighten), I7 (nothing lowers a meter but time;
///         adding a key never adds money to the vault's own limit), I11. Every cap is tested by paying twice.
contract ScopesTest is VaultTest {
    uint32[5] internal windows = [HOUR, DAY, WEEK, MONTH, LIFETIME];
    uint128 internal constant WIDE = 900e6;

    // ------------------------------------------------------------------------------------------ the vault

    function test_Given_ALimitOfTheVault() public {
        grantOther();
        set(0, 0, DAY, 70e6);
        assertLogged(1);
        submit(paymentOf(0, 40e6));
        submitOther(0, 20e6);
        assertLogged(2);
        refuses(paymentOf(1, 10e6 + 1), exceeded(0, 0, DAY, 10e6 + 1, 10e6));
        otherRefuses(1, 10e6 + 1, exceeded(0, 0, DAY, 10e6 + 1, 10e6));
        submitOther(1, 10e6);
        assertLogged(1);
        refuses(paymentOf(1, 1), exceeded(0, 0, DAY, 1, 0));
        otherRefuses(2, 1, exceeded(0, 0, DAY, 1, 0));
        assertEq(limitOf(0, 0, DAY).used, 70e6);
        assertEq(usedOf(DAY), 40e6);
        vm.warp(START + DAY + DAY / 4);
        submit(paymentOf(1, 60e6));
        assertLogged(1);
    }

    // I7
    function test_Given_SessionsGrantedSince() public {
        set(0, 0, DAY, 50e6);
        submit(paymentOf(0, 50e6));
        assertLogged(2);
        grantOther();
        otherRefuses(0, 1, exceeded(0, 0, DAY, 1, 0));
    }

    function test_Given_AFee() public {
        set(0, 0, DAY, 50e6);
        IVault.Payment memory payment = defaultPayment();
        (payment.amount, payment.fee) = (30e6, 5e6);
        submit(payment);
        assertLogged(2);
        assertEq(limitOf(0, 0, DAY).used, 35e6);
        (payment.nonce, payment.amount, payment.fee) = (1, 10e6, 5e6 + 1);
        refuses(payment, exceeded(0, 0, DAY, 15e6 + 1, 15e6));
        payment.fee = 5e6;
        submit(payment);
        assertLogged(1);
    }

    function test_Given_LimitsOfTheVaultOverEveryWindow() public {
        eachWindowHolds(0, 0);
    }

    function test_Given_ALimitOfTheVaultInAnotherToken() public {
        PlainToken other = new PlainToken(6);
        vm.startPrank(owner);
        vault.addToken(address(other), 0);
        vault.setLimit(0, 0, address(other), DAY, 0);
        vm.stopPrank();
        submit(defaultPayment());
        assertLogged(3);
        assertEq(limitsOf(0, 0, address(token)).length, 0);
        assertEq(limitsOf(0, 0, address(other)).length, 1);
    }

    function test_Given_ItsOnlyLimitRemoved() public {
        set(0, 0, DAY, 10e6);
        submit(paymentOf(0, 10e6));
        remove(0, 0, DAY);
        submit(paymentOf(1, 20e6));
        assertLogged(4);
        assertEq(limitsOf(0, 0, address(token)).length, 0);
        expectLog();
        emit IVault.LimitSet(0, address(token), 0, DAY, 15e6, 10e6, sequence + 1); // what it counted while it stood
        set(0, 0, DAY, 15e6);
        assertLogged(1);
        refuses(paymentOf(2, 5e6 + 1), exceeded(0, 0, DAY, 5e6 + 1, 5e6));
    }

    // ------------------------------------------------------------------------------------------ a category

    function test_Given_ALimitOfTheCategory() public {
        grantOther();
        vm.prank(owner);
        vault.setPayees(onePayee(stranger, RELAY));
        set(SESSION, DATA, DAY, 30e6);
        submit(paymentOf(0, 20e6));
        assertLogged(3);
        refuses(paymentOf(1, 10e6 + 1), exceeded(SESSION, DATA, DAY, 10e6 + 1, 10e6));
        IVault.Payment memory elsewhere = paymentOf(1, 40e6);
        elsewhere.payee = stranger; // of another category
        submit(elsewhere);
        submitOther(0, 40e6); // of another session
        submit(paymentOf(2, 10e6));
        assertLogged(3);
        refuses(paymentOf(3, 1), exceeded(SESSION, DATA, DAY, 1, 0));
        assertEq(limitOf(SESSION, DATA, DAY).used, 30e6);
        assertEq(usedOf(DAY), 70e6);
        vm.warp(START + DAY + DAY / 4);
        submit(paymentOf(3, 30e6));
        assertLogged(1);
    }

    function test_Given_LimitsOfTheCategoryOverEveryWindow() public {
        eachWindowHolds(SESSION, DATA);
    }

    function test_Given_APayeeMovedToAnotherCategory() public {
        set(SESSION, DATA, DAY, 30e6);
        submit(paymentOf(0, 30e6));
        vm.prank(owner);
        vault.setPayees(onePayee(payee, RELAY));
        submit(paymentOf(1, 30e6));
        assertLogged(4);
        vm.prank(owner);
        vault.setPayees(onePayee(payee, DATA));
        assertLogged(1);
        refuses(paymentOf(2, 1), exceeded(SESSION, DATA, DAY, 1, 0));
    }

    // I6
    function test_RevertGiven_NoLimitOfTheSession() public {
        set(SESSION, DATA, DAY, WIDE);
        set(0, 0, DAY, WIDE);
        remove(SESSION, 0, DAY);
        remove(SESSION, 0, WEEK);
        assertLogged(4);
        refuses(paymentOf(0, 1), abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(token)));
    }

    function test_Given_ItsOnlyLimitOfTheCategoryRemoved() public {
        set(SESSION, DATA, DAY, 1e6);
        submit(paymentOf(0, 1e6));
        remove(SESSION, DATA, DAY);
        submit(paymentOf(1, 50e6));
        assertLogged(4);
    }

    function test_Given_TheHighestCategory() public {
        set(SESSION, RELAY, DAY, 5e6);
        IVault.Payment memory payment = paymentOf(0, 3e6);
        payment.payee = relayer;
        submit(payment);
        assertLogged(2);
        payment.nonce = 1;
        refuses(payment, exceeded(SESSION, RELAY, DAY, 3e6, 2e6));
    }

    // ------------------------------------------------------------------------------------------ the fee's category

    function test_Given_ALimitOfTheFeesCategory() public {
        set(SESSION, RELAY, DAY, 3e6);
        submit(withFee(0, 20e6, 2e6, relayer));
        assertLogged(2);
        assertEq(limitOf(SESSION, RELAY, DAY).used, 2e6);
        refuses(withFee(1, 20e6, 1e6 + 1, relayer), exceeded(SESSION, RELAY, DAY, 1e6 + 1, 1e6));
        submit(withFee(1, 20e6, 1e6, relayer));
        assertLogged(1);
        refuses(withFee(2, 1, 1, relayer), exceeded(SESSION, RELAY, DAY, 1, 0));
    }

    function test_Given_TheFeeInThePayeesCategory() public {
        vm.prank(owner);
        vault.setPayees(onePayee(stranger, DATA));
        set(SESSION, DATA, DAY, 30e6);
        submit(withFee(0, 20e6, 5e6, stranger));
        assertLogged(3);
        assertEq(limitOf(SESSION, DATA, DAY).used, 25e6);
        refuses(withFee(1, 3e6, 2e6 + 1, stranger), exceeded(SESSION, DATA, DAY, 5e6 + 1, 5e6));
        submit(withFee(1, 3e6, 2e6, stranger));
        assertLogged(1);
    }

    function test_Given_NoFee() public {
        set(SESSION, RELAY, DAY, 0);
        submit(paymentOf(0, 20e6));
        assertLogged(2);
        assertEq(limitOf(SESSION, RELAY, DAY).used, 0);
        refuses(withFee(1, 1, 1, relayer), exceeded(SESSION, RELAY, DAY, 1, 0));
    }

    function test_Given_LimitsOfBothCategories() public {
        set(SESSION, DATA, DAY, 50e6);
        set(SESSION, RELAY, WEEK, 50e6);
        submit(withFee(0, 20e6, 5e6, relayer));
        assertLogged(3);
        // all of it under the payee's, the fee alone under its own
        assertEq(limitOf(SESSION, DATA, DAY).used, 25e6);
        assertEq(limitOf(SESSION, RELAY, WEEK).used, 5e6);
        refuses(withFee(1, 20e6, 5e6 + 1, relayer), exceeded(SESSION, DATA, DAY, 25e6 + 1, 25e6));
        IVault.Payment memory payment = withFee(1, 40e6, 6e6, relayer);
        payment.payee = relayer; // and now both are one
        refuses(payment, exceeded(SESSION, RELAY, WEEK, 46e6, 45e6));
        payment.amount = 39e6;
        submit(payment);
        assertLogged(1);
        assertEq(limitOf(SESSION, RELAY, WEEK).used, 50e6);
        assertEq(limitOf(SESSION, DATA, DAY).used, 25e6);
    }

    // ------------------------------------------------------------------------------------------ lifetimes

    function test_Given_ALimitOverTheLifetime() public {
        set(SESSION, 0, LIFETIME, 70e6);
        submit(paymentOf(0, 40e6));
        assertLogged(2);
        uint256[5] memory later = [uint256(1), 1 hours, 38 days, 60 days, 90 days - 1];
        for (uint256 i = 0; i < 5; ++i) {
            vm.warp(START + later[i]);
            assertEq(limitOf(SESSION, 0, LIFETIME).used, 40e6);
            refuses(paymentOf(1, 30e6 + 1), exceeded(SESSION, 0, LIFETIME, 30e6 + 1, 30e6));
        }
        submit(paymentOf(1, 30e6));
        assertLogged(1);
        refuses(paymentOf(2, 1), exceeded(SESSION, 0, LIFETIME, 1, 0));
    }

    function test_Given_TheEndOf32BitTime() public {
        set(SESSION, 0, LIFETIME, 70e6);
        vm.prank(owner);
        vault.setValidity(SESSION, 0, type(uint32).max);
        submit(paymentOf(0, 40e6));
        assertLogged(3);
        for (uint256 time = START; time < type(uint32).max; time += 10 * 365 days) {
            vm.warp(time);
            IVault.Payment memory payment = paymentOf(1, 30e6 + 1);
            payment.deadline = type(uint32).max;
            refuses(payment, exceeded(SESSION, 0, LIFETIME, 30e6 + 1, 30e6));
        }
        vm.warp(type(uint32).max - 1);
        assertEq(limitOf(SESSION, 0, LIFETIME).remaining, 30e6);
    }

    // ------------------------------------------------------------------------------------------ several at once

    function test_Given_FiveWindowsInEachScope() public {
        uint8[3] memory categories = [0, 0, DATA];
        uint32[3] memory sessions = [0, SESSION, SESSION];
        for (uint256 scope = 0; scope < 3; ++scope) {
            for (uint256 i = 0; i < 5; ++i) {
                set(sessions[scope], categories[scope], windows[i], WIDE);
            }
        }
        submit(withFee(0, 20e6, 1e6, relayer));
        assertLogged(16);
        for (uint256 scope = 0; scope < 3; ++scope) {
            IVaultLens.LimitView[] memory limits = limitsOf(sessions[scope], categories[scope], address(token));
            assertEq(limits.length, 5);
            for (uint256 i = 0; i < 5; ++i) {
                assertEq(limits[i].window, windows[i]);
                assertEq(limits[i].used, 21e6);
                assertEq(limits[i].remaining, WIDE - 21e6);
                // one of the fifteen is tight, and it alone refuses
                set(sessions[scope], categories[scope], windows[i], 30e6);
                assertLogged(1);
                bytes memory why = exceeded(sessions[scope], categories[scope], windows[i], 9e6 + 1, 9e6);
                refuses(paymentOf(1, 9e6 + 1), why);
                set(sessions[scope], categories[scope], windows[i], WIDE);
                assertLogged(1);
            }
        }
        submit(paymentOf(1, 9e6 + 1));
        assertLogged(1);
    }

    function test_Given_SeveralThatAreExceeded() public {
        set(SESSION, 0, DAY, 5e6);
        set(0, 0, DAY, 5e6);
        set(SESSION, DATA, HOUR, 5e6);
        set(SESSION, DATA, DAY, 5e6);
        set(SESSION, RELAY, DAY, 0);
        assertLogged(5);
        IVault.Payment memory payment = withFee(0, 9e6, 1e6, relayer);
        refuses(payment, exceeded(SESSION, 0, DAY, 10e6, 5e6));
        set(SESSION, 0, DAY, WIDE);
        assertLogged(1);
        refuses(payment, exceeded(0, 0, DAY, 10e6, 5e6));
        set(0, 0, DAY, WIDE);
        assertLogged(1);
        // within a scope the one that was set first is asked first
        refuses(payment, exceeded(SESSION, DATA, HOUR, 10e6, 5e6));
        set(SESSION, DATA, HOUR, WIDE);
        assertLogged(1);
        refuses(payment, exceeded(SESSION, DATA, DAY, 10e6, 5e6));
        set(SESSION, DATA, DAY, WIDE);
        assertLogged(1);
        refuses(payment, exceeded(SESSION, RELAY, DAY, 1e6, 0));
        set(SESSION, RELAY, DAY, 1e6);
        submit(payment);
        assertLogged(2);
    }

    // I11
    function test_Given_AFailedTransfer() public {
        FreezableToken freezable = new FreezableToken();
        freezable.mint(address(vault), FUNDS);
        vm.startPrank(owner);
        vault.addToken(address(freezable), 0);
        vault.setPerPaymentCap(SESSION, address(freezable), PER_PAYMENT_CAP);
        vault.setLimit(SESSION, 0, address(freezable), DAY, WIDE);
        vault.setLimit(SESSION, 0, address(freezable), WEEK, WIDE);
        vault.setLimit(0, 0, address(freezable), DAY, WIDE);
        vault.setLimit(0, 0, address(freezable), WEEK, WIDE);
        vault.setLimit(SESSION, DATA, address(freezable), DAY, WIDE);
        vault.setLimit(SESSION, RELAY, address(freezable), DAY, WIDE);
        vm.stopPrank();
        assertLogged(8);
        freezable.freeze(relayer, true);
        IVault.Payment memory payment = withFee(0, 10e6, 1e6, relayer);
        payment.token = address(freezable);
        payRefuses(payment, abi.encodeWithSelector(IVault.TransferFailed.selector, address(freezable), relayer, 1e6));
        for (uint256 i = 0; i < 2; ++i) {
            assertEq(limitsOf(SESSION, 0, address(freezable))[i].used, 0);
            assertEq(limitsOf(0, 0, address(freezable))[i].used, 0);
        }
        assertEq(limitsOf(SESSION, DATA, address(freezable))[0].used, 0);
        assertEq(limitsOf(SESSION, RELAY, address(freezable))[0].used, 0);
        freezable.freeze(relayer, false);
        submit(payment);
        assertLogged(1);
        assertEq(limitsOf(SESSION, 0, address(freezable))[1].used, 11e6);
        assertEq(limitsOf(0, 0, address(freezable))[1].used, 11e6);
        assertEq(limitsOf(SESSION, DATA, address(freezable))[0].used, 11e6);
        assertEq(limitsOf(SESSION, RELAY, address(freezable))[0].used, 1e6);
    }

    /// @dev What is absent costs nothing: the vault's word, the session's, the allowance and the payee's category.
    function test_Given_NoLimitButTheSessions() public {
        remove(SESSION, 0, WEEK);
        assertLogged(1);
        IVault.Payment memory payment = paymentOf(0, 1e6);
        bytes memory signature = sign(payment);
        vm.record();
        vault.pay(payment, signature, "");
        (bytes32[] memory reads, bytes32[] memory writes) = vm.accesses(address(vault));
        assertEq(distinct(writes), 3);
        assertEq(distinct(reads), 4);
        assertLogged(1);

        // with one of the vault, its word and no category's
        set(0, 0, DAY, WIDE);
        assertLogged(1);
        payment = paymentOf(1, 1e6);
        signature = sign(payment);
        vm.record();
        vault.pay(payment, signature, "");
        (reads, writes) = vm.accesses(address(vault));
        assertEq(distinct(writes), 4);
        assertEq(distinct(reads), 5);
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ setting, removing

    function test_When_ALimitIsLoweredBelowWhatWasCounted() public {
        uint8[3] memory categories = [0, DATA, RELAY];
        uint32[3] memory sessions = [0, SESSION, SESSION];
        uint128[3] memory counted = [uint128(21e6), 21e6, 1e6];
        for (uint256 scope = 0; scope < 3; ++scope) {
            set(sessions[scope], categories[scope], WEEK, WIDE);
        }
        submit(withFee(0, 20e6, 1e6, relayer));
        assertLogged(4);
        for (uint256 scope = 0; scope < 3; ++scope) {
            (uint32 session, uint8 category) = (sessions[scope], categories[scope]);
            expectLog();
            emit IVault.LimitSet(
                session, address(token), category, WEEK, counted[scope] - 1, counted[scope], sequence + 1
            );
            set(session, category, WEEK, counted[scope] - 1);
            assertLogged(1);
            assertEq(limitOf(session, category, WEEK).remaining, 0);
            refuses(
                withFee(1, 20e6, 1e6, relayer), exceeded(session, category, WEEK, category == RELAY ? 1e6 : 21e6, 0)
            );
            set(session, category, WEEK, WIDE);
            assertLogged(1);
        }
    }

    // I7
    function test_When_RemovedAndRestored() public {
        uint8[3] memory categories = [0, DATA, RELAY];
        uint32[3] memory sessions = [0, SESSION, SESSION];
        uint128[3] memory counted = [uint128(21e6), 21e6, 1e6];
        for (uint256 scope = 0; scope < 3; ++scope) {
            set(sessions[scope], categories[scope], WEEK, WIDE);
            set(sessions[scope], categories[scope], LIFETIME, WIDE);
        }
        submit(withFee(0, 20e6, 1e6, relayer));
        assertLogged(7);
        for (uint256 scope = 0; scope < 3; ++scope) {
            (uint32 session, uint8 category) = (sessions[scope], categories[scope]);
            expectLog();
            emit IVault.LimitRemoved(session, address(token), category, WEEK, sequence + 1);
            remove(session, category, WEEK);
            remove(session, category, LIFETIME);
            // the other way round: what was first is another's place now
            set(session, category, LIFETIME, WIDE);
            set(session, category, WEEK, WIDE);
            assertLogged(4);
            assertEq(limitOf(session, category, WEEK).used, counted[scope]);
            assertEq(limitOf(session, category, LIFETIME).used, counted[scope]);
        }
    }

    function test_When_TheMeterIsRead() public {
        set(0, 0, WEEK, 1e6 + 1);
        set(SESSION, DATA, WEEK, 1e6 + 2);
        set(SESSION, DATA, LIFETIME, 1e6 + 3);
        set(SESSION, RELAY, WEEK, 1e6 + 4);
        assertLogged(4);
        assertEq(capIn(lens.meterOf(address(vault), 0, 0, address(token), WEEK)), 1e6 + 1);
        assertEq(capIn(lens.meterOf(address(vault), SESSION, DATA, address(token), WEEK)), 1e6 + 2);
        assertEq(capIn(lens.meterOf(address(vault), SESSION, DATA, address(token), LIFETIME)), 1e6 + 3);
        assertEq(capIn(lens.meterOf(address(vault), SESSION, RELAY, address(token), WEEK)), 1e6 + 4);
        assertEq(capIn(lens.meterOf(address(vault), SESSION, 0, address(token), WEEK)), WEEK_CAP);
        assertEq(lens.meterOf(address(vault), 0, 0, address(token), DAY), 0);
        assertEq(lens.meterOf(address(vault), SESSION, DATA + 1, address(token), WEEK), 0);
        assertEq(lens.meterOf(address(vault), SESSION + 1, DATA, address(token), WEEK), 0);
        assertEq(
            limitOf(SESSION, DATA, LIFETIME).meter,
            lens.meterOf(address(vault), SESSION, DATA, address(token), LIFETIME)
        );
        (uint128 cap,) = lens.remaining(address(vault), SESSION, 0, address(token));
        assertEq(cap, PER_PAYMENT_CAP);
        (cap,) = lens.remaining(address(vault), 0, 0, address(token));
        assertEq(cap, 0);
    }

    function test_When_TheFirstLimitGoes() public {
        for (uint256 i = 0; i < 5; ++i) {
            set(0, 0, windows[4 - i], uint128(100e6 + i));
        }
        submit(paymentOf(0, 7e6));
        assertLogged(6);
        for (uint256 i = 0; i < 5; ++i) {
            uint256 gone = (i + 4) % 5; // the first one set first
            remove(0, 0, windows[gone]);
            assertLogged(1);
            IVaultLens.LimitView[] memory limits = limitsOf(0, 0, address(token));
            assertEq(limits.length, 4 - i);
            for (uint256 j = 0; j < limits.length; ++j) {
                assertEq(limits[j].window, windows[i + j]);
                assertEq(limits[j].used, 7e6);
                assertEq(limits[j].cap, 100e6 + 4 - i - j);
            }
        }
        submit(paymentOf(1, 1e6));
        assertLogged(1);
        assertEq(lens.meterOf(address(vault), 0, 0, address(token), HOUR) & ((1 << 31) - 1), 7e6);
    }

    function test_When_ASessionIsGrantedLimitsByCategory() public {
        IVault.Grant memory other = otherGrant();
        other.tokens[0].limits = new IVault.Limit[](4);
        other.tokens[0].limits[0] = IVault.Limit(0, LIFETIME, 90e6);
        other.tokens[0].limits[1] = IVault.Limit(DATA, HOUR, 10e6);
        other.tokens[0].limits[2] = IVault.Limit(DATA, LIFETIME, 50e6);
        other.tokens[0].limits[3] = IVault.Limit(RELAY, DAY, 1e6);
        vm.prank(owner);
        vault.grant(other);
        submitOther(0, 6e6);
        assertLogged(7);
        otherRefuses(1, 4e6 + 1, exceeded(other.session, DATA, HOUR, 4e6 + 1, 4e6));
        submitOther(1, 4e6);
        assertLogged(1);
        assertEq(limitOf(other.session, 0, LIFETIME).used, 10e6);
        assertEq(limitOf(other.session, DATA, LIFETIME).used, 10e6);
        assertEq(limitOf(other.session, RELAY, DAY).cap, 1e6);
    }

    // ------------------------------------------------------------------------------------------ bad input

    function test_RevertWhen_ALimitOfTheVaultHasACategory() public {
        bytes memory why = abi.encodeWithSelector(IVault.ScopeInvalid.selector, 0, DATA);
        acts(abi.encodeCall(vault.setLimit, (0, DATA, address(token), DAY, 1)), why);
        acts(abi.encodeCall(vault.removeLimit, (0, DATA, address(token), DAY)), why);
    }

    function test_RevertWhen_TheCategoryDoesNotExist() public {
        uint8[3] memory categories = [64, 65, 255];
        for (uint256 i = 0; i < 3; ++i) {
            uint8 category = categories[i];
            bytes memory why = abi.encodeWithSelector(IVault.CategoryInvalid.selector, category);
            acts(abi.encodeCall(vault.setLimit, (SESSION, category, address(token), DAY, 1)), why);
            IVault.Grant memory other = otherGrant();
            other.tokens[0].limits[1].category = category;
            acts(abi.encodeCall(vault.grant, (other)), why);
            why = abi.encodeWithSelector(IVault.LimitUnknown.selector, SESSION, category, address(token), DAY);
            acts(abi.encodeCall(vault.removeLimit, (SESSION, category, address(token), DAY)), why);
        }
    }

    function test_RevertWhen_TheVaultHasNoSuchLimit() public {
        set(0, 0, DAY, 1e6);
        assertLogged(1);
        bytes memory why = abi.encodeWithSelector(IVault.LimitUnknown.selector, 0, 0, address(token), WEEK);
        acts(abi.encodeCall(vault.removeLimit, (0, 0, address(token), WEEK)), why);
        why = abi.encodeWithSelector(IVault.LimitUnknown.selector, SESSION, DATA, address(token), DAY);
        acts(abi.encodeCall(vault.removeLimit, (SESSION, DATA, address(token), DAY)), why);
    }

    function test_RevertWhen_TheVaultsTokenIsNotListed() public {
        bytes memory why = abi.encodeWithSelector(IVault.TokenNotListed.selector, stranger);
        acts(abi.encodeCall(vault.setLimit, (0, 0, stranger, DAY, 1)), why);
    }

    function test_RevertWhen_APerPaymentCapOfTheVaultIsWanted() public {
        bytes memory why = abi.encodeWithSelector(IVault.SessionUnknown.selector, 0);
        acts(abi.encodeCall(vault.setPerPaymentCap, (0, address(token), 1)), why);
    }

    // ------------------------------------------------------------------------------------------

    /// @dev With wide limits of the session, each window of the scope alone: two payments, a window, a window and a quarter.
    function eachWindowHolds(uint32 session, uint8 category) internal {
        vm.prank(owner);
        vault.setValidity(SESSION, 0, type(uint32).max);
        set(SESSION, 0, DAY, WIDE);
        set(SESSION, 0, WEEK, WIDE);
        assertLogged(3);
        for (uint256 i = 0; i < 5; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint32 window = windows[i];
            set(session, category, window, 50e6);
            submit(paymentOf(0, 30e6));
            assertLogged(2);
            IVault.Payment memory second = paymentOf(1, 20e6 + 1);
            second.deadline = type(uint32).max;
            refuses(second, exceeded(session, category, window, 20e6 + 1, 20e6));
            uint256 end = window == LIFETIME ? type(uint32).max - 1 : START + window + window / 4;
            vm.warp(end - 1);
            refuses(second, exceeded(session, category, window, 20e6 + 1, 20e6));
            vm.warp(end);
            if (window == LIFETIME) {
                refuses(second, exceeded(session, category, window, 20e6 + 1, 20e6));
            } else {
                submit(second);
                assertLogged(1);
            }
            assertTrue(vm.revertToState(snapshot));
            vm.getRecordedLogs();
        }
    }

    function set(uint32 session, uint8 category, uint32 window, uint128 cap) internal {
        vm.prank(owner);
        vault.setLimit(session, category, address(token), window, cap);
    }

    function remove(uint32 session, uint8 category, uint32 window) internal {
        vm.prank(owner);
        vault.removeLimit(session, category, address(token), window);
    }

    /// @notice The owner's call is refused.
    function acts(bytes memory call, bytes memory why) internal {
        vm.prank(owner);
        (bool ok, bytes memory answer) = address(vault).call(call);
        assertFalse(ok);
        assertEq(answer, why);
        assertUntouched();
    }

    function grantOther() internal {
        vm.prank(owner);
        vault.grant(otherGrant());
        assertLogged(4);
    }

    function otherPayment(uint32 nonce, uint128 amount) internal view returns (IVault.Payment memory payment) {
        payment = paymentOf(nonce, amount);
        payment.session = SESSION + 1;
    }

    function submitOther(uint32 nonce, uint128 amount) internal {
        submitBy(OTHER_KEY, otherPayment(nonce, amount));
    }

    function otherRefuses(uint32 nonce, uint128 amount, bytes memory why) internal {
        IVault.Payment memory payment = otherPayment(nonce, amount);
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
    }

    function withFee(uint32 nonce, uint128 amount, uint128 fee, address to)
        internal
        view
        returns (IVault.Payment memory payment)
    {
        payment = paymentOf(nonce, amount);
        (payment.fee, payment.feeRecipient) = (fee, to);
    }

    function capIn(uint256 meter) internal pure returns (uint256) {
        return (meter >> 155) & ((1 << 31) - 1);
    }

    function exceeded(uint32 session, uint8 category, uint32 window, uint256 requested, uint256 left)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IVault.LimitExceeded.selector, session, category, address(token), window, requested, left
        );
    }

    function distinct(bytes32[] memory words) internal pure returns (uint256 count) {
        for (uint256 i = 0; i < words.length; ++i) {
            bool seen = false;
            for (uint256 j = 0; j < i; ++j) {
                if (words[j] == words[i]) seen = true;
            }
            if (!seen) ++count;
        }
    }
}
