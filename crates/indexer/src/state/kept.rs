//! The states of the vaults that a sync meets, folded as their logs come in.

use super::{VaultState, WrittenState, state_of};
use crate::chunk::Chunk;
use crate::error::StoreError;
use crate::known::Known;
use crate::rows::{BlockRef, StoredPurse, StoredTransfer};
use crate::store::Store;
use alloy::primitives::Address;
use alloy::primitives::map::AddressHashMap;
use alloy::primitives::map::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// States kept in memory between two chunks; of more, those that the last chunk did not meet are read again when they are.
const KEPT: usize = 1_024;

/// The states after the last chunk.
#[derive(Debug)]
pub(crate) struct States {
    kept: AddressHashMap<VaultState>,
    /// The vault of each account: itself, or that of a purse.
    vaults: AddressHashMap<Address>,
}

impl States {
    /// Of the vaults and purses that are known when a sync begins.
    pub(crate) fn new(known: &Known, purses: &[StoredPurse]) -> Self {
        let vaults = known.vaults().into_iter().map(|vault| (vault, vault));
        let purses = purses.iter().map(|purse| (purse.address, purse.vault));
        Self { kept: AddressHashMap::default(), vaults: vaults.chain(purses).collect() }
    }

    /// Folds a chunk and adds the states to it: after every block that is not final, and after the last final one. How many
    /// logs are none that this program knows.
    pub(crate) fn fold(&mut self, store: &dyn Store, chunk: &mut Chunk) -> Result<usize, StoreError> {
        let (mut logs, mut hashes, mut transfers) = (&*chunk.logs, chunk.hashes.iter(), &*chunk.transfers);
        let (mut met, mut written, mut unknown) = (BTreeMap::new(), Vec::new(), 0);
        for header in &chunk.headers {
            let block = BlockRef::from(header);
            let is_final = header.number <= chunk.finalized;
            if !is_final {
                self.write(store, &mut met, &mut written)?;
            }
            for vault in chunk.vaults.iter().filter(|vault| vault.block == block) {
                self.kept.insert(vault.address, VaultState::new(store.chain_id(), vault.address));
                self.vaults.insert(vault.address, vault.address);
            }
            let opened = chunk.purses.iter().filter(|purse| purse.block == block);
            self.vaults.extend(opened.map(|purse| (purse.address, purse.vault)));
            let earlier = &chunk.transfers[..chunk.transfers.len() - transfers.len()];
            let mut changed = BTreeSet::new();
            for log in first(&mut logs, |log| log.block_hash == block.hash) {
                let hash = hashes.next().copied().flatten();
                if self.vaults.contains_key(&log.address) {
                    unknown += usize::from(!self.of(store, log.address)?.push(log, hash, header));
                    changed.insert(log.address);
                }
            }
            for &vault in &changed {
                let is_new = chunk.vaults.iter().any(|of| of.address == vault);
                self.of(store, vault)?.count_new(|| before(store, vault, is_new, earlier))?;
            }
            for moved in first(&mut transfers, |moved| moved.block == block) {
                let of = [moved.from, moved.to].map(|account| self.vaults.get(&account).copied());
                for vault in of.into_iter().flatten().collect::<BTreeSet<_>>() {
                    if self.of(store, vault)?.count(moved) {
                        changed.insert(vault);
                    }
                }
            }
            met.extend(changed.into_iter().map(|vault| (vault, block)));
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

    /// A vault as the block before left it.
    fn of(&mut self, store: &dyn Store, vault: Address) -> Result<&mut VaultState, StoreError> {
        match self.kept.entry(vault) {
            Entry::Occupied(kept) => Ok(kept.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(state_of(store, vault)?.state)),
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

/// The transfers of a vault before a block: those that are stored, and those of the chunk.
fn before(
    store: &dyn Store,
    vault: Address,
    is_new: bool,
    of_chunk: &[StoredTransfer],
) -> Result<Vec<StoredTransfer>, StoreError> {
    let mut before = if is_new { Vec::new() } else { store.transfers(vault)? };
    before.extend(of_chunk.iter().filter(|moved| moved.from == vault || moved.to == vault).cloned());
    Ok(before)
}

/// Takes the items off the front that are of a block.
fn first<'a, T>(rest: &mut &'a [T], is_in: impl Fn(&T) -> bool) -> &'a [T] {
    let count = rest.iter().take_while(|item| is_in(item)).count();
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken
}
