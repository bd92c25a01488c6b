// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {assume, split} from "./Premise.sol";
import {Meter} from "src/libraries/SlidingCap.sol";
import {LIFETIME, WINDOW_COUNT, Windows} from "src/libraries/Windows.sol";

/// @notice From seconds to buckets, for each of the four windows. What SlidingCapSymbolic proves of buckets holds of
///         time by these: a payment's time enters `rolled` only by its bucket.
/// @dev    Division by a constant is hopeless bit by bit; over the integers it is easy.
/// @custom:halmos --loop 8 --solver-command "python scripts/cvc5-int"
contract BucketsSymbolic {
    /// @notice `rolled` looks at a time only to find its bucket.
    /// @custom:promise I4
    function check_ARollIsARollByBucketNumbers(Meter meter, uint32 time, uint256 index) external pure {
        (uint256 byTime, uint256 byBucket) = _rolledBoth(meter, time, index);
        assert(byTime == byBucket);
    }

    function checkFail_ARollIsARollByBucketNumbers(Meter meter, uint32 time, uint256 index) external pure {
        (uint256 byTime, uint256 byBucket) = _rolledBoth(meter, time, index);
        assert(byTime != byBucket);
    }

    function _rolledBoth(Meter meter, uint32 time, uint256 index)
        private
        pure
        returns (uint256 byTime, uint256 byBucket)
    {
        uint256 window = _window(index);
        byTime = Meter.unwrap(meter.rolled(window, time));
        byBucket = Meter.unwrap(meter.rolled(4, time / (window / 4))); // a window of 4 s has buckets of 1 s
    }

    /// @notice Two times less than a window apart are at most four buckets apart: both are in a ring of five (I4).
    /// @custom:promise I4
    function check_AWindowTouchesAtMostFiveBuckets(uint32 first, uint32 second, uint256 index) external pure {
        _windowTouches(first, second, index, 0);
    }

    /// @dev A ring of five buckets bounds no longer interval: two seconds more and there is a sixth.
    function checkFail_AWindowTouchesAtMostFiveBuckets(uint32 first, uint32 second, uint256 index) external pure {
        _windowTouches(first, second, index, 2);
    }

    function _windowTouches(uint32 first, uint32 second, uint256 index, uint256 longer) private pure {
        unchecked {
            uint256 window = _window(index);
            assume(first <= second && second - first < window + longer);
            assert(second / (window / 4) <= first / (window / 4) + 4);
        }
    }

    /// @notice After 1.25 windows a bucket has left the ring (the other direction of I4).
    /// @custom:promise I4
    function check_AfterFiveQuartersABucketIsGone(uint32 first, uint32 second, uint256 index) external pure {
        _gone(first, second, index, 0);
    }

    function checkFail_AfterFiveQuartersABucketIsGone(uint32 first, uint32 second, uint256 index) external pure {
        _gone(first, second, index, 1);
    }

    function _gone(uint32 first, uint32 second, uint256 index, uint256 earlier) private pure {
        unchecked {
            uint256 window = _window(index);
            assume(first <= second && second - first + earlier >= window + window / 4);
            assert(second / (window / 4) >= first / (window / 4) + 5);
        }
    }

    /// @notice The 23 bits of a meter number every bucket of 32-bit time.
    /// @custom:promise I4
    function check_BucketNumbersFit(uint32 time, uint256 index) external pure {
        assert(time / (_window(index) / 4) < 1 << 23);
    }

    function checkFail_BucketNumbersFit(uint32 time, uint256 index) external pure {
        assert(time / (_window(index) / 4) < 1 << 22);
    }

    /// @notice 32-bit time has no more buckets of a lifetime than a ring has places (see ALifetimeForgetsNothing).
    /// @custom:promise I4
    function check_ALifetimeHasFiveBuckets(uint32 time) external pure {
        assert(time / (uint256(LIFETIME) / 4) <= 4);
    }

    function checkFail_ALifetimeHasFiveBuckets(uint32 time) external pure {
        assert(time / (uint256(LIFETIME) / 4) <= 3);
    }

    function _window(uint256 index) private pure returns (uint256) {
        return Windows.secondsOf(split(index, WINDOW_COUNT - 1));
    }
}
