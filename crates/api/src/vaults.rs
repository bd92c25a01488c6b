//! The folded vaults, kept: a request folds only what came since the last one.

use crate::folded::Folded;
use crate::problem::Problem;
use crate::readers::Readers;
use alloy::primitives::Address;
use purse_indexer::{Moment, VaultState, state_of};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Vaults kept at once; of more, the one that was not asked for longest is folded anew when it is.
const KEPT: usize = 256;

/// The folded vaults of one chain.
#[derive(Debug)]
pub(crate) struct Vaults {
    chain_id: u64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    asked: u64,
    vaults: HashMap<Address, (u64, Arc<Mutex<Folded>>)>,
}

impl Vaults {
    pub(crate) fn new(chain_id: u64) -> Self {
        Self { chain_id, kept: Mutex::default() }
    }

    /// What `look` finds at a vault's state as it is stored.
    ///
    /// # Errors
    /// When there is no such vault, the index cannot be read, or its logs do not make a trail.
    pub(crate) async fn state<T: Send + 'static>(
        &self,
        readers: &Readers,
        vault: Address,
        look: impl FnOnce(&VaultState, Moment) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let read = readers.read(move |store| {
            let part = state_of(store, vault).map_err(|error| Problem::from(&error))?;
            match &part.state.stopped {
                _ if part.block.is_none() => Err(unknown(vault)),
                Some(stopped) => Err(Problem::from(stopped)),
                None => Ok(look(&part.state, part.moment)),
            }
        });
        read.await
    }

    /// What `look` finds at a vault as it is now, with all that ever happened.
    ///
    /// # Errors
    /// When there is no such vault, the index cannot be read, or the logs do not make a trail.
    pub(crate) async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        readers: &Readers,
        vault: Address,
        look: impl FnOnce(&Folded, Moment) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let vaults = self.clone();
        let read = readers.read(move |store| {
            let folded = vaults.of(vault);
            let mut folded = folded.lock().unwrap_or_else(PoisonError::into_inner);
            let part = store.trail_since(vault, folded.known()).map_err(|error| Problem::from(&error))?;
            folded.advance(&part).map_err(|error| Problem::from(&error))?;
            if folded.known().is_none() {
                vaults.forget(vault);
                return Err(unknown(vault));
            }
            Ok(look(&folded, part.moment))
        });
        read.await
    }

    fn of(&self, vault: Address) -> Arc<Mutex<Folded>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.asked += 1;
        let asked = kept.asked;
        if kept.vaults.len() >= KEPT && !kept.vaults.contains_key(&vault) {
            let oldest = kept.vaults.iter().min_by_key(|(_, (asked, _))| *asked).map(|(vault, _)| *vault);
            oldest.map(|oldest| kept.vaults.remove(&oldest));
        }
        let new = || Arc::new(Mutex::new(Folded::new(self.chain_id, vault)));
        let entry = kept.vaults.entry(vault).or_insert_with(|| (asked, new()));
        entry.0 = asked;
        entry.1.clone()
    }

    fn forget(&self, vault: Address) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).vaults.remove(&vault);
    }
}

/// The problem of a vault that the index does not have.
pub(crate) fn unknown(vault: Address) -> Problem {
    Problem::missing(
        "VaultUnknown",
        format!("the index has no vault {vault}"),
        "no factory that it follows has created it, as far as it has come",
        "list the vaults: /v1/vaults; a new one shows once its block is indexed",
    )
}
