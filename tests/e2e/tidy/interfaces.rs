//! The contracts' surface is documented whole, and their bytes are those that were locked.

use super::checkout::Checkout;
use super::none;
use alloy::primitives::{Bytes, keccak256};
use alloy::sol_types::SolInterface;
use purse_deployer::Build;
use purse_protocol::abi::IPurse::IPurseErrors;
use purse_protocol::abi::IVault::{IVaultErrors, IVaultEvents};
use purse_protocol::abi::IVaultFactory::{IVaultFactoryErrors, IVaultFactoryEvents};
use purse_protocol::abi::IVaultLens::IVaultLensErrors;
use serde_json::json;

#[test]
fn every_error_and_event_is_in_the_reference() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let (errors, events) = (checkout.text("docs/reference/errors.md")?, checkout.text("docs/reference/events.md")?);
    none(undocumented("errors.md", &errors, IVaultErrors::SIGNATURES))?;
    none(undocumented("errors.md", &errors, IVaultFactoryErrors::SIGNATURES))?;
    none(undocumented("errors.md", &errors, IVaultLensErrors::SIGNATURES))?;
    none(undocumented("errors.md", &errors, IPurseErrors::SIGNATURES))?;
    none(undocumented("events.md", &events, IVaultEvents::SIGNATURES))?;
    none(undocumented("events.md", &events, IVaultFactoryEvents::SIGNATURES))
}

#[test]
fn an_undocumented_error_is_found() {
    assert_eq!(undocumented("errors.md", "### Told\n", &["Told(uint8)", "Tol()"]), ["errors.md has no ### Tol"]);
    assert_eq!(IVaultErrors::SIGNATURES.len(), IVaultErrors::COUNT);
}

fn undocumented(page: &str, text: &str, signatures: &[&str]) -> Vec<String> {
    let headings =
        signatures.iter().map(|signature| format!("### {}", signature.split('(').next().unwrap_or_default()));
    let missing = headings.filter(|heading| !text.lines().any(|line| line == heading));
    missing.map(|heading| format!("{page} has no {heading}")).collect()
}

/// The deployer asks the compiler by itself, of two files only. What it would deploy is what forge compiled, tested and
/// `scripts/bytecode-lock` locked.
#[test]
fn what_the_deployer_deploys_is_what_was_locked() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let locked: serde_json::Value = serde_json::from_str(&checkout.text("contracts/snapshots/bytecode.json")?)?;
    let build = Build::compile(&checkout.root)?;
    let code = |code: &Bytes| json!({ "keccak256": keccak256(code), "bytes": code.len() });
    for (name, artifact) in [("Vault", &build.vault), ("VaultFactory", &build.factory)] {
        let built = json!({ "creation": code(&artifact.creation_code), "runtime": code(&artifact.runtime_code) });
        assert_eq!(built, locked[name], "{name}; fix: scripts/bytecode-lock --write, if the change is meant");
    }
    Ok(())
}
