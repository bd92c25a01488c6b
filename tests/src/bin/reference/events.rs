//! The page about events: every one of the interfaces, as a stranger who has only logs needs it.

use crate::solidity::{Item, Kind};
use alloy::primitives::keccak256;
use anyhow::ensure;
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::abi::IVaultFactory::IVaultFactoryEvents;
use std::collections::BTreeSet;
use std::fmt::Write as _;

const INTRODUCTION: &str = "# Events

Everything that changes a vault is logged, so the vault's state is a fold of its events (I12). Each event of a vault but
`PaymentFailed` and `ChangeCall` ends with its sequence number and is folded into the running hash (I13); how, says
[spec.md](../spec.md). Amounts are base units, times and windows seconds. Every field takes one word of 32 bytes, topics
first, then the data; of `bytes`, that word says where in the data they stand.
";

/// The page.
///
/// # Errors
/// When the interfaces as read here and as read by `sol!` differ.
pub(crate) fn page(vault: &[Item], factory: &[Item]) -> anyhow::Result<String> {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## The vault's\n");
    contract(&mut page, vault, IVaultEvents::SIGNATURES)?;
    page.push_str("\n## The factory's\n");
    contract(&mut page, factory, IVaultFactoryEvents::SIGNATURES)?;
    Ok(page)
}

fn contract(page: &mut String, items: &[Item], compiled: &[&str]) -> anyhow::Result<()> {
    let events: Vec<_> = items.iter().filter(|item| item.kind == Kind::Event).collect();
    let read: BTreeSet<_> = events.iter().map(|event| event.signature()).collect();
    let compiled: BTreeSet<_> = compiled.iter().map(|signature| (*signature).to_owned()).collect();
    ensure!(read == compiled, "the interface has {read:?}, the ABI {compiled:?}");
    for event in events {
        section(page, event)?;
    }
    Ok(())
}

fn section(page: &mut String, event: &Item) -> anyhow::Result<()> {
    let signature = event.signature();
    write!(page, "\n### {}\n\n{}\n\n", event.name, event.notice)?;
    write!(page, "`{signature}`\n\ntopic 0: `{}`\n\n", keccak256(&signature))?;
    page.push_str("| where | field | type |\n|---|---|---|\n");
    let (indexed, data): (Vec<_>, Vec<_>) = event.parameters.iter().partition(|parameter| parameter.indexed);
    let topics = indexed.into_iter().zip(1..).map(|(parameter, index)| (format!("topic {index}"), parameter));
    let words = data.into_iter().zip(0..).map(|(parameter, index)| (format!("data {index}"), parameter));
    for (place, parameter) in topics.chain(words) {
        writeln!(page, "| {place} | `{}` | `{}` |", parameter.name, parameter.solidity_type)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::contract;
    use crate::solidity::items;

    #[test]
    fn topics_come_before_data_and_a_missing_event_is_an_error() -> anyhow::Result<()> {
        let events = items("/// @notice N.\nevent E(uint32 a, address indexed b, uint8 c);")?;
        let mut page = String::new();
        contract(&mut page, &events, &["E(uint32,address,uint8)"])?;
        let rows: Vec<_> = page.lines().filter(|line| line.contains('`') && line.starts_with('|')).collect();
        assert_eq!(
            rows,
            ["| topic 1 | `b` | `address` |", "| data 0 | `a` | `uint32` |", "| data 1 | `c` | `uint8` |"]
        );
        assert!(contract(&mut page, &events, &["E(uint32,address,uint8)", "F()"]).is_err());
        Ok(())
    }
}
