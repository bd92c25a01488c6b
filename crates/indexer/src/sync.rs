//! Following a factory: from the deployment block to the head, range by range, one transaction each.

use crate::commit::{Chunk, Rollback};
use crate::continuity::Continuity;
use crate::cursor::{Reach, Standing, settle};
use crate::error::IndexError;
use crate::fetch::{FetchError, Fetcher};
use crate::read::BlockRef;
use crate::rpc::RpcSource;
use crate::source::{ChainSource, Header};
use crate::store::Store;
use alloy::primitives::{Address, Bytes};
use alloy::providers::Provider;

/// Blocks from the head down that are kept with every header: the deepest reorganisation that is rolled back. Two
/// epochs of Ethereum, after which a block is final.
pub const REORG_DEPTH: u64 = 64;
/// Blocks in one log query at most: what public nodes commonly allow.
const LARGEST_RANGE: u64 = 2_000;
/// Blocks near the head that are fetched, linked and committed at once.
const LINKED_RANGE: u64 = 64;
/// Logs from which on the next range is halved, so that memory stays bounded however dense the chain is.
const MANY_LOGS: usize = 10_000;
/// How often one sync looks again because the chain moved under it. More means that the node contradicts itself.
const LOOKS: u32 = 8;

/// What happens during a sync, for a progress display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A range was committed.
    Committed {
        /// Its first block.
        from: u64,
        /// Its last block.
        to: u64,
        /// The block that this sync goes to.
        head: u64,
        /// How many logs it holds.
        logs: usize,
    },
    /// A reorganisation was rolled back.
    RolledBack(Rollback),
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// The last block that is in the database now; none when there is nothing yet.
    pub block: Option<BlockRef>,
    /// How many logs were added.
    pub logs: usize,
    /// How many vaults there are.
    pub vaults: usize,
    /// Reorganisations that were rolled back.
    pub rollbacks: Vec<Rollback>,
    /// The node's head, when it is below the last block: the node lags, nothing was undone.
    pub lagging_head: Option<u64>,
}

/// Follows one factory's vaults into a database. Cancelling a sync at any point leaves the last committed range.
#[derive(Debug)]
pub struct Indexer<S> {
    source: S,
    store: Store,
    factory: Address,
    from_block: u64,
    creation_code: Option<Bytes>,
    depth: u64,
    range: u64,
}

impl<P: Provider> Indexer<RpcSource<P>> {
    /// An indexer that asks a node. `from_block` is the factory's deployment block, or any before it.
    pub const fn new(provider: P, store: Store, factory: Address, from_block: u64) -> Self {
        Self::over(RpcSource::new(provider), store, factory, from_block)
    }
}

impl<S: ChainSource> Indexer<S> {
    /// An indexer over any chain source.
    pub const fn over(source: S, store: Store, factory: Address, from_block: u64) -> Self {
        let range = LARGEST_RANGE;
        Self { source, store, factory, from_block, creation_code: None, depth: REORG_DEPTH, range }
    }

    /// Accepts a vault only at the address that follows from this creation code and its configuration (I14); without
    /// it the factory is taken at its word and vaults are marked as not proven.
    #[must_use]
    pub fn with_creation_code(mut self, code: Bytes) -> Self {
        self.creation_code = Some(code);
        self
    }

    /// Rolls back reorganisations of up to `blocks` blocks (at least 1) instead of [`REORG_DEPTH`].
    #[must_use]
    pub fn with_reorg_depth(mut self, blocks: u64) -> Self {
        self.depth = blocks.max(1);
        self
    }

    /// The database.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The database, when the indexer is done with it.
    pub fn into_store(self) -> Store {
        self.store
    }

