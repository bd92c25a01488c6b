// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title  Deploys vaults at addresses that commit to chain, owner and first configuration (I14)
/// @dev    No imports: the Solidity compiler and the Rust client read this very file.
interface IVaultFactory {
    /// @notice A vault was deployed.
    event VaultCreated(address indexed vault, address indexed owner, address treasury, address guardian, bytes32 salt);

    /// @notice The code is not the vault code of this factory.
    error CodeMismatch(bytes32 given, bytes32 expected);
    /// @notice The vault exists already.
    error VaultExists(address vault);

    /// @notice Deploys a vault. Anyone may: the address admits only the configuration it was computed from.
    /// @param creationCode the vault's creation code, whose hash the factory knows
    /// @param owner        grants, changes, withdraws
    /// @param treasury     the only address that withdrawals go to
    /// @param guardian     may only stop things; zero = none
    /// @param salt         tells apart vaults of one configuration
    function createVault(bytes calldata creationCode, address owner, address treasury, address guardian, bytes32 salt)
        external
        returns (address vault);

    /// @notice Where `createVault` puts the vault of a configuration, on this chain.
    function vaultAddress(bytes calldata creationCode, address owner, address treasury, address guardian, bytes32 salt)
        external
        view
        returns (address vault);

    /// @notice keccak256 of the vault's creation code (without constructor arguments).
    function vaultCodeHash() external view returns (bytes32);
}
