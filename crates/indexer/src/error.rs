//! Why an index stopped, and what the operator can do. `store`: the same of its database.

mod store;

pub use store::StoreError;

use crate::source::SourceError;
use alloy::primitives::{Address, B256};

/// Why the indexer stopped. Whatever was committed before stays; nothing half-done is kept.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The node did not answer as asked.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The database did not do as told.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The node follows another chain.
    #[error("the node follows chain {found}, not {expected}")]
    WrongChain {
        /// The chain that the database is of.
        expected: u64,
        /// The node's chain.
        found: u64,
    },
    /// Nothing to index yet.
    #[error("the first block to index is {start}, but the chain ends at {head}")]
    StartAfterHead {
        /// The configured first block.
        start: u64,
        /// The node's newest block.
        head: u64,
    },
    /// There is no contract where the factory should be.
    #[error("there is no contract at the factory's address {0}")]
    FactoryHasNoCode(Address),
    /// The chain was reorganised below a block that was final: no honest node does that.
    #[error("the chain was reorganised below block {finalized}, which was final; the index goes up to block {cursor}")]
    ReorgTooDeep {
        /// The last block in the database.
        cursor: u64,
        /// The last block that was final.
        finalized: u64,
    },
    /// The factory announced a vault at an address that its configuration does not lead to (I14).
    #[error("the factory announced vault {vault} in block {block}, but its configuration leads to {expected}")]
    VaultNotFromFactory {
        /// The announced address.
        vault: Address,
        /// The address recomputed from creation code, owner, treasury, guardian and salt.
        expected: Address,
        /// The block.
        block: u64,
    },
    /// An event of a vault is missing or out of order in what the node gave: its sequence number breaks (I13).
    #[error(
        "vault {vault}: block {block}, log {log_index} is {}: the node left out or altered events",
        instead(*expected, *found)
    )]
    SequenceBroken {
        /// The vault.
        vault: Address,
        /// The block of the event.
        block: u64,
        /// The log's number in the block.
        log_index: u64,
        /// The number that comes next.
        expected: u32,
        /// The number it has; none when the log is too short to have one.
        found: Option<u32>,
    },
    /// A vault was created, but none of the events that its constructor logs came with it.
    #[error(
        "vault {vault}, created in block {block}, comes without the events of its creation: the node left out events"
    )]
    VaultWithoutEvents {
        /// The vault.
        vault: Address,
        /// The block of its creation.
        block: u64,
    },
    /// By the vault's own running hash, events that the node gave are not those that the vault logged (I13).
    #[error(
        "vault {vault}, block {block}: by the vault's own running hash, {} not what the node gave",
        numbered(*first, *last)
    )]
    EventsAltered {
        /// The vault.
        vault: Address,
        /// The block of the events; where the node keeps no history, the last block that was compared.
        block: u64,
        /// The number of the first event that may be altered.
        first: u32,
        /// The number of the last.
        last: u32,
    },
    /// The vault counts more events than the node gave, or fewer (I13).
    #[error("vault {vault} counts {counted} events at block {block}, and the node gave {given}: {}", off(*given, *counted))]
    EventsMissing {
        /// The vault.
        vault: Address,
        /// The block at which it was asked.
        block: u64,
        /// How many events the node gave.
        given: u32,
        /// How many the vault counts.
        counted: u32,
    },
    /// A block's hash is not that of its header's fields.
    #[error("block {block} is forged: its hash is {hash}, but its header's fields lead to another one")]
    HeaderForged {
        /// The block.
        block: u64,
        /// The hash that the node gave.
        hash: B256,
    },
    /// A block's receipts do not lead to the root in its header.
    #[error("the receipts of block {block} were edited: they lead to {root}, but its header commits to {committed}")]
    ReceiptsForged {
        /// The block.
        block: u64,
        /// The root in the header.
        committed: B256,
        /// The root that the receipts lead to.
        root: B256,
    },
    /// A log that its block's bloom filter excludes.
    #[error("log {log_index} of block {block} is forged: the bloom filter in the block's header excludes it")]
    LogForged {
        /// The block.
        block: u64,
        /// The log's number in the block.
        log_index: u64,
    },
    /// A second look found a log that is not stored: the node left it out then, or somebody removed it.
    #[error("the index lacks log {log_index} of block {block}, of contract {contract}: it is in {by}")]
    RowMissing {
        /// The block.
        block: u64,
        /// The log's number in the block.
        log_index: u64,
        /// Who logged it.
        contract: Address,
        /// By what it was found.
        by: &'static str,
    },
    /// A second look found a log that is stored as something else: the node altered it then, or somebody did since.
    #[error("the index has log {log_index} of block {block} altered: {what} is not that of {by}")]
    RowAltered {
        /// The block.
        block: u64,
        /// The log's number in the block.
        log_index: u64,
        /// In what it differs.
        what: &'static str,
        /// By what it was found.
        by: &'static str,
    },
    /// A second look found a stored log that is not in its block: the node made it up then, or somebody added it.
    #[error("the index has a log {log_index} of block {block} that was added: there is none in {by}")]
    RowAdded {
        /// The block.
        block: u64,
        /// The log's number in the block.
        log_index: u64,
        /// By what it was found.
        by: &'static str,
    },
    /// A second look found a block that is stored with another hash, parent or time.
    #[error("the index has block {block} altered: it is {stored} there, but the chain of headers leads to {found}")]
    BlockAltered {
        /// The block.
        block: u64,
        /// The hash that is stored.
        stored: B256,
        /// The hash of the block on the chain; the same where its parent or its time differs.
        found: B256,
    },
    /// The node's chain is not the one that was pinned.
    #[error("block {block} is {found} on the node's chain, but the checkpoint says {expected}")]
    CheckpointMissed {
        /// The block.
        block: u64,
        /// The hash that was pinned.
        expected: B256,
        /// The node's.
        found: B256,
    },
    /// The program is ending.
    #[error("interrupted")]
    Interrupted,
    /// The node contradicts itself.
    #[error("the node contradicts itself: {0}")]
    Inconsistent(String),
}

