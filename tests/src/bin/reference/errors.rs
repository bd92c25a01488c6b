//! The page about errors: every one of the interfaces, with the words of `purse_protocol::refusal`.

use crate::solidity::{Item, Kind};
use alloy::hex::encode_prefixed;
use alloy::primitives::keccak256;
use anyhow::Context;
use purse_protocol::refusal::{Documented, all_codes};
use std::fmt::Write as _;

/// The exit code of `purse` when a contract refused.
const EXIT_CODE: u8 = 3;

const INTRODUCTION: &str = "# Errors

What the contracts refuse, by the Solidity error's name, which is also the `code` of a refusal in `purse --json`. A
refused call moved nothing and changed nothing. The examples are what `purse` says to a vault of USDC.

**retry** says whether to try again: *never*, the same request is refused until somebody changes the rules; *after*, it
may pass later, when time has passed, money has arrived or the vault has resumed; *now*, it may pass at once when it is
built anew.
";

/// Where an error comes from, as a heading.
const SECTIONS: [(&str, &str); 5] = [
    ("IVault", "The vault's"),
    ("IVaultFactory", "The factory's"),
    ("IVaultLens", "The lens's"),
    ("IPurse", "A purse's"),
    ("any", "Those of other contracts, such as tokens, and of the Solidity language"),
];

/// The page.
///
/// # Errors
/// When an interface declares an error that has no words, or words are for no error.
pub(crate) fn page(vault: &[Item], factory: &[Item], lens: &[Item], purse: &[Item]) -> anyhow::Result<String> {
    let codes = all_codes();
    let mut page = INTRODUCTION.to_owned();
    write!(
        page,
        "\nExit code of `purse`: {EXIT_CODE} for each of them.\n\n| error | who can fix | retry |\n|---|---|---|\n"
    )?;
    for Documented { example, .. } in &codes {
        let code = example.code;
        let (who, retry) = (example.who_can_fix, example.retry);
        writeln!(page, "| [`{code}`](#{}) | {who} | {retry} |", code.to_lowercase())?;
    }
    let interfaces = [Some(vault), Some(factory), Some(lens), Some(purse), None];
    for ((contract, heading), interface) in SECTIONS.into_iter().zip(interfaces) {
        write!(page, "\n## {heading}\n")?;
        for entry in codes.iter().filter(|entry| entry.contract == contract) {
            let item = interface.map(|items| declared(items, entry)).transpose()?;
            section(&mut page, entry, item)?;
        }
    }
    for item in vault.iter().chain(factory).chain(lens).chain(purse).filter(|item| item.kind == Kind::Error) {
        let told = codes.iter().any(|entry| entry.signature == item.signature());
        told.then_some(()).with_context(|| format!("purse_protocol::refusal has no words for {}", item.signature()))?;
    }
    Ok(page)
}

/// The declaration of an error that has words.
fn declared<'a>(items: &'a [Item], entry: &Documented) -> anyhow::Result<&'a Item> {
    let found = items.iter().find(|item| item.kind == Kind::Error && item.signature() == entry.signature);
    found.with_context(|| format!("{} declares no error {}", entry.contract, entry.signature))
}

fn section(page: &mut String, entry: &Documented, item: Option<&Item>) -> anyhow::Result<()> {
    let example = &entry.example;
    write!(page, "\n### {}\n\n", example.code)?;
    if let Some(item) = item {
        write!(page, "{}\n\n", item.notice)?;
    }
    if !entry.signature.is_empty() {
        let declaration = item.map_or_else(|| entry.signature.to_owned(), Item::declaration);
        let selector = encode_prefixed(&keccak256(entry.signature)[..4]);
        write!(page, "`{declaration}`, selector `{selector}`\n\n")?;
    }
    let (who, retry) = (example.who_can_fix, example.retry);
    writeln!(page, "- **example:** {}", example.cause)?;
    writeln!(page, "- **fix:** {}", example.fix)?;
    writeln!(page, "- **who can fix:** {who}; **retry:** {retry}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::solidity::items;

    #[test]
    fn an_error_without_words_is_named() -> anyhow::Result<()> {
        let checkout = purse_tests::LocalChain::checkout().join("contracts/src/interfaces");
        let read = |name| -> anyhow::Result<_> { items(&std::fs::read_to_string(checkout.join(name))?) };
        let (mut vault, factory, lens) = (read("IVault.sol")?, read("IVaultFactory.sol")?, read("IVaultLens.sol")?);
        let purse = read("IPurse.sol")?;
        assert!(page(&vault, &factory, &lens, &purse)?.contains("### VaultShort"));
        assert!(page(&vault, &factory, &[], &purse).is_err());
        vault.extend(items("/// @notice New.\nerror Unheard(uint8 of);")?);
        assert!(page(&vault, &factory, &lens, &purse).is_err_and(|error| error.to_string().contains("Unheard(uint8)")));
        assert!(page(&[], &factory, &lens, &purse).is_err());
        Ok(())
    }
}
