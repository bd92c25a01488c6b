//! Nodes that are wrong: the right result, or a loud stop that names it; never silently something else.

use crate::chain::{CREATION_CODE, FACTORY, FIRST, FakeChain, Twist, contents};
use crate::database::{Database, on_both};
use alloy::primitives::{Address, B256, keccak256};
use purse_indexer::{ChainLog, IndexError, Indexer, SourceError, Span, Store, StoreError};
use purse_protocol::event::is_outside_trail;
use purse_protocol::{RpcFault, VaultConfig};

/// A chain with two vaults whose events are both far below the head and near it.
fn chain() -> (FakeChain, [Address; 2]) {
    let chain = FakeChain::new();
    let vaults = {
        let mut state = chain.state();
        let vaults = [state.create_vault(1), state.create_vault(2)];
        for _ in 0..20 {
            state.events(vaults[0], 2);
            state.events_and_others(vaults[1], 1);
            state.mine(4);
        }
        vaults
    };
    (chain, vaults)
}

async fn stopped_by(db: Database, twist: Twist) -> (IndexError, FakeChain, Box<dyn Store>) {
    let (chain, _) = chain();
    chain.state().twist = Some(twist);
    let mut indexer = chain.indexer(db.fresh());
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    (error, chain, indexer.into_store())
}

/// Changes the first log that fits, in every answer.
fn each(fits: impl Fn(&ChainLog) -> bool + Send + 'static, change: impl Fn(&mut ChainLog) + Send + 'static) -> Twist {
    Box::new(move |_, logs| {
        logs.iter_mut().filter(|log| fits(log)).for_each(&change);
        Ok(())
    })
}

fn sequence(log: &ChainLog) -> u8 {
    log.data.last().copied().unwrap_or(0)
}

async fn a_dropped_log_is_noticed_by_the_next_one(db: Database) {
    for dropped in [1, 2, 3, 4, 17] {
        let (error, ..) = stopped_by(
            db,
            Box::new(move |_, logs| {
                logs.retain(|log| log.address == FACTORY || sequence(log) != dropped);
                Ok(())
            }),
        )
        .await;
        let IndexError::SequenceBroken { expected, found, .. } = error else { unreachable!("{error}") };
        assert_eq!((expected, found), (u32::from(dropped), Some(u32::from(dropped) + 1)));
        assert!(error.to_string().contains(&format!("#{dropped} is missing")), "{error}");
    }
}

/// I13: logs without a sequence number are outside the count: whether the node gives them changes nothing of it. That
/// the call of a waiting change is there, the audit sees by the change.
async fn logs_without_a_number_do_not_break_the_count(db: Database) {
    let (chain, [_, vault]) = chain();
    let mut all = chain.indexer(db.fresh());
    all.sync_to_head(|_| {}).await.unwrap();
    let beside = |store: &dyn Store| {
        let logs = store.logs(vault).unwrap();
        logs.iter().filter(|log| is_outside_trail(&log.topics)).count()
    };
    assert_eq!(beside(all.store()), 40);
    chain.state().twist = Some(Box::new(|_, logs| {
        logs.retain(|log| !is_outside_trail(&log.topics));
        Ok(())
    }));
    let mut few = chain.indexer(db.fresh());
    few.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(beside(few.store()), 0);
    assert_eq!(few.store().logs(vault).unwrap().len() + 40, all.store().logs(vault).unwrap().len());
}

async fn a_vault_without_its_events_is_noticed(db: Database) {
    let (error, ..) = stopped_by(
        db,
        Box::new(|_, logs| {
            logs.retain(|log| log.address == FACTORY);
            Ok(())
        }),
    )
    .await;
    assert!(matches!(error, IndexError::VaultWithoutEvents { block: 6, .. }), "{error}");
}

async fn twisted_logs_stop_the_sync(db: Database) {
    let twists: [(&str, Twist); 7] = [
        ("altered sequence", each(|log| sequence(log) == 9, |log| log.data = vec![0; 32].into())),
        ("cut data", each(|log| sequence(log) == 9, |log| log.data = log.data.slice(..31))),
        ("another contract's log", each(|log| sequence(log) == 9, |log| log.address = Address::repeat_byte(9))),
        ("another block's log", each(|log| sequence(log) == 9, |log| log.block_number = 3)),
        ("wrong hash", each(|log| sequence(log) == 9, |log| log.block_hash = B256::ZERO)),
        (
            "a log twice",
            Box::new(|_, logs| {
                logs.extend(logs.first().cloned());
                Ok(())
            }),
        ),
        ("wrong order within a block", each(|log| sequence(log) == 8, |log| log.log_index = 7)),
    ];
    for (what, twist) in twists {
        let (error, ..) = stopped_by(db, twist).await;
        assert!(matches!(error, IndexError::SequenceBroken { .. } | IndexError::Inconsistent(_)), "{what}: {error}");
        assert!(!error.fix().is_empty());
    }
}

/// The order in which a node gives its logs does not matter.
async fn reordered_answers_are_put_in_order(db: Database) {
    let (chain, vaults) = chain();
    chain.state().twist = Some(Box::new(|_, logs| {
        logs.reverse();
        Ok(())
    }));
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    for vault in vaults {
        assert_eq!(indexer.store().logs(vault).unwrap(), chain.state().logs_of(vault));
    }
}

