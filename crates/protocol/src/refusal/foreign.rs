//! Reverts that no contract of Pursestrings has named: another contract's text, a failed assertion, nothing at all.

use super::told::Told;
use super::{Refusal, Retry, WhoCanFix};
use crate::text::printable;
use alloy::primitives::hex;
use alloy::sol_types::{Panic, PanicKind, Revert, SolError};

pub(super) const TEXT: &str = "Error";
pub(super) const PANIC: &str = "Panic";
pub(super) const EMPTY: &str = "EmptyRevert";
pub(super) const UNKNOWN: &str = "UnknownRevert";

/// Longest foreign text that is quoted, in characters: two lines of a terminal.
const MAX_TEXT: usize = 160;
/// Most revert bytes that are quoted: a selector and three words.
const MAX_BYTES: usize = 100;

const CHECK_ADDRESSES: &str =
    "check that the vault, the token and the chain are the ones you mean (`purse status`); if they are, report this";

pub(super) fn explain(revert: &[u8]) -> Refusal {
    if revert.is_empty() {
        return Told::new(
            WhoCanFix::Operator,
            Retry::After,
            "the call failed without a reason: it ran out of gas, or a contract on its way gave none",
            "run `purse check`, which names what the vault itself refuses; if that passes, send it with more gas",
        )
        .refusal(EMPTY);
    }
    if let Ok(error) = Revert::abi_decode(revert) {
        let text = printable(&error.reason, MAX_TEXT);
        let cause = format!("another contract, most likely the token, refused: \"{text}\"");
        let fix = "ask whoever runs that contract what it means; the vault itself did not refuse";
        return Told::new(WhoCanFix::Operator, Retry::After, cause, fix).fact("text", text).refusal(TEXT);
    }
    if let Ok(error) = Panic::abi_decode(revert) {
        let kind = error.kind().map_or("a failure without a name", PanicKind::as_str);
        let cause = format!("a contract stopped at a failed check of its own: {kind} (code {:#x})", error.code);
        return Told::new(WhoCanFix::Operator, Retry::Never, cause, CHECK_ADDRESSES)
            .fact("code", format!("{:#x}", error.code))
            .refusal(PANIC);
    }
    let shown = &revert[..revert.len().min(MAX_BYTES)];
    let cause = format!("the call failed with a reason that this program does not know ({})", selector(revert));
    Told::new(WhoCanFix::Operator, Retry::Never, cause, CHECK_ADDRESSES)
        .fact("revert", hex::encode_prefixed(shown))
        .fact("revert_bytes", revert.len())
        .refusal(UNKNOWN)
}

fn selector(revert: &[u8]) -> String {
    match revert.first_chunk::<4>() {
        Some(selector) => format!("error {}", hex::encode_prefixed(selector)),
        None => format!("{} bytes, too few for an error", revert.len()),
    }
}
