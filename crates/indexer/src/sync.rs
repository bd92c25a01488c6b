//! Following a factory: from the deployment block to the head, range by range, one transaction each.

mod recheck;

pub use recheck::{Looked, Rechecked};

use crate::ahead::{Ahead, Ready};
use crate::chunk::{Chunk, Rollback};
use crate::confirm;
use crate::cursor::{Standing, settle};
use crate::decode::Factory;
use crate::error::{IndexError, StoreError};
use crate::fetch::{FetchError, Fetcher, RECEIPTS_AT_ONCE};
use crate::known::Known;
use crate::planner::{Pace, Reach};
use crate::rows::{BlockRef, Extent, StoredHead};
use crate::rpc::RpcSource;
use crate::source::patience::PATIENCE;
use crate::source::{ChainSource, Header, Served};
use crate::state::States;
use crate::store::Store;
use crate::truth::Truth;
use crate::verify::Verified;
use alloy::primitives::{Address, B256, Bytes};
use alloy::providers::Provider;
use purse_protocol::Chain;
use purse_protocol::event::{RunningHash, is_outside_trail, next_hash, sequence_of};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

/// Blocks below the head that are not final where the node does not tell: two epochs of Ethereum.
pub const REORG_DEPTH: u64 = 64;
/// How often one sync looks again because the chain moved under it, each time a little later: with the usual patience 8 s in all. More
/// means that the node contradicts itself.
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
    /// How many of them stand at an address that nobody recomputed: the factory's word is all that says that they are its own.
    pub unproven: usize,
    /// Reorganisations that were rolled back.
    pub rollbacks: Vec<Rollback>,
    /// The node's head, when it is below the last block: the node lags, nothing was undone.
    pub lagging_head: Option<u64>,
    /// Logs of vaults that this program cannot read: of a newer vault. They are kept as they are.
    pub unknown: usize,
    /// Who answered how often, where there are several nodes.
    pub served: Vec<Served>,
    /// Whether the vaults' own running hashes agree with every event (I13); not when the node has no state to ask.
    pub confirmed: bool,
}

/// Follows one factory's vaults into a database. Cancelling a sync at any point leaves the last committed range.
pub struct Indexer<S> {
    fetcher: Arc<Fetcher<S>>,
    store: Box<dyn Store>,
    from_block: u64,
    /// Blocks below the head that are not final, if not as the node says.
    depth: Option<u64>,
    pace: Pace,
}

/// The node's chain as it is at some moment.
#[derive(Debug, Clone, Copy)]
struct View {
    head: Header,
    finalized: u64,
}

impl<P: Provider + 'static> Indexer<RpcSource<P>> {
    /// An indexer that asks a node. `from_block` is the factory's deployment block, or any before it.
    pub fn new(provider: P, store: Box<dyn Store>, factory: Address, from_block: u64) -> Self {
        Self::over(RpcSource::new(provider), store, factory, from_block)
    }
}

impl<S: ChainSource> Indexer<S> {
    /// An indexer over any chain source.
    pub fn over(source: S, store: Box<dyn Store>, factory: Address, from_block: u64) -> Self {
        let factory = Factory::new(factory, store.chain_id());
        let fetcher = Arc::new(Fetcher {
            source: Arc::new(source),
            patience: PATIENCE,
            asks_for: Truth::Claimed,
            checkpoint: None,
            format_is_known: Chain::by_id(factory.chain_id).is_some_and(|chain| chain.provable),
            factory,
            turns: Semaphore::new(RECEIPTS_AT_ONCE),
        });
        Self { fetcher, store, from_block, depth: None, pace: Pace::new() }
    }

    /// Accepts a vault only at the address that follows from this creation code and its configuration (I14); without
    /// it the factory is taken at its word and vaults are marked as not proven.
    #[must_use]
    pub fn with_creation_code(self, code: Bytes) -> Self {
        self.with(|fetcher| fetcher.factory.creation_code = code.into())
    }

    /// The same where only the code's hash is known: the code is in the input of the transactions that create vaults. Vaults that
    /// are met before it was found are marked as not proven.
    #[must_use]
    pub fn with_code_hash(self, hash: B256) -> Self {
        self.with(|fetcher| fetcher.factory.code_hash = Some(hash))
    }

