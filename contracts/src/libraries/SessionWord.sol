// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice One storage word for each key that ever served a session, found by the key itself:
///         bits   0..31   session id; 0 = this key never served (a key serves one session, once, ever: I8)
///         bits  32..63   epoch of the vault when granted; an earlier one than the vault's = revoked by `revokeAll`
///         bits  64..95   validFrom
///         bits  96..127  validUntil; 0 = revoked, or the key was rotated out
///         bits 128..159  the highest nonce paid
///         bits 160..191  bit i = nonce (highest - i) was paid
///         bits 192..255  categories granted
/// @dev    The recovered signer is the mapping's key, so the word needs no 160 bits for it, and all that a payment
///         must know of a session and write to it is one slot.
type SessionWord is uint256;

using SessionWordLib for SessionWord global;

library SessionWordLib {
    uint256 internal constant NONCE_WINDOW = 32;
    uint256 internal constant NONCE_LEAP = 1_024;

    uint256 private constant U32 = type(uint32).max;
    uint256 private constant EPOCH_SHIFT = 32;
    uint256 private constant FROM_SHIFT = 64;
    uint256 private constant UNTIL_SHIFT = 96;
    uint256 private constant NONCE_SHIFT = 128;
    uint256 private constant PAID_SHIFT = 160;
    uint256 private constant CATEGORIES_SHIFT = 192;

    function create(uint32 id, uint32 vaultEpoch, uint32 from, uint32 until, uint64 mask)
        internal
        pure
        returns (SessionWord)
    {
        return SessionWord.wrap(
            uint256(id) | (uint256(vaultEpoch) << EPOCH_SHIFT) | (uint256(from) << FROM_SHIFT)
                | (uint256(until) << UNTIL_SHIFT) | (uint256(mask) << CATEGORIES_SHIFT)
        );
    }

    // Fields are cut out of the word, so what is above them goes
    // forge-lint: disable-start(unsafe-typecast)

    function session(SessionWord word) internal pure returns (uint32) {
        return uint32(SessionWord.unwrap(word));
    }

    function epoch(SessionWord word) internal pure returns (uint32) {
        return uint32(SessionWord.unwrap(word) >> EPOCH_SHIFT);
    }

    function validFrom(SessionWord word) internal pure returns (uint32) {
        return uint32(SessionWord.unwrap(word) >> FROM_SHIFT);
    }

    function validUntil(SessionWord word) internal pure returns (uint32) {
        return uint32(SessionWord.unwrap(word) >> UNTIL_SHIFT);
    }

    function nonceHighest(SessionWord word) internal pure returns (uint32) {
        return uint32(SessionWord.unwrap(word) >> NONCE_SHIFT);
    }

    function nonceWindow(SessionWord word) internal pure returns (uint32) {
        return uint32(SessionWord.unwrap(word) >> PAID_SHIFT);
    }

    function categories(SessionWord word) internal pure returns (uint64) {
        return uint64(SessionWord.unwrap(word) >> CATEGORIES_SHIFT);
    }

    // forge-lint: disable-end(unsafe-typecast)

    /// @notice Whether a category (0..63) is granted. Bit 0 is never set, so category 0 never is (I6).
    function grants(SessionWord word, uint256 category) internal pure returns (bool) {
        unchecked {
            return (SessionWord.unwrap(word) >> (CATEGORIES_SHIFT + category)) & 1 == 1;
        }
    }

    /// @notice Whether the key was ended, by `revoke` or a rotation, or everything was revoked since the grant.
    function isRevoked(SessionWord word, uint32 vaultEpoch) internal pure returns (bool) {
        return validUntil(word) == 0 || epoch(word) != vaultEpoch;
    }

    function withValidity(SessionWord word, uint32 from, uint32 until) internal pure returns (SessionWord) {
        uint256 bare = SessionWord.unwrap(word) & ~((U32 << FROM_SHIFT) | (U32 << UNTIL_SHIFT));
        return SessionWord.wrap(bare | (uint256(from) << FROM_SHIFT) | (uint256(until) << UNTIL_SHIFT));
    }

    /// @notice Ended for good: what a revoked or replaced key leaves behind.
    function ended(SessionWord word) internal pure returns (SessionWord) {
        return SessionWord.wrap(SessionWord.unwrap(word) & ~(U32 << UNTIL_SHIFT));
    }

    function withCategories(SessionWord word, uint64 mask) internal pure returns (SessionWord) {
        uint256 bare = (SessionWord.unwrap(word) << 64) >> 64;
        return SessionWord.wrap(bare | (uint256(mask) << CATEGORIES_SHIFT));
    }

    /// @notice The same session for another key, whose nonces start afresh.
    function withFreshNonces(SessionWord word) internal pure returns (SessionWord) {
        return SessionWord.wrap(SessionWord.unwrap(word) & ~((U32 << NONCE_SHIFT) | (U32 << PAID_SHIFT)));
    }

    /// @notice Whether a nonce has paid, as far as the window tells: not asked of one more than 31 behind the highest.
    function nonceUsed(SessionWord word, uint32 nonce) internal pure returns (bool) {
        unchecked {
            uint256 highest = nonceHighest(word);
            return nonce <= highest && (nonceWindow(word) >> (highest - nonce)) & 1 == 1;
        }
    }

    /// @notice The word after `nonce` has paid.
    /// @dev    The caller has checked that the nonce is unused, not too old and not too far.
    function withNonce(SessionWord word, uint32 nonce) internal pure returns (SessionWord) {
        unchecked {
            uint256 highest = nonceHighest(word);
            if (nonce <= highest) {
                return SessionWord.wrap(SessionWord.unwrap(word) | (1 << (PAID_SHIFT + highest - nonce)));
            }
            uint256 paid = ((uint256(nonceWindow(word)) << (nonce - highest)) | 1) & U32;
            uint256 bare = SessionWord.unwrap(word) & ~((U32 << NONCE_SHIFT) | (U32 << PAID_SHIFT));
            return SessionWord.wrap(bare | (uint256(nonce) << NONCE_SHIFT) | (paid << PAID_SHIFT));
        }
    }
}
