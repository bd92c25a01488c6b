//! A vault's state: what its events leave in the contract's storage (I12), folded as they come in and stored beside them. It is
//! kept for each block that is not final, so that a rollback needs no undoing: the last state of the blocks that are left is
//! the state.

use crate::decode;
use crate::rows::BlockRef;
use crate::source::{ChainLog, Header};
use alloy::primitives::{Address, B256, keccak256};
use purse_audit::{Trail, TrailLog};
use serde::{Deserialize, Serialize};

/// How states are written: the number changes with what they hold. One of another number is folded anew from the logs.
pub(crate) const FORMAT: u8 = 1;

/// A vault as its events leave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum VaultState {
    /// By all of its events.
    Whole(Box<Trail>),
    /// Up to an event that does not fit, or that this program does not know: of a newer vault. What its logs are is stored all the
    /// same.
    Stopped {
        /// The block of that event.
        block: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// A state as it is written, and the block after which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenState {
    /// The vault.
    pub vault: Address,
    /// The last block in which it logged something.
    pub block: BlockRef,
    /// The state, after its own hash.
    pub bytes: Vec<u8>,
}

impl VaultState {
    /// A vault before its first event.
    pub(crate) fn new(chain_id: u64, vault: Address) -> Self {
        Self::Whole(Box::new(Trail::new(chain_id, vault)))
    }

    /// Folds its next log. Whether the log is one that this program knows.
    pub(crate) fn push(&mut self, log: &ChainLog, header: &Header) -> bool {
        self.fold(&TrailLog {
            block_number: header.number,
            block_hash: header.hash,
            parent_hash: header.parent,
            time: header.time,
            tx: log.tx,
            log_index: log.log_index,
            topics: log.topics.clone(),
            data: log.data.clone(),
        })
    }

    /// The same of a log that was stored.
    pub(crate) fn fold(&mut self, log: &TrailLog) -> bool {
        let Self::Whole(trail) = self else { return !decode::is_unknown(&log.topics, &log.data) };
        let Err(error) = trail.push(log) else {
            trail.forget_history();
            return true;
        };
        *self = Self::Stopped { block: log.block_number, why: error.to_string() };
        !decode::is_unknown(&log.topics, &log.data)
    }

    /// As it is written.
    pub(crate) fn encode(&self) -> postcard::Result<Vec<u8>> {
        let mut bytes = postcard::to_extend(self, vec![0; B256::len_bytes()])?;
        let (hash, body) = bytes.split_at_mut(B256::len_bytes());
        hash.copy_from_slice(keccak256(&*body).as_slice());
        Ok(bytes)
    }

    /// From what was written; none if a bit of it has changed.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (hash, body) = bytes.split_at_checked(B256::len_bytes())?;
        (keccak256(body).as_slice() == hash).then(|| postcard::from_bytes(body).ok()).flatten()
    }
}
