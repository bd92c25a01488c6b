//! Why a call was refused: revert bytes turned into the Solidity error's name, what happened in plain words, what can
//! be done about it and by whom.
//!
//! - [`context`]: what the reader knows of tokens, sessions and payees, so that the words can name them
//! - `payment`: what `pay` and `check` refuse
//! - `change`: what the owner's and the guardian's verbs, and the factory, refuse
//! - `foreign`: reverts that no contract of Pursestrings has named
//! - `example`: one of each, for the tests and the reference page

mod change;
pub mod context;
mod example;
mod foreign;
mod payment;

pub use context::RefusalContext;
pub use example::{Documented, all_codes};

use crate::abi::{IVault::IVaultErrors, IVaultFactory::IVaultFactoryErrors};
use alloy::sol_types::SolInterface;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A refused call: nothing moved and nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {cause}")]
pub struct Refusal {
    /// The Solidity error's name; `Error`, `Panic`, `EmptyRevert` or `UnknownRevert` where it has none.
    pub code: &'static str,
    /// What happened, for someone who is not a crypto person.
    pub cause: String,
    /// What can be done about it.
    pub fix: String,
    /// Who can do that.
    pub who_can_fix: WhoCanFix,
    /// Whether it makes sense to try again.
    pub retry: Retry,
    /// The error's values by name, in snake case. Amounts are decimal text with the token's symbol, beside them the
    /// same as `<name>_base_units`; times are RFC 3339 in UTC, spans such as `24h`, addresses whole.
    pub facts: BTreeMap<String, String>,
}

/// Who can do what the fix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WhoCanFix {
    /// The holder of the session key.
    Agent,
    /// The vault's owner.
    Owner,
    /// Whoever is to be paid.
    Seller,
    /// Whoever submits the payment.
    Relayer,
    /// Whoever runs the programs, or maintains the token or the chain's node.
    Operator,
}

/// Whether it makes sense to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Retry {
    /// The same request is refused until somebody changes the rules.
    Never,
    /// The same request may pass later: time passes, money arrives, the vault resumes. When it is known, the fact
    /// `retry_after` says from when on.
    After,
    /// It may pass at once when it is built anew: another nonce, a later deadline.
    Now,
}

impl Refusal {
    /// Reads the bytes that a call to a vault or a factory reverted with. Every input gives an answer.
    pub fn decode(revert: &[u8], context: &RefusalContext) -> Self {
        if let Ok(error) = IVaultErrors::abi_decode(revert) {
            let code = IVaultErrors::name_by_selector(error.selector()).unwrap_or(foreign::UNKNOWN);
            return payment::explain(&error, context)
                .or_else(|| change::explain(&error, context))
                .map_or_else(|| foreign::explain(revert), |told| told.refusal(code));
        }
        if let Ok(error) = IVaultFactoryErrors::abi_decode(revert) {
            let code = IVaultFactoryErrors::name_by_selector(error.selector()).unwrap_or(foreign::UNKNOWN);
            return change::explain_factory(&error, context).refusal(code);
        }
        foreign::explain(revert)
    }
}

impl fmt::Display for WhoCanFix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Agent => "agent",
            Self::Owner => "owner",
            Self::Seller => "seller",
            Self::Relayer => "relayer",
            Self::Operator => "operator",
        })
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Never => "never",
            Self::After => "after",
            Self::Now => "now",
        })
    }
}
