//! Where to go on: at the cursor, or, after a reorganisation, at the common ancestor.

use crate::chunk::Rollback;
use crate::error::IndexError;
use crate::fetch::Fetcher;
use crate::rows::Extent;
use crate::source::{ChainSource, Header};
use crate::store::Store;

/// How the database stands to the node's chain.
pub(crate) enum Standing {
    /// The cursor is on the node's chain (or there is none yet).
    Ready,
    /// The node's head is below the cursor and contradicts nothing: a node that lags, not a reorganisation.
    Lagging,
    /// The chain was reorganised; the database is back at the common ancestor.
    RolledBack(Rollback),
}

/// Compares the database with the node's chain and rolls back what is not on it.
pub(crate) async fn settle<S: ChainSource>(
    fetcher: &Fetcher<S>,
    store: &mut dyn Store,
    head: &Header,
    from_block: u64,
) -> Result<Standing, IndexError> {
    let extent = store.extent()?;
    let Some(cursor) = extent.cursor else { return Ok(Standing::Ready) };
    let shared = cursor.number.min(head.number);
    // Below what is not final only blocks with events are stored: the newest that both can have tells.
    if let Some(stored) = store.blocks_down_from(shared, 1)?.first() {
        match hash_at(fetcher, head, stored.number).await? {
            Some(hash) if hash == stored.hash => {}
            Some(_) => return Ok(Standing::RolledBack(roll_back(fetcher, store, head, extent, from_block).await?)),
            None => {
                let text = format!("its head is {}, but it has no block {}", head.number, stored.number);
                return Err(IndexError::Inconsistent(text));
            }
        }
    }
    Ok(if head.number < cursor.number { Standing::Lagging } else { Standing::Ready })
}

/// Finds the newest stored block that the node has too, and goes back to it, but not below what was final.
async fn roll_back<S: ChainSource>(
    fetcher: &Fetcher<S>,
    store: &mut dyn Store,
    head: &Header,
    extent: Extent,
    from_block: u64,
) -> Result<Rollback, IndexError> {
    let Some(cursor) = extent.cursor else { return Err(IndexError::Interrupted) };
    let finalized = extent.finalized.min(cursor.number);
    let top = cursor.number.min(head.number);
    for candidate in store.blocks_down_from(top, top.saturating_sub(finalized) + 1)? {
        if candidate.number < finalized {
            break;
        }
        if hash_at(fetcher, head, candidate.number).await? == Some(candidate.hash) {
            return Ok(store.roll_back(cursor, Some(candidate))?);
        }
    }
    // Every block in the database is off the chain: start again, if none of them was final.
    if from_block > finalized {
        return Ok(store.roll_back(cursor, None)?);
    }
    Err(IndexError::ReorgTooDeep { cursor: cursor.number, finalized })
}

async fn hash_at<S: ChainSource>(
    fetcher: &Fetcher<S>,
    head: &Header,
    number: u64,
) -> Result<Option<alloy::primitives::B256>, IndexError> {
    if number == head.number {
        return Ok(Some(head.hash));
    }
    Ok(fetcher.patiently(|| fetcher.source.header(number)).await?.map(|header| header.hash))
}
