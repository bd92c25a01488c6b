//! Who acts in a test, under names that a report can use, and their keys.

use alloy::primitives::{Address, B256, Signature, keccak256};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use anyhow::Context;
use std::collections::BTreeMap;

/// How many agents' keys there are: each serves once.
const AGENTS: usize = 96;
const PAYEES: usize = 8;

/// Everybody, but for the vault.
#[derive(Debug)]
pub(crate) struct Cast {
    keys: BTreeMap<Address, PrivateKeySigner>,
    names: BTreeMap<Address, String>,
    /// Two with keys, one with a key and code (EIP-7702), one with code only.
    pub(crate) owners: Vec<Address>,
    /// Two with keys, one with code only.
    pub(crate) guardians: Vec<Address>,
    pub(crate) treasuries: Vec<Address>,
    pub(crate) agents: Vec<Address>,
    pub(crate) payees: Vec<Address>,
    pub(crate) strangers: Vec<Address>,
    /// Two plain ones and a moody one, to be listed; and one that is not.
    pub(crate) tokens: Vec<Address>,
    /// Whose code answers for their signatures.
    pub(crate) wallets: Vec<Address>,
    /// The one of them that has a key too.
    pub(crate) delegated: Address,
    /// The code that it is delegated to.
    pub(crate) wallet_code: Address,
}

impl Cast {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let mut cast = Self {
            keys: BTreeMap::new(),
            names: BTreeMap::new(),
            owners: Vec::new(),
            guardians: Vec::new(),
            treasuries: Vec::new(),
            agents: Vec::new(),
            payees: Vec::new(),
            strangers: Vec::new(),
            tokens: Vec::new(),
            wallets: Vec::new(),
            delegated: Address::ZERO,
            wallet_code: Address::ZERO,
        };
        cast.owners = cast.with_keys("owner", 2)?;
        cast.delegated = cast.with_key("owner_delegated")?;
        let owner_wallet = cast.without_key("owner_wallet");
        cast.owners.extend([cast.delegated, owner_wallet]);
        cast.guardians = cast.with_keys("guardian", 2)?;
        let guardian_wallet = cast.without_key("guardian_wallet");
        cast.guardians.push(guardian_wallet);
        cast.wallets = vec![cast.delegated, owner_wallet, guardian_wallet];
        cast.wallet_code = cast.without_key("wallet_code");
        cast.treasuries = ["treasury_0", "treasury_1"].map(|name| cast.without_key(name)).to_vec();
        cast.agents = cast.with_keys("agent", AGENTS)?;
        cast.payees = (0..PAYEES).map(|index| cast.without_key(&format!("payee_{index}"))).collect();
        cast.strangers = cast.with_keys("stranger", 2)?;
        let tokens = ["token_a", "token_b", "token_moody", "token_unlisted"];
        cast.tokens = tokens.map(|name| cast.without_key(name)).to_vec();
        Ok(cast)
    }

    /// The token with moods.
    pub(crate) fn moody(&self) -> Address {
        self.tokens.get(2).copied().unwrap_or_default()
    }

    /// Signs with an account's key; `None` if it has none.
    pub(crate) fn sign(&self, account: Address, digest: B256) -> anyhow::Result<Option<Signature>> {
        let Some(key) = self.keys.get(&account) else { return Ok(None) };
        Ok(Some(key.sign_hash_sync(&digest).context("a key does not sign")?))
    }

    /// Puts names in the place of addresses.
    pub(crate) fn named(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (address, name)| {
            let lower = format!("{address:#x}");
            text.replace(&format!("{address}"), name).replace(&lower, name).replace(&lower[2..], name)
        })
    }

    pub(crate) fn name(&mut self, address: Address, name: &str) {
        self.names.insert(address, name.to_owned());
    }

    fn with_key(&mut self, name: &str) -> anyhow::Result<Address> {
        let key = PrivateKeySigner::from_bytes(&keccak256(format!("purse-model {name}")))?;
        let address = key.address();
        self.keys.insert(address, key);
        self.name(address, name);
        Ok(address)
    }

    fn with_keys(&mut self, name: &str, count: usize) -> anyhow::Result<Vec<Address>> {
        (0..count).map(|index| self.with_key(&format!("{name}_{index}"))).collect()
    }

    fn without_key(&mut self, name: &str) -> Address {
        let address = Address::from_word(keccak256(format!("purse-model {name}")));
        self.name(address, name);
        address
    }
}
