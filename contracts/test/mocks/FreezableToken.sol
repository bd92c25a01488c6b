// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PlainToken} from "./PlainToken.sol";

/// @notice Like USDC: its issuer can freeze an address, or everything.
contract FreezableToken is PlainToken(6) {
    mapping(address account => bool) public frozen;
    bool public stopped;

    error Frozen(address account);
    error Stopped();

    function freeze(address account, bool isFrozen) external {
        frozen[account] = isFrozen;
    }

    function stop(bool isStopped) external {
        stopped = isStopped;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (stopped) revert Stopped();
        if (frozen[from]) revert Frozen(from);
        if (frozen[to]) revert Frozen(to);
        super._update(from, to, amount);
    }
}
