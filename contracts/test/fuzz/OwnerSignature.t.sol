// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {VaultTest} from "../base/VaultTest.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice What an owner signs, approvals (I5) and acts (I9): every bit of it counts, for this chain and this vault, and
///         an act once.
contract OwnerSignatureFuzzTest is VaultTest {
    uint256 internal constant WORDS = 9; // of a payment

    /// @notice An approval of a payment that differs in any one bit of any word approves nothing.
    function test_EveryBitOfAnApprovedPayment() public {
        IVault.Payment memory payment = paymentOf(1, PER_PAYMENT_CAP + 1);
        bytes memory signature = sign(payment);
        bytes memory words = abi.encode(payment);
        for (uint256 bit = 0; bit < WORDS * 256; ++bit) {
            bytes32 digest = approvalOf(block.chainid, address(vault), flipped(words, bit));
            refusesApproval(payment, signature, signLong(OWNER_KEY, digest));
        }
        bytes memory approval = signLong(OWNER_KEY, approvalOf(block.chainid, address(vault), words));
        vault.pay(payment, signature, approval);
        assertLogged(1);
    }

    /// @notice So does a signature with any one bit flipped, in both forms.
    function test_EveryBitOfAnApproval() public {
        IVault.Payment memory payment = paymentOf(1, PER_PAYMENT_CAP + 1);
        bytes memory signature = sign(payment);
        bytes32 digest = approvalDigestOf(block.chainid, address(vault), payment);
        bytes memory long = signLong(OWNER_KEY, digest);
        for (uint256 bit = 0; bit < 65 * 8; ++bit) {
            refusesApproval(payment, signature, flipped(long, bit));
        }
        bytes memory short = signShort(OWNER_KEY, digest);
        for (uint256 bit = 0; bit < 64 * 8; ++bit) {
            refusesApproval(payment, signature, flipped(short, bit));
        }
    }

    /// @notice Nor another chain's, another vault's, another key's, or the owner's signature over the payment itself.
    /// forge-config: default.fuzz.runs = 400
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_AnApprovalFromElsewhere(IVault.Payment memory payment, uint256 bit, uint256 key) public {
        payment = aboveTheCap(payment);
        bytes memory signature = sign(payment);
        bytes memory words = abi.encode(payment);
        bytes32 there = approvalOf(block.chainid ^ (1 << (bit % 64)), address(vault), words);
        refusesApproval(payment, signature, signLong(OWNER_KEY, there));
        there = approvalOf(block.chainid, address(uint160(address(vault)) ^ uint160(1 << (bit % 160))), words);
        refusesApproval(payment, signature, signLong(OWNER_KEY, there));
        key = within(key, OWNER_KEY + 1, CURVE_ORDER - 1);
        bytes32 here = approvalOf(block.chainid, address(vault), words);
        refusesApproval(payment, signature, signLong(key, here));
        refusesApproval(payment, signature, signLong(OWNER_KEY, digestOf(block.chainid, address(vault), payment)));
        refusesApproval(payment, signature, signLong(AGENT_KEY, here));

        vault.pay(payment, signature, bit & 1 == 0 ? signLong(OWNER_KEY, here) : signShort(OWNER_KEY, here));
        assertLogged(1);
    }

    // ------------------------------------------------------------------------------------------ acts

    /// @notice An act with any one bit of its call, nonce, deadline or signature flipped is not the owner's; nor is it at
    ///         another vault or chain. Then it is done, once.
    /// forge-config: default.fuzz.runs = 400
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_AnyBitOfAnyAct(uint256 kind, uint128 cap, uint256 bit, uint32 deadline) public {
        bytes memory call = someAct(kind, cap);
        deadline = uint32(within(deadline, START + 1, type(uint32).max));
        uint32 nonce = vault.ownerNonce();
        bytes memory signature = signAct(OWNER_KEY, call, nonce, deadline);

        refusesAct(flipped(call, bit % (call.length * 8)), nonce, deadline, signature);
        refusesAct(call, nonce ^ uint32(1 << (bit % 32)), deadline, signature);
        refusesAct(call, nonce, deadline ^ uint32(1 << (bit % 32)), signature);
        refusesAct(call, nonce, deadline, flipped(signature, bit % (65 * 8)));
        refusesActFromElsewhere(call, nonce, deadline, bit);

        vault.lodge(call, nonce, deadline, signature);
        assertGt(vault.ownerNonce(), nonce);
        assertLogged(vault.ownerNonce() - nonce);
        refusesAct(call, nonce, deadline, signature);
    }

    function refusesActFromElsewhere(bytes memory call, uint32 nonce, uint32 deadline, uint256 bit) internal {
        bytes32 digest = actDigestOf(block.chainid ^ (1 << (bit % 64)), address(vault), call, nonce, deadline);
        refusesAct(call, nonce, deadline, signLong(OWNER_KEY, digest));
        address twin = address(uint160(address(vault)) ^ uint160(1 << (bit % 160)));
        digest = actDigestOf(block.chainid, twin, call, nonce, deadline);
        refusesAct(call, nonce, deadline, signLong(OWNER_KEY, digest));
        uint256 other = within(bit, GUARDIAN_KEY + 1, CURVE_ORDER - 1);
        refusesAct(call, nonce, deadline, signAct(other, call, nonce, deadline));
    }

    /// @notice A nonce that is not the vault's own is refused, however the owner signs.
    /// forge-config: default.fuzz.runs = 400
    /// forge-config: deep.fuzz.runs = 100000
    function testFuzz_AnotherNonce(uint32 nonce, uint256 kind) public {
        if (nonce == vault.ownerNonce()) ++nonce;
        bytes memory call = someAct(kind, 1e6);
        refusesAct(call, nonce, type(uint32).max, signAct(OWNER_KEY, call, nonce, type(uint32).max));
    }

    // ------------------------------------------------------------------------------------------

    /// @dev One of the verbs that can be lodged, which succeeds here.
    function someAct(uint256 kind, uint128 cap) internal view returns (bytes memory) {
        kind %= 8;
        cap = uint128(within(cap, 1, 2_000e6));
        if (kind == 0) return abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, cap));
        if (kind == 1) return abi.encodeCall(IVault.setPayees, (onePayee(address(uint160(cap) << 64), DATA)));
        if (kind == 2) return abi.encodeCall(IVault.rotateKey, (SESSION, otherAgent));
        if (kind == 3) return abi.encodeCall(IVault.withdraw, (address(token), within(cap, 1, FUNDS)));
        if (kind == 4) return abi.encodeCall(IVault.grant, (otherGrant()));
        if (kind == 5) return abi.encodeCall(IVault.revoke, (SESSION));
        if (kind == 6) return abi.encodeCall(IVault.removePayee, (payee));
        return abi.encodeCall(
            IVault.replace, (DAY_CAP, abi.encodeCall(IVault.setLimit, (SESSION, 0, address(token), DAY, cap)))
        );
    }

    /// @dev Any payment above the cap that only wants the owner's approval.
    function aboveTheCap(IVault.Payment memory payment) internal view returns (IVault.Payment memory) {
        payment.session = SESSION;
        payment.nonce = uint32(within(payment.nonce, 0, 1_024));
        payment.deadline = uint32(within(payment.deadline, START + 1, type(uint32).max));
        (payment.token, payment.payee) = (address(token), payee);
        payment.fee = uint128(within(payment.fee, 0, 10e6));
        payment.feeRecipient = payment.fee == 0 ? address(0) : relayer;
        payment.amount = uint128(within(payment.amount, PER_PAYMENT_CAP + 1, DAY_CAP - 10e6));
        return payment;
    }

    /// @dev The digest of an approval of these nine words, whatever bits they have.
    function approvalOf(uint256 chainId, address vaultAddress, bytes memory words) internal pure returns (bytes32) {
        bytes32 paymentType = keccak256(
            "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
        );
        bytes32 approvalType = keccak256(
            "PaymentApproval(Payment payment)Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
        );
        bytes32 payment = keccak256(bytes.concat(paymentType, words));
        return typedDigest(chainId, vaultAddress, keccak256(abi.encode(approvalType, payment)));
    }

    /// @dev A copy with one bit flipped.
    function flipped(bytes memory whole, uint256 bit) internal pure returns (bytes memory copy) {
        copy = bytes.concat(whole);
        copy[bit / 8] = copy[bit / 8] ^ bytes1(uint8(1 << (bit % 8)));
    }

    function refusesApproval(IVault.Payment memory payment, bytes memory signature, bytes memory approval) internal {
        (bool ok, bytes memory answer) = address(vault).call(abi.encodeCall(vault.pay, (payment, signature, approval)));
        assertFalse(ok);
        assertEq(bytes4(answer), IVault.ApprovalInvalid.selector);
        assertUntouched();
    }

    function refusesAct(bytes memory call, uint32 nonce, uint32 deadline, bytes memory signature) internal {
        (bool ok,) = address(vault).call(abi.encodeCall(vault.lodge, (call, nonce, deadline, signature)));
        assertFalse(ok);
        assertUntouched();
    }
}