/// An error is passed on, not swallowed; what was committed before it stays, and the next sync completes it.
async fn a_failing_node_leaves_what_was_committed(db: Database) {
    let (chain, _) = chain();
    let mut indexer = chain.indexer(db.fresh());
    chain.state().twist = Some(Box::new(|span, _| match span {
        Span::Range(..) => Ok(()),
        Span::Block(_) => Err(RpcFault::nonsense("HTTP 200 with an error").into()),
    }));
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::Source(SourceError::Fault(_))), "{error}");
    assert!(indexer.store().extent().unwrap().cursor.is_some_and(|cursor| cursor.number < chain.state().head().number));
    chain.state().twist = None;
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), crate::chain::rebuilt(&chain).await);
}

/// I14
async fn a_vault_at_an_address_that_its_configuration_does_not_lead_to_is_refused(db: Database) {
    let (chain, _) = chain();
    let fake = Address::repeat_byte(0xee);
    let config = VaultConfig { owner: fake, treasury: fake, guardian: fake };
    chain.state().create_at(fake, &config, B256::ZERO);
    let mut indexer = chain.indexer(db.fresh());
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::VaultNotFromFactory { vault, .. } if vault == fake), "{error}");
    assert!(indexer.store().vaults().unwrap().iter().all(|vault| vault.address != fake));
    // Its hash is enough where the node has the transactions: the code is in their input.
    let hash = keccak256(&CREATION_CODE);
    let mut indexer = Indexer::over(chain.clone(), db.fresh(), FACTORY, FIRST).with_code_hash(hash);
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::VaultNotFromFactory { vault, .. } if vault == fake), "{error}");
    let stored = indexer.store().vaults().unwrap();
    assert!(!stored.is_empty() && stored.iter().all(|vault| vault.proven));
    // Who does not know the code can only take the factory's word, and says so.
    for unknown in [None, Some(hash ^ B256::with_last_byte(1))] {
        let mut indexer = Indexer::over(chain.clone(), db.fresh(), FACTORY, FIRST);
        if let Some(hash) = unknown {
            indexer = indexer.with_code_hash(hash);
        }
        let synced = indexer.sync_to_head(|_| {}).await.unwrap();
        assert_eq!(synced.unproven, synced.vaults);
        assert!(indexer.store().vaults().unwrap().iter().all(|vault| !vault.proven));
    }
    let other = [CREATION_CODE.as_ref(), b"!"].concat().into();
    let mut indexer = Indexer::over(chain, db.fresh(), FACTORY, FIRST).with_creation_code(other);
    assert!(matches!(indexer.sync_to_head(|_| {}).await, Err(IndexError::VaultNotFromFactory { .. })));
}

async fn bad_input_has_a_name(db: Database) {
    let (chain, _) = chain();
    chain.state().chain_id = 1;
    let error = chain.indexer(db.fresh()).sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::WrongChain { expected: 31_337, found: 1 }), "{error}");
    chain.state().chain_id = crate::chain::CHAIN;

    chain.state().has_code = false;
    let error = chain.indexer(db.fresh()).sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::FactoryHasNoCode(FACTORY)), "{error}");
    chain.state().has_code = true;

    let head = chain.state().head().number;
    let mut indexer = Indexer::over(chain, db.fresh(), FACTORY, head + 1);
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::StartAfterHead { .. }), "{error}");
    assert_eq!(indexer.store().extent().unwrap().cursor, None);
}

/// A block that comes back after a reorganisation has the logs that it had, or the node is wrong.
async fn a_block_that_comes_back_changed_is_refused(db: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    let trunk = chain.state().save();
    chain.state().events(vault, 2);
    let fork = chain.state().save();
    let mut indexer = chain.indexer(db.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    chain.state().restore(&trunk);
    chain.state().mine(2);
    indexer.sync_to_head(|_| {}).await.unwrap();
    let before = contents(indexer.store());
    chain.state().restore(&fork);
    chain.state().mine(3);
    chain.state().twist = Some(each(|log| sequence(log) == 5, |log| log.tx = B256::ZERO));
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::Store(StoreError::BlockChanged { number: 7, .. })), "{error}");
    assert_ne!(contents(indexer.store()), before, "the rollback before it was whole");
    chain.state().twist = None;
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(indexer.store()), crate::chain::rebuilt(&chain).await);
}

/// Two back-ends behind one address, one of which has another chain: no mixture is ever stored.
async fn a_node_that_contradicts_itself_is_not_believed_for_ever(db: Database) {
    let (chain, _) = chain();
    let mut turn = 0;
    chain.state().twist = Some(Box::new(move |_, logs| {
        turn = turn % 200 + 1;
        logs.iter_mut().for_each(|log| log.block_hash = B256::with_last_byte(turn));
        Ok(())
    }));
    let mut indexer = chain.indexer(db.fresh());
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::Inconsistent(_)), "{error}");
    assert_eq!(indexer.store().extent().unwrap().cursor, None);
}

on_both! {
    a_dropped_log_is_noticed_by_the_next_one,
    logs_without_a_number_do_not_break_the_count,
    a_vault_without_its_events_is_noticed,
    twisted_logs_stop_the_sync,
    reordered_answers_are_put_in_order,
    a_failing_node_leaves_what_was_committed,
    a_vault_at_an_address_that_its_configuration_does_not_lead_to_is_refused,
    bad_input_has_a_name,
    a_block_that_comes_back_changed_is_refused,
    a_node_that_contradicts_itself_is_not_believed_for_ever,
}
