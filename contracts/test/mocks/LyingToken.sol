// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Moves what it is asked to, but has no honest answer about balances: none at all, a revert, or nothing held.
contract LyingToken {
    uint256 private immutable _lie;
    uint256 public moved;

    constructor(uint256 lie) {
        _lie = lie;
    }

    function transfer(address, uint256 amount) external returns (bool) {
        moved += amount;
        return true;
    }

    fallback() external {
        if (_lie == 0) revert("no balances here");
        if (_lie == 1) return;
        assembly {
            mstore(0, 0)
            return(0, 32)
        }
    }
}
