//! Blocks that are in the index already, looked at again because they shall be known better: the same trail under a better
//! label, or a stop that names what differs.

use crate::chain::{CHAIN, FACTORY, FIRST, FakeChain, SELLER, contents, rebuilt};
use crate::database::{Database, Place, on_both};
use alloy::primitives::Address;
use futures::FutureExt;
use purse_indexer::Truth::{self, Claimed, Linked, Proven};
use purse_indexer::{IndexError, Indexer, Looked, Rechecked, SqliteStore, Store, StoredRange};
use std::panic::AssertUnwindSafe;

/// A chain of 600 blocks and some, the last 64 not final.
struct Story {
    chain: FakeChain,
    /// One of its two vaults, the one that has a purse.
    vault: Address,
    /// The blocks in which the purse buys. Only receipts tell whether all of their logs are there.
    purchases: Vec<u64>,
}

fn story() -> Story {
    let chain = FakeChain::new();
    let mut state = chain.state();
    let vaults = [state.create_vault(1), state.create_vault(2)];
    state.rules(vaults[0]);
    let purse = state.open_purse(vaults[0]);
    let mut purchases = Vec::new();
    for _ in 0..40 {
        state.events(vaults[0], 3);
        state.mine(7);
        state.purchase(purse, 12);
        purchases.push(state.head().number);
        state.transfer(SELLER, vaults[1], 9);
        state.refill(vaults[0], purse);
        state.mine(4);
    }
    state.events(vaults[1], 3);
    state.mine(13);
    drop(state);
    Story { chain, vault: vaults[0], purchases }
}

fn ranges(store: &dyn Store) -> Vec<(u64, u64, Truth)> {
    store.ranges().unwrap().iter().map(|&StoredRange { first, last, truth }| (first, last, truth)).collect()
}

/// An index of the chain, filled under `truth`.
async fn filled(chain: &FakeChain, place: &Place, truth: Truth) {
    chain.indexer(place.open()).with_truth(truth).sync_to_head(|_| {}).await.unwrap();
}

/// Each better label by a second look, and the trail stays what it was; then nothing is asked any more.
async fn what_is_stored_is_known_better_after_a_second_look(db: Database) {
    let Story { chain, .. } = story();
    let head = chain.state().head().number;
    let place = db.place();
    filled(&chain, &place, Claimed).await;
    assert_eq!(ranges(&*place.open()), [(FIRST, head - 64, Claimed), (head - 63, head, Linked)]);
    for (truth, blocks) in [(Linked, head - 63 - FIRST), (Proven, head + 1 - FIRST)] {
        let mut indexer = chain.indexer(place.open()).with_truth(truth);
        let mut seen = Vec::new();
        let rechecked = indexer.recheck(|looked| seen.push(looked)).await.unwrap();
        assert_eq!(rechecked, Rechecked { blocks, rollbacks: Vec::new() });
        assert_eq!(seen.last(), Some(&Looked { done: blocks, all: blocks }));
        assert!(seen.is_sorted_by_key(|looked| looked.done) && seen.len() > 2, "{seen:?}");
        assert_eq!(ranges(indexer.store()), [(FIRST, head, truth)]);
        assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
    }
    let asked = chain.state().asked;
    let mut indexer = chain.indexer(place.open()).with_truth(Proven);
    assert_eq!(indexer.recheck(|_| {}).await.unwrap(), Rechecked::default());
    assert_eq!(chain.state().asked, asked, "what is known is not asked again");
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(ranges(indexer.store()), [(FIRST, head, Proven)]);
}

/// Stopped after each piece: what was done stays done, and is worth something; the next run goes on below it.
async fn it_goes_on_where_it_was_stopped(db: Database) {
    let Story { chain, .. } = story();
    let head = chain.state().head().number;
    let place = db.place();
    filled(&chain, &place, Claimed).await;
    let mut lowest = head + 1;
    let mut stops = 0;
    while lowest > FIRST {
        let mut indexer = chain.indexer(place.open()).with_truth(Proven);
        let recheck = indexer.recheck(|_| std::panic::resume_unwind(Box::new("stopped after a piece")));
        assert!(AssertUnwindSafe(recheck).catch_unwind().await.is_err());
        drop(indexer);
        let store = place.open();
        let stored = ranges(&*store);
        let proven = stored.last().copied().unwrap();
        assert!(stored.len() <= 3 && proven.1 == head && proven.2 == Proven, "{stored:?}");
        assert!(proven.0 < lowest && stored[0].0 == FIRST, "{stored:?}");
        lowest = proven.0;
        stops += 1;
    }
    assert!(stops >= 3, "{stops}");
    assert_eq!(contents(&*place.open()), rebuilt(&chain).await);
}