    /// Indexes up to the block that is the node's newest when it begins. `progress` is told of each step.
    ///
    /// # Errors
    /// By name, with what was committed before kept; see [`IndexError`].
    pub async fn sync_to_head(&mut self, mut progress: impl FnMut(Progress) + Send) -> Result<Synced, IndexError> {
        let mut head = self.check_source().await?;
        let mut synced = Synced { block: None, logs: 0, vaults: 0, rollbacks: Vec::new(), lagging_head: None };
        let mut looks = 0;
        let reach = Reach { from_block: self.from_block, depth: self.depth };
        'look: loop {
            match settle(&self.source, &mut self.store, &head, reach).await? {
                Standing::Ready => {}
                Standing::Lagging => {
                    synced.lagging_head = Some(head.number);
                    break;
                }
                Standing::RolledBack(rollback) => {
                    progress(Progress::RolledBack(rollback.clone()));
                    synced.rollbacks.push(rollback);
                }
            }
            let mut known = Continuity::new(self.store.sequences()?);
            loop {
                let cursor = self.store.cursor()?;
                let from = cursor.map_or(self.from_block, |cursor| cursor.number + 1);
                if from > head.number {
                    break 'look;
                }
                match self.step(cursor, from, &head, &mut known).await {
                    Ok((to, logs)) => {
                        synced.logs += logs;
                        progress(Progress::Committed { from, to, head: head.number, logs });
                    }
                    Err(FetchError::TooLarge(error)) if self.range == 1 => return Err(error.into()),
                    Err(FetchError::TooLarge(_)) => self.range = (self.range / 2).max(1),
                    Err(FetchError::Moved(why)) if looks == LOOKS => return Err(IndexError::Inconsistent(why)),
                    Err(FetchError::Moved(_)) => {
                        looks += 1;
                        head = self.source.head().await?;
                        continue 'look;
                    }
                    Err(FetchError::Stop(error)) => return Err(error),
                }
            }
        }
        synced.block = self.store.cursor()?;
        synced.vaults = self.store.vaults()?.len();
        Ok(synced)
    }

    /// Whether the node, the factory and the first block are what the database is for.
    async fn check_source(&self) -> Result<Header, IndexError> {
        let (expected, found) = (self.store.chain_id(), self.source.chain_id().await?);
        if expected != found {
            return Err(IndexError::WrongChain { expected, found });
        }
        let head = self.source.head().await?;
        if self.store.cursor()?.is_none() {
            if self.from_block > head.number {
                return Err(IndexError::StartAfterHead { start: self.from_block, head: head.number });
            }
            if !self.source.has_code(self.factory).await? {
                return Err(IndexError::FactoryHasNoCode(self.factory));
            }
        }
        self.store.bind_factory(self.factory, self.from_block)?;
        Ok(head)
    }

    /// Fetches and commits the next range: by log ranges far below the head, linked block by block near it.
    async fn step(
        &mut self,
        cursor: Option<BlockRef>,
        from: u64,
        head: &Header,
        known: &mut Continuity,
    ) -> Result<(u64, usize), FetchError> {
        let fetcher = Fetcher {
            source: &self.source,
            chain_id: self.store.chain_id(),
            factory: self.factory,
            creation_code: self.creation_code.as_ref(),
        };
        let first_linked = head.number.saturating_sub(self.depth);
        let (to, chunk) = if from < first_linked {
            let to = (from + self.range - 1).min(first_linked - 1);
            (to, fetcher.range(cursor, (from, to), known).await?)
        } else {
            let to = (from + LINKED_RANGE - 1).min(head.number);
            (to, fetcher.linked(cursor, (from, to), known).await?)
        };
        let logs = chunk.logs.len();
        let chunk = Chunk { keep_from: to.min(first_linked), ..chunk };
        self.store.commit(cursor, &chunk).map_err(IndexError::from)?;
        self.adapt(logs);
        Ok((to, logs))
    }

    /// Dense chains get short ranges, sparse ones long.
    fn adapt(&mut self, logs: usize) {
        self.range = if logs > MANY_LOGS { (self.range / 2).max(1) } else { (self.range * 2).min(LARGEST_RANGE) };
    }
}
