// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";

/// @title EIP-712 struct hash of a payment (I2); its twin in Rust is protocol/src/typed_data.rs
library PaymentHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
    );

    /// @dev The owner's countersignature has a type of its own, so that no session key's signature is one (I5).
    bytes32 internal constant APPROVAL_TYPEHASH = keccak256(
        "PaymentApproval(Payment payment)Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
    );

    /// @notice Struct hash of the owner's approval of the payment with this struct hash.
    function ofApproval(bytes32 paymentHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(APPROVAL_TYPEHASH, paymentHash));
    }

    /// @notice Copies a payment out of calldata and hashes it.
    /// @dev    The words are copied as they stand, so each must be checked for bits that its type does not have: all in
    ///         one test, and with a name that Solidity's own decoder would not give.
    /// @return payment    the payment
    /// @return structHash keccak256 of the typehash and the nine words
    function read(IVault.Payment calldata signed)
        internal
        pure
        returns (IVault.Payment memory payment, bytes32 structHash)
    {
        bytes32 typehash = TYPEHASH;
        uint256 dirt;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(0x40, add(start, 0x140))
            mstore(start, typehash)
            payment := add(start, 0x20)
            calldatacopy(payment, signed, 0x120)
            structHash := keccak256(start, 0x140)
            dirt := or(mload(payment), or(mload(add(payment, 0x20)), mload(add(payment, 0x40)))) // uint32
            dirt := shr(32, dirt)
            dirt := or(dirt, shr(128, or(mload(add(payment, 0xa0)), mload(add(payment, 0xc0))))) // uint128
            let addresses := or(mload(add(payment, 0x60)), or(mload(add(payment, 0x80)), mload(add(payment, 0xe0))))
            dirt := or(dirt, shr(160, addresses))
        }
        if (dirt != 0) revert IVault.PaymentMalformed();
    }
}
