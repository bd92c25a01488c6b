//! Why a payment was not made, or not as hoped, in the one shape that every program of ours speaks to agents: whether
//! money moved comes first, then what to do next.

use crate::text::printable;
use crate::{Refusal, Retry, RpcFault, WhoCanFix};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Longest piece of foreign text that a refusal quotes, in characters.
const MAX_QUOTED: usize = 160;

/// A payment that did not come to a good end.
///
/// ```
/// use purse_protocol::{MoneyMoved, PaymentRefusal, RetryHow, WhoCanFix};
/// let refusal = PaymentRefusal::new("AboveMax", "the seller asks 2.00 USDC, above the 1.00 USDC that --max allows")
///     .retry(RetryHow::Now)
///     .by(WhoCanFix::Agent)
///     .next("raise --max, or buy something cheaper");
/// assert_eq!(refusal.money_moved, MoneyMoved::No);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {what_happened}")]
pub struct PaymentRefusal {
    /// Whether money left the vault or the purse. The first thing to know.
    pub money_moved: MoneyMoved,
    /// The refusal's name: the Solidity error's, or ours.
    pub code: Cow<'static, str>,
    /// What happened, in a sentence.
    pub what_happened: String,
    /// Whether it makes sense to try again, and how.
    pub retry: RetryHow,
    /// Who can do something about it.
    pub who_can_fix: WhoCanFix,
    /// The values behind the words, by name. Foreign text among them is quoted: bounded, without control characters.
    pub facts: BTreeMap<String, String>,
    /// What to do next, in a sentence.
    pub next_step: String,
}

/// Whether money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MoneyMoved {
    /// No, and by what was signed here it never will.
    No,
    /// Yes: the chain says so.
    Yes,
    /// An authorisation is out. The fact `dead_after` says from when on it can no longer be used.
    Unknown,
}

/// Whether it makes sense to try again, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryHow {
    /// The same request is refused until somebody changes something.
    Never,
    /// The same request may pass later; the fact `retry_after` says when, where it is known.
    After,
    /// It may pass at once, built anew.
    Now,
    /// Only under the same purchase id, which never pays twice.
    WithSamePurchaseId,
}

impl PaymentRefusal {
    /// A refusal before anything was signed: no money moved, no use in trying again, the agent's to fix.
    pub fn new(code: impl Into<Cow<'static, str>>, what_happened: impl Into<String>) -> Self {
        Self {
            money_moved: MoneyMoved::No,
            code: code.into(),
            what_happened: what_happened.into(),
            retry: RetryHow::Never,
            who_can_fix: WhoCanFix::Agent,
            facts: BTreeMap::new(),
            next_step: String::new(),
        }
    }

    /// Whether money moved.
    pub fn money(mut self, moved: MoneyMoved) -> Self {
        self.money_moved = moved;
        self
    }

    /// Whether and how to try again.
    pub fn retry(mut self, retry: RetryHow) -> Self {
        self.retry = retry;
        self
    }

    /// Who can fix it.
    pub fn by(mut self, who: WhoCanFix) -> Self {
        self.who_can_fix = who;
        self
    }

    /// What to do next.
    pub fn next(mut self, step: impl Into<String>) -> Self {
        self.next_step = step.into();
        self
    }

    /// A value behind the words.
    pub fn fact(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }

    /// A value that somebody else wrote: bounded, and without what could hide or reorder text.
    pub fn quoted(self, name: &str, value: &str) -> Self {
        let value = printable(value, MAX_QUOTED);
        self.fact(name, value)
    }
}

impl From<Refusal> for PaymentRefusal {
    /// What a contract refused before anything was sent: no money moved.
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, cause, fix, who_can_fix, retry, facts } = refusal;
        let retry = match retry {
            Retry::Never => RetryHow::Never,
            Retry::After => RetryHow::After,
            Retry::Now => RetryHow::Now,
        };
        Self {
            money_moved: MoneyMoved::No,
            code: code.into(),
            what_happened: cause,
            retry,
            who_can_fix,
            facts,
            next_step: fix,
        }
    }
}

impl From<RpcFault> for PaymentRefusal {
    /// A question that the node did not answer, before anything was signed.
    fn from(fault: RpcFault) -> Self {
        Self::new(fault.code(), fault.to_string()).retry(RetryHow::After).by(WhoCanFix::Operator).next(fault.fix())
    }
}

impl fmt::Display for MoneyMoved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for RetryHow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Never => "never",
            Self::After => "after",
            Self::Now => "now",
            Self::WithSamePurchaseId => "with_same_purchase_id",
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::RefusalContext;
    use crate::abi::IVault::VaultPaused;
    use alloy::sol_types::SolError;

    #[test]
    fn whether_money_moved_is_read_first() {
        let refusal = PaymentRefusal::new("AboveMax", "too dear").retry(RetryHow::WithSamePurchaseId);
        let json = serde_json::to_string(&refusal).unwrap();
        assert!(json.starts_with(r#"{"money_moved":"no","code":"AboveMax","what_happened":"#), "{json}");
        assert!(json.contains(r#""retry":"with_same_purchase_id","who_can_fix":"agent","facts":{}"#), "{json}");
        assert_eq!(serde_json::from_str::<PaymentRefusal>(&json).unwrap(), refusal);
    }

    #[test]
    fn foreign_text_is_quoted_safely() {
        let refusal = PaymentRefusal::new("X", "y").quoted("said", &format!("\u{1b}]0;\u{202e}{}", "z".repeat(900)));
        assert!(!refusal.facts["said"].contains(['\u{1b}', '\u{202e}']));
        assert!(refusal.facts["said"].chars().count() <= MAX_QUOTED + 1);
    }

    #[test]
    fn what_the_vault_refuses_keeps_its_words() {
        let refusal = Refusal::decode(&VaultPaused {}.abi_encode(), &RefusalContext::default());
        let told = PaymentRefusal::from(refusal.clone());
        assert_eq!((told.code.as_ref(), told.next_step.as_str()), (refusal.code, refusal.fix.as_str()));
        assert_eq!(
            (told.money_moved, told.retry, told.who_can_fix),
            (MoneyMoved::No, RetryHow::After, WhoCanFix::Owner)
        );
        let told = PaymentRefusal::from(RpcFault::nonsense("x"));
        assert_eq!((told.retry, told.who_can_fix), (RetryHow::After, WhoCanFix::Operator));
    }
}