/// A node that left out what has no number, and no hash to miss it, when the index was filled: found out later.
async fn a_node_that_left_something_out_is_found_out(db: Database) {
    for (truth, by) in [(Linked, "what the node says now"), (Proven, "its block's receipts")] {
        let Story { chain, purchases, .. } = story();
        let bought = purchases[3];
        chain.state().twist = Some(Box::new(move |_, logs| {
            logs.retain(|log| (log.block_number, log.log_index) != (bought, 2));
            Ok(())
        }));
        let place = db.place();
        filled(&chain, &place, Claimed).await;
        chain.state().twist = None;
        let mut indexer = chain.indexer(place.open()).with_truth(truth);
        let error = indexer.recheck(|_| {}).await.unwrap_err();
        assert!(matches!(error, IndexError::RowMissing { block, log_index: 2, .. } if block == bought), "{error}");
        assert!(error.to_string().contains(by) && error.fix().contains("evidence"), "{error}");
        // What is above it was found to be the same; its own piece is as it was.
        let stored = ranges(indexer.store());
        assert_eq!((stored[0].2, stored.last().unwrap().2), (Claimed, truth), "{stored:?}");
        assert!((stored[0].0..=stored[0].1).contains(&bought));
    }
}

/// A node that had hidden a whole vault.
async fn a_vault_that_was_hidden_is_found_out(db: Database) {
    let Story { chain, .. } = story();
    let block = chain.state().head().number;
    let hidden = chain.state().create_vault(3);
    chain.state().transfer(SELLER, hidden, 4);
    chain.state().mine(90);
    chain.state().twist = Some(Box::new(move |_, logs| {
        logs.retain(|log| log.block_number != block + 1);
        Ok(())
    }));
    let place = db.place();
    filled(&chain, &place, Claimed).await;
    assert_eq!(place.open().vaults().unwrap().len(), 2);
    chain.state().twist = None;
    let mut indexer = chain.indexer(place.open()).with_truth(Proven);
    let error = indexer.recheck(|_| {}).await.unwrap_err();
    let IndexError::RowMissing { block: at, log_index: 0, contract, .. } = error else { unreachable!("{error}") };
    assert_eq!((at, contract), (block + 1, FACTORY));
}

/// Whatever somebody changes in the database is told by name; nothing is mended.
async fn what_somebody_changed_is_found_out(db: Database) {
    let bytes = |byte: u8, count: usize| match db {
        Database::Sqlite => format!("X'{}'", format!("{byte:02x}").repeat(count)),
        Database::Postgres => format!("'\\x{}'::bytea", format!("{byte:02x}").repeat(count)),
    };
    let of = |block: u64| format!("block = (SELECT id FROM blocks WHERE number = {block})");
    let Story { chain, vault, purchases } = story();
    let purchase = purchases[25];
    let events =
        chain.state().logs_of(vault).iter().map(|log| log.block_number).filter(|block| *block < 300).max().unwrap();
    type Expected = fn(&IndexError) -> bool;
    let changes: [(String, u64, Expected); 7] = [
        (format!("UPDATE transfers SET amount = {} WHERE {}", bytes(1, 32), of(purchase)), purchase, |error| {
            matches!(error, IndexError::RowAltered { what: "the amount", .. })
        }),
        (format!("UPDATE authorizations SET nonce = {} WHERE {}", bytes(1, 32), of(purchase)), purchase, |error| {
            matches!(error, IndexError::RowAltered { what: "the nonce", .. })
        }),
        (format!("DELETE FROM authorizations WHERE {}", of(purchase)), purchase, |error| {
            matches!(error, IndexError::RowMissing { log_index: 1, .. })
        }),
        (format!("UPDATE transfers SET log_index = 77 WHERE log_index = 2 AND {}", of(purchase)), purchase, |error| {
            matches!(error, IndexError::RowMissing { log_index: 2, .. })
        }),
        (format!("UPDATE authorizations SET log_index = 0 WHERE {}", of(purchase)), purchase, |error| {
            matches!(error, IndexError::RowAdded { log_index: 0, .. })
        }),
        (format!("UPDATE logs SET tx = {} WHERE {}", bytes(7, 32), of(events)), events, |error| {
            matches!(error, IndexError::RowAltered { what: "the transaction", .. })
        }),
        (format!("UPDATE blocks SET parent = {} WHERE number = {events}", bytes(7, 32)), events, |error| {
            matches!(error, IndexError::BlockAltered { .. })
        }),
    ];
    for (sql, block, expected) in changes {
        let place = db.place();
        filled(&chain, &place, Claimed).await;
        place.change(&sql);
        let mut indexer = chain.indexer(place.open()).with_truth(Proven);
        let error = indexer.recheck(|_| {}).await.unwrap_err();
        assert!(expected(&error) && error.to_string().contains(&format!("block {block}")), "{sql}: {error}");
        let again = indexer.recheck(|_| {}).await.unwrap_err();
        assert_eq!(again.to_string(), error.to_string(), "nothing is mended");
    }
}

