//! Why the database could not be used, and what the operator can do.

use alloy::primitives::{Address, B256};

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
    /// PostgreSQL cannot be reached, or refused.
    #[error("the database {path} failed: {cause}")]
    Postgres {
        /// The database, without its password.
        path: String,
        /// PostgreSQL's own words.
        cause: String,
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
            Self::Postgres { .. } => {
                "check that PostgreSQL runs, that the database exists and that its user may create tables in it".into()
            }
            Self::Sqlite { .. } => "check the disk's space and the file's permissions, then run it again".into(),
        }
    }
}
