//! Where a factory and a vault will be, before they are: twin of `contracts/src/VaultFactory.sol` (I14).

use alloy::primitives::{Address, B256, U256, address, keccak256};
use alloy::sol_types::SolValue;

/// The deterministic deployer: the same address on every chain that has it; anvil has it from the start. It takes
/// salt ++ init code as calldata.
pub const DETERMINISTIC_DEPLOYER: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

/// The salt that the factory is deployed with, on every chain.
pub const FACTORY_SALT: B256 = B256::ZERO;

/// What a vault's address commits to besides chain and code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VaultConfig {
    /// Grants, changes, withdraws.
    pub owner: Address,
    /// The only address that withdrawals go to.
    pub treasury: Address,
    /// May only stop things; zero = none.
    pub guardian: Address,
}

/// The factory's init code: its creation code with the hash of the vault's creation code as constructor argument.
pub fn factory_init_code(factory_creation_code: &[u8], vault_creation_code: &[u8]) -> Vec<u8> {
    [factory_creation_code, keccak256(vault_creation_code).as_slice()].concat()
}

/// Where the deterministic deployer puts the factory of that init code.
pub fn factory_address(factory_init_code: &[u8]) -> Address {
    DETERMINISTIC_DEPLOYER.create2(FACTORY_SALT, keccak256(factory_init_code))
}

/// The vault's init code: its creation code with the configuration as constructor arguments.
pub fn vault_init_code(creation_code: &[u8], config: &VaultConfig) -> Vec<u8> {
    [creation_code, &(config.owner, config.treasury, config.guardian).abi_encode()].concat()
}

/// Where `factory` puts the vault of that code, configuration and salt on chain `chain_id`.
pub fn vault_address(
    factory: Address,
    chain_id: u64,
    creation_code: &[u8],
    config: &VaultConfig,
    salt: B256,
) -> Address {
    let chain_salt = keccak256((U256::from(chain_id), salt).abi_encode());
    factory.create2(chain_salt, keccak256(vault_init_code(creation_code, config)))
}
