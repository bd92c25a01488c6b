//! The states that vaults' events leave (I12): stored with them, gone with their blocks.

use crate::chain::{FakeChain, contents, rebuilt, state_by};
use crate::database::{Database, on_both};
use alloy::primitives::{Address, B256};
use purse_indexer::{StoreError, VaultState};

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
    let before = indexer.store().state(vault).unwrap();
    assert!(matches!(&before.state, VaultState::Whole(trail)
        if (trail.sequence, trail.session_keys.len(), trail.meters.len()) == (420, 5, 6)));
    assert_eq!(before.block, indexer.store().extent().unwrap().cursor);
    // Blocks go, and one of them comes back; the state is that of the blocks that are left, each time.
    let saved = chain.state().save();
    chain.state().undo(30);
    chain.state().events(vault, 1);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let after = indexer.store().state(vault).unwrap();
    assert_eq!(after.state, state_by(&chain.state().logs_of(vault), vault));
    assert_ne!(after.state, before.state);
    chain.state().restore(&saved);
    chain.state().mine(2);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let again = indexer.store().state(vault).unwrap();
    assert_eq!((again.block, again.state), (before.block, before.state));
    // One for each block that is not final, and one final one: no more are kept.
    drop(indexer);
    place.change(match database {
        Database::Sqlite => {
            "CREATE TABLE kept AS SELECT count(*) AS states FROM states JOIN blocks ON block = id WHERE orphaned = 0"
        }
        Database::Postgres => {
            "CREATE TABLE kept AS SELECT count(*) AS states FROM states JOIN blocks ON block = hash WHERE NOT orphaned"
        }
    });
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
        let part = place.open().state(vault).unwrap();
        assert_eq!(part.state, state_by(&chain.state().logs_of(vault), vault));
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
    let error = place.open().state(vault).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { detail, .. } if detail.contains("not what was written")), "{error}");
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
    let part = indexer.store().state(vault).unwrap();
    let at = chain.state().head().number - 1;
    let stopped = |state: &VaultState| matches!(state, VaultState::Stopped { block, why } if *block == at && why.contains("no known event"));
    assert!(stopped(&part.state), "{:?}", part.state);
    assert_eq!(part.block, indexer.store().extent().unwrap().cursor);
    assert!(matches!(indexer.store().state(other).unwrap().state, VaultState::Whole(_)));
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

on_both! {
    a_state_is_there_after_each_sync_and_goes_with_its_blocks,
    an_index_without_states_or_in_another_format_folds_its_logs,
    a_state_that_was_altered_is_refused,
    a_newer_vaults_event_stops_its_state_not_the_index,
}
