//! Gas of every verb of the vault, by whole transactions on anvil under Osaka rules: intrinsic gas and calldata
//! included, as a user pays it. Prints the table and fails where a number is not that of `contracts/snapshots/gas.json`;
//! with `--write`, writes that file instead.
//!
//! - `bench`: the vault that is measured, and what is noted
//! - `changes`: the owner's verbs by transaction
//! - `payments`: every kind of payment, the first of a session and a later one
//! - `purses`: opened, sized, filled, paid from, swept
//! - `acts`: the owner's and the guardian's verbs by signature
//! - `waiting`: what waits out the delay, is executed, cancelled, killed
//! - `stops`: pause, revoke and the like
#![expect(clippy::print_stdout, reason = "the table is the result of this program")]

mod acts;
mod bench;
mod changes;
mod payments;
mod purses;
mod stops;
mod waiting;

use anyhow::{Context, bail, ensure};
use bench::{Bench, Gas};
use purse_tests::LocalChain;

const SNAPSHOT: &str = "contracts/snapshots/gas.json";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let write = std::env::args().any(|argument| argument == "--write");
    let gas = measure().await?;
    for (name, used) in &gas {
        println!("{name:<34} {used:>9}");
    }
    let path = LocalChain::checkout().join(SNAPSHOT);
    if write {
        std::fs::create_dir_all(path.parent().context("the snapshot has a folder")?)?;
        std::fs::write(&path, serde_json::to_string_pretty(&gas)? + "\n")?;
        return Ok(());
    }
    let committed: Gas = serde_json::from_str(&std::fs::read_to_string(&path).context("fix: run `make snapshots`")?)?;
    let moved: Vec<String> = gas
        .keys()
        .chain(committed.keys())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .filter(|name| gas.get(*name) != committed.get(*name))
        .map(|name| format!("{name}: {:?} was {:?}", gas.get(name), committed.get(name)))
        .collect();
    if !moved.is_empty() {
        bail!("gas moved; look, then run `make snapshots` and say so in the commit:\n  {}", moved.join("\n  "));
    }
    check_readme(&std::fs::read_to_string(LocalChain::checkout().join("README.md"))?, &gas)
}

/// Every row of the README's table, "| words | `name` | 12,345 |", says what was measured.
fn check_readme(readme: &str, gas: &Gas) -> anyhow::Result<()> {
    let rows: Vec<(&str, String)> = readme
        .lines()
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim).skip(1);
            let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
            Some((name, cells.next()?.replace(',', "")))
        })
        .collect();
    ensure!(!rows.is_empty(), "README.md has no table of gas");
    for (name, stated) in rows {
        let measured = gas.get(name).with_context(|| format!("README.md states the gas of {name}: no such name"))?;
        ensure!(stated == measured.to_string(), "README.md says that {name} takes {stated} gas; it takes {measured}");
    }
    Ok(())
}

async fn measure() -> anyhow::Result<Gas> {
    let mut bench = Bench::start().await?;
    payments::floors(&mut bench).await?;
    changes::set_up(&mut bench).await?;
    payments::steady(&mut bench).await?;
    purses::all(&mut bench).await?;
    acts::by_signature(&mut bench).await?;
    waiting::delayed(&mut bench).await?;
    changes::later(&mut bench).await?;
    stops::all(&mut bench).await?;
    Ok(bench.gas)
}
