// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title  What a vault's owner needs of a Safe: two of two signatures make a batch of calls, and an ERC-1271 answer
/// @notice A test's owner. Never deploy it.
contract SafeLike {
    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    bytes4 private constant MAGIC = 0x1626ba7e;

    address private immutable FIRST;
    address private immutable SECOND;
    uint256 public nonce;

    error NotSigned();
    error CallFailed(uint256 index, bytes reason);

    constructor(address first, address second) {
        FIRST = first;
        SECOND = second;
    }

    /// @notice Makes all calls, or none.
    function execute(Call[] calldata calls, bytes calldata signatures) external {
        if (isValidSignature(hashOf(calls, nonce++), signatures) != MAGIC) revert NotSigned();
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory reason) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            if (!ok) revert CallFailed(i, reason);
        }
    }

    function hashOf(Call[] calldata calls, uint256 atNonce) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), atNonce, calls));
    }

    /// @notice ERC-1271: both owners signed, 65 bytes each, in order.
    function isValidSignature(bytes32 hash, bytes calldata signatures) public view returns (bytes4) {
        if (signatures.length != 130) return 0xffffffff;
        bool both = signer(hash, signatures[:65]) == FIRST && signer(hash, signatures[65:]) == SECOND;
        return both ? MAGIC : bytes4(0xffffffff);
    }

    function signer(bytes32 hash, bytes calldata signature) private pure returns (address) {
        return ecrecover(hash, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
    }
}
