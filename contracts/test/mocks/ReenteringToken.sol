// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PlainToken} from "./PlainToken.sol";

/// @notice Calls somewhere, once, in the middle of a transfer (after or before it moves the money).
contract ReenteringToken is PlainToken(6) {
    address private _target;
    bytes private _call;
    bool private _beforehand;

    bool public succeeded;
    bytes public answer;
    uint256 public calls;

    /// @notice What the next transfer calls.
    function arm(address target, bytes calldata call, bool beforehand) external {
        (_target, _call, _beforehand) = (target, call, beforehand);
    }

    /// @notice Calls as the token outside of a transfer: the token may be a vault's owner.
    function act(address target, bytes calldata call) external {
        (bool ok, bytes memory data) = target.call(call);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(data, 0x20), mload(data))
            }
        }
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (_beforehand) _fire();
        super._update(from, to, amount);
        if (!_beforehand) _fire();
    }

    function _fire() private {
        address target = _target;
        if (target == address(0)) return;
        delete _target;
        ++calls;
        (succeeded, answer) = target.call(_call);
    }
}
