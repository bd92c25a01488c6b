// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Says that everybody holds all there can be, and refuses every second transfer.
contract BoastfulToken {
    uint256 private _asked;

    function mint(address, uint256) external {}

    function balanceOf(address) external pure returns (uint256) {
        return type(uint256).max;
    }

    function transfer(address, uint256) external returns (bool) {
        _asked += 1;
        return _asked % 2 == 1;
    }
}
