//! Why a call was refused: revert bytes turned into the Solidity error's name, what happened in plain words, what can
//! be done about it and by whom.
//!
//! - `context`: what the reader knows of tokens, sessions and payees, so that the words can name them
//! - `payment`: what `pay`, `payBatch` and `check` refuse
//! - `purse`: what purses meet
//! - `change`: what the owner's and the guardian's verbs, and the factory, refuse
//! - `act`: what acts by signature, conditional and waiting changes, and the lens refuse
//! - `foreign`: reverts that no contract of Pursestrings has named
//! - `told`: a refusal in the making
//! - `example`: one of each, for the tests and the reference page

mod act;
mod change;
mod context;
mod example;
mod foreign;
mod payment;
mod purse;
mod told;

pub use context::RefusalContext;
pub use example::{Documented, all_codes};

use crate::abi::IPurse::IPurseErrors;
use crate::abi::{IVault::IVaultErrors, IVaultFactory::IVaultFactoryErrors, IVaultLens::IVaultLensErrors};
use alloy::sol_types::SolInterface;
use serde::{Deserialize, Serialize};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// Reads the bytes that a call to a vault, a factory, a lens or a purse reverted with. Every input gives an answer.
    pub fn decode(revert: &[u8], context: &RefusalContext) -> Self {
        let selector = revert.first_chunk::<4>().copied().unwrap_or_default();
        let vault = || {
            let error = IVaultErrors::abi_decode(revert).ok()?;
            let told = payment::explain(&error, context)
                .or_else(|| purse::explain(&error, context))
                .or_else(|| change::explain(&error, context))
                .or_else(|| act::explain(&error));
            told.zip(IVaultErrors::name_by_selector(selector))
        };
        let factory = || {
            let told = change::explain_factory(&IVaultFactoryErrors::abi_decode(revert).ok()?);
            Some(told).zip(IVaultFactoryErrors::name_by_selector(selector))
        };
        let lens = || {
            let told = act::explain_lens(&IVaultLensErrors::abi_decode(revert).ok()?, context);
            Some(told).zip(IVaultLensErrors::name_by_selector(selector))
        };
        let purse = || {
            let told = purse::explain_purse(&IPurseErrors::abi_decode(revert).ok()?, context);
            Some(told).zip(IPurseErrors::name_by_selector(selector))
        };
        let named = vault().or_else(factory).or_else(lens).or_else(purse);
        named.map_or_else(|| foreign::explain(revert), |(told, code)| told.refusal(code))
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::abi::IVault as V;
    use alloy::primitives::{Address, U256};
    use alloy::sol_types::{Revert, SolCall, SolError};
    use std::collections::BTreeSet;

    /// Every error of the two interfaces has words: a new one without fails here.
    #[test]
    fn every_error_of_the_interfaces_is_told() {
        let told: BTreeSet<_> = all_codes().into_iter().map(|entry| (entry.contract, entry.signature)).collect();
        for (contract, signatures) in [
            ("IVault", IVaultErrors::SIGNATURES),
            ("IVaultFactory", IVaultFactoryErrors::SIGNATURES),
            ("IVaultLens", IVaultLensErrors::SIGNATURES),
            ("IPurse", IPurseErrors::SIGNATURES),
        ] {
            for signature in signatures {
                assert!(told.contains(&(contract, *signature)), "{signature} has no example");
            }
        }
        let ours = IVaultErrors::COUNT + IVaultFactoryErrors::COUNT + IVaultLensErrors::COUNT + IPurseErrors::COUNT;
        assert_eq!(told.len(), ours + 3);
        for entry in all_codes() {
            let refusal = entry.example;
            assert!(!refusal.cause.is_empty() && !refusal.fix.is_empty(), "{}", refusal.code);
            let Some((name, parameters)) = entry.signature.split_once('(') else { continue };
            assert_eq!(refusal.code, name);
            let count = parameters.split(',').filter(|parameter| *parameter != ")").count();
            assert!(refusal.facts.len() >= count, "{name} keeps all its values");
        }
    }

    #[test]
    fn codes_are_unique() {
        let codes: Vec<_> = all_codes().into_iter().map(|entry| entry.example.code).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        assert!(codes.ends_with(&["Error", "Panic", "EmptyRevert", "UnknownRevert"]));
    }

    #[test]
    fn a_limit_says_what_is_left_and_when_it_fits() {
        let refusal = all_codes().into_iter().map(|entry| entry.example).find(|r| r.code == "LimitExceeded").unwrap();
        assert_eq!(
            refusal.cause,
            "the payment takes 1.50 USDC with its fee, and agent researcher (session 1) has 1.20 USDC left of its \
             limit in any 24h; it fits from 2026-11-22T14:22:00Z on"
        );
        assert_eq!(
            refusal.fix,
            "wait until then, or pay at most 1.20 USDC now, or the owner raises the limit with \
             `purse agent limit researcher`"
        );
        assert_eq!(refusal.facts["requested"], "1.50 USDC");
        assert_eq!(refusal.facts["requested_base_units"], "1500000");
        assert_eq!(refusal.facts["window"], "24h");
        assert_eq!(refusal.facts["retry_after"], "2026-11-22T14:22:00Z");
        assert_eq!((refusal.who_can_fix, refusal.retry), (WhoCanFix::Agent, Retry::After));
    }

    #[test]
    fn what_exceeds_the_whole_limit_does_not_fit_by_waiting() {
        let (token, remaining) = (Address::repeat_byte(1), U256::ZERO);
        let (category, requested) = (0, U256::from(9));
        let error = V::LimitExceeded { session: 3, category, token, window: 3_600, requested, remaining };
        let told = |context| Refusal::decode(&error.abi_encode(), &context);
        let refusal = told(RefusalContext::default().never_fits());
        assert_eq!((refusal.who_can_fix, refusal.retry), (WhoCanFix::Owner, Retry::Never));
        assert_eq!(refusal.fix, "the owner raises the limit with `purse agent limit 3`");
        let refusal = told(RefusalContext::default());
        assert_eq!(refusal.retry, Retry::After);
        assert!(refusal.fix.starts_with("wait until earlier payments have left the window, or the owner"));
    }

    /// A limit counts by scope: the words say whose it is, and who may raise it.
    #[test]
    fn a_limit_names_its_scope() {
        let told = |session, category, window| {
            let (requested, remaining) = (U256::from(9), U256::from(4));
            let error = V::LimitExceeded { session, category, token: Address::ZERO, window, requested, remaining };
            Refusal::decode(&error.abi_encode(), &RefusalContext::default())
        };
        let vault = told(0, 0, 86_400);
        assert!(vault.cause.contains("and the vault has 4 base units left of its limit in any 24h"), "{}", vault.cause);
        assert!(vault.fix.ends_with("or the owner raises the vault's own limit"), "{}", vault.fix);
        assert_eq!(vault.facts["scope"], "vault");
        let category = told(3, 1, u32::MAX);
        assert_eq!(
            category.cause,
            "9 base units count as data, and session 3 has 4 base units left of its limit for that over the lifetime"
        );
        assert_eq!(
            category.fix,
            "pay at most 4 base units now, or the owner raises the limit with `purse agent limit 3`"
        );
        assert_eq!((category.retry, category.who_can_fix), (Retry::Never, WhoCanFix::Owner));
        assert_eq!((&*category.facts["scope"], &*category.facts["window"]), ("session 3 category data", "lifetime"));
    }

    /// Waiting changes: the words say from when on, and `retry_after` says it to a program.
    #[test]
    fn a_waiting_change_says_from_when_on() {
        let revert = V::ChangeNotYetExecutable { change: 12, executableFrom: 1_795_357_320 }.abi_encode();
        let refusal = Refusal::decode(&revert, &RefusalContext::default());
        assert_eq!(refusal.facts["retry_after"], "2026-11-22T14:22:00Z");
        assert_eq!((refusal.facts["change"].as_str(), refusal.retry), ("12", Retry::After));
    }

    #[test]
    fn a_verb_is_named_where_it_is_known() {
        let told = |verb: [u8; 4]| {
            let revert = V::VerbNotAllowed { verb: verb.into() }.abi_encode();
            Refusal::decode(&revert, &RefusalContext::default()).facts["verb"].clone()
        };
        assert_eq!(told(V::setTreasuryCall::SELECTOR), "setTreasury");
        assert_eq!(told([0xde, 0xad, 0xbe, 0xef]), "0xdeadbeef");
    }

    /// A value to be replaced may be a cap, a mask, two times or an address.
    #[test]
    fn a_stale_value_reads_as_what_it_can_be() {
        let address = U256::from_be_slice(Address::repeat_byte(0xab).as_slice());
        let revert = V::StaleChange { expected: U256::from(5), actual: address }.abi_encode();
        let refusal = Refusal::decode(&revert, &RefusalContext::default());
        assert_eq!(refusal.facts["expected"], "5");
        assert_eq!(refusal.facts["actual"], Address::repeat_byte(0xab).to_string());
    }

    #[test]
    fn without_context_amounts_are_base_units() {
        let revert = V::VaultShort { balance: U256::from(5), needed: U256::from(7) }.abi_encode();
        let refusal = Refusal::decode(&revert, &RefusalContext::default());
        assert_eq!(refusal.cause, "the vault holds 5 base units and this takes 7 base units");
        assert!(refusal.fix.contains("at least 2 base units"));
    }

    #[test]
    fn a_mismatched_fee_names_the_missing_half() {
        let told = |fee, fee_recipient| {
            let revert = V::FeeMismatch { fee, feeRecipient: fee_recipient }.abi_encode();
            Refusal::decode(&revert, &RefusalContext::default()).cause
        };
        assert!(told(0, Address::repeat_byte(1)).contains("the fee is zero"));
        assert!(told(9, Address::ZERO).contains("has no recipient"));
    }

    #[test]
    fn foreign_bytes_are_quoted_but_tamed() {
        let revert = Revert { reason: format!("\u{1b}[2J\u{202e}{}", "x".repeat(500)) }.abi_encode();
        let refusal = Refusal::decode(&revert, &RefusalContext::default());
        assert!(!refusal.cause.contains(['\u{1b}', '\u{202e}']));
        assert!(refusal.cause.chars().count() < 250);
        let refusal = Refusal::decode(&[0xde, 0xad, 0xbe, 0xef, 1], &RefusalContext::default());
        assert_eq!((refusal.code, refusal.facts["revert"].as_str()), ("UnknownRevert", "0xdeadbeef01"));
    }

    #[test]
    fn a_known_selector_with_broken_values_is_unknown() {
        let mut revert = V::SessionRevoked { session: 1 }.abi_encode();
        revert.truncate(20);
        assert_eq!(Refusal::decode(&revert, &RefusalContext::default()).code, "UnknownRevert");
    }

    #[test]
    fn json_carries_the_words_of_the_enums_in_lower_case() {
        let refusal = Refusal::decode(&V::VaultPaused {}.abi_encode(), &RefusalContext::default());
        let json = serde_json::to_value(&refusal).unwrap();
        assert_eq!(json["code"], "VaultPaused");
        assert_eq!((&json["who_can_fix"], &json["retry"]), (&"owner".into(), &"after".into()));
    }

    proptest::proptest! {
        #[test]
        fn every_input_gives_an_answer(revert in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let refusal = Refusal::decode(&revert, &RefusalContext::default());
            proptest::prop_assert!(!refusal.cause.is_empty() && !refusal.fix.is_empty());
        }
    }
}
