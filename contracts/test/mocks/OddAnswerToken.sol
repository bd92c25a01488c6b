// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Moves the money and answers something else than true: false, as an old token does, or a number.
contract OddAnswerToken {
    uint256 private immutable _answer;
    mapping(address holder => uint256) public balanceOf;

    constructor(uint256 answer) {
        _answer = answer;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (uint256) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return _answer;
    }
}
