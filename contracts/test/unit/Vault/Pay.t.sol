// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {HostileWallet} from "../../mocks/HostileWallet.sol";
import {PlainToken} from "../../mocks/PlainToken.sol";
import {IVault} from "src/interfaces/IVault.sol";
import {IVaultLens} from "src/interfaces/IVaultLens.sol";

/// @notice pay.tree. Quoted: I1 (money leaves by a payment), I2 (every field signed), I3 (once per nonce), I4 (caps
///         slide), I5 (as a refusal), I6 (deny by default), I8 (stops bind at once), I11 (no trace), I13 (trail).
contract PayTest is VaultTest {
    // I1, I4, I13
    function test_When_ThePaymentFits() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory signature = sign(payment);
        expectLog();
        emit IVault.Paid(
            SESSION, payee, payment.ref, address(token), 10e6, 0.1e6, relayer, DATA, payment.nonce, sequence + 1
        );
        submitSigned(payment, signature);
        assertLogged(1);

        assertEq(token.balanceOf(payee), 10e6);
        assertEq(token.balanceOf(relayer), 0.1e6);
        assertEq(token.balanceOf(address(vault)), FUNDS - 10.1e6);
        assertEq(usedOf(DAY), 10.1e6);
        assertEq(usedOf(WEEK), 10.1e6);
        assertEq(leftOf(DAY), DAY_CAP - 10.1e6);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 1);
    }

    function test_When_TheFeeIsNone() public {
        IVault.Payment memory payment = paymentOf(3, 10e6);
        bytes memory signature = sign(payment);
        expectLog();
        emit IVault.Paid(SESSION, payee, payment.ref, address(token), 10e6, 0, address(0), DATA, 3, sequence + 1);
        submitSigned(payment, signature);
        assertLogged(1);
        assertEq(token.balanceOf(payee), 10e6);
        assertEq(usedOf(DAY), 10e6);
        assertEq(token.balanceOf(address(vault)), FUNDS - 10e6);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceHighest, 3);
    }

    function test_When_TheAgentSubmitsItself() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory signature = sign(payment);
        vm.prank(agent);
        vault.pay(payment, signature, "");
        assertLogged(1);
        assertEq(token.balanceOf(payee), 10e6);
    }

    function test_When_TheSignatureHas64Bytes() public {
        IVault.Payment memory payment = defaultPayment();
        submitSigned(payment, signShort(AGENT_KEY, digestHere(payment)));
        assertLogged(1);
        assertEq(token.balanceOf(payee), 10e6);
    }

    // I3: uniqueness comes from the nonce, never from signature bytes
    function test_When_BothFormsOfOneSignatureCome() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory long = sign(payment);
        bytes memory short = signShort(AGENT_KEY, digestHere(payment));
        submitSigned(payment, short);
        assertLogged(1);
        signedRefuses(payment, long, abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 0));
        signedRefuses(payment, short, abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 0));
        assertEq(token.balanceOf(payee), 10e6);
    }

    function test_When_ThePayeeIsTheOwnerOrTheTreasuryInTheBook() public {
        vm.prank(owner);
        vault.setPayees(twoPayees(IVault.PayeeEntry(owner, DATA), IVault.PayeeEntry(treasury, DATA)));
        IVault.Payment memory payment = paymentOf(0, 1e6);
        payment.payee = owner;
        submit(payment);
        payment.payee = treasury;
        payment.nonce = 1;
        submit(payment);
        assertLogged(4);
        assertEq(token.balanceOf(owner), 1e6);
        assertEq(token.balanceOf(treasury), 1e6);
    }

    // ------------------------------------------------------------------------------------------ the signature (I2)

    function test_RevertWhen_TheSignatureIsNeither64Nor65Bytes() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory good = sign(payment);
        for (uint256 length = 0; length <= 130; ++length) {
            if (length == 64 || length == 65) continue;
            bytes memory bad = new bytes(length);
            for (uint256 i = 0; i < length && i < 65; ++i) {
                bad[i] = good[i];
            }
            signedRefuses(payment, bad, abi.encodeWithSelector(IVault.SignatureInvalid.selector));
        }
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        IVault.Payment memory payment = defaultPayment();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(AGENT_KEY, digestHere(payment));
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        uint8 otherV = v == 27 ? 28 : 27;
        assertEq(ecrecover(digestHere(payment), otherV, r, high), agent, "the twin is the agent's too");
        bytes memory twin = bytes.concat(r, high, bytes1(otherV));
        signedRefuses(payment, twin, abi.encodeWithSelector(IVault.SignatureInvalid.selector));
    }

    /// @dev Just above and just at half of the order, in both forms.
    function test_RevertWhen_SIsInTheUpperHalfOfThe64ByteForm() public {
        IVault.Payment memory payment = defaultPayment();
        bytes32 digest = digestHere(payment);
        (bytes32 r,) = vm.signCompact(AGENT_KEY, digest);
        bytes32 justAbove = bytes32(CURVE_ORDER / 2 + 1);
        bytes memory invalid = abi.encodeWithSelector(IVault.SignatureInvalid.selector);
        signedRefuses(payment, bytes.concat(r, justAbove), invalid);
        signedRefuses(payment, bytes.concat(r, justAbove | bytes32(uint256(1) << 255)), invalid);
        signedRefuses(payment, bytes.concat(r, justAbove, bytes1(uint8(27))), invalid);

        bytes32 half = bytes32(CURVE_ORDER / 2);
        address somebody = ecrecover(digest, 27, r, half);
        assertNotEq(somebody, address(0));
        bytes memory notKey = abi.encodeWithSelector(IVault.SignerNotSessionKey.selector, SESSION, somebody);
        signedRefuses(payment, bytes.concat(r, half), notKey);
        signedRefuses(payment, bytes.concat(r, half, bytes1(uint8(27))), notKey);
    }

    function test_RevertWhen_VIsNot27Or28() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory signature = sign(payment);
        for (uint256 v = 0; v < 256; ++v) {
            if (v == 27 || v == 28) continue;
            signature[64] = bytes1(uint8(v));
            signedRefuses(payment, signature, abi.encodeWithSelector(IVault.SignatureInvalid.selector));
        }
    }

    function test_RevertWhen_RIsZero() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory invalid = abi.encodeWithSelector(IVault.SignatureInvalid.selector);
        signedRefuses(payment, bytes.concat(bytes32(0), bytes32(uint256(1)), bytes1(uint8(27))), invalid);
        signedRefuses(payment, bytes.concat(bytes32(0), bytes32(uint256(1))), invalid);
        signedRefuses(payment, new bytes(65), invalid);
        signedRefuses(payment, new bytes(64), invalid);
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        IVault.Payment memory payment = defaultPayment();
        refusesDigest(payment, digestOf(block.chainid + 1, address(vault), payment));
    }

    function test_RevertWhen_SignedForAnotherVault() public {
        IVault other = deployVault(owner, treasury, guardian);
        IVault.Payment memory payment = defaultPayment();
        refusesDigest(payment, digestOf(block.chainid, address(other), payment));
    }

    function test_Given_TheChainIdChangedAfterTheDeployment() public {
        IVault.Payment memory payment = defaultPayment();
        bytes32 before = digestHere(payment);
        vm.chainId(block.chainid + 1);
        refusesDigest(payment, before);
        submit(payment);
        assertLogged(1);
    }

    function test_RevertWhen_SignedByAStranger() public {
        IVault.Payment memory payment = defaultPayment();
        signedRefuses(payment, signBy(0x57A, payment), notKeyOf(SESSION, vm.addr(0x57A)));
    }

    function test_RevertWhen_SignedByTheOwner() public {
        IVault.Payment memory payment = defaultPayment();
        signedRefuses(payment, signBy(0x0A, payment), notKeyOf(SESSION, owner));
    }

    function test_RevertWhen_SignedByTheKeyOfAnotherSession() public {
        vm.prank(owner);
        vault.grant(otherGrant());
        assertLogged(4);
        IVault.Payment memory payment = defaultPayment();
        signedRefuses(payment, signBy(OTHER_KEY, payment), notKeyOf(SESSION, otherAgent));
        payment.session = SESSION + 1;
        payRefuses(payment, notKeyOf(SESSION + 1, agent));
    }

    function test_RevertWhen_TheSessionIsZero() public {
        IVault.Payment memory payment = defaultPayment();
        payment.session = 0;
        bytes memory why = abi.encodeWithSelector(IVault.SessionUnknown.selector, 0);
        refuses(payment, why);
        signedRefuses(payment, signBy(0x57A, payment), why); // a key that never served has no session either
    }

    function test_RevertWhen_TheSessionIsUnknown() public {
        IVault.Payment memory payment = defaultPayment();
        payment.session = SESSION + 1;
        bytes memory why = abi.encodeWithSelector(IVault.SessionUnknown.selector, SESSION + 1);
        refuses(payment, why);
        signedRefuses(payment, signBy(0x57A, payment), why);
    }

    // EIP-7702: agents are always ECDSA keys, whatever code is at their address
    function test_Given_CodeAtTheAgentsAddress() public {
        vm.etch(agent, bytes.concat(hex"ef0100", bytes20(address(token))));
        submit(defaultPayment());
        assertLogged(1);
        vm.etch(agent, hex"00");
        submit(paymentOf(1, 1e6));
        assertLogged(1);
    }

    // A payee or a fee recipient that delegates its account (EIP-7702), and one that takes that back
    function test_Given_CodeAtThePayeesAddress() public {
        address burning = address(new HostileWallet(HostileWallet.Manner.BurnsAllGas));
        bytes[3] memory codes = [bytes.concat(hex"ef0100", bytes20(burning)), hex"fe", bytes("")];
        for (uint32 i = 0; i < 3; ++i) {
            vm.etch(payee, codes[i]);
            vm.etch(relayer, codes[i]);
            IVault.Payment memory payment = defaultPayment();
            payment.nonce = i;
            vault.check(payment, false);
            submit(payment);
            assertLogged(1);
            assertEq(token.balanceOf(payee), 10e6 * (i + 1));
            assertEq(token.balanceOf(relayer), 0.1e6 * (i + 1));
        }
    }

    // ------------------------------------------------------------------------------------------ the session (I8)

    function test_RevertGiven_TheVaultPaused() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.VaultPaused.selector));
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(SESSION);
        assertLogged(1);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    function test_RevertGiven_EverySessionRevoked() public {
        vm.prank(guardian);
        vault.revokeAll();
        assertLogged(1);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    function test_RevertGiven_TheKeyRotatedOut() public {
        vm.prank(owner);
        vault.rotateKey(SESSION, otherAgent);
        assertLogged(1);
        IVault.Payment memory payment = defaultPayment();
        vault.check(payment, false); // the session itself lives
        payRefuses(payment, abi.encodeWithSelector(IVault.KeyRetired.selector, SESSION, agent));
    }

    function test_RevertGiven_TheKeyRotatedOutAndTheSessionRevoked() public {
        vm.startPrank(owner);
        vault.rotateKey(SESSION, otherAgent);
        vault.revokeAll();
        vm.stopPrank();
        assertLogged(2);
        IVault.Payment memory payment = defaultPayment();
        payRefuses(payment, abi.encodeWithSelector(IVault.KeyRetired.selector, SESSION, agent));
        bytes memory revoked = abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION);
        signedRefuses(payment, signBy(OTHER_KEY, payment), revoked);
    }

    function test_RevertGiven_TheSessionNotBegun() public {
        uint32 from = START + 1 hours;
        vm.prank(owner);
        vault.setValidity(SESSION, from, VALID_UNTIL);
        assertLogged(1);
        IVault.Payment memory payment = defaultPayment();
        payment.deadline = VALID_UNTIL;
        vm.warp(from - 1);
        refuses(payment, abi.encodeWithSelector(IVault.SessionNotYetValid.selector, SESSION, from));
        vm.warp(from);
        vault.check(payment, false);
        submit(payment);
        assertLogged(1);
    }

    function test_RevertGiven_TheSessionOver() public {
        IVault.Payment memory payment = defaultPayment();
        payment.deadline = type(uint32).max;
        vm.warp(VALID_UNTIL);
        refuses(payment, abi.encodeWithSelector(IVault.SessionExpired.selector, SESSION, VALID_UNTIL));
        vm.warp(VALID_UNTIL - 1);
        vault.check(payment, false);
        submit(payment);
        assertLogged(1);
    }

    function test_RevertWhen_TheDeadlineHasCome() public {
        IVault.Payment memory payment = defaultPayment();
        payment.deadline = START;
        refuses(payment, abi.encodeWithSelector(IVault.PaymentExpired.selector, START, START));
        payment.deadline = 0;
        refuses(payment, abi.encodeWithSelector(IVault.PaymentExpired.selector, 0, START));
        payment.deadline = START + 1;
        vault.check(payment, false);
        submit(payment);
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ the nonce (I3)

    function test_RevertWhen_TheNonceHasPaid() public {
        submit(defaultPayment());
        assertLogged(1);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 0));
        refuses(paymentOf(0, 1), abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 0));
    }

    function test_RevertWhen_TheNonceIs32Behind() public {
        submit(paymentOf(100, 1e6));
        assertLogged(1);
        refuses(paymentOf(68, 1e6), abi.encodeWithSelector(IVault.NonceTooOld.selector, SESSION, 68, 69));
        refuses(paymentOf(0, 1e6), abi.encodeWithSelector(IVault.NonceTooOld.selector, SESSION, 0, 69));
        submit(paymentOf(69, 1e6));
        assertLogged(1);
        // beyond 16 bits
        uint32 nonce = 100;
        for (; nonce < 66_000; nonce += 1_000) {
            submit(paymentOf(nonce + 1_000, 1));
        }
        assertLogged(66);
        refuses(paymentOf(0, 1), abi.encodeWithSelector(IVault.NonceTooOld.selector, SESSION, 0, nonce - 31));
    }

    /// @dev What leaves the window is gone: it stands right below the categories in the session's word.
    function test_When_TheNonceLeapsBeyondTheWindow() public {
        uint32 nonce = 0;
        submit(paymentOf(nonce, 1));
        for (uint32 leap = 32; leap < 96; ++leap) {
            nonce += leap;
            submit(paymentOf(nonce, 1));
            IVaultLens.SessionView memory session = lens.sessionOf(address(vault), SESSION);
            assertEq(session.categories, CATEGORIES);
            assertEq(session.nonceHighest, nonce);
            assertEq(session.nonceWindow, 1);
        }
        assertLogged(65);
    }

    function test_RevertWhen_TheNonceLeaps1025() public {
        refuses(paymentOf(1025, 1e6), abi.encodeWithSelector(IVault.NonceTooFar.selector, SESSION, 1025, 1024));
        uint32 last = type(uint32).max;
        refuses(paymentOf(last, 1e6), abi.encodeWithSelector(IVault.NonceTooFar.selector, SESSION, last, 1024));
        submit(paymentOf(1024, 1e6));
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ the payee (I6)

    function test_RevertWhen_ThePayeeIsNotInTheBook() public {
        IVault.Payment memory payment = defaultPayment();
        address[4] memory unlisted = [stranger, owner, treasury, address(vault)];
        for (uint256 i = 0; i < unlisted.length; ++i) {
            payment.payee = unlisted[i];
            refuses(payment, abi.encodeWithSelector(IVault.PayeeNotInBook.selector, unlisted[i]));
        }
    }

    function test_RevertWhen_ThePayeeIsZero() public {
        IVault.Payment memory payment = defaultPayment();
        payment.payee = address(0);
        refuses(payment, abi.encodeWithSelector(IVault.PayeeNotInBook.selector, address(0)));
    }

    function test_RevertWhen_ThePayeesCategoryIsNotGranted() public {
        for (uint8 category = 1; category <= 62; ++category) {
            if (category == DATA) continue;
            vm.prank(owner);
            vault.setPayees(onePayee(payee, category));
            assertLogged(1);
            refuses(defaultPayment(), abi.encodeWithSelector(IVault.CategoryNotGranted.selector, SESSION, category));
        }
    }

    function test_RevertGiven_NoCategoryGranted() public {
        vm.prank(owner);
        vault.setCategories(SESSION, 0);
        assertLogged(1);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.CategoryNotGranted.selector, SESSION, DATA));
    }

    // I6: a fee is no way out
    function test_RevertWhen_TheFeeRecipientIsNotInTheBook() public {
        IVault.Payment memory payment = defaultPayment();
        payment.feeRecipient = stranger;
        refuses(payment, abi.encodeWithSelector(IVault.PayeeNotInBook.selector, stranger));
    }

    function test_RevertWhen_TheFeeRecipientsCategoryIsNotGranted() public {
        vm.prank(owner);
        vault.setCategories(SESSION, uint64(1) << DATA);
        assertLogged(1);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.CategoryNotGranted.selector, SESSION, RELAY));
        submit(paymentOf(0, 1e6));
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ the amount (I5)

    function test_RevertWhen_TheAmountIsZero() public {
        refuses(paymentOf(0, 0), abi.encodeWithSelector(IVault.ZeroAmount.selector));
    }

    function test_RevertWhen_TheAmountIsZeroAndTheFeeIsNot() public {
        IVault.Payment memory payment = defaultPayment();
        payment.amount = 0;
        refuses(payment, abi.encodeWithSelector(IVault.ZeroAmount.selector));
    }

    function test_RevertWhen_AFeeHasNoRecipient() public {
        IVault.Payment memory payment = defaultPayment();
        payment.feeRecipient = address(0);
        refuses(payment, abi.encodeWithSelector(IVault.FeeMismatch.selector, 0.1e6, address(0)));
    }

    function test_RevertWhen_ARecipientHasNoFee() public {
        IVault.Payment memory payment = defaultPayment();
        payment.fee = 0;
        refuses(payment, abi.encodeWithSelector(IVault.FeeMismatch.selector, 0, relayer));
    }

    function test_RevertWhen_TheAmountExceedsThePerPaymentCap() public {
        refuses(paymentOf(0, PER_PAYMENT_CAP + 1), abovePerPaymentCap(PER_PAYMENT_CAP + 1, PER_PAYMENT_CAP));
    }

    function test_RevertWhen_AmountAndFeeTogetherExceedThePerPaymentCap() public {
        IVault.Payment memory payment = defaultPayment();
        (payment.amount, payment.fee) = (PER_PAYMENT_CAP, 1);
        refuses(payment, abovePerPaymentCap(PER_PAYMENT_CAP + 1, PER_PAYMENT_CAP));
    }

    function test_When_AmountAndFeeAreThePerPaymentCap() public {
        IVault.Payment memory payment = defaultPayment();
        (payment.amount, payment.fee) = (PER_PAYMENT_CAP - 1, 1);
        vault.check(payment, false);
        submit(payment);
        assertLogged(1);
        assertEq(token.balanceOf(relayer), 1);
        assertEq(usedOf(DAY), PER_PAYMENT_CAP);
    }

    function test_RevertWhen_AmountAndFeeAreTheLargestThereAre() public {
        uint128 most = type(uint128).max;
        uint128 cap = most - (uint128(1) << 97) + 1; // what 2^31 - 1 units of 2^97 come to
        PlainToken vast = new PlainToken(18);
        vm.startPrank(owner);
        vault.addToken(address(vast), 97);
        vault.setLimit(SESSION, 0, address(vast), HOUR, cap);
        vault.setPerPaymentCap(SESSION, address(vast), most);
        vm.stopPrank();
        assertLogged(3);
        IVault.Payment memory payment = defaultPayment();
        payment.token = address(vast);
        (payment.amount, payment.fee) = (most, most);
        refuses(payment, abovePerPaymentCap(2 * uint256(most), cap));
        payment.fee = 1;
        refuses(payment, abovePerPaymentCap(uint256(most) + 1, cap));
        (payment.amount, payment.fee) = (cap, 1);
        refuses(payment, abovePerPaymentCap(uint256(cap) + 1, cap));
        // all fits, to the last unit: only the money is not there
        (payment.amount, payment.fee) = (cap - 1, 1);
        refuses(payment, abi.encodeWithSelector(IVault.VaultShort.selector, 0, cap));
        payment.amount = cap - (uint128(1) << 97); // one unit less
        vast.mint(address(vault), cap);
        submit(payment);
        assertLogged(1);
        payment.nonce = 1;
        payment.amount = uint128(1) << 97; // with the fee two units
        bytes memory why = abi.encodeWithSelector(
            IVault.LimitExceeded.selector, SESSION, 0, address(vast), HOUR, uint256(payment.amount) + 1, uint256(0)
        );
        refuses(payment, why);
    }

    function test_RevertGiven_APerPaymentCapOfZero() public {
        vm.prank(owner);
        vault.setPerPaymentCap(SESSION, address(token), 0);
        assertLogged(1);
        refuses(paymentOf(0, 1), abovePerPaymentCap(1, 0));
    }

    // ------------------------------------------------------------------------------------------ the limits (I4, I6)

    function test_RevertGiven_NoLimitInTheToken() public {
        PlainToken other = new PlainToken(6);
        other.mint(address(vault), FUNDS);
        IVault.Payment memory payment = defaultPayment();
        payment.token = address(other);
        bytes memory why = abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(other));
        refuses(payment, why);
        vm.prank(owner);
        vault.addToken(address(other), 0);
        assertLogged(1);
        refuses(payment, why);
    }

    function test_RevertGiven_ACapButNoLimitInTheToken() public {
        PlainToken other = new PlainToken(6);
        other.mint(address(vault), FUNDS);
        vm.startPrank(owner);
        vault.addToken(address(other), 0);
        vault.setPerPaymentCap(SESSION, address(other), PER_PAYMENT_CAP);
        vm.stopPrank();
        assertLogged(2);
        IVault.Payment memory payment = defaultPayment();
        payment.token = address(other);
        refuses(payment, abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(other)));
    }

    function test_RevertGiven_EveryLimitRemoved() public {
        vm.startPrank(owner);
        vault.removeLimit(SESSION, 0, address(token), DAY);
        vault.removeLimit(SESSION, 0, address(token), WEEK);
        vm.stopPrank();
        assertLogged(2);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(token)));
    }

    function test_RevertWhen_PayingTwiceExceedsTheFirstLimit() public {
        submit(paymentOf(0, 60e6));
        assertLogged(1);
        refuses(paymentOf(1, 40e6 + 1), exceeded(DAY, 40e6 + 1, 40e6));
        submit(paymentOf(1, 40e6));
        assertLogged(1);
        refuses(paymentOf(2, 1), exceeded(DAY, 1, 0));
    }

    function test_RevertWhen_PayingTwiceExceedsTheSecondLimit() public {
        vm.prank(owner);
        vault.setLimit(SESSION, 0, address(token), DAY, 1_000e6);
        assertLogged(1);
        for (uint32 nonce = 0; nonce < 4; ++nonce) {
            submit(paymentOf(nonce, 60e6));
        }
        assertLogged(4);
        refuses(paymentOf(4, 10e6 + 1), exceeded(WEEK, 10e6 + 1, 10e6));
        submit(paymentOf(4, 10e6));
        assertLogged(1);
    }

    function test_RevertWhen_TheFeeAloneExceedsTheLimit() public {
        submit(paymentOf(0, 60e6));
        assertLogged(1);
        IVault.Payment memory payment = defaultPayment();
        (payment.nonce, payment.amount, payment.fee) = (1, 40e6, 1);
        refuses(payment, exceeded(DAY, 40e6 + 1, 40e6));
    }

    function test_When_ThePaymentTakesAllThatIsLeft() public {
        submit(paymentOf(0, 60e6));
        submit(paymentOf(1, 40e6));
        assertLogged(2);
        assertEq(leftOf(DAY), 0);
        assertEq(leftOf(WEEK), WEEK_CAP - DAY_CAP);
        assertEq(token.balanceOf(payee), DAY_CAP);
    }

    function test_Given_TheHourLimitAlone() public {
        onlyLimit(HOUR);
    }

    function test_Given_TheMonthLimitAlone() public {
        onlyLimit(MONTH);
    }

    // I4: sliding, not calendar; and nothing is refused for what was spent more than 1.25 windows ago
    function test_Given_TheWindowSlidOn() public {
        submit(paymentOf(0, 60e6));
        vm.warp(START + DAY / 4 - 1);
        submit(paymentOf(1, 40e6));
        assertLogged(2);
        vm.warp(START + DAY / 4 - 1 + DAY);
        refuses(paymentOf(2, 1), exceeded(DAY, 1, 0));
        vm.warp(START + DAY + DAY / 4);
        assertEq(leftOf(DAY), DAY_CAP);
        submit(paymentOf(2, 60e6));
        submit(paymentOf(3, 40e6));
        assertLogged(2);
        vm.warp(START + 3 * uint256(DAY));
        assertEq(leftOf(WEEK), 50e6, "the week still counts all four");
        refuses(paymentOf(4, 51e6), exceeded(WEEK, 51e6, 50e6));
    }

    function test_Given_ACoarseUnit() public {
        PlainToken coarse = new PlainToken(6);
        coarse.mint(address(vault), FUNDS);
        IVault.Grant memory other = otherGrant();
        other.tokens = tokenGrants(address(coarse));
        other.tokens[0].limits[0].cap = 2047; // rounded down: one unit
        vm.startPrank(owner);
        vault.addToken(address(coarse), 10);
        vault.grant(other);
        vm.stopPrank();
        assertLogged(5);

        IVault.Payment memory payment = paymentOf(0, 1);
        (payment.session, payment.token) = (other.session, address(coarse));
        submitBy(OTHER_KEY, payment);
        assertLogged(1);
        (, IVaultLens.LimitView[] memory limits) = lens.remaining(address(vault), other.session, 0, address(coarse));
        assertEq(limits[0].cap, 1024);
        assertEq(limits[0].used, 1024);
        assertEq(limits[0].remaining, 0);
        assertEq(limits[1].used, 1024);
        payment.nonce = 1;
        bytes memory why =
            abi.encodeWithSelector(IVault.LimitExceeded.selector, other.session, 0, address(coarse), DAY, 1, 0);
        signedRefuses(payment, signBy(OTHER_KEY, payment), why);
    }

    // ------------------------------------------------------------------------------------------ the money (I11)

    function test_RevertGiven_TheVaultShortOfTheAmount() public {
        vm.prank(owner);
        vault.withdraw(address(token), FUNDS - 10e6 + 1);
        assertLogged(1);
        refuses(paymentOf(0, 10e6), abi.encodeWithSelector(IVault.VaultShort.selector, 10e6 - 1, 10e6));
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 0);
        assertEq(usedOf(DAY), 0);
    }

    function test_RevertGiven_TheVaultShortOfTheFee() public {
        vm.prank(owner);
        vault.withdraw(address(token), FUNDS - 10e6);
        assertLogged(1);
        refuses(defaultPayment(), abi.encodeWithSelector(IVault.VaultShort.selector, 10e6, 10.1e6));
        assertEq(token.balanceOf(payee), 0);
        assertEq(lens.sessionOf(address(vault), SESSION).nonceWindow, 0);
        assertEq(usedOf(DAY), 0);
    }

    // I1, I10: nothing of the vault reads its ether, so none that is forced into it can be in the way
    function test_Given_EtherForcedIntoTheVault() public {
        bytes memory push = bytes.concat(hex"73", bytes20(address(vault)), hex"ff"); // selfdestruct to the vault
        vm.deal(address(this), 1 ether);
        assembly ("memory-safe") {
            pop(create(selfbalance(), add(push, 0x20), mload(push)))
        }
        assertEq(address(vault).balance, 1 ether);

        submit(paymentOf(0, 10e6));
        IVault.BatchItem[] memory items = new IVault.BatchItem[](1);
        items[0] = IVault.BatchItem(paymentOf(1, 10e6), sign(paymentOf(1, 10e6)), "");
        vault.payBatch(items);
        vm.startPrank(owner);
        vault.grant(otherGrant());
        vault.setDelay(1 days);
        vm.stopPrank();
        bytes memory raise = abi.encodeCall(vault.setLimit, (SESSION, 0, address(token), DAY, DAY_CAP + 1));
        lodgeBy(OWNER_KEY, raise);
        assertEq(assertLogged(2 + 4 + 1 + 1).length, 1); // what waits is told beside
        uint32 change = ownerNonce;
        vm.warp(START + DAY);
        vault.execute(change, raise);
        vm.prank(guardian);
        vault.revokeAll();
        vm.prank(owner);
        vault.withdraw(address(token), type(uint256).max);
        assertLogged(2 + 1 + 1);
        assertEq(token.balanceOf(payee), 20e6);
        assertEq(token.balanceOf(treasury), FUNDS - 20e6);
        assertEq(address(vault).balance, 1 ether);
    }

    // One calldata, one meaning: bits above a field's type are refused, not ignored
    function test_RevertWhen_TheCalldataHasDirtyUpperBits() public {
        IVault.Payment memory payment = defaultPayment();
        bytes memory good = abi.encodeCall(vault.pay, (payment, sign(payment), ""));
        uint256[8] memory widths = [uint256(32), 32, 32, 160, 160, 128, 128, 160];
        for (uint256 field = 0; field < widths.length; ++field) {
            for (uint256 bit = widths[field]; bit < 256; ++bit) {
                bytes memory dirty = bytes.concat(good);
                uint256 place = 4 + field * 32 + 31 - bit / 8;
                dirty[place] = dirty[place] ^ bytes1(uint8(1 << (bit % 8)));
                (bool ok, bytes memory answer) = address(vault).call(dirty);
                assertFalse(ok);
                assertEq(answer, abi.encodeWithSelector(IVault.PaymentMalformed.selector));
            }
        }
        assertUntouched();
    }

    // ------------------------------------------------------------------------------------------

    function digestHere(IVault.Payment memory payment) internal view returns (bytes32) {
        return digestOf(block.chainid, address(vault), payment);
    }

    function exceeded(uint32 window, uint256 requested, uint256 left) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(IVault.LimitExceeded.selector, SESSION, 0, address(token), window, requested, left);
    }

    function abovePerPaymentCap(uint256 requested, uint128 cap) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, requested, cap);
    }

    function notKeyOf(uint32 session, address signer) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IVault.SignerNotSessionKey.selector, session, signer);
    }

    /// @dev A signature of the agent over another digest is, for the vault, somebody else's.
    function refusesDigest(IVault.Payment memory payment, bytes32 digest) internal {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(AGENT_KEY, digest);
        address somebody = ecrecover(digestHere(payment), v, r, s);
        signedRefuses(payment, bytes.concat(r, s, bytes1(v)), notKeyOf(SESSION, somebody));
    }

    function onlyLimit(uint32 window) internal {
        vm.startPrank(owner);
        vault.removeLimit(SESSION, 0, address(token), DAY);
        vault.removeLimit(SESSION, 0, address(token), WEEK);
        vault.setLimit(SESSION, 0, address(token), window, 70e6);
        vm.stopPrank();
        submit(paymentOf(0, 40e6));
        assertLogged(4);
        assertEq(usedOf(window), 40e6);
        IVault.Payment memory second = paymentOf(1, 30e6 + 1);
        second.deadline = type(uint32).max;
        refuses(second, exceeded(window, 30e6 + 1, 30e6));
        vm.warp(START + window + window / 4 - 1);
        refuses(second, exceeded(window, 30e6 + 1, 30e6));
        vm.warp(START + window + window / 4);
        submit(second);
        assertLogged(1);
        assertEq(usedOf(window), 30e6 + 1);
    }
}
