// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Meter, SlidingCap} from "./SlidingCap.sol";

/// @notice One storage word for each scope (see Scope): the first limit's meter, and what else a payment must know.
///         bits   0..208  the meter of the first limit (see SlidingCap)
///         bits 209..211  the first limit's window: 1 + its index in Windows; 0 = no limit stands at all
///         bits 212..218  unitBits of the token, copied so that a payment need not read the token's slot
///         bits 219..223  which other limits stand: bit i = window index i; their meters have words of their own
///         bit       224  of a session's word: it has, or once had, limits by category in this token;
///                        of a category's word: the target of its purse was set
///         bits 225..255  of a session's word: per-payment cap; of a category's word: target of its purse; in units
/// @dev    Most sessions have one limit in a token: they pay for one word, read and written once. Meters have 31-bit
///         counts rather than 37 for this; docs/decisions/0002 says what was weighed.
type AllowanceWord is uint256;

using AllowanceWordLib for AllowanceWord global;

library AllowanceWordLib {
    uint256 private constant WINDOW_SHIFT = 209;
    uint256 private constant WINDOW_MASK = 7;
    uint256 private constant UNIT_SHIFT = 212;
    uint256 private constant UNIT_MASK = 127;
    uint256 private constant OTHERS_SHIFT = 219;
    uint256 private constant OTHERS_MASK = 31;
    uint256 private constant BY_CATEGORY = 1 << 224;
    uint256 private constant PER_PAYMENT_SHIFT = 225;

    /// @notice The first limit's meter: the same word, for SlidingCap looks at its low bits only.
    function asMeter(AllowanceWord word) internal pure returns (Meter) {
        return Meter.wrap(AllowanceWord.unwrap(word));
    }

    /// @notice The first limit's meter alone.
    function firstMeter(AllowanceWord word) internal pure returns (Meter) {
        return Meter.wrap(AllowanceWord.unwrap(word) & SlidingCap.METER_MASK);
    }

    /// @notice Whether any limit stands. The first one is there if any is.
    function limited(AllowanceWord word) internal pure returns (bool) {
        return (AllowanceWord.unwrap(word) >> WINDOW_SHIFT) & WINDOW_MASK != 0;
    }

    /// @notice The index of the first limit's window. Only where `limited`.
    function firstIndex(AllowanceWord word) internal pure returns (uint256) {
        unchecked {
            return ((AllowanceWord.unwrap(word) >> WINDOW_SHIFT) & WINDOW_MASK) - 1;
        }
    }

    /// @notice The mask of the other limits' window indices.
    function others(AllowanceWord word) internal pure returns (uint256) {
        return (AllowanceWord.unwrap(word) >> OTHERS_SHIFT) & OTHERS_MASK;
    }

    /// @notice Whether a limit over the window of this index stands.
    function limitedBy(AllowanceWord word, uint256 index) internal pure returns (bool) {
        return (limited(word) && firstIndex(word) == index) || (others(word) >> index) & 1 == 1;
    }

    /// @notice Whether the session's payments count against limits by category too.
    function byCategory(AllowanceWord word) internal pure returns (bool) {
        return AllowanceWord.unwrap(word) & BY_CATEGORY != 0;
    }

    function unitBits(AllowanceWord word) internal pure returns (uint256) {
        return (AllowanceWord.unwrap(word) >> UNIT_SHIFT) & UNIT_MASK;
    }

    /// @notice The per-payment cap, in units.
    function perPaymentUnits(AllowanceWord word) internal pure returns (uint256) {
        return AllowanceWord.unwrap(word) >> PER_PAYMENT_SHIFT;
    }

    /// @notice The per-payment cap, in base units.
    function perPaymentCap(AllowanceWord word) internal pure returns (uint256) {
        return perPaymentUnits(word) << unitBits(word);
    }

    /// @notice Whether the target of a category's purse was set. Of a category's word only, as the next two.
    function hasPurseTarget(AllowanceWord word) internal pure returns (bool) {
        return byCategory(word);
    }

    /// @notice The target, in units.
    function purseTargetUnits(AllowanceWord word) internal pure returns (uint256) {
        return perPaymentUnits(word);
    }

    /// @notice `units` is at most `SlidingCap.MAX_UNITS`.
    function withPurseTarget(AllowanceWord word, uint256 units) internal pure returns (AllowanceWord) {
        return withPerPaymentUnits(withByCategory(word), units);
    }

    /// @notice With this first limit. `meter` has nothing above its own bits.
    function withFirst(AllowanceWord word, uint256 index, Meter meter) internal pure returns (AllowanceWord) {
        uint256 bare = AllowanceWord.unwrap(word) & ~(SlidingCap.METER_MASK | (WINDOW_MASK << WINDOW_SHIFT));
        return AllowanceWord.wrap(bare | ((index + 1) << WINDOW_SHIFT) | Meter.unwrap(meter));
    }

    /// @notice Without any first limit.
    function withoutFirst(AllowanceWord word) internal pure returns (AllowanceWord) {
        return AllowanceWord.wrap(AllowanceWord.unwrap(word) & ~(SlidingCap.METER_MASK | (WINDOW_MASK << WINDOW_SHIFT)));
    }

    function withOther(AllowanceWord word, uint256 index) internal pure returns (AllowanceWord) {
        return AllowanceWord.wrap(AllowanceWord.unwrap(word) | (1 << (OTHERS_SHIFT + index)));
    }

    function withoutOther(AllowanceWord word, uint256 index) internal pure returns (AllowanceWord) {
        return AllowanceWord.wrap(AllowanceWord.unwrap(word) & ~(1 << (OTHERS_SHIFT + index)));
    }

    function withByCategory(AllowanceWord word) internal pure returns (AllowanceWord) {
        return AllowanceWord.wrap(AllowanceWord.unwrap(word) | BY_CATEGORY);
    }

    /// @notice `bits` is at most 127.
    function withUnitBits(AllowanceWord word, uint8 bits) internal pure returns (AllowanceWord) {
        uint256 bare = AllowanceWord.unwrap(word) & ~(UNIT_MASK << UNIT_SHIFT);
        return AllowanceWord.wrap(bare | (uint256(bits) << UNIT_SHIFT));
    }

    /// @notice `units` is at most `SlidingCap.MAX_UNITS`.
    function withPerPaymentUnits(AllowanceWord word, uint256 units) internal pure returns (AllowanceWord) {
        uint256 bare = AllowanceWord.unwrap(word) & ((1 << PER_PAYMENT_SHIFT) - 1);
        return AllowanceWord.wrap(bare | (units << PER_PAYMENT_SHIFT));
    }
}