    /// Waits so long before it asks a node again that is away or wants to be asked less often, then longer, instead of
    /// 250 ms.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        self.with(|fetcher| fetcher.patience = patience)
    }

    /// Asks for blocks to be known so well, be they final or not. By itself, final blocks are claimed and the others
    /// linked. On a chain of which the table of chains does not say that it is provable nothing is more than claimed.
    #[must_use]
    pub fn with_truth(self, truth: Truth) -> Self {
        self.with(|fetcher| fetcher.asks_for = truth)
    }

    /// Pins the hash of a block, known from elsewhere: a node with another one is refused.
    #[must_use]
    pub fn with_checkpoint(self, checkpoint: BlockRef) -> Self {
        self.with(|fetcher| fetcher.checkpoint = Some(checkpoint))
    }

    /// Nobody else has the fetcher before the first sync, or between two.
    fn with(mut self, change: impl FnOnce(&mut Fetcher<S>)) -> Self {
        if let Some(fetcher) = Arc::get_mut(&mut self.fetcher) {
            change(fetcher);
        }
        self
    }

    /// Takes a block for final when `blocks` blocks (at least 1) stand above it, whatever the node says.
    #[must_use]
    pub fn with_reorg_depth(mut self, blocks: u64) -> Self {
        self.depth = Some(blocks.max(1));
        self
    }

    /// The chain source, to ask it other things meanwhile.
    pub fn source(&self) -> Arc<S> {
        self.fetcher.source.clone()
    }

    /// The database.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The database, when the indexer is done with it.
    pub fn into_store(self) -> Box<dyn Store> {
        self.store
    }

    /// Indexes up to the block that is the node's newest when it begins. `progress` is told of each step.
    ///
    /// # Errors
    /// By name, with what was committed before kept; see [`IndexError`].
    pub async fn sync_to_head(&mut self, mut progress: impl FnMut(Progress) + Send) -> Result<Synced, IndexError> {
        let mut view = self.check_source().await?;
        let mut synced = Synced {
            block: None,
            logs: 0,
            vaults: 0,
            unproven: 0,
            rollbacks: Vec::new(),
            lagging_head: None,
            unknown: 0,
            served: Vec::new(),
            confirmed: false,
        };
        let mut looks = 0;
        loop {
            match settle(&self.fetcher, &mut *self.store, &view.head, self.from_block).await? {
                Standing::Ready => {}
                Standing::Lagging => {
                    synced.lagging_head = Some(view.head.number);
                    break;
                }
                Standing::RolledBack(rollback) => {
                    progress(Progress::RolledBack(rollback.clone()));
                    synced.rollbacks.push(rollback);
                }
            }
            match self.follow(view, &mut progress, &mut synced).await {
                Ok(()) => break,
                Err(FetchError::Moved(why)) if looks == LOOKS => return Err(IndexError::Inconsistent(why)),
                Err(FetchError::Moved(_)) => {
                    // Two nodes may be of two forks for as long as a block takes.
                    tokio::time::sleep(self.fetcher.patience * 2_u32.pow(looks) / 8).await;
                    looks += 1;
                    view = self.view().await?;
                }
                Err(FetchError::Stop(error)) => return Err(self.blamed(error)?),
            }
        }
        let extent = self.store.extent()?;
        synced.block = extent.cursor;
        synced.confirmed = extent.cursor.is_none_or(|cursor| cursor.number == extent.confirmed);
        let vaults = self.store.vaults()?;
        synced.vaults = vaults.len();
        synced.unproven = vaults.iter().filter(|vault| !vault.proven).count();
        synced.served = self.fetcher.source.served();
        Ok(synced)
    }

    /// Whether the node, the factory and the first block are what the database is for.
    async fn check_source(&mut self) -> Result<View, IndexError> {
        let source = self.fetcher.source.clone();
        let (expected, found) = (self.store.chain_id(), source.chain_id().await?);
        if expected != found {
            return Err(IndexError::WrongChain { expected, found });
        }
        let view = self.view().await?;
        self.fetcher.meets_checkpoint(&view.head).await?;
        let factory = self.fetcher.factory.address;
        if self.store.extent()?.cursor.is_none() {
            if self.from_block > view.head.number {
                return Err(IndexError::StartAfterHead { start: self.from_block, head: view.head.number });
            }
            if !source.has_code(factory).await? {
                return Err(IndexError::FactoryHasNoCode(factory));
            }
        }
        self.store.bind(factory, self.from_block)?;
        Ok(view)
    }

    async fn view(&self) -> Result<View, IndexError> {
        let head = self.fetcher.sealed(self.fetcher.patiently(|| self.fetcher.source.head()).await?)?;
        let below = |depth| head.number.saturating_sub(depth);
        let finalized = match self.depth {
            Some(depth) => below(depth),
            None => {
                let told = self.fetcher.patiently(|| self.fetcher.source.finalized()).await?;
                told.unwrap_or_else(|| below(REORG_DEPTH)).min(head.number)
            }
        };
        Ok(View { head, finalized })
    }

    /// Fetches, verifies and commits everything from the cursor to the head.
    async fn follow(
        &mut self,
        view: View,
        progress: &mut (impl FnMut(Progress) + Send),
        synced: &mut Synced,
    ) -> Result<(), FetchError> {
        let extent = self.store.extent().map_err(IndexError::from)?;
        let finalized = view.finalized.max(extent.finalized);
        let mut cursor = extent.cursor;
        let purses = self.store.purses().map_err(IndexError::from)?;
        let heads = self.store.last_heads(None).map_err(IndexError::from)?;
        let mut known = Known::new(heads, purses.iter().map(|purse| purse.address));
        let mut states = States::new(&known, &purses);
        let next = cursor.map_or(self.from_block, |cursor| cursor.number + 1);
        // What is final may be above the head of a node that lags.
        let reach = Reach { next, finalized: finalized.min(view.head.number), head: view.head.number };
        let mut ahead = Ahead::start(&self.fetcher, reach, self.pace, cursor, known.clone());
        while let Some(ready) = ahead.next().await {
            let Ready { from, to, verified, pace } = ready?;
            let Verified { mut chunk, known: after } = verified;
            self.pace = pace;
            chunk.finalized = finalized;
            let unknown = states.fold(&*self.store, &mut chunk).map_err(IndexError::from)?;
            if to == view.head.number {
                chunk.confirmed = self.confirm(&after, &chunk, extent, None).await?;
            }
            let (end, logs) = (chunk.end(), chunk.log_count());
            blocking(|| self.store.commit(cursor, chunk)).map_err(IndexError::from)?;
            (cursor, known) = (end, after);
            synced.logs += logs;
            synced.unknown += unknown;
            progress(Progress::Committed { from, to, head: view.head.number, logs });
        }
        let extent = self.store.extent().map_err(IndexError::from)?;
        if cursor.is_some_and(|cursor| cursor.number > extent.confirmed) {
            let mut chunk = Chunk { finalized, ..Chunk::default() };
            chunk.confirmed = self.confirm(&known, &chunk, extent, cursor).await?;
            self.store.commit(cursor, chunk).map_err(IndexError::from)?;
        }
        Ok(())
    }

    /// Whether the vaults' own running hashes at the end of this chunk agree with every event that was not compared yet.
    async fn confirm(
        &self,
        known: &Known,
        chunk: &Chunk,
        extent: Extent,
        cursor: Option<BlockRef>,
    ) -> Result<bool, IndexError> {
        let Some(end) = chunk.end().or(cursor) else { return Ok(false) };
        let before = extent.cursor.map(|_| extent.confirmed);
        let stored = self.store.last_heads(before)?;
        let moved = stored.iter().chain(&chunk.heads).map(|head| head.vault);
        let (disagreement, complete) =
            confirm::disagreeing(&self.fetcher, known, confirm::to_ask(known, moved, end.hash), end).await?;
        let Some((vault, chain)) = disagreement else { return Ok(complete) };
        let mut heads: Vec<StoredHead> = self.store.heads(vault, before)?;
        heads.extend(chunk.heads.iter().filter(|head| head.vault == vault));
        if heads.is_empty() {
            heads = self.store.heads(vault, None)?.pop().into_iter().collect();
        }
        Err(confirm::culprit(&self.fetcher, vault, chain, end, &heads).await?)
    }

    /// Before a node is blamed for a vault's events: whether the database still is what it was.
    fn blamed(&self, error: IndexError) -> Result<IndexError, StoreError> {
        let (IndexError::SequenceBroken { vault, .. }
        | IndexError::EventsAltered { vault, .. }
        | IndexError::EventsMissing { vault, .. }) = error
        else {
            return Ok(error);
        };
        let logs = self.store.logs(vault)?;
        let numbered = logs.iter().filter(|log| !is_outside_trail(&log.topics));
        let hash = numbered.fold(RunningHash::ZERO, |hash, log| next_hash(hash, &log.topics, &log.data));
        let last = logs.iter().rev().find_map(|log| sequence_of(&log.topics, &log.data)).unwrap_or(0);
        match self.store.heads(vault, None)?.last() {
            Some(head) if head.running_hash != hash || head.sequence != last => Err(StoreError::ColumnAltered {
                path: self.store.name().to_owned(),
                block: head.block.number,
                log_index: logs.last().map_or(0, |log| log.log_index),
                column: "head",
            }),
            _ => Ok(error),
        }
    }
}

/// Runs what blocks; on a runtime with several threads the others go on.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}
