//! The outcome of an audit, as data: who prints it chooses the words around it.

use crate::check::balance::TokenBook;
use crate::check::purses::PurseBook;
use crate::check::windows::LimitUse;
use crate::observed::{ObservedBlock, ObservedTransfer};
use crate::payment::{ApprovedPayment, TrailPayment};
use crate::place::Place;
use crate::refusal::TrailRefusal;
use alloy::primitives::{Address, B256};
use purse_protocol::event::RunningHash;
use purse_protocol::{Scope, SessionId, Window};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The outcome of an audit of one vault at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// The block.
    pub block: ObservedBlock,
    /// How many events the trail has.
    pub events: u32,
    /// The trail's running hash.
    pub running_hash: RunningHash,
    /// How many payments the trail has.
    pub payments: usize,
    /// What was checked, in a fixed order.
    pub checks: Vec<Check>,
    /// The fullest moment of each limit, against its cap.
    pub limits: Vec<LimitUse>,
    /// The payments above their per-payment cap, with the owner who must have approved each.
    pub approved: Vec<ApprovedPayment>,
    /// Items of batches that did not pay; counted nowhere.
    pub refusals: Vec<TrailRefusal>,
    /// Where each token's balance comes from.
    pub books: Vec<TokenBook>,
    /// Where each purse's balance comes from.
    #[serde(default)]
    pub purses: Vec<PurseBook>,
}

impl Report {
    /// Whether no check is broken: the trail equals the chain, and all promises that could be judged were kept.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.outcome != Outcome::Broken)
    }

    /// Every difference, with the check that found it.
    pub fn differences(&self) -> impl Iterator<Item = (&Check, &Difference)> {
        self.checks.iter().flat_map(|check| check.differences.iter().map(move |difference| (check, difference)))
    }
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// A short name that does not change.
    pub id: String,
    /// The promise: I1 to I17.
    pub promise: String,
    /// What holds, if it holds.
    pub title: String,
    /// Whether it does.
    pub outcome: Outcome,
    /// How much was looked at, or why nothing was, in a few words.
    pub detail: String,
    /// Why it does not.
    pub differences: Vec<Difference>,
    /// On whose word what was looked at stands.
    #[serde(default)]
    pub proof: Proof,
}

/// On whose word what a check looked at stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Nobody's: recomputed from a block's hash, or from the vault's address.
    Hash,
    /// Nobody's, once the blocks are known to be of the chain: receipts and transactions that lead to the roots in
    /// their headers.
    Receipt,
    /// The node's that was asked.
    #[default]
    Claimed,
}

impl Check {
    pub(crate) fn new(id: &str, promise: &str, title: &str, detail: String, differences: Vec<Difference>) -> Self {
        let outcome = if differences.is_empty() { Outcome::Holds } else { Outcome::Broken };
        Self {
            id: id.into(),
            promise: promise.into(),
            title: title.into(),
            outcome,
            detail,
            differences,
            proof: Proof::Claimed,
        }
    }

    /// With what differs by another witness, once each.
    pub(crate) fn add(&mut self, found: &[Difference]) {
        let news: Vec<_> = found.iter().filter(|one| !self.differences.contains(one)).cloned().collect();
        if !news.is_empty() {
            self.outcome = Outcome::Broken;
            self.differences.extend(news);
        }
    }

    /// What holds, with something that whoever answers for the vault should look at.
    pub(crate) fn noted(self) -> Self {
        match self.outcome {
            Outcome::Holds => Self { outcome: Outcome::Noted, ..self },
            _ => self,
        }
    }

    /// Noted, where there is something to look at.
    pub(crate) fn noted_if(self, noted: bool) -> Self {
        if noted { self.noted() } else { self }
    }

    /// What cannot be judged from what there is, and why.
    pub(crate) fn not_judged(id: &str, promise: &str, title: &str, why: String) -> Self {
        Self { outcome: Outcome::NotJudged, ..Self::new(id, promise, title, why, Vec::new()) }
    }
}

