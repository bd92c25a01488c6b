//! The states that vaults' events leave (I12): stored with them, gone with their blocks.

use crate::chain::{CHAIN, FakeChain, STRANGER, TOKEN, contents, rebuilt, trail_by};
use crate::database::{Database, on_both};
use alloy::primitives::{Address, B256, U256};
use purse_indexer::{Stopped, Store, StoreError, state_of};

/// A vault whose events make a state, over blocks that are final and blocks that are not.
fn ruled() -> (FakeChain, Address) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().rules(vault);
    for _ in 0..100 {
        chain.state().events(vault, 4);
    }
    (chain, vault)
}

async fn a_state_is_there_after_each_sync_and_goes_with_its_blocks(database: Database) {
    let (chain, vault) = ruled();
    let place = database.place();
    let mut indexer = chain.indexer(place.open());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let before = state_of(indexer.store(), vault).unwrap();
    let trail = &before.state.trail;
    assert_eq!((trail.sequence, trail.session_keys.len(), trail.meters.len()), (420, 5, 6));
    assert!(before.state.sums[&(vault, TOKEN)].went > Some(U256::from(u128::MAX)));
    assert_eq!(before.block, indexer.store().extent().unwrap().cursor);
    // Blocks go, and one of them comes back; the state is that of the blocks that are left, each time.
    let saved = chain.state().save();
    chain.state().undo(30);
    chain.state().events(vault, 1);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let after = state_of(indexer.store(), vault).unwrap();
    assert_eq!(after.state.trail, trail_by(CHAIN, &chain.state().logs_of(vault), vault).0);
    assert_ne!(after.state, before.state);
    chain.state().restore(&saved);
    chain.state().mine(2);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let again = state_of(indexer.store(), vault).unwrap();
    assert_eq!((again.block, again.state), (before.block, before.state));
    // One for each block that is not final, and one final one: no more are kept.
    drop(indexer);
    let of = match database {
        Database::Sqlite => "orphaned = 0",
        Database::Postgres => "NOT orphaned",
    };
    place.change(&format!(
        "CREATE TABLE kept AS SELECT count(*) AS states FROM states JOIN blocks ON block = id WHERE {of}"
    ));
    place.change(match database {
        Database::Sqlite => {
            "CREATE TABLE is_63 (states INTEGER CHECK (states = 63)); INSERT INTO is_63 SELECT states FROM kept"
        }
        Database::Postgres => "ALTER TABLE kept ADD CHECK (states = 63)",
    });
}

async fn an_index_without_states_or_in_another_format_folds_its_logs(database: Database) {
    let (chain, vault) = ruled();
    let place = database.place();
    chain.indexer(place.open()).sync_to_head(|_| {}).await.unwrap();
    for change in ["DELETE FROM states", "UPDATE states SET format = format + 1"] {
        place.change(change);
        let part = state_of(&*place.open(), vault).unwrap();
        assert_eq!(contents(&*place.open()), rebuilt(&chain).await);
        assert_eq!(part.state.trail.sequence, chain.state().sequence(vault));
        chain.state().events(vault, 1);
        let mut indexer = chain.indexer(place.open());
        indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
    }
}

async fn a_state_that_was_altered_is_refused(database: Database) {
    let (chain, vault) = ruled();
    let place = database.place();
    chain.indexer(place.open()).sync_to_head(|_| {}).await.unwrap();
    place.change(match database {
        Database::Sqlite => "UPDATE states SET state = CAST(substr(state, 1, length(state) - 1) || X'ff' AS BLOB)",
        Database::Postgres => "UPDATE states SET state = set_byte(state, length(state) - 1, 255)",
    });
    let error = state_of(&*place.open(), vault).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { detail, .. } if detail.contains("not what was written")), "{error}");
}

/// Money may come before the vault lists the token: in blocks of the same sync, and of one before.
async fn what_came_before_a_token_was_listed_counts(database: Database) {
    let chain = FakeChain::new();
    let early = chain.state().create_vault(1);
    chain.state().transfer(STRANGER, early, 7);
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert!(state_of(indexer.store(), early).unwrap().state.sums.is_empty());
    // The vault's address is known before: this is not of its trail.
    let late = chain.state().next_vault(2);
    chain.state().transfer(early, late, 1_000);
    chain.state().create_vault(2);
    chain.state().transfer(early, late, 100);
    for vault in [early, late] {
        chain.state().transfer(STRANGER, vault, 30);
        chain.state().rules(vault);
        chain.state().transfer(STRANGER, vault, 2);
    }
    indexer.sync_to_head(|_| {}).await.unwrap();
    let sums = |vault| state_of(indexer.store(), vault).unwrap().state.sums[&(vault, TOKEN)];
    assert_eq!((sums(early).came, sums(early).went), (Some(U256::from(39)), Some(U256::from(1_100))));
    assert_eq!((sums(late).came, sums(late).balance()), (Some(U256::from(132)), Some(U256::from(132))));
    assert_eq!(sums(early).balance(), None);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// A token may say anything: a sum that does not fit 256 bits is none, and no other number.
async fn what_does_not_fit_adds_up_to_nothing(database: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().rules(vault);
    chain.state().flood(STRANGER, vault);
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let balance = |store: &dyn Store| state_of(store, vault).unwrap().state.sums[&(vault, TOKEN)].balance();
    assert_eq!(balance(indexer.store()), Some(U256::MAX));
    chain.state().transfer(STRANGER, vault, 1);
    chain.state().flood(vault, STRANGER);
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(balance(indexer.store()), None);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

async fn a_newer_vaults_event_stops_its_state_not_the_index(database: Database) {
    let (chain, vault) = ruled();
    let other = chain.state().create_vault(2);
    chain.state().rules(other);
    chain.state().unknown_event(vault, B256::repeat_byte(0xab));
    chain.state().events(vault, 3);
    let mut indexer = chain.indexer(database.fresh());
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(synced.unknown, 1);
    let part = state_of(indexer.store(), vault).unwrap();
    let at = chain.state().head().number - 1;
    assert!(
        matches!(&part.state.stopped, Some(Stopped { block, why, .. }) if *block == at && why.contains("no known event")),
        "{:?}",
        part.state.stopped
    );
    assert_eq!(part.block, indexer.store().extent().unwrap().cursor);
    assert_eq!(state_of(indexer.store(), other).unwrap().state.stopped, None);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

on_both! {
    a_state_is_there_after_each_sync_and_goes_with_its_blocks,
    an_index_without_states_or_in_another_format_folds_its_logs,
    a_state_that_was_altered_is_refused,
    what_came_before_a_token_was_listed_counts,
    what_does_not_fit_adds_up_to_nothing,
    a_newer_vaults_event_stops_its_state_not_the_index,
}
