// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PlainToken} from "./PlainToken.sol";

/// @notice Almost an EIP-3009 token: no authorization states; all of them used; an answer that is a byte short; no domain;
///         a domain, or an unused state, in a revert; a domain that is a byte short.
contract HalfToken is PlainToken {
    uint256 private immutable _kind;

    constructor(uint256 kind) PlainToken(6) {
        _kind = kind;
    }

    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        // Its last byte is zero: where one is missing, what was in memory does not make up for it
        uint256 separator = uint256(keccak256("domain")) << 8;
        if (_kind == 4) _revertWith(separator);
        if (_kind == 6) _returnShort(separator);
        return _kind == 3 ? bytes32(0) : bytes32(separator);
    }

    function authorizationState(address, bytes32) external view returns (bool) {
        if (_kind == 0) revert();
        if (_kind == 2) _returnShort(0);
        if (_kind == 5) _revertWith(0);
        return _kind == 1;
    }

    function _revertWith(uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(0x00, word)
            revert(0x00, 0x20)
        }
    }

    function _returnShort(uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(0x00, word)
            return(0x00, 0x1f)
        }
    }
}
