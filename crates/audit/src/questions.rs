//! What to ask the contract, so that its answers cover everything that a trail speaks of (I12).

use crate::check::rejudge;
use crate::purse::TrailPurse;
use crate::trail::Trail;
use alloy::primitives::{Address, B256};
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::event::RunningHash;
use purse_protocol::{Scope, SessionId};
use std::collections::{BTreeMap, BTreeSet};

/// What to ask the contract about; see [`Trail::questions`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questions {
    /// The vault.
    pub vault: Address,
    /// `sessionOf` each.
    pub sessions: BTreeSet<SessionId>,
    /// `sessionOfKey` each.
    pub keys: BTreeSet<Address>,
    /// `remaining` and, for all windows, `meterOf` each.
    pub policies: BTreeSet<(Scope, Address)>,
    /// `payeeOf` each.
    pub payees: BTreeSet<Address>,
    /// Of each purse the balance of its token, its target, and every `Transfer` of the token to and from it.
    pub purses: BTreeMap<Address, TrailPurse>,
    /// `tokenOf`, the vault's balance, and every `Transfer` to and from the vault.
    pub tokens: BTreeSet<Address>,
    /// Block, sequence number and running hash after each block with events, ascending: should `head()` differ, the
    /// first of these at which it differs encloses the event that is wrong.
    pub heads: Vec<(u64, u32, RunningHash)>,
    /// The header of each of these blocks, and which of these transactions are in it.
    pub blocks: BTreeMap<u64, BTreeSet<B256>>,
    /// Transactions whose calls must hold the approval of the owner named beside them (I5).
    pub approvals: BTreeSet<(B256, Address)>,
}

impl Trail {
    /// What to ask the contract, so that its answers cover everything that the trail speaks of (I12).
    pub fn questions(&self) -> Questions {
        let withdrawn = self.events.iter().filter_map(|event| match &event.event {
            IVaultEvents::Withdrawn(withdrawn) => Some(withdrawn.token),
            _ => None,
        });
        let mut blocks: BTreeMap<u64, BTreeSet<B256>> = BTreeMap::new();
        let of_events = self.events.iter().map(|event| (event.place.block, event.place.tx));
        for (block, tx) in of_events.chain(self.refusals.iter().map(|refusal| (refusal.block, refusal.tx))) {
            blocks.entry(block).or_default().insert(tx);
        }
        Questions {
            vault: self.vault,
            sessions: self.session_keys.keys().copied().collect(),
            keys: self.keys.keys().copied().collect(),
            policies: self.policies.keys().copied().collect(),
            payees: self.payees.keys().copied().collect(),
            purses: self.purses.clone(),
            tokens: self.tokens.keys().copied().chain(withdrawn).collect(),
            heads: self.block_ends(),
            blocks,
            approvals: rejudge::check(self).1.iter().map(|one| (one.payment.place.tx, one.owner)).collect(),
        }
    }

    /// The last event of each block that has one: where the contract's head can be compared.
    fn block_ends(&self) -> Vec<(u64, u32, RunningHash)> {
        let blocks = self.events.chunk_by(|a, b| a.place.block == b.place.block);
        let ends = blocks.filter_map(|block| block.last());
        ends.map(|event| (event.place.block, event.place.sequence, event.hash)).collect()
    }
}
