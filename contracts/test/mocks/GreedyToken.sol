// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PlainToken} from "./PlainToken.sol";

/// @notice A transfer takes as much gas as it was told to, as some tokens with hooks do; or all there is, and then the
///         question for a balance does so too.
contract GreedyToken is PlainToken(6) {
    uint256 public appetite;
    bool public insatiable;

    function hunger(uint256 gas_) external {
        appetite = gas_;
    }

    function starve() external {
        insatiable = true;
    }

    function balanceOf(address holder) public view override returns (uint256) {
        if (insatiable) devour();
        return super.balanceOf(holder);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (insatiable) devour();
        uint256 wanted = from == address(0) ? 0 : appetite;
        uint256 start = gasleft();
        while (start - gasleft() < wanted) {}
        super._update(from, to, amount);
    }

    function devour() private pure {
        assembly {
            invalid()
        }
    }
}