/// Whether a check holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing differs.
    Holds,
    /// Nothing differs, and the detail says what to look at.
    Noted,
    /// Something differs.
    Broken,
    /// Nothing here tells; the detail says why.
    NotJudged,
}

/// Something that differs, and of what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What it is about.
    pub subject: Subject,
    /// What is wrong, in one sentence.
    pub problem: String,
    /// What the trail says, where two sides can be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<String>,
    /// What the chain says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
}

impl Difference {
    pub(crate) fn new(subject: Subject, problem: impl Into<String>) -> Self {
        Self { subject, problem: problem.into(), trail: None, chain: None }
    }

    /// A difference between two values, if they differ.
    pub fn between<T: PartialEq + ToString>(subject: Subject, what: &str, trail: &T, chain: &T) -> Option<Self> {
        (trail != chain).then(|| Self {
            subject,
            problem: format!("{what} differs"),
            trail: Some(trail.to_string()),
            chain: Some(chain.to_string()),
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.problem)?;
        if let (Some(trail), Some(chain)) = (&self.trail, &self.chain) {
            write!(out, " (trail: {trail}; chain: {chain})")?;
        }
        write!(out, ": {}", self.subject)
    }
}

/// What a difference is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// The vault as a whole.
    Vault,
    /// A block that has events.
    Block {
        /// Its height.
        number: u64,
    },
    /// A payment.
    Payment(Box<TrailPayment>),
    /// An event of the trail.
    Event {
        /// Its name.
        name: String,
        /// Where it stands.
        place: Place,
    },
    /// A session.
    Session {
        /// Its number.
        session: SessionId,
    },
    /// A key that serves or served.
    Key {
        /// The key.
        key: Address,
    },
    /// A scope's policy in a token, or one of its limits.
    Limit {
        /// What it counts.
        #[serde(flatten)]
        scope: Scope,
        /// The token.
        token: Address,
        /// The limit's window; none = the per-payment cap.
        window: Option<Window>,
    },
    /// A change that waits, or waited.
    Change {
        /// Its number.
        change: u32,
    },
    /// A payee.
    Payee {
        /// Its address.
        payee: Address,
    },
    /// A token.
    Token {
        /// Its address.
        token: Address,
    },
    /// A movement of a token that no event of the vault explains.
    Transfer {
        /// The token.
        token: Address,
        /// Who got it.
        to: Address,
        /// Base units.
        value: String,
        /// The block.
        block: u64,
        /// The transaction.
        tx: B256,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault => out.write_str("the vault"),
            Self::Block { number } => write!(out, "block {number}"),
            Self::Payment(payment) => {
                let Place { sequence, block, tx, .. } = payment.place;
                let (amount, token) = (payment.amount, payment.token);
                let to = payment.payee;
                write!(out, "payment #{sequence}, {amount} base units of {token} to {to}, block {block}, tx {tx}")
            }
            Self::Event { name, place } => {
                write!(out, "{name} #{}, block {}, tx {}", place.sequence, place.block, place.tx)
            }
            Self::Session { session } => write!(out, "session {session}"),
            Self::Key { key } => write!(out, "the key {key}"),
            Self::Limit { scope, token, window: Some(window) } => {
                write!(out, "the limit of {scope} {window} in {token}")
            }
            Self::Limit { scope, token, window: None } => write!(out, "the limit of {scope} per payment in {token}"),
            Self::Change { change } => write!(out, "waiting change {change}"),
            Self::Payee { payee } => write!(out, "payee {payee}"),
            Self::Token { token } => write!(out, "token {token}"),
            Self::Transfer { token, to, value, block, tx } => {
                write!(out, "{value} base units of {token} to {to}, block {block}, tx {tx}")
            }
        }
    }
}

impl Subject {
    pub(crate) fn payment(payment: &TrailPayment) -> Self {
        Self::Payment(Box::new(payment.clone()))
    }

    pub(crate) fn transfer(transfer: &ObservedTransfer) -> Self {
        let ObservedTransfer { token, to, value, block, tx, .. } = *transfer;
        Self::Transfer { token, to, value: value.to_string(), block, tx }
    }
}
