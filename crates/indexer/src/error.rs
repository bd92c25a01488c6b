//! Why an index stopped, and what the operator can do.

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
    /// The chain was reorganised deeper than the database can roll back.
    #[error("the chain was reorganised more than {depth} blocks deep below block {cursor}")]
    ReorgTooDeep {
        /// The last block in the database.
        cursor: u64,
        /// How many blocks can be rolled back.
        depth: u64,
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
            Self::SequenceBroken { .. } | Self::VaultWithoutEvents { .. } => {
                "use another node; if it persists, move the database aside and index again with it".into()
            }
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

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is of another chain.
    #[error("the database {path} is of chain {found}, not {expected}")]
    OtherChain {
        /// The file.
        path: String,
        /// The chain asked for.
        expected: u64,
        /// The file's chain.
        found: u64,
    },
    /// The file follows another factory, or from another block.
    #[error(
        "the database {path} follows factory {found} from block {found_block}, not {expected} from {expected_block}"
    )]
    OtherFactory {
        /// The file.
        path: String,
        /// The factory asked for.
        expected: Address,
        /// The first block asked for.
        expected_block: u64,
        /// The file's factory.
        found: Address,
        /// The file's first block.
        found_block: u64,
    },
    /// The file was written by a newer version of this program.
    #[error("the database {path} has schema {found}; this program knows up to {known}")]
    NewerSchema {
        /// The file.
        path: String,
        /// The file's schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// The file is a database, but not one of the indexer's.
    #[error("{path} is not an index of Pursestrings")]
    NotAnIndex {
        /// The file.
        path: String,
    },
    /// The file is damaged.
    #[error("the database {path} is damaged: {detail}")]
    Corrupt {
        /// The file.
        path: String,
        /// What was found.
        detail: String,
    },
    /// A column says something else than the log that it was read from: somebody changed the file.
    #[error("the database {path} was altered: {column} of block {block}, log {log_index} is not what the log says")]
    ColumnAltered {
        /// The file.
        path: String,
        /// The log's block.
        block: u64,
        /// The log's number within the block.
        log_index: u64,
        /// The column.
        column: &'static str,
    },
    /// Another process moved the cursor.
    #[error("another process is indexing into the same database")]
    MovedByAnother,
    /// The node gave two different contents for one block hash.
    #[error("block {number} ({hash}) has other logs than when it was first seen")]
    BlockChanged {
        /// Its height.
        number: u64,
        /// Its hash.
        hash: B256,
    },
    /// A number is beyond what a database holds; no chain has such a block.
    #[error("{what} {value} is out of range")]
    OutOfRange {
        /// What it is.
        what: &'static str,
        /// Its value.
        value: u64,
    },
    /// Any other failure of SQLite: disk full, no permission, locked.
    #[error("the database {path} failed: {source}")]
    Sqlite {
        /// The file.
        path: String,
        /// SQLite's own words.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// What the operator can do about it, in one sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::OtherChain { .. } | Self::OtherFactory { .. } => "name another database file for this one".into(),
            Self::NewerSchema { .. } => "update this program, or name another database file".into(),
            Self::NotAnIndex { .. } => "name another file; this one is left as it is".into(),
            Self::Corrupt { path, .. } => {
                format!(
                    "move {path} (and its -wal and -shm) aside and index again: everything in it comes from the chain"
                )
            }
            Self::ColumnAltered { path, .. } => {
                format!("keep {path} (and its -wal and -shm) as evidence, elsewhere, and index again")
            }
            Self::MovedByAnother => "let one process index; any number may read".into(),
            Self::BlockChanged { .. } | Self::OutOfRange { .. } => {
                "use another node: this one's answers are wrong".into()
            }
            Self::Sqlite { .. } => "check the disk's space and the file's permissions, then run it again".into(),
        }
    }
}
