//! The vaults as their events leave them, number and running hash of the last one (I13), and their purses. Pure.

use crate::error::IndexError;
use crate::interest::Interest;
use crate::rows::StoredHead;
use crate::source::ChainLog;
use alloy::primitives::Address;
use purse_protocol::event::{RunningHash, is_outside_trail, next_hash, sequence_of};
use std::collections::{BTreeMap, BTreeSet};

/// A vault after some event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) sequence: u32,
    pub(crate) running_hash: RunningHash,
}

/// Every known vault and purse.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    heads: BTreeMap<Address, Head>,
    purses: BTreeSet<Address>,
}

impl Known {
    pub(crate) fn new(heads: impl IntoIterator<Item = StoredHead>, purses: impl IntoIterator<Item = Address>) -> Self {
        let head = |head: StoredHead| Head { sequence: head.sequence, running_hash: head.running_hash };
        let heads = heads.into_iter().map(|stored| (stored.vault, head(stored))).collect();
        Self { heads, purses: purses.into_iter().collect() }
    }

    pub(crate) fn vaults(&self) -> BTreeSet<Address> {
        self.heads.keys().copied().collect()
    }

    /// Whose logs belong to the trail, beside the factory's.
    pub(crate) fn interest(&self, factory: Address) -> Interest {
        let mut interest = Interest::of(factory);
        interest.contracts.extend(self.heads.keys());
        interest.accounts.extend(self.heads.keys());
        interest.accounts.extend(&self.purses);
        interest
    }

    /// Whether what an account moves belongs to the trail.
    pub(crate) fn has_account(&self, account: &Address) -> bool {
        self.heads.contains_key(account) || self.purses.contains(account)
    }

    pub(crate) fn has_purse(&self, purse: &Address) -> bool {
        self.purses.contains(purse)
    }

    /// A purse that was just opened.
    pub(crate) fn open(&mut self, purse: Address) {
        self.purses.insert(purse);
    }

    pub(crate) fn head(&self, vault: Address) -> Option<Head> {
        self.heads.get(&vault).copied()
    }

    /// A vault that was just created: its first event comes next. False when it was known before.
    pub(crate) fn begin(&mut self, vault: Address) -> bool {
        self.heads.insert(vault, Head { sequence: 0, running_hash: RunningHash::ZERO }).is_none()
    }

    /// The next log of a vault, in the order of the chain. Other contracts' logs are none of its business, and those of
    /// a vault that have no sequence number are in no count. The vault's running hash after it, where its head moved.
    pub(crate) fn follow(&mut self, log: &ChainLog) -> Result<Option<RunningHash>, IndexError> {
        let Some(head) = self.heads.get_mut(&log.address) else { return Ok(None) };
        if is_outside_trail(&log.topics) {
            return Ok(None);
        }
        let (expected, found) = (head.sequence.wrapping_add(1), sequence_of(&log.topics, &log.data));
        if found != Some(expected) {
            return Err(IndexError::SequenceBroken {
                vault: log.address,
                block: log.block_number,
                log_index: log.log_index,
                expected,
                found,
            });
        }
        *head = Head { sequence: expected, running_hash: next_hash(head.running_hash, &log.topics, &log.data) };
        Ok(Some(head.running_hash))
    }
}
