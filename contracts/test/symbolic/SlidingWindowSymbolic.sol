// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume, split} from "./Premise.sol";
import {SlidingCap} from "src/libraries/SlidingCap.sol";

/// @notice A window never exceeds its cap (I4), on five numbers instead of a meter's bits. That a meter does with its bits
///         what is done here with numbers is proved in SlidingCapSymbolic: what a roll forgets
///         (ARollForgetsExactlyWhatLeft, TimeThatStandsStillOrGoesBackForgetsNothing), what a payment adds
///         (AddChangesOnlyTheNewestCount), and what it may add (WhatIsUsedIsTheSumOfTheCounts,
///         WhatIsLeftNeverExceedsTheCap).
/// @dev    Sums of many terms are hard bit by bit and easy over the integers, so cvc5 decides them as such.
/// @custom:halmos --loop 16 --solver-command "python scripts/cvc5-int"
contract SlidingWindowSymbolic {
    uint256 private constant RING = 5;

    /// @dev What the newest bucket and the four before it count.
    struct Ring {
        uint256[5] counts;
        uint256 cap;
    }

    /// @notice Two payments at most four buckets apart stay within the cap together.
    /// @custom:promise I4
    function check_TwoPaymentsStayWithinTheCap(Ring memory ring, uint256 gap, uint256 first, uint256 second)
        external
        pure
    {
        _twoPayments(ring, split(gap, 4), first, second);
    }

    /// @dev Five buckets apart they are in different windows.
    function checkFail_TwoPaymentsStayWithinTheCap(Ring memory ring, uint256 first, uint256 second) external pure {
        _twoPayments(ring, 5, first, second);
    }

    function _twoPayments(Ring memory ring, uint256 gap, uint256 first, uint256 second) private pure {
        _premise(ring);
        _pay(ring, 0, first);
        _pay(ring, gap, second);
        assert(first + second <= ring.cap);
    }

    /// @notice Three payments of which the last is four buckets after the first.
    /// @custom:promise I4
    function check_ThreePaymentsStayWithinTheCap(Ring memory ring, uint256 gap, uint256[3] memory units) external pure {
        _threePayments(ring, split(gap, 4), 4, units);
    }

    function checkFail_ThreePaymentsStayWithinTheCap(Ring memory ring, uint256 gap, uint256[3] memory units)
        external
        pure
    {
        _threePayments(ring, split(gap, 5), 5, units);
    }

    function _threePayments(Ring memory ring, uint256 gap, uint256 reach, uint256[3] memory units) private pure {
        _premise(ring);
        _pay(ring, 0, units[0]);
        _pay(ring, gap, units[1]);
        _pay(ring, reach - gap, units[2]);
        assert(units[0] + units[1] + units[2] <= ring.cap);
    }

    /// @notice Any number of payments, by induction. Take any span of five buckets and what was paid within it so far.
    ///         If the counts from the span's first bucket on cover that sum, one more accepted payment keeps the sum
    ///         within the cap and covered, wherever in the span it is made and whatever was paid before.
    /// @param age   buckets from the span's first to the newest
    /// @param later buckets from the span's first to the payment's
    /// @custom:promise I4
    function check_OneMorePaymentKeepsTheSumCovered(
        Ring memory ring,
        uint256 age,
        uint256 later,
        uint256 sum,
        uint256 units
    ) external pure {
        _oneMorePayment(ring, split(age, 4), split(later, 4), sum, units);
    }

    /// @dev In a span of six buckets the first is forgotten before the last is paid.
    function checkFail_OneMorePaymentKeepsTheSumCovered(Ring memory ring, uint256 age, uint256 sum, uint256 units)
        external
        pure
    {
        _oneMorePayment(ring, split(age, 4), 5, sum, units);
    }

    function _oneMorePayment(Ring memory ring, uint256 age, uint256 later, uint256 sum, uint256 units) private pure {
        _premise(ring);
        assume(sum <= _countsSince(ring, age));
        _pay(ring, later > age ? later - age : 0, units); // time that goes back counts into the newest bucket
        assert(sum + units <= ring.cap);
        assert(sum + units <= _countsSince(ring, later > age ? later : age));
    }

    /// @notice The start of that induction: before the first payment of a span there is nothing to cover.
    /// @custom:promise I4
    function check_TheFirstPaymentIsCovered(Ring memory ring, uint256 gap, uint256 later, uint256 units) external pure {
        _firstPayment(ring, split(gap, RING), split(later, 4), units, 0);
    }

    /// @dev By no more than itself, if nothing was counted before.
    function checkFail_TheFirstPaymentIsCovered(Ring memory ring, uint256 gap, uint256 later, uint256 units)
        external
        pure
    {
        _firstPayment(ring, split(gap, RING), split(later, 4), units, 1);
    }

    function _firstPayment(Ring memory ring, uint256 gap, uint256 later, uint256 units, uint256 extra) private pure {
        _premise(ring);
        _pay(ring, gap, units);
        assert(units <= ring.cap);
        assert(units + extra <= _countsSince(ring, later));
    }

    /// @notice A payment made before the span begins takes nothing from what is covered: it counts into the newest bucket.
    /// @custom:promise I4
    function check_APaymentBeforeTheSpanKeepsItCovered(Ring memory ring, uint256 age, uint256 units) external pure {
        _paymentBefore(ring, split(age, 4), units, 0);
    }

    function checkFail_APaymentBeforeTheSpanKeepsItCovered(Ring memory ring, uint256 age, uint256 units) external pure {
        _paymentBefore(ring, split(age, 4), units, 2); // one unit at least was paid
    }

    function _paymentBefore(Ring memory ring, uint256 age, uint256 units, uint256 extra) private pure {
        _premise(ring);
        uint256 covered = _countsSince(ring, age);
        _pay(ring, 0, units);
        assert(_countsSince(ring, age) >= covered + extra);
    }

    /// @dev Counts and caps have 31 bits.
    function _premise(Ring memory ring) private pure {
        assume(ring.cap <= SlidingCap.MAX_UNITS);
        for (uint256 i = 0; i < RING; ++i) {
            assume(ring.counts[i] <= SlidingCap.MAX_UNITS);
        }
    }

    /// @dev `gap` buckets go by; then a payment of some units that what is left allows.
    function _pay(Ring memory ring, uint256 gap, uint256 units) private pure {
        unchecked {
            for (uint256 i = RING; i != 0; --i) {
                ring.counts[i - 1] = i - 1 < gap ? 0 : ring.counts[i - 1 - gap];
            }
            assume(units != 0 && units <= SlidingCap.MAX_UNITS);
            assume(_countsSince(ring, 4) + units <= ring.cap);
            ring.counts[0] += units;
        }
    }

    /// @dev What the newest bucket and `age` older ones count.
    function _countsSince(Ring memory ring, uint256 age) private pure returns (uint256 sum) {
        unchecked {
            for (uint256 i = 0; i <= age && i < RING; ++i) {
                sum += ring.counts[i];
            }
        }
    }
}
