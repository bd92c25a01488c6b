//! Where to go on: at the cursor, or, after a reorganisation, at the common ancestor.

use crate::commit::Rollback;
use crate::error::IndexError;
use crate::read::BlockRef;
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

/// How far back a rollback may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// The first block that is indexed.
    pub(crate) from_block: u64,
    /// How many blocks below the cursor.
    pub(crate) depth: u64,
}

/// Compares the database with the node's chain and rolls back what is not on it.
pub(crate) async fn settle<S: ChainSource>(
    source: &S,
    store: &mut Store,
    head: &Header,
    reach: Reach,
) -> Result<Standing, IndexError> {
    let Some(cursor) = store.cursor()? else { return Ok(Standing::Ready) };
    let shared = cursor.number.min(head.number);
    match store.blocks_down_from(shared, 1)?.first() {
        Some(stored) if stored.number == shared => match hash_at(source, head, shared).await? {
            Some(hash) if hash == stored.hash => {}
            Some(_) => return Ok(Standing::RolledBack(roll_back(source, store, head, cursor, reach).await?)),
            None => {
                let text = format!("its head is {}, but it has no block {shared}", head.number);
                return Err(IndexError::Inconsistent(text));
            }
        },
        // Nothing is stored at this height: the node's head is below all that could contradict it.
        _ => {}
    }
    Ok(if head.number < cursor.number { Standing::Lagging } else { Standing::Ready })
}

/// Finds the newest stored block that the node has too, and goes back to it.
async fn roll_back<S: ChainSource>(
    source: &S,
    store: &mut Store,
    head: &Header,
    cursor: BlockRef,
    Reach { from_block, depth }: Reach,
) -> Result<Rollback, IndexError> {
    let too_deep = IndexError::ReorgTooDeep { cursor: cursor.number, depth };
    let lowest = cursor.number.saturating_sub(depth);
    // One more than the depth: if it is reached, the reorganisation is too deep.
    let stored = store.blocks_down_from(cursor.number.min(head.number), depth.saturating_add(1))?;
    for &candidate in &stored {
        if candidate.number < lowest {
            return Err(too_deep);
        }
        if hash_at(source, head, candidate.number).await? == Some(candidate.hash) {
            return Ok(store.roll_back(cursor, Some(candidate))?);
        }
    }
    // Every block in the database is off the chain: start again, if the database is young enough to allow it.
    if from_block > lowest { Ok(store.roll_back(cursor, None)?) } else { Err(too_deep) }
}

async fn hash_at<S: ChainSource>(
    source: &S,
    head: &Header,
    number: u64,
) -> Result<Option<alloy::primitives::B256>, IndexError> {
    if number == head.number {
        return Ok(Some(head.hash));
    }
    Ok(source.header(number).await?.map(|header| header.hash))
}
