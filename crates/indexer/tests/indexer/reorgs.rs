//! Reorganisations: rolled back whole to the common ancestor, orphans kept, and the result is that of a rebuild.

use crate::chain::{FIRST, FakeChain, State, contents, rebuilt};
use crate::database::{Database, on_both};
use purse_indexer::{IndexError, Progress, SourceError, Span};
use purse_protocol::RpcFault;

async fn a_reorganisation_rolls_back_to_the_common_ancestor(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 2);
    chain.state().mine(3);
    chain.state().events(vault, 5);
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let before = chain.state().head();
    {
        let mut state = chain.state();
        state.undo(2);
        state.events(vault, 1);
        state.mine(1);
    }
    let mut seen = Vec::new();
    let synced = indexer.sync_to_head(|progress| seen.push(progress)).await.unwrap();
    let rollback = &synced.rollbacks[0];
    assert_eq!(rollback.from.hash, before.hash);
    assert_eq!(rollback.to.unwrap().number, before.number - 2);
    // Five events, two of them payments, each with its two transfers.
    assert_eq!((rollback.blocks, rollback.logs), (2, 9));
    assert_eq!(seen[0], Progress::RolledBack(rollback.clone()));
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
    // What was orphaned is kept, and is part of no trail.
    let orphaned = indexer.store().orphaned_logs(vault).unwrap();
    assert_eq!(orphaned.len(), 5);
    assert!(orphaned.iter().all(|log| log.block_hash == before.hash));
}

async fn a_vaults_creation_can_be_undone(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().mine(2);
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    chain.state().undo(3);
    chain.state().mine(4);
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(synced.vaults, 0);
    assert!(indexer.store().vaults().unwrap().is_empty());
    assert_eq!(indexer.store().orphaned_logs(vault).unwrap().len(), 3);
    // And done again, in another block.
    assert_eq!(chain.state().create_vault(1), vault);
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// A chain that is younger than the depth may be replaced from its first block on, as a developer's is.
async fn a_young_chain_may_change_altogether(db: Database) {
    let chain = FakeChain::new();
    chain.state().create_vault(1);
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let length = chain.state().head().number + 1;
    chain.state().undo(length);
    chain.state().mine(length + 3);
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(synced.rollbacks[0].to, None);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

async fn deeper_than_the_named_depth_is_a_loud_stop_that_changes_nothing(db: Database) {
    for (depth, fits) in [(64, true), (65, false)] {
        let chain = FakeChain::new();
        let vault = chain.state().create_vault(1);
        chain.state().mine(200);
        let mut indexer = chain.indexer(db.fresh());
        indexer.sync_to_head(|_| {}).await.unwrap();
        let before = contents(indexer.store());
        chain.state().undo(depth);
        chain.state().events(vault, 1);
        chain.state().mine(depth);
        match indexer.sync_to_head(|_| {}).await {
            Ok(_) => assert!(fits),
            Err(error) => {
                assert!(!fits && matches!(error, IndexError::ReorgTooDeep { .. }), "{error}");
                assert!(error.fix().contains("move the database aside"));
                assert_eq!(contents(indexer.store()), before);
                continue;
            }
        }
        assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
    }
    // Also where an older block with events is known and would do as an ancestor.
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().mine(100);
    chain.state().events(vault, 1);
    chain.state().mine(70);
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    chain.state().undo(70);
    chain.state().mine(40);
    assert!(matches!(indexer.sync_to_head(|_| {}).await, Err(IndexError::ReorgTooDeep { .. })));
    // As deep as one likes, by configuration.
    let chain = FakeChain::new();
    chain.state().create_vault(1);
    chain.state().mine(1_500);
    let mut indexer = chain.indexer(db.fresh()).with_reorg_depth(1_000);
    indexer.sync_to_head(|_| {}).await.unwrap();
    chain.state().undo(1_000);
    chain.state().mine(1_001);
    assert_eq!(indexer.sync_to_head(|_| {}).await.unwrap().rollbacks[0].blocks, 1_000);
}

/// A node behind the others is no reorganisation, however often it is asked.
async fn a_lagging_node_undoes_nothing(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 4);
    chain.state().mine(100);
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let before = contents(indexer.store());
    let head = chain.state().head().number;
    // Within the blocks that are kept, below them, and before the vault.
    for shown in [head - 1, head - 64, head - 90, FIRST] {
        chain.state().shows_up_to = Some(shown);
        let synced = indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!((synced.lagging_head, synced.rollbacks.len()), (Some(shown), 0));
        assert_eq!(contents(indexer.store()), before);
    }
    chain.state().shows_up_to = None;
    chain.state().events(vault, 1);
    assert_eq!(indexer.sync_to_head(|_| {}).await.unwrap().lagging_head, None);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// A node of a shorter chain that has other events does not lag, also where nothing is stored at the height of its head.
async fn a_shorter_chain_with_other_events_is_no_lag(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 4);
    chain.state().mine(100);
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let before = contents(indexer.store());
    chain.state().undo(101);
    chain.state().events(vault, 2);
    chain.state().mine(10);
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::ReorgTooDeep { .. }), "{error}");
    assert_eq!(contents(indexer.store()), before);
}

