// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVault} from "../interfaces/IVault.sol";
import {VaultWord} from "../libraries/VaultWord.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @title  The one place that emits a vault's events, so that none escapes the running hash (I13)
/// @notice hash' = first 21 bytes of keccak256(uint256(hash) ++ topics ++ data). The first topic names the event and so
///         fixes how many topics and data words follow: no two histories share their bytes.
abstract contract Trail is VaultStorage {
    /// @dev The first word of a record: the running hash goes there.
    uint256 internal constant HASH = 0;
    /// @dev The last static word of a record: the sequence number goes there.
    uint256 internal constant SEQUENCE = 0;

    /// @dev Logs an act of the owner or guardian: any event but a payment.
    /// @param word       the vault's word as it shall be but for hash and counters; read after the last outside call
    /// @param topicCount how many words after the first are topics, the event's signature included (2 to 4)
    /// @param record     abi.encode(HASH, signature, indexed..., data..., SEQUENCE): static types only
    function _log(VaultWord word, uint256 topicCount, bytes memory record) internal {
        _vault = word.acted(_emit(word, topicCount, record));
    }

    /// @dev Logs what anyone may bring about: no act, so the owner nonce stays.
    function _logByAnyone(VaultWord word, uint256 topicCount, bytes memory record) internal {
        _vault = word.paid(_emit(word, topicCount, record));
    }

    /// @dev Logs a payment. The words of `payment` are clean: PaymentHash has looked.
    function _logPaid(VaultWord word, IVault.Payment memory payment, uint256 category) internal {
        bytes32 signature = IVault.Paid.selector;
        uint256 runningHash = word.runningHash();
        uint256 sequence;
        unchecked {
            sequence = (uint256(word.sequence()) + 1) & type(uint32).max; // assembly sees all 256 bits of it
        }
        bytes32 digest;
        assembly ("memory-safe") {
            let record := mload(0x40) // beyond what is in use: HASH, topics, data
            let session := mload(payment)
            let payee := mload(add(payment, 0x80))
            let ref := mload(add(payment, 0x100))
            mstore(record, runningHash)
            mstore(add(record, 0x20), signature)
            mstore(add(record, 0x40), session)
            mstore(add(record, 0x60), payee)
            mstore(add(record, 0x80), ref)
            mstore(add(record, 0xa0), mload(add(payment, 0x60))) // token
            mcopy(add(record, 0xc0), add(payment, 0xa0), 0x60) // amount, fee, fee recipient
            mstore(add(record, 0x120), category)
            mstore(add(record, 0x140), mload(add(payment, 0x20))) // nonce
            mstore(add(record, 0x160), sequence)
            digest := keccak256(record, 0x180)
            log4(add(record, 0xa0), 0xe0, signature, session, payee, ref)
        }
        _vault = word.paid(digest);
    }

    /// @return digest of the running hash, the topics and the data
    function _emit(VaultWord word, uint256 topicCount, bytes memory record) private returns (bytes32 digest) {
        uint256 runningHash = word.runningHash();
        uint256 sequence;
        unchecked {
            sequence = (uint256(word.sequence()) + 1) & type(uint32).max; // assembly sees all 256 bits of it
        }
        assembly ("memory-safe") {
            let start := add(record, 0x20)
            let length := mload(record)
            mstore(start, runningHash)
            mstore(add(record, length), sequence)
            digest := keccak256(start, length)

            let data := add(start, mul(0x20, add(topicCount, 1)))
            let size := sub(add(start, length), data)
            let topic := add(start, 0x20)
            switch topicCount
            case 2 { log2(data, size, mload(topic), mload(add(topic, 0x20))) }
            case 3 { log3(data, size, mload(topic), mload(add(topic, 0x20)), mload(add(topic, 0x40))) }
            default {
                log4(
                    data,
                    size,
                    mload(topic),
                    mload(add(topic, 0x20)),
                    mload(add(topic, 0x40)),
                    mload(add(topic, 0x60))
                )
            }
        }
    }
}
