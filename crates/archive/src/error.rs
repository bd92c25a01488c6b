//! Why an archive could not be written or read; what is wrong with one.

use alloy::primitives::{Address, B256};
use purse_indexer::{BlockRef, StoreError};
use std::path::{Path, PathBuf};

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The index cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index's rows and the archive do not fit together, or the archive is damaged.
    #[error(transparent)]
    Flawed(#[from] Flaw),
    /// The archive is of another index.
    #[error(
        "the archive is of factory {found} from block {found_block}, the index of {expected} from block {expected_block}"
    )]
    OtherIndex {
        /// The index's factory.
        expected: Address,
        /// The index's first block.
        expected_block: u64,
        /// The archive's factory.
        found: Address,
        /// The archive's first block.
        found_block: u64,
    },
    /// The index no longer holds, or never held, the block at which the archive ends.
    #[error("the archive ends with block {} ({}), which the index does not have", .0.number, .0.hash)]
    OtherHistory(BlockRef),
    /// The archive is of version 1: what tokens say would begin in the midst of it.
    #[error("the archive is of version 1, which holds nothing of what tokens say: it is not added to")]
    WithoutMovements,
    /// There is no archive.
    #[error("{} holds no archive", .0.display())]
    Missing(PathBuf),
    /// Another process writes into it.
    #[error("another process writes into {}", .0.display())]
    Busy(PathBuf),
    /// A single block holds more logs than a part may.
    #[error("block {block} holds more than {limit} logs")]
    BlockTooLarge {
        /// Its height.
        block: u64,
        /// The most that a part holds.
        limit: u32,
    },
    /// A row has no form in a file.
    #[error("{} cannot be written: {cause}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The disk refused.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
}

impl ArchiveError {
    /// The disk's refusal of a path.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }

    /// What the operator can do about it, in one sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::Store(error) => error.fix(),
            Self::Flawed(flaw) => flaw.fix().into(),
            Self::OtherIndex { .. } => "name another folder for this index".into(),
            Self::OtherHistory(_) => {
                "check the node that was indexed; to archive another chain of the same id, name another folder".into()
            }
            Self::WithoutMovements => {
                "name another folder: all of it is written there anew; --check still checks this one".into()
            }
            Self::Missing(_) => "check the path, or write one: purse index archive DIR".into(),
            Self::Busy(_) => "wait until it is done: what is there is whole".into(),
            Self::BlockTooLarge { .. } => "report this as a bug".into(),
            Self::Unwritable { .. } => "report this as a bug; what was archived before is whole".into(),
            Self::Io { .. } => "check the disk's space and the folder's permissions, then run it again".into(),
        }
    }
}

/// Something that is wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The manifest is no manifest: half written, or of another program.
    #[error("{path} is no manifest of an archive: {detail}")]
    ManifestDamaged {
        /// Its path.
        path: String,
        /// What was found.
        detail: String,
    },
    /// The manifest does not follow from itself: somebody changed it.
    #[error("{path} was altered: {detail}")]
    ManifestAltered {
        /// Its path.
        path: String,
        /// What does not fit.
        detail: String,
    },
    /// The hash that was noted down is none of the archive's.
    #[error("the archive never was at {expected}: it was written anew, or cut off")]
    CommitmentMissed {
        /// What was noted down.
        expected: B256,
    },
    /// A file that the manifest lists is not there.
    #[error("{path} is missing")]
    FileMissing {
        /// The file.
        path: String,
    },
    /// A file is not what was written.
    #[error("{path} was altered: it has {found_bytes} bytes and the SHA-256 {found:x}, not {bytes} and {expected:x}")]
    FileAltered {
        /// The file.
        path: String,
        /// The manifest's size.
        bytes: u64,
        /// The manifest's hash.
        expected: B256,
        /// The file's size.
        found_bytes: u64,
        /// The file's hash.
        found: B256,
    },
    /// A file lies among the archive's and is none of them; whoever reads the folder reads it too.
    #[error("{path} is not in the manifest")]
    FileUnlisted {
        /// The file.
        path: String,
    },
    /// A file is no table of an archive.
    #[error("{path} cannot be read: {detail}")]
    FileUnreadable {
        /// The file.
        path: String,
        /// What was found.
        detail: String,
    },
    /// A row of a decoded table is not what the raw logs say.
    #[error("{path} is not what the raw logs say: {detail}")]
    RowsAltered {
        /// The file.
        path: String,
        /// Which row.
        detail: String,
    },
    /// A vault's events have a gap, or the logs are out of order.
    #[error("the logs do not make a history: {0}")]
    HistoryBroken(String),
    /// A vault's running hash over its rows is not the one that was expected (I13).
    #[error("the events of vault {vault} up to block {block} are not those that its running hash is over")]
    EventsAltered {
        /// The vault.
        vault: Address,
        /// The last block.
        block: u64,
    },
}

impl Flaw {
    /// What the operator can do about it, in one sentence.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::FileUnlisted { .. } => "move it elsewhere; nothing of the archive is in it",
            Self::CommitmentMissed { .. } => "compare it with another copy, and find out who could write to the folder",
            _ => {
                "keep the folder as evidence, elsewhere, and archive again into another one; the chain has it all: \
                 purse index --rebuild, then purse index archive DIR"
            }
        }
    }
}
