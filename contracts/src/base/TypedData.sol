// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title EIP-712 digests in this vault's domain; their twin in Rust is protocol/src/typed_data.rs
/// @dev   The separator is computed once, and anew wherever the chain's id is another than then: after a fork that
///        renames the chain, no signature is valid on both sides (I2).
abstract contract TypedData {
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME_HASH = keccak256("Pursestrings Vault");
    bytes32 private constant VERSION_HASH = keccak256("1");

    uint256 private immutable _firstChain = block.chainid;
    bytes32 private immutable _firstSeparator = _separator();

    /// @dev keccak256(0x1901 ++ domain separator ++ struct hash).
    function _digestOf(bytes32 structHash) internal view returns (bytes32 digest) {
        bytes32 separator = block.chainid == _firstChain ? _firstSeparator : _separator();
        assembly ("memory-safe") {
            let message := mload(0x40) // beyond what is in use, which stays where it is
            mstore(message, shl(240, 0x1901))
            mstore(add(message, 0x02), separator)
            mstore(add(message, 0x22), structHash)
            digest := keccak256(message, 0x42)
        }
    }

    function _separator() private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
    }
}
