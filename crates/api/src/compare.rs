//! Holds the states of an index against the chain's own, in the background: each vault's, after each change. Nothing waits for it.

use crate::health::{Alarm, Health};
use crate::problem::Problem;
use crate::readers::Readers;
use alloy::primitives::Address;
use purse_indexer::{ChainSource, CompareError, compare, state_of};
use std::collections::BTreeSet;
use std::sync::Arc;

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
    /// A state that is not the chain's, or that it is again.
    Alarm(Alarm),
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
}

impl<S: ChainSource> States<S> {
    /// Of an index that `health` speaks of.
    pub const fn new(source: Arc<S>, readers: Readers, health: Arc<Health>) -> Self {
        Self { source, readers, health }
    }

    /// Compares what every commit changed, until the node is found to prove nothing. Cancelling it loses nothing.
    pub async fn compare(self, mut told: impl FnMut(Found) + Send) {
        let mut pulse = self.health.pulse();
        pulse.mark_changed();
        let (mut due, mut seen, mut rollbacks) = (BTreeSet::new(), None, 0);
        let (mut in_vain, mut is_told) = (0, false);
        // Ends with the program.
        while pulse.changed().await.is_ok() {
            let now = self.health.counts().rollbacks;
            if std::mem::replace(&mut rollbacks, now) != now {
                seen = None;
            }
            match self.changed(seen).await {
                Ok((changed, block)) => {
                    due.extend(changed);
                    seen = block;
                }
                Err(error) => told(Found::Failed(error)),
            }
            for vault in std::mem::take(&mut due) {
                match self.one(vault).await {
                    Ok(alarm) => {
                        in_vain = 0;
                        alarm.into_iter().for_each(|alarm| told(Found::Alarm(alarm)));
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

    /// The vaults that logged something above a height, and the height of the index.
    async fn changed(&self, above: Option<u64>) -> Result<(Vec<Address>, Option<u64>), Uncompared> {
        let read = self.readers.read(move |store| {
            let failed = |error| Problem::from(&error);
            let extent = store.extent().map_err(failed)?;
            let heads = store.last_heads(above).map_err(failed)?;
            Ok((heads.into_iter().map(|head| head.vault).collect(), extent.cursor.map(|cursor| cursor.number)))
        });
        read.await.map_err(Uncompared::Index)
    }

    async fn one(&self, vault: Address) -> Result<Option<Alarm>, Uncompared> {
        let read = self.readers.read(move |store| state_of(store, vault).map_err(|error| Problem::from(&error)));
        let part = read.await.map_err(Uncompared::Index)?;
        // Of a vault that is gone, or newer than this program, there is nothing to compare.
        if part.block.is_none() || part.state.stopped.is_some() {
            return Ok(None);
        }
        let compared = compare(&*self.source, &part).await?;
        Ok(self.health.compared(vault, &compared))
    }
}
