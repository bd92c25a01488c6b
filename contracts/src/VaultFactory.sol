// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IVaultFactory} from "./interfaces/IVaultFactory.sol";

/// @title  Deploys vaults whole, by CREATE2 (I14)
/// @notice Knows only the hash of the vault's creation code and takes the code as calldata, so that the vault may use
///         its own size budget. The address commits to the chain (by the salt), to the owner and to the first
///         configuration (by the constructor's arguments): nobody can occupy it with another.
contract VaultFactory is IVaultFactory {
    /// @inheritdoc IVaultFactory
    bytes32 public immutable vaultCodeHash;

    constructor(bytes32 vaultCodeHash_) {
        vaultCodeHash = vaultCodeHash_;
    }

    /// @inheritdoc IVaultFactory
    function createVault(bytes calldata creationCode, address owner, address treasury, address guardian, bytes32 salt)
        external
        returns (address vault)
    {
        // Check
        bytes memory initCode = _initCode(creationCode, owner, treasury, guardian);
        bytes32 chainSalt = _chainSalt(salt);
        vault = _address(initCode, chainSalt);
        if (vault.code.length != 0) revert VaultExists(vault);
        // Effect
        emit VaultCreated(vault, owner, treasury, guardian, salt);
        // Interaction: the constructor of the one code this factory knows
        assembly ("memory-safe") {
            if iszero(create2(0, add(initCode, 0x20), mload(initCode), chainSalt)) {
                let failure := mload(0x40)
                returndatacopy(failure, 0, returndatasize())
                revert(failure, returndatasize())
            }
        }
    }

    /// @inheritdoc IVaultFactory
    function vaultAddress(bytes calldata creationCode, address owner, address treasury, address guardian, bytes32 salt)
        external
        view
        returns (address)
    {
        return _address(_initCode(creationCode, owner, treasury, guardian), _chainSalt(salt));
    }

    function _initCode(bytes calldata creationCode, address owner, address treasury, address guardian)
        private
        view
        returns (bytes memory)
    {
        bytes32 given = keccak256(creationCode);
        if (given != vaultCodeHash) revert CodeMismatch(given, vaultCodeHash);
        return bytes.concat(creationCode, abi.encode(owner, treasury, guardian));
    }

    function _chainSalt(bytes32 salt) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, salt));
    }

    function _address(bytes memory initCode, bytes32 chainSalt) private view returns (address) {
        return address(
            uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), chainSalt, keccak256(initCode)))))
        );
    }
}
