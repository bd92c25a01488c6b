//! The vaults' own running hashes against the recomputed ones: a missing, altered or reordered event is named (I13).

use crate::error::IndexError;
use crate::fetch::Fetcher;
use crate::known::{Head, Known};
use crate::rows::{BlockRef, StoredHead};
use crate::source::{ChainSource, VaultHead};
use alloy::primitives::{Address, B256, U256};
use futures::{StreamExt, TryStreamExt, stream};
use purse_protocol::event::head_of_running_hash;
use std::collections::BTreeSet;

/// Vaults that are asked beside those that logged something: others each time, so that a node that hides a vault's last events is
/// found out, and without asking thousands at every block.
const OTHERS: usize = 64;
/// Vaults asked at once.
const CALLS_AT_ONCE: usize = 8;

impl Head {
    fn is(self, chain: VaultHead) -> bool {
        (self.sequence, head_of_running_hash(self.running_hash)) == (chain.sequence, chain.running_hash)
    }
}

/// The vaults to ask at a block: those that moved since the last comparison, and others. Which, follows from the block's hash: nobody
/// knows before, and whatever the rhythm of the polls, no vault is left out for long.
pub(crate) fn to_ask(known: &Known, moved: impl IntoIterator<Item = Address>, block: B256) -> BTreeSet<Address> {
    let all: Vec<_> = known.vaults().into_iter().collect();
    let first = U256::from_be_bytes(block.0).checked_rem(U256::from(all.len())).unwrap_or_default();
    let others = all.iter().cycle().skip(first.to()).take(OTHERS.min(all.len())).copied();
    moved.into_iter().chain(others).collect()
}

/// Asks these vaults at a block. A vault that disagrees is returned with what it says; false when the node has no state
/// of the block, so that nothing is known.
pub(crate) async fn disagreeing<S: ChainSource>(
    fetcher: &Fetcher<S>,
    known: &Known,
    vaults: BTreeSet<Address>,
    at: BlockRef,
) -> Result<(Option<(Address, VaultHead)>, bool), IndexError> {
    let answers = stream::iter(vaults).map(|vault| async move {
        Ok::<_, IndexError>((vault, fetcher.patiently(|| fetcher.source.vault_head(vault, at)).await?))
    });
    let answers: Vec<_> = answers.buffered(CALLS_AT_ONCE).try_collect().await?;
    let complete = answers.iter().all(|(_, head)| head.is_some());
    let disagrees = |(vault, chain): (Address, Option<VaultHead>)| {
        let chain = chain?;
        known.head(vault).is_none_or(|head| !head.is(chain)).then_some((vault, chain))
    };
    Ok((answers.into_iter().find_map(disagrees), complete))
}

/// Names the events of a vault that are not what it logged: by its heads at earlier blocks, as far as the node has them.
/// `heads` are all that were not compared yet, oldest first.
pub(crate) async fn culprit<S: ChainSource>(
    fetcher: &Fetcher<S>,
    vault: Address,
    chain: VaultHead,
    at: BlockRef,
    heads: &[StoredHead],
) -> Result<IndexError, IndexError> {
    let given = heads.last().map_or(0, |head| head.sequence);
    let (mut low, mut high) = (0, heads.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let found = fetcher.patiently(|| fetcher.source.vault_head(vault, heads[middle].block)).await?;
        let Some(found) = found else { break };
        let head = Head { sequence: heads[middle].sequence, running_hash: heads[middle].running_hash };
        if head.is(found) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    match heads.get(high) {
        Some(bad) => {
            let before = low.checked_sub(1).and_then(|last| heads.get(last)).map_or(0, |head| head.sequence);
            Ok(IndexError::EventsAltered { vault, block: bad.block.number, first: before + 1, last: bad.sequence })
        }
        // Without history nothing was compared but the end; where the counts are the same, some event before it is altered.
        None if chain.sequence == given => {
            Ok(IndexError::EventsAltered { vault, block: at.number, first: 1, last: given })
        }
        // The last ones are missing, or some that never were are there.
        None => Ok(IndexError::EventsMissing { vault, block: at.number, given, counted: chain.sequence }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::keccak256;

    /// Also where polls come at every sixth block and there are six times as many vaults as are asked at once.
    #[test]
    fn no_vault_is_left_out_for_long() {
        let vault = |n: u64| Address::left_padding_from(&n.to_be_bytes());
        let mut known = Known::default();
        for n in 1..=6 * OTHERS as u64 {
            assert!(known.begin(vault(n)));
        }
        let mut asked = BTreeSet::new();
        for block in (0..360_u64).step_by(6) {
            let now = to_ask(&known, [vault(1)], keccak256(block.to_be_bytes()));
            assert!(now.contains(&vault(1)) && now.len() <= OTHERS + 1);
            asked.extend(now);
        }
        assert_eq!(asked, known.vaults());
        assert!(to_ask(&Known::default(), [], B256::ZERO).is_empty());
    }
}
