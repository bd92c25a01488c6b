// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../../base/VaultTest.sol";
import {HostileWallet} from "../../mocks/HostileWallet.sol";
import {SignerWallet} from "../../mocks/SignerWallet.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice approval.tree. Quoted: I5 (above its per-payment cap a session needs the owner's approval, which lifts that
///         cap for that payment and nothing else), I4, I6, I8.
contract ApprovalTest is VaultTest {
    uint128 internal constant LARGE = PER_PAYMENT_CAP + 1;
    uint256 internal constant WALLET_KEY = 0x1271;
    /// @dev The 200,000 that an owner with code may take, and a payment.
    uint256 internal constant MOST_GAS = 320_000;

    // I5
    function test_When_TheOwnerApproves() public {
        IVault.Payment memory payment = defaultPayment();
        (payment.amount, payment.fee) = (PER_PAYMENT_CAP, 1);
        bytes memory signature = sign(payment);
        bytes memory approval = approve(payment);
        vault.check(payment, true);
        expectLog();
        emit IVault.Paid(
            SESSION, payee, payment.ref, address(token), PER_PAYMENT_CAP, 1, relayer, DATA, 0, sequence + 1
        );
        vm.prank(stranger);
        vault.pay(payment, signature, approval);
        assertLogged(1);
        assertEq(token.balanceOf(payee), PER_PAYMENT_CAP);
        assertEq(usedOf(DAY), LARGE);
        refusesApproved(payment, approval, abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 0));
        // one approval, one payment: the next needs its own
        payment.nonce = 1;
        (payment.amount, payment.fee, payment.feeRecipient) = (LARGE, 0, address(0));
        payRefuses(payment, aboveCap(LARGE));
    }

    function test_When_TheOwnerApprovesInThe64ByteForm() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        submitApproved(payment, signShort(OWNER_KEY, approvalDigestOf(block.chainid, address(vault), payment)));
        assertLogged(1);
        assertEq(token.balanceOf(payee), LARGE);
    }

    function test_When_ThePaymentIsAsLargeAsThePerPaymentCap() public {
        vault.check(paymentOf(0, PER_PAYMENT_CAP), false);
        vault.check(paymentOf(0, PER_PAYMENT_CAP), true);
        submit(paymentOf(0, PER_PAYMENT_CAP));
        assertLogged(1);
    }

    function test_RevertWhen_ThereIsNoApproval() public {
        refuses(paymentOf(0, LARGE), aboveCap(LARGE));
        vault.check(paymentOf(0, LARGE), true);
    }

    function test_RevertWhen_NoneIsNeeded() public {
        IVault.Payment memory payment = paymentOf(0, PER_PAYMENT_CAP);
        bytes memory why = abi.encodeWithSelector(IVault.ApprovalNotNeeded.selector);
        refusesApproved(payment, approve(payment), why);
        refusesApproved(payment, hex"00", why);
    }

    function test_Given_APerPaymentCapOfZero() public {
        vm.prank(owner);
        vault.setPerPaymentCap(SESSION, address(token), 0);
        assertLogged(1);
        IVault.Payment memory payment = paymentOf(0, 1);
        refuses(payment, abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, 1, 0));
        submitApproved(payment, approve(payment));
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ what it lifts (I5)

    // I4: paying twice
    function test_RevertWhen_ALimitOfTheSessionIsExceeded() public {
        IVault.Payment memory payment = paymentOf(0, 70e6);
        submitApproved(payment, approve(payment));
        assertLogged(1);
        payment.nonce = 1;
        bothRefuse(payment, exceeded(SESSION, 0, DAY, 70e6, 30e6));
    }

    function test_RevertWhen_ALimitOfTheCategoryIsExceeded() public {
        vm.prank(owner);
        vault.setLimit(SESSION, DATA, address(token), WEEK, 95e6);
        IVault.Payment memory payment = paymentOf(0, 61e6);
        submitApproved(payment, approve(payment));
        assertLogged(2);
        vm.warp(START + 2 * uint256(DAY));
        payment = paymentOf(1, 61e6);
        bothRefuse(payment, exceeded(SESSION, DATA, WEEK, 61e6, 34e6));
    }

    function test_RevertWhen_ALimitOfTheVaultIsExceeded() public {
        vm.prank(owner);
        vault.setLimit(0, 0, address(token), LIFETIME, 100e6);
        IVault.Payment memory payment = paymentOf(0, 61e6);
        submitApproved(payment, approve(payment));
        assertLogged(2);
        vm.warp(START + 2 * uint256(DAY));
        payment = paymentOf(1, 61e6);
        bothRefuse(payment, exceeded(0, 0, LIFETIME, 61e6, 39e6));
    }

    function test_RevertGiven_TheVaultPaused() public {
        vm.prank(guardian);
        vault.pause();
        assertLogged(1);
        bothRefuse(paymentOf(0, LARGE), abi.encodeWithSelector(IVault.VaultPaused.selector));
    }

    function test_RevertGiven_TheSessionRevoked() public {
        vm.prank(guardian);
        vault.revoke(SESSION);
        assertLogged(1);
        bothRefuse(paymentOf(0, LARGE), abi.encodeWithSelector(IVault.SessionRevoked.selector, SESSION));
    }

    function test_RevertWhen_ThePayeeIsNotInTheBook() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        payment.payee = owner;
        bothRefuse(payment, abi.encodeWithSelector(IVault.PayeeNotInBook.selector, owner));
    }

    function test_RevertWhen_TheCategoryIsNotGranted() public {
        vm.prank(owner);
        vault.setPayees(onePayee(payee, DATA + 1));
        assertLogged(1);
        bytes memory why = abi.encodeWithSelector(IVault.CategoryNotGranted.selector, SESSION, DATA + 1);
        bothRefuse(paymentOf(0, LARGE), why);
    }

    // I6: what approves is not what grants
    function test_RevertGiven_NoLimitInTheToken() public {
        vm.startPrank(owner);
        vault.removeLimit(SESSION, 0, address(token), DAY);
        vault.removeLimit(SESSION, 0, address(token), WEEK);
        vm.stopPrank();
        assertLogged(2);
        bytes memory why = abi.encodeWithSelector(IVault.TokenNotGranted.selector, SESSION, address(token));
        bothRefuse(paymentOf(0, LARGE), why);
    }

    function test_RevertWhen_TheNonceHasPaid() public {
        submit(paymentOf(5, 1));
        assertLogged(1);
        bothRefuse(paymentOf(5, LARGE), abi.encodeWithSelector(IVault.NonceUsed.selector, SESSION, 5));
    }

    function test_RevertWhen_TheAgentHasNotSigned() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        bytes memory approval = approve(payment);
        bytes memory byOwner = signBy(OWNER_KEY, payment);
        vm.expectRevert(abi.encodeWithSelector(IVault.SignerNotSessionKey.selector, SESSION, owner));
        vault.pay(payment, byOwner, approval);
        assertUntouched();
    }

    // ------------------------------------------------------------------------------------------ who approves

    function test_RevertWhen_TheAgentApprovesItsOwnPayment() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        refusesApproved(payment, approveBy(AGENT_KEY, payment), invalid());
    }

    function test_RevertWhen_TheGuardianApproves() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        refusesApproved(payment, approveBy(GUARDIAN_KEY, payment), invalid());
    }

    function test_RevertGiven_AnotherOwnerSince() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        bytes memory approval = approve(payment);
        vm.prank(owner);
        vault.transferOwnership(stranger);
        vm.prank(stranger);
        vault.acceptOwnership();
        assertLogged(2);
        refusesApproved(payment, approval, invalid());
        submitApproved(payment, approveBy(0x0F, payment));
        assertLogged(1);
    }

    function test_RevertWhen_TheSignatureIsNoSignature() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        for (uint256 length = 1; length <= 66; ++length) {
            refusesApproved(payment, new bytes(length), invalid());
        }
    }

    // ------------------------------------------------------------------------------------------ what is signed

    function test_RevertWhen_TheOwnerSignedThePaymentItself() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        refusesApproved(payment, signBy(OWNER_KEY, payment), invalid());
    }

    function test_RevertWhen_TheOwnerSignedAnotherPayment() public {
        IVault.Payment memory payment = defaultPayment();
        payment.amount = PER_PAYMENT_CAP;
        for (uint256 field = 0; field < 9; ++field) {
            IVault.Payment memory other = abi.decode(abi.encode(payment), (IVault.Payment));
            if (field == 0) ++other.session;
            if (field == 1) ++other.nonce;
            if (field == 2) ++other.deadline;
            if (field == 3) other.token = stranger;
            if (field == 4) other.payee = stranger;
            if (field == 5) ++other.amount;
            if (field == 6) ++other.fee;
            if (field == 7) other.feeRecipient = stranger;
            if (field == 8) other.ref = keccak256("another order");
            refusesApproved(payment, approve(other), invalid());
        }
        submitApproved(payment, approve(payment));
        assertLogged(1);
    }

    function test_RevertWhen_ItIsForAnotherChain() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        bytes32 digest = approvalDigestOf(block.chainid + 1, address(vault), payment);
        refusesApproved(payment, signLong(OWNER_KEY, digest), invalid());
    }

    function test_RevertWhen_ItIsForAnotherVault() public {
        IVault other = deployVault(owner, treasury, guardian);
        IVault.Payment memory payment = paymentOf(0, LARGE);
        bytes32 digest = approvalDigestOf(block.chainid, address(other), payment);
        refusesApproved(payment, signLong(OWNER_KEY, digest), invalid());
    }

    function test_RevertWhen_SIsInTheUpperHalf() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OWNER_KEY, approvalDigestOf(block.chainid, address(vault), payment));
        bytes memory twin = bytes.concat(r, bytes32(CURVE_ORDER - uint256(s)), bytes1(v == 27 ? 28 : 27));
        refusesApproved(payment, twin, invalid());
    }

    function test_RevertWhen_TheAgentSignedTheApprovalInsteadOfThePayment() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        bytes memory wrong = approveBy(AGENT_KEY, payment);
        bytes memory approval = approve(payment);
        (bool ok, bytes memory answer) = address(vault).call(abi.encodeCall(vault.pay, (payment, wrong, approval)));
        assertFalse(ok);
        assertEq(bytes4(answer), IVault.SignerNotSessionKey.selector);
        assertUntouched();
    }

    // ------------------------------------------------------------------------------------------ owners with code

    function test_Given_AnERC1271Owner() public {
        vm.etch(owner, address(new SignerWallet(vm.addr(WALLET_KEY))).code);
        IVault.Payment memory payment = paymentOf(0, LARGE);
        refusesApproved(payment, approveBy(AGENT_KEY, payment), invalid());
        submitApproved(payment, approveBy(WALLET_KEY, payment));
        assertLogged(1);
        assertEq(token.balanceOf(payee), LARGE);
    }

    // EIP-7702: an account with delegated code still has its key
    function test_Given_AnOwnerWithDelegatedCode() public {
        SignerWallet delegate = new SignerWallet(vm.addr(WALLET_KEY));
        vm.etch(owner, bytes.concat(hex"ef0100", bytes20(address(delegate))));
        IVault.Payment memory payment = paymentOf(0, LARGE);
        refusesApproved(payment, approveBy(AGENT_KEY, payment), invalid());
        uint256 snapshot = vm.snapshotState();
        submitApproved(payment, approve(payment));
        assertLogged(1);
        assertTrue(vm.revertToState(snapshot));
        submitApproved(payment, approveBy(WALLET_KEY, payment));
        assertLogged(1);
    }

    function test_Given_AnOwnerWithDelegatedCodeThatSaysNo() public {
        address[2] memory delegates =
            [address(new HostileWallet(HostileWallet.Manner.BurnsAllGas)), address(new SignerWallet(stranger))];
        for (uint32 i = 0; i < 2; ++i) {
            vm.etch(owner, bytes.concat(hex"ef0100", bytes20(delegates[i])));
            vm.warp(START + i * WEEK);
            IVault.Payment memory payment = paymentOf(i, LARGE);
            refusesApproved(payment, approveBy(WALLET_KEY, payment), invalid());
            submitApproved(payment, approve(payment));
            assertLogged(1);
        }
    }

    function test_RevertGiven_AnOwnerWithCodeThatAnswersBadly() public {
        IVault.Payment memory payment = paymentOf(0, LARGE);
        bytes memory call = abi.encodeCall(vault.pay, (payment, sign(payment), approveBy(WALLET_KEY, payment)));
        for (uint256 manner = 0; manner < uint256(HostileWallet.Manner.AnswersMuch); ++manner) {
            vm.etch(owner, address(new HostileWallet(HostileWallet.Manner(manner))).code);
            (bool ok, bytes memory answer) = address(vault).call(call);
            assertLt(vm.lastCallGas().gasTotalUsed, MOST_GAS);
            assertFalse(ok);
            assertEq(answer, invalid());
            assertUntouched();
            assertFalse(vault.paused());
        }
    }

    function test_Given_AnOwnerThatSaysYesAtLength() public {
        vm.etch(owner, address(new HostileWallet(HostileWallet.Manner.AnswersMuch)).code);
        IVault.Payment memory payment = paymentOf(0, LARGE);
        submitApproved(payment, approveBy(WALLET_KEY, payment));
        assertLt(vm.lastCallGas().gasTotalUsed, MOST_GAS);
        assertLogged(1);
    }

    /// @dev It says yes if it has 199,998 gas left after its first instruction, which takes 2.
    function test_Given_AnOwnerThatLooksAtItsGas() public {
        vm.etch(owner, hex"5a62030d3e14631626ba7e0260e01b5f5260205ff3");
        IVault.Payment memory payment = paymentOf(0, LARGE);
        submitApproved(payment, approveBy(WALLET_KEY, payment));
        assertLogged(1);
        assertEq(token.balanceOf(payee), LARGE);
    }

    // ------------------------------------------------------------------------------------------

    function approveBy(uint256 key, IVault.Payment memory payment) internal view returns (bytes memory) {
        return signLong(key, approvalDigestOf(block.chainid, address(vault), payment));
    }

    /// @dev `check`, told that the payment is approved, and `pay` with the owner's approval.
    function bothRefuse(IVault.Payment memory payment, bytes memory why) internal {
        vm.expectRevert(why);
        vault.check(payment, true);
        refusesApproved(payment, approve(payment), why);
    }

    function refusesApproved(IVault.Payment memory payment, bytes memory approval, bytes memory why) internal {
        bytes memory signature = sign(payment);
        vm.expectRevert(why);
        vault.pay(payment, signature, approval);
        assertUntouched();
    }

    function invalid() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IVault.ApprovalInvalid.selector);
    }

    function aboveCap(uint256 requested) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IVault.AbovePerPaymentCap.selector, requested, PER_PAYMENT_CAP);
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
}
