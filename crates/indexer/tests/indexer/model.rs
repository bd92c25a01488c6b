//! Random fork trees (I12): whatever was synced when, the end is that of a rebuild, byte for byte.

use crate::chain::{FakeChain, contents, rebuilt};
use crate::database::Database;
use crate::server;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use purse_indexer::{IndexError, StoredTransfer};
use tokio::runtime::Builder;

/// Trees on SQLite; on PostgreSQL, whose schemas are made one by one, a twenty-fifth of them.
const TREES: u32 = 1_000;
const SHARED: u32 = 25;

#[derive(Debug, Clone)]
enum Step {
    Mine(u64),
    Events(u32),
    Others(u32),
    Create,
    /// The first vault opens a purse.
    Open,
    /// A purse pays, is refilled, or is given something.
    Buy(u64),
    /// Takes back so many blocks, after remembering the chain.
    Fork(u64),
    /// Goes back to a chain that was remembered: ping-pong.
    Return(usize),
    /// The node falls behind by so many blocks, and is asked.
    Lag(u64),
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..40_u64).prop_map(Step::Mine),
        4 => (1..5_u32).prop_map(Step::Events),
        1 => (0..3_u32).prop_map(Step::Others),
        1 => Just(Step::Create),
        1 => Just(Step::Open),
        3 => (1..9_u64).prop_map(Step::Buy),
        // 64 is the deepest that is not final.
        3 => prop_oneof![3 => 1..10_u64, 2 => 1..50_u64, 1 => 60..=66_u64].prop_map(Step::Fork),
        1 => any::<usize>().prop_map(Step::Return),
        1 => (1..70_u64).prop_map(Step::Lag),
        4 => Just(Step::Sync),
    ]
}

/// How many trees: PURSE_TREES, or 1,000.
fn trees() -> u32 {
    std::env::var("PURSE_TREES").map_or(TREES, |trees| trees.parse().expect("PURSE_TREES is a number"))
}

fn grow(db: Database, trees: u32) {
    let config = ProptestConfig { cases: trees, failure_persistence: None, ..ProptestConfig::default() };
    let tree = proptest::collection::vec(step(), 1..40);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    TestRunner::new(config).run(&tree, |steps| runtime.block_on(climb(db, steps))).unwrap();
}

async fn climb(db: Database, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let chain = FakeChain::new();
    let first = chain.state().create_vault(1);
    // One whose events make a state.
    let ruled = chain.state().create_vault(0);
    chain.state().rules(ruled);
    let trunk = chain.state().head().number;
    let mut indexer = chain.indexer(db.fresh());
    let (mut saved, mut salt) = (Vec::new(), 1);
    for step in steps.into_iter().chain([Step::Mine(60), Step::Sync]) {
        let length = chain.state().head().number - trunk;
        match step {
            Step::Mine(count) => chain.state().mine(count),
            Step::Events(count) => {
                chain.state().events(first, count);
                chain.state().events(ruled, count);
            }
            Step::Others(count) => chain.state().events_and_others(first, count),
            Step::Create => {
                salt += 1;
                chain.state().create_vault(salt);
            }
            Step::Open => drop(chain.state().open_purse(first)),
            Step::Buy(number) => {
                let mut state = chain.state();
                let purses = state.purses();
                match purses.get(number as usize % purses.len().max(1)) {
                    None => state.transfer(crate::chain::STRANGER, first, number),
                    Some(&purse) if number.is_multiple_of(3) => state.refill(first, purse),
                    Some(&purse) => state.purchase(purse, number),
                }
            }
            Step::Fork(depth) => {
                saved.push(chain.state().save());
                chain.state().undo(depth.min(length));
            }
            Step::Return(which) if !saved.is_empty() => chain.state().restore(&saved[which % saved.len()]),
            Step::Return(_) => {}
            Step::Lag(behind) => {
                let shown = chain.state().head().number.saturating_sub(behind.min(length));
                chain.state().shows_up_to = Some(shown);
                let synced = indexer.sync_to_head(|_| {}).await;
                chain.state().shows_up_to = None;
                if deeper_than_final(synced.as_ref().err())? {
                    return Ok(());
                }
            }
            Step::Sync => match indexer.sync_to_head(|_| {}).await {
                Ok(synced) if synced.lagging_head.is_some() => {}
                Ok(_) => {
                    let stored = indexer.store().logs(first).unwrap();
                    prop_assert_eq!(stored, chain.state().logs_of(first));
                    let purses = chain.state().purses();
                    for account in purses.into_iter().chain([first]) {
                        let stored = indexer.store().transfers(account).unwrap();
                        let place = |of: &StoredTransfer| (of.block.number, of.log_index, of.token, of.amount);
                        let stored = stored.iter().map(place).collect::<Vec<_>>();
                        prop_assert_eq!(stored, chain.state().transfers_of(account));
                    }
                }
                Err(error) => {
                    prop_assert!(deeper_than_final(Some(&error))?);
                    return Ok(());
                }
            },
        }
    }
    // The last sync may have found a node that lags; then a block above the index's last one shows where it stands.
    let stored = indexer.store().extent().unwrap().cursor.map_or(0, |cursor| cursor.number);
    let behind = (stored + 1).saturating_sub(chain.state().head().number);
    chain.state().mine(behind.max(70));
    match indexer.sync_to_head(|_| {}).await {
        Ok(_) => prop_assert_eq!(contents(indexer.store()), rebuilt(&chain).await),
        Err(error) => prop_assert!(deeper_than_final(Some(&error))?),
    }
    Ok(())
}

/// A loud stop is right only where a block that was final is gone; any other error is a failure.
fn deeper_than_final(error: Option<&IndexError>) -> Result<bool, TestCaseError> {
    match error {
        None => Ok(false),
        Some(IndexError::ReorgTooDeep { .. }) => Ok(true),
        Some(error) => Err(TestCaseError::fail(error.to_string())),
    }
}

#[test]
fn any_tree_of_forks_ends_as_a_rebuild_sqlite() {
    grow(Database::Sqlite, trees());
}

#[test]
fn any_tree_of_forks_ends_as_a_rebuild_postgres() {
    if server::url().is_some() {
        grow(Database::Postgres, trees().div_ceil(SHARED));
    }
}
