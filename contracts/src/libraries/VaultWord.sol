// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice One storage word that every verb reads and every event writes:
///         bits   0..183  running hash over all events: the first 23 bytes of a keccak256
///         bits 184..215  sequence number of the last event
///         bits 216..247  epoch: how often everything was revoked
///         bit       248  paused
/// @dev    What a payment must know of the vault stands beside what it must write anyway, so the running hash of I13
///         costs no slot of its own.
type VaultWord is uint256;

using VaultWordLib for VaultWord global;

library VaultWordLib {
    uint256 private constant HASH_MASK = (1 << 184) - 1;
    uint256 private constant SEQUENCE_SHIFT = 184;
    uint256 private constant EPOCH_SHIFT = 216;
    uint256 private constant PAUSED = 1 << 248;

    function runningHash(VaultWord word) internal pure returns (uint256) {
        return VaultWord.unwrap(word) & HASH_MASK;
    }

    // Fields are cut out of the word, so what is above them goes
    // forge-lint: disable-start(unsafe-typecast)

    function sequence(VaultWord word) internal pure returns (uint32) {
        return uint32(VaultWord.unwrap(word) >> SEQUENCE_SHIFT);
    }

    function epoch(VaultWord word) internal pure returns (uint32) {
        return uint32(VaultWord.unwrap(word) >> EPOCH_SHIFT);
    }

    // forge-lint: disable-end(unsafe-typecast)

    function paused(VaultWord word) internal pure returns (bool) {
        return VaultWord.unwrap(word) & PAUSED != 0;
    }

    /// @notice After one more event, whose hash is `digest`. The sequence number starts over after 2^32 events, the
    ///         running hash never: a full counter is no reason to hold money (I10).
    function advanced(VaultWord word, bytes32 digest) internal pure returns (VaultWord) {
        unchecked {
            uint256 kept = (VaultWord.unwrap(word) >> EPOCH_SHIFT) << EPOCH_SHIFT;
            uint256 next = uint256(sequence(word) + 1) << SEQUENCE_SHIFT;
            return VaultWord.wrap(kept | next | (uint256(digest) >> 72));
        }
    }

    /// @notice In the next epoch. Panics after 2^32 of them: starting over would revive sessions (I8).
    function nextEpoch(VaultWord word) internal pure returns (VaultWord) {
        uint256 bare = VaultWord.unwrap(word) & ~(uint256(type(uint32).max) << EPOCH_SHIFT);
        return VaultWord.wrap(bare | (uint256(epoch(word) + 1) << EPOCH_SHIFT));
    }

    function withPaused(VaultWord word, bool isPaused) internal pure returns (VaultWord) {
        uint256 bare = VaultWord.unwrap(word) & ~PAUSED;
        return VaultWord.wrap(isPaused ? bare | PAUSED : bare);
    }
}
