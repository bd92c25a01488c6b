//! The config file: profiles that name a chain, a node and a vault. No secrets, at most [`MAX_BYTES`] to start with.

use crate::failure::Failure;
use crate::files;
use alloy::primitives::Address;
use alloy::transports::http::reqwest;
use etcetera::{BaseStrategy, choose_base_strategy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Largest config file read: far above what profiles need, far below what would hurt.
const MAX_BYTES: usize = 64 * 1024;

/// The config file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The profile to use when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<String>,
    /// The profiles.
    #[serde(default)]
    pub(crate) profile: BTreeMap<String, Profile>,
}

/// One vault, and how to reach it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Chain id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) chain: Option<String>,
    /// The node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rpc_url: Option<String>,
    /// The vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vault: Option<Address>,
    /// The token that amounts are in when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Address>,
    /// The owner's keystore; a relative path starts at the config file's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keystore: Option<PathBuf>,
    /// The account that sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Address>,
    /// The vault's factory, which the index follows, where no address book says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) factory: Option<Address>,
    /// From which block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_block: Option<u64>,
}

impl Config {
    /// Reads the config file; an absent one is empty.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let Some(text) = files::read_if_there(path)? else { return Ok(Self::default()) };
        let invalid = |cause: String| {
            Failure::error(
                "ConfigInvalid",
                format!("cannot understand {}", path.display()),
                cause,
                "correct the file: its keys are default, and per profile chain, rpc_url, vault, token, keystore, from, factory, from_block",
            )
        };
        if text.len() > MAX_BYTES {
            return Err(invalid(format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len())));
        }
        toml::from_str(&text).map_err(|error| invalid(one_line(&error.to_string())))
    }

    /// Writes the config file, whole.
    pub(crate) fn save(&self, path: &Path) -> Result<usize, Failure> {
        let text = toml::to_string(self).map_err(|error| {
            Failure::error("ConfigInvalid", "cannot write the config", error.to_string(), "report this as a bug")
        })?;
        files::write_whole(path, &text, 0o600)?; // a node's URL often carries an access key
        Ok(text.len())
    }
}

/// Longest part of a node's path that is no key: names and versions are shorter, keys are longer.
const LONGEST_PATH_NAME: usize = 16;

/// Whether a node's URL may hold a key: a user, a query, or a long part of its path.
pub(crate) fn may_hold_key(url: &str) -> bool {
    let Ok(url) = url.parse::<reqwest::Url>() else { return true };
    let long = url.path_segments().into_iter().flatten().any(|part| part.len() > LONGEST_PATH_NAME);
    long || !url.username().is_empty() || url.password().is_some() || url.query().is_some()
}

/// What to know of a file that holds a node's URL.
pub(crate) fn secrecy(url: &str) -> &'static str {
    if may_hold_key(url) { "with your node's URL: keep it private" } else { "no keys" }
}

/// Where the config file is unless a flag or `PURSE_CONFIG` says otherwise.
pub(crate) fn default_path() -> Result<PathBuf, Failure> {
    Ok(strategy()?.config_dir().join("purse").join("config.toml"))
}

/// Where indexes live: they can be rebuilt from the chain at any time.
pub(crate) fn data_folder() -> Result<PathBuf, Failure> {
    Ok(strategy()?.data_dir().join("purse"))
}

fn strategy() -> Result<impl BaseStrategy, Failure> {
    choose_base_strategy().map_err(|error| {
        Failure::error("HomeUnknown", "cannot find your home folder", error.to_string(), "set HOME, or name --config")
    })
}

/// A parser's several lines as one.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('|'));
    lines.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// The promise: a full setup fits in 300 bytes.
    const FULL_SETUP_BYTES: usize = 300;

    #[test]
    fn a_full_setup_fits_in_300_bytes_and_comes_back_the_same() {
        let profile = Profile {
            chain: Some("base-sepolia".into()),
            rpc_url: Some("https://base-sepolia.example.org/v1".into()),
            vault: Some(Address::repeat_byte(0xab)),
            token: Some(Address::repeat_byte(0xcd)),
            keystore: Some("owner.json".into()),
            from: Some(Address::repeat_byte(0xef)),
            ..Profile::default()
        };
        let config = Config { default: Some("ops".into()), profile: [("ops".to_owned(), profile)].into() };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("purse/config.toml");
        let bytes = config.save(&path).unwrap();
        assert!(bytes <= FULL_SETUP_BYTES, "{bytes} bytes");
        assert_eq!(Config::load(&path).unwrap(), config);
    }

    #[test]
    fn a_key_in_a_url_is_suspected() {
        for plain in ["http://127.0.0.1:8545", "https://base-sepolia.example.org/v1", "https://mainnet.base.org/"] {
            assert!(!may_hold_key(plain), "{plain}");
        }
        for secret in [
            "https://node.example/?apikey=SECRET",
            "https://me:word@node.example",
            "https://me@node.example",
            "https://eth.example/v2/0123456789abcdef0",
        ] {
            assert!(may_hold_key(secret), "{secret}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "[profile.ops]\nrpc = \"http://127.0.0.1:8545\"\n").unwrap();
        let failure = Config::load(&path).unwrap_err();
        assert_eq!(failure.code, "ConfigInvalid");
        assert!(failure.cause.contains("unknown field `rpc`"), "{}", failure.cause);
    }
}
