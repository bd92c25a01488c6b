//! How well blocks are known: claimed, linked, proven; and a hash that was pinned.

use crate::chain::{FACTORY, FIRST, FakeChain, contents, rebuilt};
use crate::database::{Database, on_both};
use alloy::primitives::{Address, B256};
use purse_indexer::Truth::{Claimed, Linked, Proven};
use purse_indexer::{BlockRef, ChainSource, IndexError, Indexer, Span, Store, StoredRange, Truth};

/// Two vaults, 200 blocks; the last 64 are not final.
fn chain() -> (FakeChain, Address) {
    let chain = FakeChain::new();
    let mut state = chain.state();
    let vaults = [state.create_vault(1), state.create_vault(2)];
    for _ in 0..60 {
        state.events(vaults[0], 1);
        state.mine(2);
    }
    state.events(vaults[1], 3);
    state.mine(13);
    drop(state);
    (chain, vaults[0])
}

fn ranges(store: &dyn Store) -> Vec<(u64, u64, Truth)> {
    store.ranges().unwrap().iter().map(|&StoredRange { first, last, truth }| (first, last, truth)).collect()
}

/// Every block has a truth, and asking for more gives the same trail.
async fn blocks_are_known_as_well_as_was_asked(db: Database) {
    let (chain, _) = chain();
    let head = chain.state().head().number;
    let due = [
        (Claimed, vec![(FIRST, head - 64, Claimed), (head - 63, head, Linked)]),
        (Linked, vec![(FIRST, head, Linked)]),
        (Proven, vec![(FIRST, head, Proven)]),
    ];
    for (asked, due) in due {
        let mut indexer = chain.indexer(db.fresh()).with_truth(asked);
        indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(ranges(indexer.store()), due, "{asked}");
        assert_eq!(contents(indexer.store()), rebuilt(&chain).await, "{asked}");
    }
}

/// A block whose filter excludes the contracts is not asked about.
async fn what_a_bloom_filter_excludes_is_not_asked_for(db: Database) {
    let (chain, _) = chain();
    let mut indexer = chain.indexer(db.fresh()).with_truth(Proven);
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert!(chain.state().queries.is_empty());
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let state = chain.state();
    let blocks = state.queries.iter().filter_map(|span| match span {
        Span::Block(hash) => Some(hash),
        Span::Range(..) => None,
    });
    let blocks = blocks.collect::<std::collections::BTreeSet<_>>().len();
    // Each third of the blocks that are not final holds an event.
    assert!((1..=30).contains(&blocks), "{blocks}");
}

/// A reorganisation cuts off what it undoes.
async fn a_reorganisation_cuts_ranges(db: Database) {
    let (chain, vault) = chain();
    let head = chain.state().head().number;
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    chain.state().undo(30);
    chain.state().events(vault, 2);
    let shorter = chain.state().head().number;
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(ranges(indexer.store()), [(FIRST, head - 64, Claimed), (head - 63, shorter, Linked)]);
    chain.state().mine(20);
    let mut indexer = chain.indexer(indexer.into_store()).with_truth(Proven);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let due = [(FIRST, head - 64, Claimed), (head - 63, shorter, Linked), (shorter + 1, shorter + 20, Proven)];
    assert_eq!(ranges(indexer.store()), due);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// A vault that is created in a range is proven in it too, whatever was asked for when the range began.
async fn a_vault_created_between_its_blocks_is_proven_from_there(db: Database) {
    let chain = FakeChain::new();
    for salt in 1..=20 {
        let vault = chain.state().create_vault(salt);
        chain.state().mine(3);
        chain.state().events(vault, 2);
        chain.state().mine(9);
    }
    let mut indexer = chain.indexer(db.fresh()).with_truth(Proven);
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert!(ranges(indexer.store()).iter().all(|range| range.2 == Proven));
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// On a chain of which nobody told what its headers commit to, or of which it is known that they do not commit to all, nothing
/// is more than claimed.
#[tokio::test]
async fn a_chain_of_another_format_is_claimed() {
    for (chain_id, due) in [(4_242, Claimed), (137, Claimed), (8_453, Proven)] {
        let (chain, _) = chain();
        chain.state().chain_id = chain_id;
        let store = purse_indexer::SqliteStore::open(":memory:", chain_id).unwrap();
        let mut indexer = Indexer::over(chain.clone(), Box::new(store), FACTORY, FIRST).with_truth(Proven);
        indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(ranges(indexer.store()), [(FIRST, chain.state().head().number, due)], "{chain_id}");
    }
}

/// The hash of a block that was pinned: another chain is refused, before and while it is indexed.
async fn a_pinned_hash_is_met_or_refused(db: Database) {
    let (chain, vault) = chain();
    let header = chain.header(80).await.unwrap().unwrap();
    let right = BlockRef::from(&header);
    let wrong = BlockRef { hash: B256::repeat_byte(9), ..right };
    let mut indexer = chain.indexer(db.fresh()).with_truth(Linked).with_checkpoint(right);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let mut indexer = chain.indexer(indexer.into_store()).with_checkpoint(wrong);
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::CheckpointMissed { block: 80, .. }), "{error}");

    // The chain changes to another one after it was asked for the pinned block.
    let head = chain.state().head().number;
    let asked = chain.state().asked;
    chain.state().meanwhile = Some((
        asked + 5,
        Box::new(move |state| {
            state.undo(head - 40);
            state.events(vault, 1);
            state.mine(head - 41);
        }),
    ));
    let mut indexer = chain.indexer(db.fresh()).with_truth(Linked).with_checkpoint(right);
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::CheckpointMissed { block: 80, .. }), "{error}");
    // A block that is not there yet is not missed.
    let far = BlockRef { number: 100_000, ..wrong };
    let (chain, _) = self::chain();
    chain.indexer(db.fresh()).with_checkpoint(far).sync_to_head(|_| {}).await.unwrap();
}

on_both! {
    blocks_are_known_as_well_as_was_asked,
    what_a_bloom_filter_excludes_is_not_asked_for,
    a_reorganisation_cuts_ranges,
    a_vault_created_between_its_blocks_is_proven_from_there,
    a_pinned_hash_is_met_or_refused,
}
