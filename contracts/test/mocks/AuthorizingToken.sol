// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {PlainToken} from "./PlainToken.sol";

/// @notice The smallest token that pays by signed authorization (EIP-3009), of contract payers; and that asks them the
///         same way about permits. Quicker than real USDC where thousands of calls are made.
contract AuthorizingToken is PlainToken {
    bytes32 private constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    mapping(address account => mapping(bytes32 nonce => bool)) public authorizationState;

    constructor() PlainToken(6) {}

    function DOMAIN_SEPARATOR() public view returns (bytes32) {
        return keccak256(abi.encode("AuthorizingToken", block.chainid, address(this)));
    }

    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        require(
            block.timestamp > validAfter && block.timestamp < validBefore && !authorizationState[from][nonce], "when"
        );
        ask(from, digestOf(from, to, value, validAfter, validBefore, nonce), signature);
        authorizationState[from][nonce] = true;
        _transfer(from, to, value);
    }

    function permit(address from, address spender, uint256 value, uint256 deadline, bytes calldata signature) external {
        ask(from, typed(keccak256(abi.encode(PERMIT, from, spender, value, uint256(0), deadline))), signature);
        _approve(from, spender, value);
    }

    function digestOf(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce)
        public
        view
        returns (bytes32)
    {
        return typed(keccak256(abi.encode(TRANSFER, from, to, value, validAfter, validBefore, nonce)));
    }

    function typed(bytes32 structHash) private view returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", DOMAIN_SEPARATOR(), structHash));
    }

    function ask(address from, bytes32 hash, bytes calldata signature) private view {
        (bool ok, bytes memory answer) =
            from.staticcall(abi.encodeWithSignature("isValidSignature(bytes32,bytes)", hash, signature));
        require(ok && answer.length >= 32 && abi.decode(answer, (bytes32)) == bytes32(bytes4(0x1626ba7e)), "signature");
    }
}
