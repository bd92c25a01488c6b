//! Where a factory and a vault will be, before they are: twin of `contracts/src/VaultFactory.sol` (I14).

use alloy::primitives::{Address, B256, U256, address, keccak256};
use alloy::sol_types::SolValue;

/// The deterministic deployer: the same address on every chain that has it; anvil has it from the start. It takes
/// salt ++ init code as calldata.
pub const DETERMINISTIC_DEPLOYER: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

/// The salt that factory and lens are deployed with, on every chain.
pub const DEPLOYER_SALT: B256 = B256::ZERO;

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
    put(DETERMINISTIC_DEPLOYER, DEPLOYER_SALT, factory_init_code)
}

/// Where a vault's contract for purses is: the first that the vault has made.
pub fn purses_address(vault: Address) -> Address {
    vault.create(1)
}

/// Where the deterministic deployer puts the lens of that creation code, which takes no constructor arguments.
pub fn lens_address(lens_creation_code: &[u8]) -> Address {
    put(DETERMINISTIC_DEPLOYER, DEPLOYER_SALT, lens_creation_code)
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
    put(factory, chain_salt, &vault_init_code(creation_code, config))
}

/// Where `deployer` puts `init_code` (EIP-1014).
fn put(deployer: Address, salt: B256, init_code: &[u8]) -> Address {
    deployer.create2(salt, keccak256(init_code))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::{Bytes, b256};
    use serde::Deserialize;
    use std::collections::BTreeSet;

    /// A vector of `scripts/vectors.mjs`.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Vector {
        factory: Address,
        chain_id: String,
        creation_code: Bytes,
        salt: B256,
        owner: Address,
        treasury: Address,
        guardian: Address,
        vault: Address,
    }

    /// The examples of EIP-1014.
    #[test]
    fn create2_is_that_of_the_standard() {
        let cafebabe = b256!("00000000000000000000000000000000000000000000000000000000cafebabe");
        let cases = [
            (Address::ZERO, B256::ZERO, "00", address!("4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38")),
            (
                address!("deadbeef00000000000000000000000000000000"),
                B256::ZERO,
                "00",
                address!("B928f69Bb1D91Cd65274e3c79d8986362984fDA3"),
            ),
            (
                address!("00000000000000000000000000000000deadbeef"),
                cafebabe,
                "deadbeef",
                address!("60f3f640a8508fC6a86d45DF051962668E1e8AC7"),
            ),
            (Address::ZERO, B256::ZERO, "", address!("E33C0C7F7df4809055C3ebA6c09CFe4BaF1BD9e0")),
        ];
        for (deployer, salt, init_code, expected) in cases {
            let init_code: Bytes = init_code.parse().unwrap();
            assert_eq!(put(deployer, salt, &init_code), expected);
        }
    }

    /// I14: the address commits to chain, factory, code, owner, treasury, guardian and salt, as viem computes it.
    #[test]
    fn vault_addresses_are_those_of_viem() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../tests/vectors/vault_address.json")).unwrap();
        for vector in &vectors {
            let config = VaultConfig { owner: vector.owner, treasury: vector.treasury, guardian: vector.guardian };
            let chain_id = vector.chain_id.parse().unwrap();
            let address = vault_address(vector.factory, chain_id, &vector.creation_code, &config, vector.salt);
            assert_eq!(address, vector.vault);
        }
        let addresses: BTreeSet<_> = vectors.iter().map(|vector| vector.vault).collect();
        assert_eq!(addresses.len(), vectors.len(), "every part of the configuration changes the address");
    }

    #[test]
    fn the_factory_commits_to_the_vaults_code() {
        let address = |factory: &[u8], vault: &[u8]| factory_address(&factory_init_code(factory, vault));
        assert_ne!(address(&[1], &[2]), address(&[1], &[3]));
        assert_eq!(factory_init_code(&[1], &[2])[1..], keccak256([2])[..]);
        assert_eq!(address(&[1], &[2]), put(DETERMINISTIC_DEPLOYER, DEPLOYER_SALT, &factory_init_code(&[1], &[2])));
    }
}
