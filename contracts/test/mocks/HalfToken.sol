// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PlainToken} from "./PlainToken.sol";

/// @notice Almost an EIP-3009 token: no authorization states; all of them used; answers of a byte; no domain.
contract HalfToken is PlainToken {
    uint256 private immutable _kind;

    constructor(uint256 kind) PlainToken(6) {
        _kind = kind;
    }

    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _kind == 3 ? bytes32(0) : keccak256("domain");
    }

    function authorizationState(address, bytes32) external view returns (bool) {
        if (_kind == 0) revert();
        if (_kind == 1) return true;
        if (_kind == 2) {
            assembly ("memory-safe") {
                return(0, 1)
            }
        }
        return false;
    }
}
