// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Says no by returning false: always to one address, and to whoever asks for more than he has.
contract FalseToken {
    mapping(address holder => uint256) public balanceOf;
    address public shunned;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function shun(address account) external {
        shunned = account;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        if (to == shunned || balanceOf[msg.sender] < amount) return false;
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}
