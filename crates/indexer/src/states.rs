//! The states of the vaults that a sync meets, folded as their logs come in.

use crate::chunk::Chunk;
use crate::error::StoreError;
use crate::rows::BlockRef;
use crate::source::Header;
use crate::state::{VaultState, WrittenState};
use crate::store::Store;
use alloy::primitives::{Address, B256};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// States kept in memory between two chunks; of more, those that the last chunk did not meet are read again when they are.
const KEPT: usize = 1_024;

/// The states after the last chunk.
#[derive(Debug, Default)]
pub(crate) struct States {
    kept: HashMap<Address, VaultState>,
}

impl States {
    /// Folds a chunk and adds the states to it: after every block that is not final, and after the last final one. How many
    /// logs are none that this program knows.
    pub(crate) fn fold(&mut self, store: &dyn Store, factory: Address, chunk: &mut Chunk) -> Result<usize, StoreError> {
        for vault in &chunk.vaults {
            self.kept.insert(vault.address, VaultState::new(store.chain_id(), vault.address));
        }
        let headers: HashMap<B256, &Header> = chunk.headers.iter().map(|header| (header.hash, header)).collect();
        let (mut met, mut written, mut unknown) = (BTreeMap::new(), Vec::new(), 0);
        for of_block in chunk.logs.chunk_by(|a, b| a.block_hash == b.block_hash) {
            let Some(&header) = headers.get(&of_block[0].block_hash) else { continue };
            let is_final = header.number <= chunk.finalized;
            if !is_final {
                self.write(store, &mut met, &mut written)?;
            }
            for log in of_block.iter().filter(|log| log.address != factory) {
                unknown += usize::from(!self.of(store, log.address)?.push(log, header));
                met.insert(log.address, header.into());
            }
            if !is_final {
                self.write(store, &mut met, &mut written)?;
            }
        }
        self.write(store, &mut met, &mut written)?;
        if self.kept.len() > KEPT {
            let met: BTreeSet<_> = written.iter().map(|state| state.vault).collect();
            self.kept.retain(|vault, _| met.contains(vault));
        }
        chunk.states = written;
        Ok(unknown)
    }

    /// A vault as the chunk before left it.
    fn of(&mut self, store: &dyn Store, vault: Address) -> Result<&mut VaultState, StoreError> {
        match self.kept.entry(vault) {
            Entry::Occupied(kept) => Ok(kept.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(store.state(vault)?.state)),
        }
    }

    /// Writes down what was met since the last time.
    fn write(
        &self,
        store: &dyn Store,
        met: &mut BTreeMap<Address, BlockRef>,
        written: &mut Vec<WrittenState>,
    ) -> Result<(), StoreError> {
        for (vault, block) in std::mem::take(met) {
            let Some(state) = self.kept.get(&vault) else { continue };
            let bytes = state.encode().map_err(|error| StoreError::Corrupt {
                path: store.name().to_owned(),
                detail: format!("the state of vault {vault} cannot be written: {error}"),
            })?;
            written.push(WrittenState { vault, block, bytes });
        }
        Ok(())
    }
}