/// What is final was told by a node that knew more: one that lags is followed to its own head.
async fn a_backfill_that_was_stopped_goes_on_with_a_node_that_lags(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    for _ in 0..50 {
        chain.state().events(vault, 2);
        chain.state().mine(10);
    }
    chain.state().twist = Some(Box::new(|span, _| match span {
        Span::Range(from, _) if from > 200 => Err(SourceError::Fault(RpcFault::nonsense("a stop"))),
        _ => Ok(()),
    }));
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap_err();
    chain.state().twist = None;
    let stopped = indexer.store().extent().unwrap();
    let (cursor, shown) = (stopped.cursor.unwrap().number, stopped.finalized - 200);
    assert!(cursor < shown);
    chain.state().shows_up_to = Some(shown);
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!((synced.block.unwrap().number, synced.confirmed), (shown, true));
    chain.state().shows_up_to = None;
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// A shorter chain that contradicts the stored one is a reorganisation.
async fn a_lower_head_with_another_hash_is_a_reorganisation(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().mine(10);
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    chain.state().undo(8);
    chain.state().events(vault, 1);
    chain.state().mine(1);
    let synced = indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!((synced.rollbacks.len(), synced.lagging_head), (1, None));
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}

/// Two forks that take turns: blocks come back as they were.
async fn ping_pong_between_two_forks(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().mine(5);
    let trunk = chain.state().save();
    let fork = |events: u32, blocks: u64| {
        let mut state = chain.state();
        state.restore(&trunk);
        state.undo(2);
        state.events(vault, events);
        state.mine(blocks);
        state.save()
    };
    let forks = [fork(3, 1), fork(7, 3)];
    let mut indexer = chain.indexer(db.fresh());
    for turn in 0..10 {
        chain.state().restore(&forks[turn % 2]);
        indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(contents(indexer.store()), rebuilt(&chain).await, "turn {turn}");
    }
    assert_eq!(indexer.store().orphaned_logs(vault).unwrap().len(), 3);
}

/// The chain changes while it is asked: at whatever question, the result is that of the new chain.
async fn a_reorganisation_in_the_middle_of_a_sync(db: Database) {
    let build = || {
        let chain = FakeChain::new();
        let vault = chain.state().create_vault(1);
        chain.state().mine(150);
        chain.state().events(vault, 2);
        chain.state().mine(5);
        (chain, vault)
    };
    let (chain, _) = build();
    rebuilt(&chain).await;
    let questions = chain.state().asked;
    for point in (0..questions).step_by(db.stride()) {
        let (chain, vault) = build();
        chain.state().meanwhile = Some((
            point,
            Box::new(move |state| {
                state.undo(20);
                state.events(vault, 3);
                state.mine(25);
            }),
        ));
        let mut indexer = chain.indexer(db.fresh());
        indexer.sync_to_head(|_| {}).await.unwrap();
        // The head that the sync began with may be below the new one.
        indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(contents(indexer.store()), rebuilt(&chain).await, "changed after question {point}");
    }
}

/// The same far below the head, where a quiet chain gives way to one with events while a range is fetched.
async fn a_deep_reorganisation_in_the_middle_of_a_range(db: Database) {
    for point in 0..12 {
        let chain = FakeChain::new();
        let vault = chain.state().create_vault(1);
        chain.state().mine(150);
        let change = move |state: &mut State| {
            state.undo(130);
            state.events(vault, 3);
            state.mine(135);
        };
        chain.state().meanwhile = Some((point, Box::new(change)));
        let mut indexer = chain.indexer(db.fresh());
        match indexer.sync_to_head(|_| {}).await {
            Ok(_) => {
                indexer.sync_to_head(|_| {}).await.unwrap();
                assert_eq!(contents(indexer.store()), rebuilt(&chain).await, "changed after question {point}");
            }
            Err(error) => assert!(matches!(error, IndexError::ReorgTooDeep { .. }), "{error}"),
        }
    }
}

on_both! {
    a_reorganisation_rolls_back_to_the_common_ancestor,
    a_vaults_creation_can_be_undone,
    a_young_chain_may_change_altogether,
    deeper_than_the_named_depth_is_a_loud_stop_that_changes_nothing,
    a_backfill_that_was_stopped_goes_on_with_a_node_that_lags,
    a_lagging_node_undoes_nothing,
    a_shorter_chain_with_other_events_is_no_lag,
    a_lower_head_with_another_hash_is_a_reorganisation,
    ping_pong_between_two_forks,
    a_reorganisation_in_the_middle_of_a_sync,
    a_deep_reorganisation_in_the_middle_of_a_range,
}
