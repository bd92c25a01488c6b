// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {StdAssertions} from "forge-std/StdAssertions.sol";
import {Vm} from "forge-std/Vm.sol";
import {IVault} from "src/interfaces/IVault.sol";

/// @notice An EIP-712 encoder of payments, approvals and acts of the tests' own, field by field from the standard, and
///         signatures in both forms. Never asks the contract for a hash: else a wrong type hash would agree with itself.
abstract contract PaymentSigner is StdAssertions {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Order of secp256k1, for upper-half signatures.
    uint256 internal constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function domainOf(uint256 chainId, address vaultAddress) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Pursestrings Vault"),
                keccak256("1"),
                chainId,
                vaultAddress
            )
        );
    }

    function structHashOf(IVault.Payment memory payment) internal pure returns (bytes32) {
        bytes memory head = abi.encode(
            keccak256(
                "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
            ),
            payment.session,
            payment.nonce,
            payment.deadline
        );
        bytes memory middle = abi.encode(payment.token, payment.payee, payment.amount);
        bytes memory tail = abi.encode(payment.fee, payment.feeRecipient, payment.ref);
        return keccak256(bytes.concat(head, middle, tail));
    }

    function digestOf(uint256 chainId, address vaultAddress, IVault.Payment memory payment)
        internal
        pure
        returns (bytes32)
    {
        return typedDigest(chainId, vaultAddress, structHashOf(payment));
    }

    /// @notice What the owner signs to approve a payment above its session's per-payment cap (I5).
    function approvalDigestOf(uint256 chainId, address vaultAddress, IVault.Payment memory payment)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256(
            "PaymentApproval(Payment payment)Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
        );
        return typedDigest(chainId, vaultAddress, keccak256(abi.encode(typehash, structHashOf(payment))));
    }

    /// @notice What owner or guardian signs to have a verb performed (I8, I9).
    function actDigestOf(uint256 chainId, address vaultAddress, bytes memory call, uint32 nonce, uint32 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("Act(bytes call,uint32 nonce,uint32 deadline)");
        return typedDigest(chainId, vaultAddress, keccak256(abi.encode(typehash, keccak256(call), nonce, deadline)));
    }

    function typedDigest(uint256 chainId, address vaultAddress, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", domainOf(chainId, vaultAddress), structHash));
    }

    /// @notice The 65-byte form: r, s, v.
    function signLong(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return bytes.concat(r, s, bytes1(v));
    }

    /// @notice The 64-byte form of EIP-2098: r, and s with v's parity in its top bit.
    function signShort(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, digest);
        return bytes.concat(r, vs);
    }

    /// @notice A number from `least` to `most`, from a fuzzed one.
    function within(uint256 number, uint256 least, uint256 most) internal pure returns (uint256) {
        if (number >= least && number <= most) return number;
        uint256 span = most - least + 1;
        return span == 0 ? number : least + (number % span);
    }
}
