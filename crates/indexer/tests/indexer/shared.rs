//! PostgreSQL, shared: one writer for each chain, any number of readers, many chains and indexes beside each other.

use crate::chain::{CHAIN, FACTORY, FIRST, FakeChain, contents, rebuilt};
use crate::database::{change, postgres};
use crate::server;
use alloy::primitives::Address;
use purse_indexer::{IndexError, Indexer, PostgresStore, SourceError, Span, Store, StoreError};
use purse_protocol::RpcFault;
use std::time::Duration;

fn chain() -> (FakeChain, Address) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    for _ in 0..10 {
        chain.state().events(vault, 5);
    }
    (chain, vault)
}

#[tokio::test]
async fn one_writer_at_a_time_and_the_next_takes_over() {
    if server::url().is_none() {
        return;
    }
    let (chain, vault) = chain();
    let schema = server::schema();
    let mut first = chain.indexer(Box::new(postgres(&schema)));
    first.sync_to_head(|_| {}).await.unwrap();
    let mut second = chain.indexer(Box::new(postgres(&schema)));
    let error = second.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::Store(StoreError::MovedByAnother)), "{error}");
    // Readers need no lock.
    let reader = postgres(&schema);
    assert_eq!(contents(&reader), contents(first.store()));
    chain.state().events(vault, 1);
    first.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(&reader), contents(first.store()));
    // The first one ends while another waits for it.
    let waiting = postgres(&schema).with_patience(Duration::from_secs(60));
    let mut waiting = chain.indexer(Box::new(waiting));
    let taken_over = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(waiting.sync_to_head(|_| {})).map(|synced| (synced, contents(waiting.store())))
    });
    drop(first);
    assert_eq!(taken_over.join().unwrap().unwrap().1, rebuilt(&chain).await);
}

#[tokio::test]
async fn indexes_and_chains_beside_each_other() {
    if server::url().is_none() {
        return;
    }
    let (chain, _) = chain();
    let schema = server::schema();
    let open = |chain_id| PostgresStore::open(server::url().unwrap(), &schema, chain_id).unwrap();
    let mut here = chain.indexer(Box::new(open(CHAIN)));
    here.sync_to_head(|_| {}).await.unwrap();
    chain.state().chain_id = 10;
    let mut there = Indexer::over(chain.clone(), Box::new(open(10)), FACTORY, FIRST);
    there.sync_to_head(|_| {}).await.unwrap();
    let logs = |store| contents(store).2.into_iter().map(|(logs, payments, heads, _)| (logs, payments, heads));
    assert!(logs(here.store()).eq(logs(there.store())));
    let mut elsewhere = Indexer::over(chain.clone(), Box::new(postgres(&server::schema())), FACTORY, FIRST);
    let error = elsewhere.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::WrongChain { expected: CHAIN, found: 10 }), "{error}");
}

/// Months have their keys and indexes when the final blocks are in, not before; also after a stop in between.
#[tokio::test]
async fn months_get_their_indexes_once_the_final_blocks_are_in() {
    if server::url().is_none() {
        return;
    }
    let (chain, vault) = chain();
    chain.state().mine(400);
    chain.state().events(vault, 5);
    chain.state().mine(100);
    chain.state().twist = Some(Box::new(|span, _| match span {
        Span::Range(from, _) if from > 300 => Err(SourceError::Fault(RpcFault::nonsense("a stop"))),
        _ => Ok(()),
    }));
    let schema = server::schema();
    let each_month_has = |indexes: usize| {
        let of = "FROM pg_indexes WHERE schemaname = current_schema()";
        let months =
            "(SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename ~ '^logs_[0-9]+_')";
        for name in ["logs_[0-9_]+_once", "logs_[0-9_]+_by_address", "transfers_[0-9_]+_once"] {
            let condition = format!("(SELECT count(*) {of} AND indexname ~ '^{name}$') = {indexes} * {months}");
            change(
                &schema,
                &format!("DO $$ BEGIN IF NOT ({months} > 0 AND {condition}) THEN RAISE 'no'; END IF; END $$"),
            );
        }
    };
    let mut indexer = chain.indexer(Box::new(postgres(&schema)));
    indexer.sync_to_head(|_| {}).await.unwrap_err();
    each_month_has(0);
    chain.state().twist = None;
    indexer.sync_to_head(|_| {}).await.unwrap();
    each_month_has(1);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
    // Once by chain, block and number, whoever writes.
    let twice = std::panic::catch_unwind(|| change(&schema, "INSERT INTO logs SELECT * FROM logs LIMIT 1"));
    assert!(twice.is_err());
}

#[tokio::test]
async fn what_is_no_index_or_of_another_is_refused() {
    if server::url().is_none() {
        return;
    }
    let (chain, vault) = chain();
    let schema = server::schema();
    chain.indexer(Box::new(postgres(&schema))).sync_to_head(|_| {}).await.unwrap();
    let mut other = Indexer::over(chain.clone(), Box::new(postgres(&schema)), FACTORY, FIRST - 1);
    let error = other.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::Store(StoreError::OtherFactory { found_block: FIRST, .. })), "{error}");
    drop(other);
    // A payment that no vault would log so.
    change(&schema, "UPDATE logs SET data = '\\x01'::bytea || substr(data, 2) WHERE sequence = 9");
    let error = postgres(&schema).payments(vault).unwrap_err();
    assert!(matches!(error, StoreError::ColumnAltered { column: "data", .. }), "{error}");
    // The head that the next sync goes on from.
    change(&schema, "UPDATE heads SET sequence = sequence - 1 WHERE sequence = (SELECT max(sequence) FROM heads)");
    chain.state().events(vault, 1);
    let error = chain.indexer(Box::new(postgres(&schema))).sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::Store(StoreError::ColumnAltered { column: "head", .. })), "{error}");

    change(&schema, "UPDATE pursestrings_index SET version = 99");
    let open = |schema: &str| PostgresStore::open(server::url().unwrap(), schema, CHAIN).map(drop);
    let error = open(&schema).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error}");
    let foreign = server::schema();
    change("public", &format!("CREATE SCHEMA {foreign}; CREATE TABLE {foreign}.bookmarks (url TEXT)"));
    let error = open(&foreign).unwrap_err();
    assert!(matches!(error, StoreError::NotAnIndex { .. }), "{error}");
}

/// The server goes away and comes back: a loud stop, and no password in it.
#[test]
fn a_server_that_is_not_there_has_a_name() {
    let url = "postgresql://me:secret@/nothing?host=/nowhere";
    let error = PostgresStore::open(url, "index", CHAIN).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(matches!(error, StoreError::Postgres { .. }) && !text.contains("secret"), "{text}");
}

/// The connection dies while the index is open, as when the server is restarted: an error, never a wrong answer.
#[tokio::test]
async fn a_lost_connection_is_an_error_and_the_next_one_goes_on() {
    if server::url().is_none() {
        return;
    }
    let (chain, vault) = chain();
    let schema = server::schema();
    let mut indexer = chain.indexer(Box::new(postgres(&schema)));
    indexer.sync_to_head(|_| {}).await.unwrap();
    change(
        &schema,
        &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{schema}'"),
    );
    chain.state().events(vault, 1);
    let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::Store(StoreError::Postgres { .. })), "{error}");
    drop(indexer);
    let mut next = chain.indexer(Box::new(postgres(&schema)));
    next.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(contents(next.store()), rebuilt(&chain).await);
}
