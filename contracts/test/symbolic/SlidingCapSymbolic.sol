// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume, countsFit, split} from "./Premise.sol";
import {Meter, SlidingCap} from "src/libraries/SlidingCap.sol";

/// @notice The sliding cap, for every meter whose counts fit a cap together, as those of every meter do that began empty
///         (I4, I7). Time is counted in buckets here: with a window of 4 s the bucket's number is the time.
///         BucketsSymbolic proves what that has to do with seconds.
/// @dev    Every meter is rolled by a number of buckets that is a constant on each path.
/// @custom:halmos --loop 16
contract SlidingCapSymbolic {
    uint256 private constant IN_BUCKETS = 4;
    uint256 private constant RING = 5;
    uint256 private constant BUCKET_SHIFT = 186;

    // ------------------------------------------------------------------------------- the premise of most that follows

    /// @notice What is used is the sum of the counts, one by one, where they fit a cap.
    /// @custom:promise I4
    function check_WhatIsUsedIsTheSumOfTheCounts(Meter meter) external pure {
        assume(countsFit(meter));
        assert(meter.usedUnits() == _countsSince(meter, 4));
    }

    /// @dev Else it may not be.
    function checkFail_WhatIsUsedIsTheSumOfTheCounts(Meter meter) external pure {
        assert(meter.usedUnits() == _countsSince(meter, 4));
    }

    /// @notice And they do, by induction: those of an empty meter do, time and other caps leave it so, and payments do
    ///         (APaymentLeavesTheCountsFit).
    /// @custom:promise I4
    function check_CountsAlwaysFitACap(Meter meter, uint256 gap, uint256 cap) external pure {
        assume(countsFit(meter));
        _staysFit(meter, gap, cap);
    }

    function checkFail_CountsAlwaysFitACap(Meter meter, uint256 gap, uint256 cap) external pure {
        _staysFit(meter, gap, cap);
    }

    function _staysFit(Meter meter, uint256 gap, uint256 cap) private pure {
        assert(countsFit(Meter.wrap(0)));
        assume(cap <= SlidingCap.MAX_UNITS);
        assert(countsFit(meter.withCap(cap)));
        unchecked {
            assert(countsFit(meter.rolled(IN_BUCKETS, _newest(meter) + split(gap, RING))));
        }
    }

    // -------------------------------------------------------------------------------------------------- what is left

    /// @notice What is left is never more than the cap, and is exactly what is not used of it.
    /// @custom:promise I4
    function check_WhatIsLeftNeverExceedsTheCap(Meter meter, uint256 used) external pure {
        assume(used == meter.usedUnits());
        uint256 cap = meter.capUnits();
        uint256 left = used >= cap ? 0 : cap - used;
        assert(left <= cap);
        assert(meter.remainingUnits() == left);
    }

    /// @dev Where the cap was lowered below what is used, nothing is left.
    function checkFail_WhatIsLeftNeverExceedsTheCap(Meter meter) external pure {
        unchecked {
            assert(meter.remainingUnits() == meter.capUnits() - meter.usedUnits());
        }
    }

    // ------------------------------------------------------------------- counting: no count spills into another one

    /// @notice An accepted payment raises the newest count by its units and changes no other bit of the word.
    /// @custom:promise I4
    function check_AddChangesOnlyTheNewestCount(Meter meter, uint256 units) external pure {
        _fits(meter);
        assume(units <= meter.remainingUnits());
        _addChangesOnlyTheNewest(meter, units);
    }

    /// @dev Without that premise a count of 2^31 - 1 spills into the next.
    function checkFail_AddChangesOnlyTheNewestCount(Meter meter, uint256 units) external pure {
        _fits(meter);
        assume(units <= SlidingCap.MAX_UNITS);
        _addChangesOnlyTheNewest(meter, units);
    }

    function _addChangesOnlyTheNewest(Meter meter, uint256 units) private pure {
        Meter next = meter.add(units);
        assert(_count(next, 0) == _count(meter, 0) + units);
        assert(Meter.unwrap(next) >> SlidingCap.COUNT_BITS == Meter.unwrap(meter) >> SlidingCap.COUNT_BITS);
    }

    /// @notice ... and so leaves the counts such that they fit a cap.
    /// @custom:promise I4
    function check_APaymentLeavesTheCountsFit(Meter meter, uint256 units) external pure {
        _fits(meter);
        assume(units <= meter.remainingUnits());
        assert(countsFit(_added(meter, units)));
    }

    function checkFail_APaymentLeavesTheCountsFit(Meter meter, uint256 units) external pure {
        _fits(meter);
        unchecked {
            assume(units <= meter.remainingUnits() + 1);
        }
        assert(countsFit(meter.add(units)));
    }

    /// @notice Another cap changes nothing that was counted, nor any bit above the meter (I7).
    /// @custom:promise I7
    function check_AnotherCapKeepsWhatWasCounted(Meter meter, uint256 units) external pure {
        assume(units <= SlidingCap.MAX_UNITS);
        _anotherCap(meter, units);
    }

    function checkFail_AnotherCapKeepsWhatWasCounted(Meter meter, uint256 units) external pure {
        assume(units <= SlidingCap.MAX_UNITS + 1);
        _anotherCap(meter, units);
    }

    function _anotherCap(Meter meter, uint256 units) private pure {
        Meter next = meter.withCap(units);
        assert(next.capUnits() == units);
        assert(next.usedUnits() == meter.usedUnits());
        assert(_exceptCap(next) == _exceptCap(meter));
    }

    // ------------------------------------------------------------------------- time: what it forgets, and only that

    /// @notice Rolled by some buckets, a meter forgets as many of its oldest counts, moves the others up and keeps its
    ///         cap and the bits above it.
    /// @custom:promise I4 I7
    function check_ARollForgetsExactlyWhatLeft(Meter meter, uint256 gap) external pure {
        _rollForgets(meter, split(gap, RING + 1), 0);
    }

    function checkFail_ARollForgetsExactlyWhatLeft(Meter meter, uint256 gap) external pure {
        _rollForgets(meter, split(gap, RING + 1), 1);
    }

    function _rollForgets(Meter meter, uint256 gap, uint256 late) private pure {
        unchecked {
            Meter next = meter.rolled(IN_BUCKETS, _newest(meter) + gap + late);
            for (uint256 i = 0; i < RING; ++i) {
                assert(_count(next, i) == (i < gap ? 0 : _count(meter, i - gap)));
            }
            assert(_newest(next) == (_newest(meter) + gap) & 0x7fffff);
            assert(next.capUnits() == meter.capUnits());
            assert(Meter.unwrap(next) >> 209 == Meter.unwrap(meter) >> 209);
        }
    }

    /// @notice Five buckets on, however many, all is forgotten.
    /// @custom:promise I4
    function check_AfterFiveBucketsAllIsForgotten(Meter meter, uint256 bucket) external pure {
        _allForgotten(meter, bucket, 5);
    }

    function checkFail_AfterFiveBucketsAllIsForgotten(Meter meter, uint256 bucket) external pure {
        _allForgotten(meter, bucket, 4);
    }

    function _allForgotten(Meter meter, uint256 bucket, uint256 gap) private pure {
        assume(bucket < 1 << 23 && bucket >= _newest(meter) + gap);
        assert(meter.rolled(IN_BUCKETS, bucket).usedUnits() == 0);
    }

    /// @notice Time that stands still or goes back changes nothing: what is paid counts into the newest bucket.
    /// @custom:promise I4 I7
    function check_TimeThatStandsStillOrGoesBackForgetsNothing(Meter meter, uint256 bucket) external pure {
        assume(bucket <= _newest(meter));
        assert(Meter.unwrap(meter.rolled(IN_BUCKETS, bucket)) == Meter.unwrap(meter));
    }

    function checkFail_TimeThatStandsStillOrGoesBackForgetsNothing(Meter meter, uint256 bucket) external pure {
        assume(bucket <= _newest(meter) + 1);
        assert(Meter.unwrap(meter.rolled(IN_BUCKETS, bucket)) == Meter.unwrap(meter));
    }

    /// @notice Looking in between makes no difference: rolled twice is rolled once.
    /// @custom:promise I4
    function check_RollingTwiceIsRollingOnce(Meter meter, uint256 gap1, uint256 gap2) external pure {
        unchecked {
            (gap1, gap2) = (split(gap1, RING), split(gap2, RING));
            uint256 newest = _newest(meter);
            assume(newest + gap1 + gap2 < 1 << 23);
            Meter once = meter.rolled(IN_BUCKETS, newest + gap1 + gap2);
            Meter twice = meter.rolled(IN_BUCKETS, newest + gap1).rolled(IN_BUCKETS, newest + gap1 + gap2);
            assert(Meter.unwrap(once) == Meter.unwrap(twice));
        }
    }

    /// @dev Unless the second time is the earlier one.
    function checkFail_RollingTwiceIsRollingOnce(Meter meter, uint256 gap) external pure {
        unchecked {
            gap = split(gap, RING);
            uint256 newest = _newest(meter);
            assume(newest + gap < 1 << 23);
            Meter twice = meter.rolled(IN_BUCKETS, newest + gap).rolled(IN_BUCKETS, newest);
            assert(Meter.unwrap(meter.rolled(IN_BUCKETS, newest)) == Meter.unwrap(twice));
        }
    }

    /// @notice Time gives allowance back and never takes any.
    /// @custom:promise I4
    function check_TimeNeverTakesAllowance(Meter meter, uint256 gap) external pure {
        _fits(meter);
        unchecked {
            Meter later = meter.rolled(IN_BUCKETS, _newest(meter) + split(gap, RING));
            _fits(later);
            assert(later.remainingUnits() >= meter.remainingUnits());
            assert(later.usedUnits() <= meter.usedUnits());
        }
    }

    function checkFail_TimeNeverTakesAllowance(Meter meter, uint256 gap) external pure {
        _fits(meter);
        unchecked {
            Meter later = meter.rolled(IN_BUCKETS, _newest(meter) + split(gap, RING));
            _fits(later);
            assert(later.remainingUnits() <= meter.remainingUnits());
        }
    }

    // ------------------------------------------------------------------------------------------------ the lifetime

    /// @notice A lifetime's meter forgets nothing, by induction: if it counts nothing from before time's first bucket,
    ///         which is so of an empty one, then in no bucket of time does it, and all that it counted stays counted.
    ///         Payments and caps keep to that (AddChangesOnlyTheNewestCount, AnotherCapKeepsWhatWasCounted), and a
    ///         lifetime has these five buckets only (ALifetimeHasFiveBuckets).
    /// @custom:promise I4
    function check_ALifetimeForgetsNothing(Meter meter, uint256 bucket) external pure {
        _lifetime(meter, bucket, 4);
    }

    /// @dev With a sixth bucket it would.
    function checkFail_ALifetimeForgetsNothing(Meter meter, uint256 bucket) external pure {
        _lifetime(meter, bucket, 5);
    }

    function _lifetime(Meter meter, uint256 bucket, uint256 last) private pure {
        _fits(meter);
        assume(_beforeTime(meter, last) == 0);
        Meter next = meter.rolled(IN_BUCKETS, split(bucket, last));
        _fits(next);
        assert(next.usedUnits() == meter.usedUnits());
        assert(_beforeTime(next, last) == 0);
    }

    /// @dev What a meter counts in buckets before the first, which is number 0.
    function _beforeTime(Meter meter, uint256 last) private pure returns (uint256) {
        unchecked {
            uint256 counts = Meter.unwrap(meter) & ((1 << 155) - 1);
            return counts >> (31 * (split(_newest(meter), last) + 1));
        }
    }

    // --------------------------------------------------------------------------------------- units and base units

    /// @notice Spending is rounded up, and by less than a unit.
    /// @custom:halmos --loop 128
    /// @custom:promise I4
    function check_SpendingIsRoundedUpByLessThanAUnit(uint128 amount, uint128 fee, uint256 unitBits) external pure {
        _rounded(amount, fee, unitBits, 0);
    }

    /// @custom:halmos --loop 128
    function checkFail_SpendingIsRoundedUpByLessThanAUnit(uint128 amount, uint128 fee, uint256 unitBits) external pure {
        _rounded(amount, fee, unitBits, 1);
    }

    function _rounded(uint128 amount, uint128 fee, uint256 unitBits, uint256 less) private pure {
        unchecked {
            unitBits = split(unitBits, 97);
            uint256 total = uint256(amount) + fee;
            uint256 counted = SlidingCap.toUnitsUp(total, unitBits) << unitBits;
            assert(counted >= total);
            assert(counted < total + (1 << unitBits) - less);
        }
    }

    /// @notice Two payments whose units fit a cap that was rounded down fit the cap as it was given.
    /// @custom:halmos --loop 128
    /// @custom:promise I4
    function check_UnitsNeverLetThroughMoreThanTheCap(uint128 cap, uint128 first, uint128 second, uint256 unitBits)
        external
        pure
    {
        _unitsWithin(cap, first, second, unitBits, 0);
    }

    /// @custom:halmos --loop 128
    function checkFail_UnitsNeverLetThroughMoreThanTheCap(uint128 cap, uint128 first, uint128 second, uint256 unitBits)
        external
        pure
    {
        _unitsWithin(cap, first, second, unitBits, 1);
    }

    function _unitsWithin(uint128 cap, uint128 first, uint128 second, uint256 unitBits, uint256 less) private pure {
        unchecked {
            unitBits = split(unitBits, 97);
            uint256 counted = SlidingCap.toUnitsUp(first, unitBits) + SlidingCap.toUnitsUp(second, unitBits);
            assume(counted <= uint256(cap) >> unitBits);
            assert(uint256(first) + second + less <= cap);
        }
    }

    // ---------------------------------------------------------------------------- a meter, read another way than it

    /// @dev What CountsAlwaysFitACap and WhatIsUsedIsTheSumOfTheCounts prove.
    function _fits(Meter meter) private pure {
        assume(countsFit(meter));
        assume(meter.usedUnits() == _countsSince(meter, 4));
    }

    /// @dev `add`, and what follows from AddChangesOnlyTheNewestCount: as the newest count, every sum that it is in rises
    ///      by the units. That is but the order of additions, which solvers find hard.
    function _added(Meter meter, uint256 units) private pure returns (Meter next) {
        unchecked {
            next = meter.add(units);
            for (uint256 age = 0; age < RING; ++age) {
                assume(_countsSince(next, age) == _countsSince(meter, age) + units);
            }
        }
    }

    /// @dev Count `i`, the newest being 0.
    function _count(Meter meter, uint256 i) private pure returns (uint256) {
        unchecked {
            return uint256(uint32(Meter.unwrap(meter) >> (31 * i))) & 0x7fffffff;
        }
    }

    /// @dev What the newest bucket and `age` older ones count.
    function _countsSince(Meter meter, uint256 age) private pure returns (uint256 sum) {
        unchecked {
            for (uint256 i = 0; i <= age && i < RING; ++i) {
                sum += _count(meter, i);
            }
        }
    }

    function _newest(Meter meter) private pure returns (uint256) {
        return (Meter.unwrap(meter) >> BUCKET_SHIFT) & 0x7fffff;
    }

    function _exceptCap(Meter meter) private pure returns (uint256) {
        return Meter.unwrap(meter) & ~(uint256(0x7fffffff) << 155);
    }
}
