// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @dev How many windows there are.
uint256 constant WINDOW_COUNT = 5;

/// @dev A window that never ends: its five buckets of 34 years outlast 32-bit time, so nothing leaves them.
uint32 constant LIFETIME = type(uint32).max;

/// @title The windows a limit may have, and their numbers in storage
library Windows {
    /// @dev Seconds, 32 bits each, window 0 lowest: a table, so that a payment need not branch.
    uint256 private constant SECONDS =
        1 hours | (1 days << 32) | (7 days << 64) | (30 days << 96) | (uint256(LIFETIME) << 128);

    /// @notice Seconds of window `index`: 1 hour, 1 day, 7 days, 30 days, the lifetime.
    function secondsOf(uint256 index) internal pure returns (uint32) {
        unchecked {
            // forge-lint: disable-next-line(unsafe-typecast) -- one entry of the table is cut out
            return uint32(SECONDS >> (32 * index));
        }
    }

    /// @notice The number of a window; `WINDOW_COUNT` if there is none of that length.
    function indexOf(uint32 window) internal pure returns (uint256 index) {
        while (index < WINDOW_COUNT && secondsOf(index) != window) ++index;
    }
}
