//! Why logs do not make a trail: which event, where, and what is wrong with it.

use alloy::primitives::B256;
use std::ops::RangeInclusive;

/// Why logs do not make a trail. All name the block, transaction and log of the first event that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrailError {
    /// The log does not come after the one before it.
    #[error("log {log_index} of block {block} (transaction {tx}) comes after a later one")]
    OutOfOrder {
        /// Block.
        block: u64,
        /// Transaction.
        tx: B256,
        /// Log within the block.
        log_index: u64,
    },
    /// The log comes with another hash, parent or time of its block than the log before it.
    #[error("log {log_index} of block {block} is of another block of that height than the log before it")]
    TwoBlocks {
        /// Block.
        block: u64,
        /// Log within the block.
        log_index: u64,
    },
    /// The log is none of the events that this program knows, or its bytes do not fit the event.
    #[error("log {log_index} of block {block} (transaction {tx}) is no known event of a vault")]
    UnknownEvent {
        /// Block.
        block: u64,
        /// Transaction.
        tx: B256,
        /// Log within the block.
        log_index: u64,
        /// The event's signature hash.
        topic: Option<B256>,
    },
    /// The event's sequence number is not the next one: events are missing, added or out of order (I13).
    #[error(
        "{event} in block {block}, log {log_index} (transaction {tx}) is #{found}, expected #{expected}: {}",
        told(*expected, *found)
    )]
    SequenceBroken {
        /// Block.
        block: u64,
        /// Transaction.
        tx: B256,
        /// Log within the block.
        log_index: u64,
        /// The event's name.
        event: &'static str,
        /// The number that comes next.
        expected: u32,
        /// The number it has.
        found: u32,
    },
    /// The event speaks of something that, by all events before it, cannot be.
    #[error("{event} in block {block}, log {log_index} (transaction {tx}) cannot be: {why}")]
    Impossible {
        /// Block.
        block: u64,
        /// Transaction.
        tx: B256,
        /// Log within the block.
        log_index: u64,
        /// The event's name.
        event: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl TrailError {
    /// The sequence numbers that are missing before the event that was found (I13); none where events were added, came
    /// again, or the error is another.
    pub fn missing(&self) -> Option<RangeInclusive<u32>> {
        match *self {
            Self::SequenceBroken { expected, found, .. } => missing(expected, found),
            _ => None,
        }
    }

    /// What the operator can do about it, in one sentence.
    pub const fn fix(&self) -> &'static str {
        match self {
            Self::UnknownEvent { .. } => {
                "update this program if the vault is newer; else index again from another node"
            }
            Self::OutOfOrder { .. }
            | Self::TwoBlocks { .. }
            | Self::SequenceBroken { .. }
            | Self::Impossible { .. } => {
                "the stored logs are not the vault's: keep the database as evidence and index again from another node"
            }
        }
    }
}

fn missing(expected: u32, found: u32) -> Option<RangeInclusive<u32>> {
    (expected < found).then(|| expected..=found - 1)
}

/// Which events are missing where `expected` should come and `found` comes (I13), in words.
pub fn told(expected: u32, found: u32) -> String {
    match missing(expected, found).map(RangeInclusive::into_inner) {
        Some((first, last)) if first == last => format!("#{first} is missing"),
        Some((first, last)) => format!("#{first} to #{last} are missing"),
        None => format!("#{found} was there before"),
    }
}
