// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Meter, SlidingCap} from "./SlidingCap.sol";

/// @notice The seconds from the first to the last, both included; none if the last is before the first.
struct Span {
    uint256 start;
    uint256 end;
}

/// @notice A cap that a limit can be given from some time on.
struct Raise {
    uint256 from;
    uint256 capUnits;
}

/// @title  The most that can be spent under one limit (I17)
/// @notice Let P(j) be what is spent up to bucket j, and old(j) what was spent before and bucket j still counts. What the
///         five buckets up to j count must fit the cap, so P(j) <= max(P(j - 1), P(j - 5) + cap(j) - old(j)). Whoever
///         spends all there is, in every bucket, and takes every higher cap as soon as he can, has equality everywhere;
///         and the right side only grows with P(j - 1), P(j - 5) and cap(j). So nobody beats him.
/// @dev    Pure, so that it can be proved alone. Nothing leaves a lifetime's buckets before 32-bit time ends: the same
///         steps do for it.
library Outflow {
    uint256 private constant BUCKETS = 5;
    uint256 private constant BUCKET_SHIFT = (BUCKETS + 1) * SlidingCap.COUNT_BITS;
    uint256 private constant COUNTS_MASK = (1 << (BUCKETS * SlidingCap.COUNT_BITS)) - 1;

    /// @notice The most units within a span, if every one of `raises` may be taken from its time on, or never.
    function most(Meter meter, uint256 window, Raise[] memory raises, Span memory span)
        internal
        pure
        returns (uint256 units)
    {
        uint256 cap = meter.capUnits();
        for (uint256 time = span.start; time <= span.end;) {
            uint256 next;
            (cap, next) = _capAt(raises, cap, time, span.end + 1);
            uint256 spent;
            (meter, spent) = drained(meter.rolled(window, time).withCap(cap), window, next - 1);
            units += spent;
            time = next;
        }
    }

    /// @notice Spends all there is in the meter's newest bucket, and in every bucket after it up to that of `time`.
    /// @dev    After five buckets the ring holds only what was spent so, a cap's worth of it, and from then on repeats:
    ///         each bucket takes what the leaving one gives.
    function drained(Meter meter, uint256 window, uint256 time) internal pure returns (Meter, uint256 units) {
        unchecked {
            uint256 quarter = window / 4;
            uint256 bucket = Meter.unwrap(meter) >> BUCKET_SHIFT;
            uint256 steps = time / quarter > bucket ? time / quarter - bucket : 0;
            for (uint256 step = 0; step <= steps && step <= BUCKETS; ++step) {
                meter = meter.rolled(window, (bucket + step) * quarter);
                uint256 left = meter.remainingUnits();
                meter = meter.add(left);
                units += left;
            }
            return steps > BUCKETS ? _turned(meter, steps - BUCKETS, units) : (meter, units);
        }
    }

    /// @dev Turns a ring that repeats by so many buckets.
    function _turned(Meter meter, uint256 steps, uint256 spent) private pure returns (Meter, uint256 units) {
        unchecked {
            uint256 word = Meter.unwrap(meter);
            uint256 counts = word & COUNTS_MASK;
            uint256 shift = (steps % BUCKETS) * SlidingCap.COUNT_BITS;
            uint256 oldest = counts >> (BUCKETS * SlidingCap.COUNT_BITS - shift);
            // forge-lint: disable-next-line(divide-before-multiply) -- whole turns
            units = spent + (steps / BUCKETS) * meter.usedUnits() + Meter.wrap(oldest).usedUnits();
            uint256 turned = ((counts << shift) & COUNTS_MASK) | oldest;
            return (Meter.wrap(((word ^ counts) + (steps << BUCKET_SHIFT)) | turned), units);
        }
    }

    /// @dev The highest cap at `time`, and when a higher one comes: `end` if none does before.
    function _capAt(Raise[] memory raises, uint256 standing, uint256 time, uint256 end)
        private
        pure
        returns (uint256 cap, uint256 next)
    {
        cap = standing;
        for (uint256 i = 0; i < raises.length; ++i) {
            if (raises[i].from <= time && raises[i].capUnits > cap) cap = raises[i].capUnits;
        }
        next = end;
        for (uint256 i = 0; i < raises.length; ++i) {
            if (raises[i].capUnits > cap && raises[i].from < next) next = raises[i].from;
        }
    }
}
