// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice One storage word:
///         bits   0..184  five counts of 37 bits, newest lowest: units spent in this bucket and the four before it
///         bits 185..221  cap, in units
///         bits 222..245  number of the newest bucket: time / (window / 4)
///         bit       246  the limit stands (a removed limit keeps its counts)
type Meter is uint256;

using SlidingCap for Meter global;

/// @title  A cap over a sliding window, at constant cost, in one word (I4)
/// @notice Time is cut into buckets of a quarter window. Spending counts until its bucket has wholly left the window,
///         so the five counts bound every interval of the window's length. (Four buckets, a leaky bucket or a fixed
///         window all let twice the cap through.) Nothing is counted for more than 1.25 windows.
/// @dev    Pure, so that it can be proved alone. Spending is counted in units of 2^unitBits base units, rounded up;
///         caps are rounded down. Time that stands still or goes back counts into the newest bucket.
library SlidingCap {
    uint256 internal constant COUNT_BITS = 37;
    uint256 internal constant MAX_UNITS = (1 << COUNT_BITS) - 1;
    uint256 private constant COUNTS_MASK = (1 << (5 * COUNT_BITS)) - 1;
    uint256 private constant CAP_SHIFT = 185;
    uint256 private constant BUCKET_SHIFT = 222;
    uint256 private constant BUCKET_MASK = (1 << 24) - 1;
    uint256 private constant STANDS = 1 << 246;

    /// @notice Whether the limit stands.
    function stands(Meter meter) internal pure returns (bool) {
        return Meter.unwrap(meter) & STANDS != 0;
    }

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
            uint256 passed = bucket - newest;
            uint256 counts = passed > 4 ? 0 : (word << (passed * COUNT_BITS)) & COUNTS_MASK;
            word = (word & ~(COUNTS_MASK | (BUCKET_MASK << BUCKET_SHIFT))) | counts;
            return Meter.wrap(word | ((bucket & BUCKET_MASK) << BUCKET_SHIFT));
        }
    }

    /// @notice Units counted by a meter, as last rolled.
    function usedUnits(Meter meter) internal pure returns (uint256 sum) {
        unchecked {
            uint256 word = Meter.unwrap(meter);
            sum = (word & MAX_UNITS) + ((word >> 37) & MAX_UNITS) + ((word >> 74) & MAX_UNITS)
                + ((word >> 111) & MAX_UNITS) + ((word >> 148) & MAX_UNITS);
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

    /// @notice The meter with another cap, standing; what it counted stays (I7). `units` is at most `MAX_UNITS`.
    function withCap(Meter meter, uint256 units) internal pure returns (Meter) {
        return Meter.wrap((Meter.unwrap(meter) & ~(MAX_UNITS << CAP_SHIFT)) | (units << CAP_SHIFT) | STANDS);
    }

    /// @notice The meter of a removed limit: no cap, not standing; what it counted stays (I7).
    function removed(Meter meter) internal pure returns (Meter) {
        return Meter.wrap(Meter.unwrap(meter) & ~((MAX_UNITS << CAP_SHIFT) | STANDS));
    }

    /// @notice Base units in units, rounded up, as spending is counted.
    function toUnitsUp(uint256 amount, uint256 unitBits) internal pure returns (uint256) {
        unchecked {
            return (amount + (1 << unitBits) - 1) >> unitBits; // amount < 2^130, so this can't wrap
        }
    }
}