/// A reorganisation since: rolled back first. A node that is behind is asked nothing.
async fn a_chain_that_changed_is_settled_first(db: Database) {
    let Story { chain, vault, .. } = story();
    let head = chain.state().head().number;
    let place = db.place();
    filled(&chain, &place, Claimed).await;
    chain.state().shows_up_to = Some(head - 3);
    let mut indexer = chain.indexer(place.open()).with_truth(Proven);
    assert_eq!(indexer.recheck(|_| {}).await.unwrap().blocks, 0);
    chain.state().shows_up_to = None;
    chain.state().undo(20);
    chain.state().events(vault, 2);
    chain.state().mine(30);
    let rechecked = indexer.recheck(|_| {}).await.unwrap();
    assert_eq!((rechecked.rollbacks.len(), rechecked.blocks), (1, head - 19 - FIRST));
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(ranges(indexer.store()), [(FIRST, chain.state().head().number, Proven)]);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// Blocks that are known well enough are passed over, and those below them hang on them by their headers.
async fn blocks_below_a_proven_range_hang_on_it(db: Database) {
    let Story { chain, vault, .. } = story();
    let head = chain.state().head().number;
    let place = db.place();
    filled(&chain, &place, Claimed).await;
    chain.state().mine(40);
    chain.state().events(vault, 3);
    chain.state().mine(120);
    filled(&chain, &place, Proven).await;
    let end = chain.state().head().number;
    let due = [(FIRST, head - 64, Claimed), (head - 63, head, Linked), (head + 1, end, Proven)];
    assert_eq!(ranges(&*place.open()), due);
    let mut all = 0;
    let mut indexer = chain.indexer(place.open()).with_truth(Proven);
    let rechecked = indexer.recheck(|looked| all = looked.all).await.unwrap();
    assert_eq!((rechecked.blocks, all), (head + 1 - FIRST, head + 1 - FIRST));
    assert_eq!(ranges(indexer.store()), [(FIRST, end, Proven)]);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// A header that the next one does not follow from proves nothing, neither in a piece nor in what is passed over, though no
/// stored block contradicts it.
async fn headers_that_lead_nowhere_prove_nothing(db: Database) {
    let Story { chain, vault, purchases } = story();
    let head = chain.state().head().number;
    let place = db.place();
    filled(&chain, &place, Claimed).await;
    chain.state().mine(40);
    chain.state().events(vault, 3);
    chain.state().mine(120);
    filled(&chain, &place, Proven).await;
    let before = ranges(&*place.open());
    // The fourth block after a purchase is empty, and forgotten since it is final; so are those after the old head.
    for (forged, is_passed_over) in [(head + 5, true), (purchases[3] + 4, false)] {
        let honest = chain.state().save();
        chain.state().forge(forged);
        let mut indexer = chain.indexer(place.open()).with_truth(Proven);
        let error = indexer.recheck(|_| {}).await.unwrap_err();
        assert!(matches!(error, IndexError::Inconsistent(_)), "{error}");
        let stored = ranges(indexer.store());
        let is_above = stored.last().unwrap().0 > forged;
        assert!(if is_passed_over { stored == before } else { is_above && stored != before }, "{stored:?}");
        chain.state().restore(&honest);
    }
    chain.indexer(place.open()).with_truth(Proven).recheck(|_| {}).await.unwrap();
    assert!(ranges(&*place.open()).iter().all(|range| range.2 == Proven));
}

/// Of a chain of which nobody told what its headers commit to, nothing can be known better.
#[tokio::test]
async fn a_chain_of_another_format_stays_claimed() {
    let Story { chain, .. } = story();
    chain.state().chain_id = 4_242;
    let store = SqliteStore::open(":memory:", 4_242).unwrap();
    let mut indexer = Indexer::over(chain.clone(), Box::new(store), FACTORY, FIRST).with_truth(Proven);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let asked = chain.state().asked;
    assert_eq!(indexer.recheck(|_| {}).await.unwrap(), Rechecked::default());
    assert_eq!(chain.state().asked, asked);
    assert_eq!(ranges(indexer.store()), [(FIRST, chain.state().head().number, Claimed)]);
    assert_ne!(CHAIN, 4_242);
}

on_both! {
    what_is_stored_is_known_better_after_a_second_look,
    it_goes_on_where_it_was_stopped,
    a_node_that_left_something_out_is_found_out,
    a_vault_that_was_hidden_is_found_out,
    what_somebody_changed_is_found_out,
    a_chain_that_changed_is_settled_first,
    blocks_below_a_proven_range_hang_on_it,
    headers_that_lead_nowhere_prove_nothing,
}
