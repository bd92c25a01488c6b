// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title  What purses know of tokens that pay by signed authorization (EIP-3009)
/// @notice Static calls, of whose answers one word is read; no answer is no.
library Eip3009 {
    bytes32 internal constant TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes4 private constant DOMAIN_SEPARATOR = bytes4(keccak256("DOMAIN_SEPARATOR()"));
    bytes4 private constant AUTHORIZATION_STATE = bytes4(keccak256("authorizationState(address,bytes32)"));

    /// @notice The token's digest of an authorization, under the domain separator that it has now; 0 = it tells none.
    /// @param  terms to, value, validAfter, validBefore, nonce: five words
    function digestOf(address token, address from, bytes calldata terms) internal view returns (bytes32 digest) {
        bytes32 separator = separatorOf(token);
        if (separator == 0) return 0;
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let start := mload(0x40) // beyond what is in use
            mstore(start, typehash)
            mstore(add(start, 0x20), from)
            calldatacopy(add(start, 0x40), terms.offset, 0xa0)
            let structHash := keccak256(start, 0xe0)
            mstore(start, shl(240, 0x1901))
            mstore(add(start, 0x02), separator)
            mstore(add(start, 0x22), structHash)
            digest := keccak256(start, 0x42)
        }
    }

    /// @notice The token's domain separator; 0 = it tells none.
    function separatorOf(address token) internal view returns (bytes32 separator) {
        bytes4 selector = DOMAIN_SEPARATOR;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            let answered := staticcall(gas(), token, 0x00, 0x04, 0x00, 0x20)
            if and(answered, gt(returndatasize(), 0x1f)) { separator := mload(0x00) }
        }
    }

    /// @notice Whether the token keeps authorizations: it tells a domain separator, and that an account which does not exist
    ///         yet has used none.
    function isKeptBy(address token, address account) internal view returns (bool kept) {
        if (separatorOf(token) == 0) return false;
        bytes memory question = abi.encodeWithSelector(AUTHORIZATION_STATE, account, bytes32(0));
        assembly ("memory-safe") {
            let answered := staticcall(gas(), token, add(question, 0x20), mload(question), 0x00, 0x20)
            kept := and(and(answered, gt(returndatasize(), 0x1f)), iszero(mload(0x00)))
        }
    }
}
