// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";

/// @title EIP-712 struct hash of a payment (I2); its twin in Rust is protocol/src/typed_data.rs
library PaymentHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "Payment(uint32 session,uint32 nonce,uint32 deadline,address token,address payee,uint128 amount,uint128 fee,address feeRecipient,bytes32 ref)"
    );

    /// @dev Hashes the struct where it stands in memory, the typehash in the word before it for that long.
    function hash(IVault.Payment memory payment) internal pure returns (bytes32 result) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let start := sub(payment, 0x20)
            let kept := mload(start)
            mstore(start, typehash)
            result := keccak256(start, 0x140)
            mstore(start, kept)
        }
    }
}
