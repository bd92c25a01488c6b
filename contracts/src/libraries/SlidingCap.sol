// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice The low 209 bits of a storage word; whatever stands above them is the caller's and is kept:
///         bits   0..154  five counts of 31 bits, newest lowest: units spent in this bucket and the four before it
///         bits 155..185  cap, in units
///         bits 186..208  number of the newest bucket: time / (window / 4)
type Meter is uint256;

using SlidingCap for Meter global;

/// @title  A cap over a sliding window, at constant cost, in part of a word (I4)
/// @notice Time is cut into buckets of a quarter window. Spending counts until its bucket has wholly left the window,
///         so the five counts bound every interval of the window's length. (Four buckets, a leaky bucket or a fixed
///         window all let twice the cap through.) Nothing is counted for more than 1.25 windows. Both hold while block
///         time does not go back.
/// @dev    Pure, so that it can be proved alone. Spending is counted in units of 2^unitBits base units, rounded up;
///         caps are rounded down. Time that stands still or goes back counts into the newest bucket. 23 bits number
///         the buckets of the shortest window (900 s) past the year 2106, where 32-bit time ends.
library SlidingCap {
    uint256 internal constant COUNT_BITS = 31;
    uint256 internal constant MAX_UNITS = (1 << COUNT_BITS) - 1;
    uint256 internal constant METER_MASK = (1 << 209) - 1;
    uint256 private constant COUNTS_MASK = (1 << (5 * COUNT_BITS)) - 1;
    uint256 private constant ONES = 1 | (1 << 31) | (1 << 62) | (1 << 93) | (1 << 124);
    uint256 private constant CAP_SHIFT = 155;
    uint256 private constant BUCKET_SHIFT = 186;
    uint256 private constant BUCKET_MASK = (1 << 23) - 1;

    /// @notice The cap, in units.
    function capUnits(Meter meter) internal pure returns (uint256) {
        return (Meter.unwrap(meter) >> CAP_SHIFT) & MAX_UNITS;
    }

    /// @notice The meter as it reads at `time`: buckets that have left the window are forgotten.
    function rolled(Meter meter, uint256 window, uint256 time) internal pure returns (Meter) {
        unchecked {
            uint256 word = Meter.unwrap(meter);
            uint256 newest = (word >> BUCKET_SHIFT) & BUCKET_MASK;
            uint256 bucket = time / (window / 4);
            if (bucket <= newest) return meter;
            // A shift by five counts or more leaves nothing under the mask
            uint256 counts = (word << ((bucket - newest) * COUNT_BITS)) & COUNTS_MASK;
            word = (word & ~(COUNTS_MASK | (BUCKET_MASK << BUCKET_SHIFT))) | counts;
            return Meter.wrap(word | ((bucket & BUCKET_MASK) << BUCKET_SHIFT));
        }
    }

    /// @notice Units counted by a meter, as last rolled.
    function usedUnits(Meter meter) internal pure returns (uint256) {
        unchecked {
            // Five shifted copies add up in the topmost count. No carry gets there: all that is counted fitted a cap
            return (((Meter.unwrap(meter) & COUNTS_MASK) * ONES) >> (4 * COUNT_BITS)) & MAX_UNITS;
        }
    }

    /// @notice Units left of a meter, as last rolled: nothing where the cap was set below what is used.
    function remainingUnits(Meter meter) internal pure returns (uint256) {
        unchecked {
            uint256 cap = capUnits(meter);
            uint256 used = usedUnits(meter);
            return cap > used ? cap - used : 0;
        }
    }

    /// @notice Counts `units` into the newest bucket of a rolled meter.
    /// @dev    The caller has checked `units <= remainingUnits(meter)`, so no count can spill into the next.
    function add(Meter meter, uint256 units) internal pure returns (Meter) {
        unchecked {
            return Meter.wrap(Meter.unwrap(meter) + units);
        }
    }

    /// @notice The meter with another cap; what it counted stays (I7). `units` is at most `MAX_UNITS`.
    function withCap(Meter meter, uint256 units) internal pure returns (Meter) {
        return Meter.wrap((Meter.unwrap(meter) & ~(MAX_UNITS << CAP_SHIFT)) | (units << CAP_SHIFT));
    }

    /// @notice Base units in units, rounded up, as spending is counted.
    function toUnitsUp(uint256 amount, uint256 unitBits) internal pure returns (uint256) {
        unchecked {
            return (amount + (1 << unitBits) - 1) >> unitBits; // amount < 2^130, so this can't wrap
        }
    }
}
