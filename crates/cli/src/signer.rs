//! The key of whoever changes the vault: from a keystore, or one of anvil's public development keys.

use crate::connect::LOCAL_CHAIN;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::library_failure;
use crate::names::{address, short};
use alloy::primitives::{Address, B256, b256};
use alloy::signers::local::PrivateKeySigner;
use purse_agent::SessionKey;
use std::path::Path;

/// The development accounts of anvil: public keys of everybody, worth nothing, accepted on chain 31337 only.
const DEVELOPMENT_KEYS: [B256; 10] = [
    b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    b256!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
    b256!("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
    b256!("7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
    b256!("47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"),
    b256!("8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
    b256!("92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
    b256!("4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"),
    b256!("dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"),
    b256!("2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"),
];

/// Who sends, and the key to sign with.
#[derive(Clone)]
pub(crate) struct Signer {
    /// The account.
    pub(crate) address: Address,
    /// Its key. Never printed: `Debug` shows the address only.
    pub(crate) key: PrivateKeySigner,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Signer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Signer {
    /// Opens the key that the flags or the profile name.
    pub(crate) async fn open(context: &Context, chain_id: u64) -> Result<Self, Failure> {
        let profile = context.profile()?;
        let from = match &context.global.from {
            Some(text) => Some(address(text)?),
            None => profile.from,
        };
        if context.global.unlocked {
            return development_account(from, chain_id);
        }
        let keystore = match (&context.global.keystore, profile.keystore) {
            (Some(path), _) => path.clone(),
            (None, Some(path)) => context.folder().join(path),
            (None, None) => return Err(no_key(from)),
        };
        let key = unlock(context, &keystore).await?.to_signer();
        let signer = Self { address: key.address(), key };
        match from {
            Some(from) if from != signer.address => Err(Failure::new(
                Exit::Key,
                "WrongKey",
                format!("the keystore is not the key of {}", short(from)),
                format!("{} holds the key of {}", keystore.display(), signer.address),
                "name the keystore of that account with --keystore, or leave --from out",
            )),
            _ => Ok(signer),
        }
    }
}

/// Unlocks a keystore; asks for its password unless a file holds it.
pub(crate) async fn unlock(context: &Context, path: &Path) -> Result<SessionKey, Failure> {
    check_readable(path)?;
    let what = path.display().to_string();
    let password = context.asking().password(context.global.password_file.as_deref(), &what).await?;
    let file = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || purse_agent::keystore::open(&file, &password)).await;
    match opened {
        Ok(opened) => opened.map_err(|error| library_failure::of_keystore(&error, path)),
        Err(error) => Err(Failure::error("Internal", "unlocking stopped", error.to_string(), "run the command again")),
    }
}

/// A clear word when there is no such file.
fn check_readable(path: &Path) -> Result<(), Failure> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(
            Exit::Key,
            "KeystoreMissing",
            format!("cannot open the keystore {}", path.display()),
            error.to_string(),
            "name a V3 keystore with --keystore PATH (cast wallet new makes one)",
        )),
    }
}

fn no_key(from: Option<Address>) -> Failure {
    let who = from.map_or_else(String::new, |from| format!(" of {}", short(from)));
    Failure::new(
        Exit::Key,
        "KeyMissing",
        format!("no key{who} to sign with"),
        "neither --keystore, nor ETH_KEYSTORE, nor the profile names a keystore",
        "add --keystore PATH; or --propose, to sign with another wallet; or on anvil --from ADDRESS --unlocked",
    )
}

/// One of anvil's development accounts: the first, or that of `from`.
pub(crate) fn development_account(from: Option<Address>, chain_id: u64) -> Result<Signer, Failure> {
    if chain_id != LOCAL_CHAIN {
        return Err(Failure::new(
            Exit::Key,
            "UnlockedRefused",
            "--unlocked works on the local chain only",
            format!("the node is on chain {chain_id}; anvil's keys are known to everybody"),
            "use --keystore",
        ));
    }
    let signers = DEVELOPMENT_KEYS.iter().filter_map(|key| PrivateKeySigner::from_bytes(key).ok());
    let mut signers = signers.filter(|signer| from.is_none_or(|from| from == signer.address()));
    match signers.next() {
        Some(key) => Ok(Signer { address: key.address(), key }),
        None => Err(Failure::new(
            Exit::Key,
            "KeyMissing",
            "that account is not one of anvil's",
            "--unlocked knows the ten accounts that anvil starts with",
            "use one of these with --from, or --keystore",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn development_keys_work_on_the_local_chain_only() {
        let first = development_account(None, LOCAL_CHAIN).unwrap();
        assert_eq!(first.address.to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        assert_eq!(development_account(None, 8453).unwrap_err().code, "UnlockedRefused");
        assert_eq!(development_account(Some(Address::ZERO), LOCAL_CHAIN).unwrap_err().code, "KeyMissing");
        assert!(!format!("{first:?}").contains("ac0974"));
    }
}
