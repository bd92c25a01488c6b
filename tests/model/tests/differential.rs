//! The differential test: the compiled vault does what its independent model does.
#![expect(clippy::print_stdout, reason = "the tables are what a run with --nocapture is for")]
use anyhow::Context;
use purse_model::Campaign;
use std::path::{Path, PathBuf};

/// Calls in `make test`.
const CALLS: usize = 20_000;
/// The first seed: each one's test has a vault of its own.
const SEED: u64 = 1;

fn setting(name: &str, otherwise: u64) -> anyhow::Result<u64> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name} is not a number: {text}")),
        Err(_) => Ok(otherwise),
    }
}

/// The checkout whose contracts are compared: this one, or another one that is to be tried.
fn checkout() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("PURSE_MODEL_CHECKOUT").map_or(here, PathBuf::from)
}

/// I1 to I13: every verb, every refusal and every event, by 20,000 random calls; `PURSE_MODEL_OPS` for more of them,
/// `PURSE_MODEL_SEED` for others.
#[test]
fn the_contract_does_what_the_model_does() -> anyhow::Result<()> {
    let calls = setting("PURSE_MODEL_OPS", CALLS as u64)?;
    let campaign = Campaign::new(&checkout())?;
    let tally = campaign.run(setting("PURSE_MODEL_SEED", SEED)?, usize::try_from(calls)?)?;
    let table = tally.table(campaign.abi());
    println!("{table}");
    let (done, refused) = tally.calls();
    assert!(done >= refused, "fewer than half of the calls succeed\n{table}");
    let missing = tally.missing(campaign.abi());
    assert!(missing.is_empty() || calls < CALLS as u64, "not reached: {}\n{table}", missing.join(", "));
    Ok(())
}
