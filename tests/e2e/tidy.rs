//! Taste, checked: what reviewers would otherwise have to look for by hand. Every check is a function from text to
//! faults, so that each is tried on a bad sample too.
//!
//! - `checkout`: the files of this checkout
//! - `manifests`: crates and npm packages: lints, licence, exact versions
//! - `sources`: length, leftovers, machine paths
//! - `supply`: where packages come from, and their licences
//! - `codes`: the names of refusals are in the document, and each is seen in a test
//! - `docs`: paths, commands and targets named in the documentation exist
//! - `promises`: every promise that holds is tested, every number quoted is promised
//! - `interfaces`: errors and events are in the reference, bytecode is what was locked

mod checkout;
mod codes;
mod docs;
mod interfaces;
mod manifests;
mod promises;
mod sources;
mod supply;

/// Fails, naming every fault.
fn none(faults: impl IntoIterator<Item = String>) -> anyhow::Result<()> {
    let faults: Vec<_> = faults.into_iter().collect();
    anyhow::ensure!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
    Ok(())
}