impl IndexError {
    /// What the operator can do about it, in one sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::Source(error) => error.fix().into(),
            Self::Store(error) => error.fix(),
            Self::WrongChain { expected, .. } => format!("use a node of chain {expected}, or another database"),
            Self::StartAfterHead { .. } => {
                "wait until the node has caught up, or check the deployment block in the address book".into()
            }
            Self::FactoryHasNoCode(_) => "check the factory's address and the chain, or deploy first".into(),
            Self::ReorgTooDeep { .. } => {
                "check the node against a block explorer; if the chain really changed so deep, move the database aside \
                 as evidence and index again"
                    .into()
            }
            Self::VaultNotFromFactory { .. } => {
                "do not use this vault; check the factory's address and its creation code, or use another node".into()
            }
            Self::SequenceBroken { .. }
            | Self::VaultWithoutEvents { .. }
            | Self::EventsAltered { .. }
            | Self::EventsMissing { .. }
            | Self::HeaderForged { .. }
            | Self::ReceiptsForged { .. }
            | Self::LogForged { .. } => {
                "use another node; if it persists, move the database aside and index again with it".into()
            }
            Self::RowMissing { .. } | Self::RowAltered { .. } | Self::RowAdded { .. } | Self::BlockAltered { .. } => {
                "the node that the index was filled from lied, or somebody changed the database: keep a copy of it as \
                 evidence, then index again from a node that you trust, proven from the start"
                    .into()
            }
            Self::CheckpointMissed { .. } => {
                "do not use this node: it follows another chain, or the checkpoint was copied wrongly".into()
            }
            Self::Interrupted => "run it again: it goes on where it was".into(),
            Self::Inconsistent(_) => "use another node: this one may be several behind one address".into(),
        }
    }
}

/// What an event is instead of the expected one, in words.
fn instead(expected: u32, found: Option<u32>) -> String {
    match found {
        Some(found) => format!("event #{found}, expected #{expected}: {}", purse_audit::tell_missing(expected, found)),
        None => format!("no event, expected #{expected}"),
    }
}

/// Which events, in words.
fn numbered(first: u32, last: u32) -> String {
    if first == last { format!("event #{first} is") } else { format!("one of the events #{first} to #{last} is") }
}

/// How two counts differ, in words.
fn off(given: u32, counted: u32) -> String {
    if given < counted {
        return purse_audit::tell_missing(given + 1, counted.saturating_add(1));
    }
    format!("{} too many", given - counted)
}
