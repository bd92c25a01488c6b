//! Holds the states of an index against the chain's own, in the background: each vault's, after each change. Nothing waits for it.

use crate::doubts::Doubt;
use crate::health::Health;
use crate::problem::Problem;
use crate::readers::Readers;
use alloy::primitives::Address;
use purse_indexer::state::Balances;
use purse_indexer::{ChainSource, CompareError, Store, StoreError, compare, state_of};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Blocks whose transfers are read at once.
const BLOCKS_AT_ONCE: u64 = 256;
/// Answers without a proof, one after the other, after which the node is not asked any more.
const PATIENCE: u32 = 8;

/// Why a state was not compared.
#[derive(Debug, thiserror::Error)]
pub enum Uncompared {
    /// The node does not prove it.
    #[error(transparent)]
    Node(#[from] CompareError),
    /// The index could not be read.
    #[error("{}: {}", .0.title, .0.detail)]
    Index(Problem),
}

/// What is found.
#[derive(Debug)]
pub enum Found {
    /// The first state that is the chain's.
    Proven {
        /// Words of storage and balances that were proven.
        words: u64,
    },
    /// It begins or ends to be unknown whether a vault's state is the chain's.
    Doubt(Address, Doubt),
    /// A state could not be compared; it is tried again.
    Failed(Uncompared),
    /// The node proves nothing: nothing is compared any more.
    GivenUp,
}

/// The states of an index.
#[derive(Debug)]
pub struct States<S> {
    source: Arc<S>,
    readers: Readers,
    health: Arc<Health>,
    balances: Balances,
}

impl<S: ChainSource> States<S> {
    /// Of an index that `health` speaks of.
    pub fn new(source: Arc<S>, readers: Readers, health: Arc<Health>) -> Self {
        Self { source, readers, health, balances: Balances::default() }
    }

    /// Compares what every commit changed, from the first time on that the index is at the head, until the node is found to
    /// prove nothing. Cancelling it loses nothing.
    pub async fn compare(mut self, mut told: impl FnMut(Found) + Send) {
        let mut pulse = self.health.pulse();
        pulse.mark_changed();
        let (mut due, mut seen, mut rollbacks) = (BTreeSet::new(), None, 0);
        let (mut in_vain, mut is_told) = (0, false);
        // Ends with the program.
        while pulse.changed().await.is_ok() {
            // Few nodes have the state of a block that is not one of the newest.
            if !self.health.is_at_head() {
                continue;
            }
            let now = self.health.counts().rollbacks;
            if std::mem::replace(&mut rollbacks, now) != now {
                seen = None;
            }
            // One that a reorganisation removed is not among those that changed.
            due.extend(self.health.doubted());
            match self.changed(seen).await {
                Ok((changed, block)) => {
                    due.extend(changed);
                    seen = block;
                }
                Err(error) => told(Found::Failed(error)),
            }
            for vault in std::mem::take(&mut due) {
                match self.one(vault).await {
                    Ok(doubt) => {
                        in_vain = 0;
                        doubt.into_iter().for_each(|doubt| told(Found::Doubt(vault, doubt)));
                        let words = self.health.counts().proven_words;
                        if words > 0 && !std::mem::replace(&mut is_told, true) {
                            told(Found::Proven { words });
                        }
                    }
                    Err(Uncompared::Node(CompareError::NotServed(_))) if in_vain == PATIENCE => {
                        return told(Found::GivenUp);
                    }
                    Err(error) => {
                        in_vain += u32::from(matches!(error, Uncompared::Node(CompareError::NotServed(_))));
                        told(Found::Failed(error));
                        due.insert(vault);
                    }
                }
            }
        }
    }

    /// The vaults of which something was logged above a height, and the height of the index.
    async fn changed(&self, above: Option<u64>) -> Result<(BTreeSet<Address>, Option<u64>), Uncompared> {
        let read = self.readers.read(move |store| {
            let changed = || {
                let cursor = store.extent()?.cursor.map(|cursor| cursor.number);
                let heads = store.last_heads(above)?;
                let mut vaults: BTreeSet<_> = heads.into_iter().map(|head| head.vault).collect();
                if let (Some(above), Some(cursor)) = (above, cursor) {
                    vaults.extend(moved(store, above + 1..=cursor)?);
                }
                Ok((vaults, cursor))
            };
            changed().map_err(|error: StoreError| Problem::from(&error))
        });
        read.await.map_err(Uncompared::Index)
    }

    async fn one(&mut self, vault: Address) -> Result<Option<Doubt>, Uncompared> {
        let read = self.readers.read(move |store| state_of(store, vault).map_err(|error| Problem::from(&error)));
        let part = read.await.map_err(Uncompared::Index)?;
        // Of a vault that is gone, or newer than this program, there is nothing to compare.
        if part.block.is_none() || part.state.stopped.is_some() {
            return Ok(self.health.gone(vault));
        }
        match compare(&*self.source, &part, &mut self.balances).await {
            Ok(compared) => Ok(self.health.compared(vault, &compared, self.balances.early())),
            Err(forged @ CompareError::Forged { .. }) => Ok(self.health.forged(vault, &forged.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

/// The vaults from or to which, or whose purses, a token moved in these blocks.
fn moved(store: &dyn Store, blocks: RangeInclusive<u64>) -> Result<BTreeSet<Address>, StoreError> {
    let mut accounts = BTreeSet::new();
    let mut first = *blocks.start();
    while first <= *blocks.end() {
        let last = blocks.end().min(&(first + BLOCKS_AT_ONCE - 1)).to_owned();
        let (transfers, _) = store.movements_between(first..=last)?;
        accounts.extend(transfers.iter().flat_map(|moved| [moved.from, moved.to]));
        first = last + 1;
    }
    if accounts.is_empty() {
        return Ok(accounts);
    }
    let vaults = store.vaults()?.into_iter().map(|vault| (vault.address, vault.address));
    let purses = store.purses()?.into_iter().map(|purse| (purse.address, purse.vault));
    Ok(vaults.chain(purses).filter(|(account, _)| accounts.contains(account)).map(|(_, vault)| vault).collect())
}
