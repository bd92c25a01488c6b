// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "solady/utils/ECDSA.sol";

/// @title Who signed a digest with a session key
/// @dev   Session keys are always ECDSA keys, whatever code is at their address. One signature has two accepted forms
///        (64 and 65 bytes); uniqueness comes from the nonce, never from signature bytes (I3).
library SessionSignature {
    uint256 private constant HALF_N = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice The signer; zero if nobody can have signed so, or if s is in the upper half of the curve's order.
    function signerOf(bytes32 digest, bytes calldata signature) internal view returns (address) {
        if (signature.length != 64 && signature.length != 65) return address(0);
        uint256 s;
        assembly ("memory-safe") {
            s := calldataload(add(signature.offset, 0x20))
        }
        if (signature.length == 64) s = (s << 1) >> 1; // the top bit is v's
        if (s > HALF_N) return address(0);
        return ECDSA.tryRecoverCalldata(digest, signature);
    }
}
