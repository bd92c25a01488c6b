//! Sequence numbers without gaps: a log that a node left out is noticed by the next one (I13).

use crate::error::IndexError;
use crate::source::ChainLog;
use alloy::primitives::Address;
use purse_protocol::event::{is_outside_trail, sequence_of};
use std::collections::BTreeMap;

/// The last sequence number of each known vault.
#[derive(Debug, Clone, Default)]
pub(crate) struct Continuity {
    last: BTreeMap<Address, u32>,
}

impl Continuity {
    pub(crate) const fn new(last: BTreeMap<Address, u32>) -> Self {
        Self { last }
    }

    pub(crate) fn knows(&self, vault: Address) -> bool {
        self.last.contains_key(&vault)
    }

    pub(crate) fn vaults(&self) -> Vec<Address> {
        self.last.keys().copied().collect()
    }

    /// A vault that was just created: its first event comes next.
    pub(crate) fn begin(&mut self, vault: Address) {
        self.last.insert(vault, 0);
    }

    /// Whether a vault has logged nothing so far, which its constructor excludes.
    pub(crate) fn is_silent(&self, vault: Address) -> bool {
        self.last.get(&vault) == Some(&0)
    }

    /// The next log of a vault, in the order of the chain. Other contracts' logs are none of its business, and those of
    /// a vault that have no sequence number cannot be missed.
    pub(crate) fn follow(&mut self, log: &ChainLog) -> Result<(), IndexError> {
        let Some(last) = self.last.get_mut(&log.address) else { return Ok(()) };
        if is_outside_trail(&log.topics) {
            return Ok(());
        }
        let (expected, found) = (last.wrapping_add(1), sequence_of(&log.topics, &log.data));
        if found != Some(expected) {
            return Err(IndexError::SequenceBroken {
                vault: log.address,
                block: log.block_number,
                log_index: log.log_index,
                expected,
                found,
            });
        }
        *last = expected;
        Ok(())
    }
}
