//! The record of what was deployed on a chain: the content of `deployments/<chain_id>.json`. Writing it is the
//! deployer's job.

use crate::VaultConfig;
use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};

/// What was deployed on one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressBook {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The factory.
    pub factory: Deployed,
    /// The lens, which tells the most that can leave a vault; none where it was not deployed, or is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lens: Option<Deployed>,
    /// Its vaults, in order of deployment.
    pub vaults: Vec<VaultRecord>,
}

/// A contract, and how it came to its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployed {
    /// Where it is.
    pub address: Address,
    /// The block that deployed it; none where it was found in place and its block is not known.
    pub block: Option<u64>,
    /// The transaction that deployed it; none where it was found in place.
    pub tx: Option<B256>,
    /// keccak256 of the runtime code at the address.
    pub code_hash: B256,
    /// The compiler's full version, such as `0.8.37+commit.1234abcd`.
    pub compiler: String,
}

/// A vault, and the first configuration that its address commits to (I14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultRecord {
    /// The vault's contract.
    pub vault: Deployed,
    /// Its first owner.
    pub owner: Address,
    /// Its first treasury.
    pub treasury: Address,
    /// Its first guardian; zero = none.
    pub guardian: Address,
    /// What tells apart vaults of one configuration.
    pub salt: B256,
}

impl AddressBook {
    /// The record of the vault at `address`.
    pub fn vault(&self, address: Address) -> Option<&VaultRecord> {
        self.vaults.iter().find(|record| record.vault.address == address)
    }
}

impl VaultRecord {
    /// The first configuration.
    pub fn config(&self) -> VaultConfig {
        VaultConfig { owner: self.owner, treasury: self.treasury, guardian: self.guardian }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn book() -> AddressBook {
        let deployed = |byte, tx| Deployed {
            address: Address::repeat_byte(byte),
            block: Some(7),
            tx,
            code_hash: B256::repeat_byte(0xcc),
            compiler: "0.8.37+commit.1234abcd".to_owned(),
        };
        AddressBook {
            chain_id: 31_337,
            factory: deployed(0xfa, None),
            lens: Some(deployed(0x1e, None)),
            vaults: vec![VaultRecord {
                vault: deployed(0x0a, Some(B256::repeat_byte(0x11))),
                owner: Address::repeat_byte(1),
                treasury: Address::repeat_byte(2),
                guardian: Address::ZERO,
                salt: B256::with_last_byte(1),
            }],
        }
    }

    #[test]
    fn a_book_reads_back_as_written() {
        let text = serde_json::to_string_pretty(&book()).unwrap();
        assert_eq!(serde_json::from_str::<AddressBook>(&text).unwrap(), book());
        assert_eq!(book().vault(Address::repeat_byte(0x0a)), book().vaults.first());
        let without = AddressBook { lens: None, ..book() };
        let text = serde_json::to_string(&without).unwrap();
        assert!(!text.contains("lens"));
        assert_eq!(serde_json::from_str::<AddressBook>(&text).unwrap(), without);
    }

    #[test]
    fn a_foreign_field_is_refused() {
        let text = serde_json::to_string(&book()).unwrap().replacen("\"chain_id\"", "\"colour\":1,\"chain_id\"", 1);
        assert!(serde_json::from_str::<AddressBook>(&text).unwrap_err().to_string().contains("colour"));
    }
}
