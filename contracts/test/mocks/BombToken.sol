// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Answers a transfer with a megabyte: as a success, or as a failure.
contract BombToken {
    uint256 private constant SIZE = 1_000_000;

    mapping(address holder => uint256) public balanceOf;
    bool public failing;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function fail(bool isFailing) external {
        failing = isFailing;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        bool ok = !failing;
        if (ok) {
            balanceOf[msg.sender] -= amount;
            balanceOf[to] += amount;
        }
        assembly {
            mstore(0, ok)
            if ok { return(0, SIZE) }
            revert(0, SIZE)
        }
    }
}
