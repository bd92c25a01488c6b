//! Why evidence is none: what was altered, left out or added, and where.

use crate::error::TrailError;
use alloy::primitives::B256;

/// Why evidence is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// A line of the file cannot be understood.
    #[error("line {line} of the bundle cannot be understood: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The file is not whole, or was altered after it was written.
    #[error("the bundle does not end with the hash of what it holds: {why}")]
    Seal {
        /// What is wrong.
        why: String,
    },
    /// A version that this program does not know.
    #[error("the bundle is of version {found}, this program reads version {known}")]
    Version {
        /// Of the file.
        found: u32,
        /// Of this program.
        known: u32,
    },
    /// A block that does not come after the one before it, or lies above the head.
    #[error("block {number} is out of order, twice there, or above the head")]
    BlockOrder {
        /// Its height.
        number: u64,
    },
    /// A header that is not its block's.
    #[error("the header of block {number} is not the block's: {why}")]
    Header {
        /// Its height.
        number: u64,
        /// What is wrong.
        why: String,
    },
    /// A receipt or transaction that is not in its block.
    #[error("transaction {place} of block {number}: {why}")]
    Transaction {
        /// The block's height.
        number: u64,
        /// Its place in the block.
        place: u64,
        /// What is wrong.
        why: String,
    },
    /// The state of the vault at the head is not what its proof says.
    #[error("the vault's state at the head is not proven: {0}")]
    State(String),
    /// The answers are of something else than what the trail asks about.
    #[error("the contract's answers do not fit the evidence: {0}")]
    Answers(String),
    /// The head is not the block that the auditor trusts.
    #[error("the head's hash is {found}, the checkpoint is {checkpoint}")]
    Checkpoint {
        /// Of the evidence.
        found: B256,
        /// What the auditor trusts.
        checkpoint: B256,
    },
    /// The logs make no trail.
    #[error(transparent)]
    Trail(#[from] TrailError),
}

impl EvidenceError {
    /// Its stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Line { .. } => "BundleUnreadable",
            Self::Seal { .. } => "BundleAltered",
            Self::Version { .. } => "BundleVersion",
            Self::BlockOrder { .. } => "BlockOrder",
            Self::Header { .. } => "HeaderNotTheBlocks",
            Self::Transaction { .. } => "ReceiptNotInBlock",
            Self::State(_) => "StateNotProven",
            Self::Answers(_) => "AnswersDoNotFit",
            Self::Checkpoint { .. } => "CheckpointDiffers",
            Self::Trail(_) => "TrailBroken",
        }
    }

    /// What the auditor can do about it, in one sentence.
    pub const fn fix(&self) -> &'static str {
        match self {
            Self::Version { .. } => "use the program that wrote it, or a newer one",
            Self::Checkpoint { .. } => "ask a node that you trust for the hash of the head's block, and compare",
            Self::Trail(error) => error.fix(),
            _ => "keep the file as evidence, and verify against a node of your own: purse audit verify --rpc-url URL",
        }
    }
}
