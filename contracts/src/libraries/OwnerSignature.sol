// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SessionSignature} from "./SessionSignature.sol";

/// @title Whether an owner or guardian signed a digest: by its own key, or as a contract (ERC-1271)
library OwnerSignature {
    /// @dev A Safe of a few owners needs some 30,000; whoever answers slower than this cannot sign.
    uint256 private constant GAS = 200_000;
    bytes4 private constant MAGIC = 0x1626ba7e; // isValidSignature(bytes32,bytes)

    /// @notice Whether `signer` signed. ECDSA first: an account with delegated code (EIP-7702) still has its key.
    /// @dev    A static call with bounded gas, of whose answer one word is read: it can change nothing and cost no more.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool valid) {
        if (signer == address(0)) return false;
        if (SessionSignature.signerOf(digest, signature) == signer) return true;
        if (signer.code.length == 0) return false;
        bytes memory question = abi.encodeWithSelector(MAGIC, digest, signature);
        bytes32 magic = MAGIC;
        assembly ("memory-safe") {
            let answered := staticcall(GAS, signer, add(question, 0x20), mload(question), 0x00, 0x20)
            valid := and(and(answered, gt(returndatasize(), 0x1f)), eq(mload(0x00), magic))
        }
    }
}
