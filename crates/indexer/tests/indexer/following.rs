//! From the deployment block to the head: every vault, every event, once; whenever it is stopped.

use crate::chain::{CHAIN, CREATION_CODE, FACTORY, FIRST, FakeChain, contents, rebuilt};
use crate::database::{Database, on_both};
use alloy::primitives::{Address, B256};
use purse_indexer::{
    BlockRef, ChainLog, ChainReceipt, ChainSource, Header, Indexer, Progress, SourceError, Span, SqliteStore,
    VaultHead, Wanted,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// A chain of `blocks` blocks with two vaults, an event in every seventh, and in those after them logs without a sequence
/// number too.
fn long(blocks: u64) -> (FakeChain, [Address; 2]) {
    let chain = FakeChain::new();
    let vaults = {
        let mut state = chain.state();
        let vaults = [state.create_vault(1), state.create_vault(2)];
        let mut purses = Vec::new();
        for number in 0..blocks {
            let vault = vaults[(number % 2) as usize];
            match number % 7 {
                0 => state.events(vault, 2),
                1 => state.events_and_others(vault, (number % 3) as u32),
                2 if number % 5 == 0 => purses.push(state.open_purse(vault)),
                2 if !purses.is_empty() => state.purchase(purses[number as usize % purses.len()], number),
                _ => state.mine(1),
            }
        }
        vaults
    };
    (chain, vaults)
}

async fn every_event_is_there_once_with_its_block(db: Database) {
    let (chain, vaults) = long(300);
    let mut indexer = chain.indexer(db.fresh());
    let mut last = 0;
    let synced = indexer
        .sync_to_head(|progress| {
            let Progress::Committed { from, to, head, .. } = progress else { return };
            assert_eq!(from, if last == 0 { FIRST } else { last + 1 });
            assert!(to <= head);
            last = to;
        })
        .await
        .unwrap();
    let head = chain.state().head();
    assert_eq!((synced.block.unwrap().hash, last), (head.hash, head.number));
    assert_eq!((synced.vaults, synced.rollbacks.len(), synced.lagging_head), (2, 0, None));
    for vault in vaults {
        assert_eq!(indexer.store().logs(vault).unwrap(), chain.state().logs_of(vault));
    }
    let stored = indexer.store().vaults().unwrap();
    assert_eq!(stored.iter().map(|vault| vault.address).collect::<Vec<_>>(), vaults);
    assert!(stored.iter().all(|vault| vault.proven));
    // A second sync finds nothing to do.
    let again = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!((again.block, again.logs), (synced.block, 0));
}

async fn a_database_opened_again_goes_on_where_it_was(db: Database) {
    let (chain, vaults) = long(150);
    let place = db.place();
    for _ in 0..5 {
        let mut indexer = chain.indexer(place.open());
        indexer.sync_to_head(|_| {}).await.unwrap();
        let mut state = chain.state();
        state.events(vaults[0], 3);
        state.mine(20);
    }
    let mut indexer = chain.indexer(place.open());
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// Ctrl-C at every point where the sync waits: what is in the file is whole, and the next sync completes it.
async fn a_sync_may_be_cancelled_anywhere(db: Database) {
    let (chain, _) = long(80);
    let whole = rebuilt(&chain).await;
    let questions = chain.state().asked;
    let mut cursors = 0;
    for point in (1..questions).step_by(db.stride()) {
        // The chain never answers question number `point`: the sync hangs there and is dropped.
        let hung = Arc::new(Notify::new());
        let slow = Hanging { chain: chain.clone(), left: AtomicU64::new(point), hung: hung.clone() };
        let mut hanging = Indexer::over(slow, db.fresh(), FACTORY, FIRST).with_creation_code(CREATION_CODE);
        tokio::select! {
            _ = hanging.sync_to_head(|_| {}) => unreachable!("a question was never answered"),
            () = hung.notified() => {}
        }
        cursors += u64::from(hanging.store().extent().unwrap().cursor.is_some());
        let mut resumed = chain.indexer(hanging.into_store());
        resumed.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(contents(resumed.store()), whole, "cancelled at question {point}");
    }
    assert!(cursors > 0, "some cancellations come after the first commit");
}

/// Answers a number of questions and then never again.
struct Hanging {
    chain: FakeChain,
    left: AtomicU64,
    hung: Arc<Notify>,
}

impl Hanging {
    async fn turn(&self) {
        let before = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if before.is_err() {
            self.hung.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

impl ChainSource for Hanging {
    async fn chain_id(&self) -> Result<u64, SourceError> {
        self.turn().await;
        self.chain.chain_id().await
    }

    async fn head(&self) -> Result<Header, SourceError> {
        self.turn().await;
        self.chain.head().await
    }

    async fn finalized(&self) -> Result<Option<u64>, SourceError> {
        self.turn().await;
        self.chain.finalized().await
    }

    async fn header(&self, number: u64) -> Result<Option<Header>, SourceError> {
        self.turn().await;
        self.chain.header(number).await
    }

    async fn logs(&self, span: Span, wanted: &Wanted) -> Result<Vec<ChainLog>, SourceError> {
        self.turn().await;
        self.chain.logs(span, wanted).await
    }

    async fn vault_head(&self, vault: Address, at: BlockRef) -> Result<Option<VaultHead>, SourceError> {
        self.turn().await;
        self.chain.vault_head(vault, at).await
    }

    async fn receipts(&self, block: B256) -> Result<Option<Vec<ChainReceipt>>, SourceError> {
        self.turn().await;
        self.chain.receipts(block).await
    }

    async fn has_code(&self, address: Address) -> Result<bool, SourceError> {
        self.turn().await;
        self.chain.has_code(address).await
    }
}

/// Far below the head by range, near it block by block.
async fn ranges_far_below_the_head_and_single_blocks_near_it(db: Database) {
    let (chain, _) = long(5_000);
    chain.indexer(db.fresh()).sync_to_head(|_| {}).await.unwrap();
    let state = chain.state();
    let head = state.head().number;
    let ranges = state.queries.iter().filter_map(|span| match span {
        Span::Range(from, to) => Some((*from, *to)),
        Span::Block(_) => None,
    });
    let ranges: Vec<_> = ranges.collect();
    // The first is careful, later ones are longer; none goes beyond what is final.
    assert_eq!(ranges.first(), Some(&(FIRST, FIRST + 24)));
    assert!(ranges.iter().any(|(from, to)| (400..=2_000).contains(&(to - from + 1))), "{ranges:?}");
    assert_eq!(ranges.last().unwrap().1, head - 64);
    let blocks = state.queries.iter().filter_map(|span| match span {
        Span::Block(hash) => Some(hash),
        Span::Range(..) => None,
    });
    let blocks: BTreeSet<_> = blocks.collect();
    // Of the 64 that are not final those whose bloom filter lets a vault or a purse through: three of seven.
    assert!((26..=31).contains(&blocks.len()), "{}", blocks.len());
}

async fn a_node_that_answers_little_at_once_is_asked_for_less(db: Database) {
    let (chain, _) = long(400);
    let whole = rebuilt(&chain).await;
    for largest in [1, 7, 100] {
        chain.state().largest_range = largest;
        let mut indexer = chain.indexer(db.fresh());
        indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(contents(indexer.store()), whole);
    }
    chain.state().largest_range = 0;
    let error = chain.indexer(db.fresh()).sync_to_head(|_| {}).await.unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("a question of this size is not answered: of block "), "{error}");
}

/// Only blocks with logs and those near the head are kept, so the file grows with the vaults' events.
#[tokio::test]
async fn empty_blocks_are_not_kept_for_ever() {
    let (chain, vaults) = long(300);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    let mut indexer = chain.indexer(Box::new(SqliteStore::open(&path, CHAIN).unwrap()));
    for _ in 0..10 {
        indexer.sync_to_head(|_| {}).await.unwrap();
        chain.state().mine(40);
    }
    let state = chain.state();
    let of_vaults = vaults.iter().flat_map(|&vault| state.logs_of(vault)).map(|log| log.block_number);
    let accounts = vaults.into_iter().chain(state.purses());
    let of_tokens = accounts.flat_map(|account| state.transfers_of(account)).map(|moved| moved.0);
    let with_logs: BTreeSet<_> =
        of_vaults.chain(of_tokens).filter(|&number| number + 64 < state.head().number - 40).collect();
    let rows: u64 = rusqlite::Connection::open(path)
        .unwrap()
        .query_row("SELECT count(*) FROM blocks", [], |row| row.get::<_, i64>(0))
        .unwrap()
        .unsigned_abs();
    assert_eq!(rows, with_logs.len() as u64 + 65);
}

on_both! {
    every_event_is_there_once_with_its_block,
    a_database_opened_again_goes_on_where_it_was,
    a_sync_may_be_cancelled_anywhere,
    ranges_far_below_the_head_and_single_blocks_near_it,
    a_node_that_answers_little_at_once_is_asked_for_less,
}
