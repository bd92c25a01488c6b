// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice An owner that is a contract: its one key signs for it (ERC-1271).
contract Wallet {
    address private immutable _signer;

    constructor(address signer) {
        _signer = signer;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return 0xffffffff;
        (bytes32 r, bytes32 s) = (bytes32(signature), bytes32(signature[32:]));
        return ecrecover(digest, uint8(signature[64]), r, s) == _signer ? this.isValidSignature.selector : bytes4(0);
    }
}
