// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice Balances are shares of a supply that the issuer scales up and down.
contract RebasingToken {
    mapping(address holder => uint256) private _shares;
    uint256 public percent = 100;

    function mint(address to, uint256 amount) external {
        _shares[to] += amount;
    }

    function rebase(uint256 newPercent) external {
        percent = newPercent;
    }

    function balanceOf(address holder) public view returns (uint256) {
        return (_shares[holder] * percent) / 100;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        uint256 shares = (amount * 100) / percent;
        _shares[msg.sender] -= shares;
        _shares[to] += shares;
        return true;
    }
}
