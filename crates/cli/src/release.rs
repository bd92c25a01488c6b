//! What this program knows of its own release.

use crate::failure::Failure;
use alloy::primitives::B256;

/// The bytecode that `scripts/bytecode-lock` locked.
const LOCKED: &str = include_str!("../../../contracts/snapshots/bytecode.json");

/// keccak256 of the creation or runtime code of the vaults that this program knows.
pub(crate) fn locked_vault(kind: &str) -> Result<B256, Failure> {
    let locked: Option<serde_json::Value> = serde_json::from_str(LOCKED).ok();
    let hash = locked.as_ref().and_then(|locked| locked["Vault"][kind]["keccak256"].as_str());
    hash.and_then(|hash| hash.parse().ok()).ok_or_else(|| {
        let cause = "contracts/snapshots/bytecode.json names no hash of it";
        Failure::error(
            "ReleaseUnknown",
            "this program does not know the vault's code",
            cause,
            "build it again from a release",
        )
    })
}
