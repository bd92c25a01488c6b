// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice One storage word that every verb reads and every event writes:
///         bits   0..167  running hash over all events: the first 21 bytes of a keccak256
///         bits 168..199  sequence number of the last event
///         bits 200..223  epoch: how often everything was revoked
///         bits 224..247  owner nonce: how many events were not payments
///         bit       248  paused
///         bit       249  the vault has, or once had, limits of its own
///         bit       250  a session was granted since everything was last revoked
///         bit       251  a change waits
/// @dev    What a payment must know of the vault stands beside what it must write anyway, so the running hash of I13
///         costs no slot of its own.
type VaultWord is uint256;

using VaultWordLib for VaultWord global;

library VaultWordLib {
    /// @dev Where the owner nonce ends: it stays there (see `acted`), and whatever relies on it is refused.
    uint256 internal constant NONCE_END = type(uint24).max;

    uint256 private constant HASH_MASK = (1 << 168) - 1;
    uint256 private constant SEQUENCE_SHIFT = 168;
    uint256 private constant EPOCH_SHIFT = 200;
    uint256 private constant NONCE_SHIFT = 224;
    uint256 private constant PAUSED = 1 << 248;
    uint256 private constant LIMITED = 1 << 249;
    uint256 private constant GRANTED = 1 << 250;
    uint256 private constant WAITING = 1 << 251;

    function runningHash(VaultWord word) internal pure returns (uint256) {
        return VaultWord.unwrap(word) & HASH_MASK;
    }

    // Fields are cut out of the word, so what is above them goes
    // forge-lint: disable-start(unsafe-typecast)

    function sequence(VaultWord word) internal pure returns (uint32) {
        return uint32(VaultWord.unwrap(word) >> SEQUENCE_SHIFT);
    }

    function epoch(VaultWord word) internal pure returns (uint32) {
        return uint24(VaultWord.unwrap(word) >> EPOCH_SHIFT);
    }

    function ownerNonce(VaultWord word) internal pure returns (uint32) {
        return uint24(VaultWord.unwrap(word) >> NONCE_SHIFT);
    }

    // forge-lint: disable-end(unsafe-typecast)

    function paused(VaultWord word) internal pure returns (bool) {
        return VaultWord.unwrap(word) & PAUSED != 0;
    }

    function limited(VaultWord word) internal pure returns (bool) {
        return VaultWord.unwrap(word) & LIMITED != 0;
    }

    function granted(VaultWord word) internal pure returns (bool) {
        return VaultWord.unwrap(word) & GRANTED != 0;
    }

    function waiting(VaultWord word) internal pure returns (bool) {
        return VaultWord.unwrap(word) & WAITING != 0;
    }

    /// @notice After one more payment, whose event's hash is `digest`. The sequence number starts over after 2^32
    ///         events, the running hash never: a full counter is no reason to hold money (I10).
    function paid(VaultWord word, bytes32 digest) internal pure returns (VaultWord) {
        unchecked {
            uint256 kept = (VaultWord.unwrap(word) >> EPOCH_SHIFT) << EPOCH_SHIFT;
            uint256 next = uint256(sequence(word) + 1) << SEQUENCE_SHIFT;
            return VaultWord.wrap(kept | next | (uint256(digest) >> 88));
        }
    }

    /// @notice After one more act of the owner or guardian, whose event's hash is `digest`.
    function acted(VaultWord word, bytes32 digest) internal pure returns (VaultWord) {
        unchecked {
            uint256 next = VaultWord.unwrap(paid(word, digest));
            return VaultWord.wrap(ownerNonce(word) == NONCE_END ? next : next + (1 << NONCE_SHIFT));
        }
    }

    /// @notice In the next epoch, in which nothing is granted yet. Panics after 2^24 of them: starting over would revive
    ///         sessions (I8). Each takes a grant of the owner, so nobody else can bring that about.
    function nextEpoch(VaultWord word) internal pure returns (VaultWord) {
        uint256 next = uint256(uint24(epoch(word)) + 1);
        uint256 bare = VaultWord.unwrap(word) & ~((uint256(type(uint24).max) << EPOCH_SHIFT) | GRANTED);
        return VaultWord.wrap(bare | (next << EPOCH_SHIFT));
    }

    function withPaused(VaultWord word, bool isPaused) internal pure returns (VaultWord) {
        uint256 bare = VaultWord.unwrap(word) & ~PAUSED;
        return VaultWord.wrap(isPaused ? bare | PAUSED : bare);
    }

    function withLimited(VaultWord word) internal pure returns (VaultWord) {
        return VaultWord.wrap(VaultWord.unwrap(word) | LIMITED);
    }

    function withGranted(VaultWord word) internal pure returns (VaultWord) {
        return VaultWord.wrap(VaultWord.unwrap(word) | GRANTED);
    }

    function withWaiting(VaultWord word, bool isWaiting) internal pure returns (VaultWord) {
        uint256 bare = VaultWord.unwrap(word) & ~WAITING;
        return VaultWord.wrap(isWaiting ? bare | WAITING : bare);
    }
}
