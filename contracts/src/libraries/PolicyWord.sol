// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice One storage word for each (session, token):
///         bits   0..127  per-payment cap, in base units
///         bits 128..135  unitBits of the token, copied so that a payment need not read the token's slot
///         bits 136..139  which limits stand: bit w = window w of `Windows`
type PolicyWord is uint256;

using PolicyWordLib for PolicyWord global;

library PolicyWordLib {
    uint256 private constant UNIT_SHIFT = 128;
    uint256 private constant WINDOWS_SHIFT = 136;

    function perPaymentCap(PolicyWord word) internal pure returns (uint128) {
        return uint128(PolicyWord.unwrap(word));
    }

    function unitBits(PolicyWord word) internal pure returns (uint8) {
        return uint8(PolicyWord.unwrap(word) >> UNIT_SHIFT);
    }

    /// @notice The mask of standing limits.
    function windows(PolicyWord word) internal pure returns (uint256) {
        return PolicyWord.unwrap(word) >> WINDOWS_SHIFT;
    }

    function withPerPaymentCap(PolicyWord word, uint128 cap) internal pure returns (PolicyWord) {
        return PolicyWord.wrap(((PolicyWord.unwrap(word) >> UNIT_SHIFT) << UNIT_SHIFT) | cap);
    }

    function withUnitBits(PolicyWord word, uint8 bits) internal pure returns (PolicyWord) {
        uint256 bare = PolicyWord.unwrap(word) & ~(uint256(type(uint8).max) << UNIT_SHIFT);
        return PolicyWord.wrap(bare | (uint256(bits) << UNIT_SHIFT));
    }

    function withWindow(PolicyWord word, uint256 index) internal pure returns (PolicyWord) {
        return PolicyWord.wrap(PolicyWord.unwrap(word) | (1 << (WINDOWS_SHIFT + index)));
    }

    function withoutWindow(PolicyWord word, uint256 index) internal pure returns (PolicyWord) {
        return PolicyWord.wrap(PolicyWord.unwrap(word) & ~(1 << (WINDOWS_SHIFT + index)));
    }
}
