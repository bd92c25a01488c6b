//! Database files that are not what they should be: each is refused by name and left as it is.

use crate::chain::{CHAIN, FACTORY, FIRST, FakeChain, State, contents, rebuilt};
use alloy::primitives::Address;
use purse_indexer::{IndexError, Indexer, SourceError, Span, SqliteStore, Store, StoreError};
use purse_protocol::RpcFault;
use std::path::PathBuf;

/// A synced database, closed.
async fn file() -> (tempfile::TempDir, PathBuf, FakeChain) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    for _ in 0..50 {
        chain.state().events(vault, 5);
    }
    chain.state().events_and_others(vault, 2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    chain.indexer(Box::new(SqliteStore::open(&path, CHAIN).unwrap())).sync_to_head(|_| {}).await.unwrap();
    (folder, path, chain)
}

fn change(path: &PathBuf, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_database_of_another_chain() {
    let (_folder, path, _) = file().await;
    let error = SqliteStore::open(&path, 1).unwrap_err();
    assert!(matches!(error, StoreError::OtherChain { expected: 1, found: CHAIN, .. }), "{error}");
    SqliteStore::open(&path, CHAIN).unwrap();
}

#[tokio::test]
async fn a_database_of_another_factory_or_first_block() {
    let (_folder, path, chain) = file().await;
    for (factory, from) in [(Address::ZERO, FIRST), (FACTORY, FIRST - 1)] {
        let mut indexer =
            Indexer::over(chain.clone(), Box::new(SqliteStore::open(&path, CHAIN).unwrap()), factory, from);
        let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
        assert!(matches!(error, IndexError::Store(StoreError::OtherFactory { .. })), "{error}");
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program() {
    let (_folder, path, _) = file().await;
    change(&path, "PRAGMA user_version = 99");
    let error = SqliteStore::open(&path, CHAIN).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error}");
    assert!(error.fix().contains("update"));
}

#[tokio::test]
async fn another_programs_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bookmarks.db");
    change(&path, "CREATE TABLE bookmarks (url TEXT)");
    let before = std::fs::read(&path).unwrap();
    let error = SqliteStore::open(&path, CHAIN).unwrap_err();
    assert!(matches!(error, StoreError::NotAnIndex { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "these are notes and no database at all, but long enough to be one\n".repeat(99)).unwrap();
    assert!(matches!(SqliteStore::open(&text, CHAIN).unwrap_err(), StoreError::NotAnIndex { .. }));
}

#[tokio::test]
async fn a_damaged_file() {
    let (_folder, path, _) = file().await;
    let whole = std::fs::read(&path).unwrap();
    // Cut off, and overwritten in the middle.
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = SqliteStore::open(&path, CHAIN).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.fix().contains("index again"));
    let mut holed = whole.clone();
    holed[4_096 * 2..4_096 * 4].fill(0xff);
    std::fs::write(&path, &holed).unwrap();
    let error = SqliteStore::open(&path, CHAIN).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

/// Columns that were read from the logs' own words, changed by somebody: found by whoever reads them, and by the next
/// sync, which would otherwise blame the node.
#[tokio::test]
async fn an_altered_column() {
    let (_folder, path, chain) = file().await;
    let whole = std::fs::read(&path).unwrap();
    let vault = SqliteStore::open(&path, CHAIN).unwrap().vaults().unwrap()[0].clone();
    let last = "WHERE sequence = (SELECT max(sequence) FROM logs)";
    for sql in [
        format!("UPDATE logs SET sequence = sequence + 1 {last}"),
        "UPDATE logs SET sequence = 900 WHERE sequence = 3".to_owned(),
        "UPDATE logs SET sequence = NULL WHERE sequence = 3".to_owned(),
        "UPDATE logs SET sequence = 238 WHERE sequence IS NULL".to_owned(),
    ] {
        std::fs::write(&path, &whole).unwrap();
        change(&path, &sql);
        let store = SqliteStore::open(&path, CHAIN).unwrap();
        let error = store.logs(vault.address).unwrap_err();
        assert!(matches!(error, StoreError::ColumnAltered { column: "sequence", .. }), "{sql}: {error}");
        assert!(error.fix().contains("evidence"));
    }
    for column in ["address", "owner", "treasury", "guardian", "salt"] {
        std::fs::write(&path, &whole).unwrap();
        change(&path, &format!("UPDATE vaults SET {column} = randomblob(length({column}))"));
        let error = SqliteStore::open(&path, CHAIN).unwrap().vaults().unwrap_err();
        let of_vault = matches!(&error, StoreError::ColumnAltered { block, column: found, .. }
            if (*block, *found) == (vault.block.number, column));
        assert!(of_vault, "{column}: {error}");
    }
    // What the next sync goes on from: the database is to blame, not the node.
    for sql in ["sequence = sequence - 1", "running_hash = randomblob(21)"] {
        std::fs::write(&path, &whole).unwrap();
        change(&path, &format!("UPDATE heads SET {sql} WHERE sequence = (SELECT max(sequence) FROM heads)"));
        chain.state().events(vault.address, 1);
        let error =
            chain.indexer(Box::new(SqliteStore::open(&path, CHAIN).unwrap())).sync_to_head(|_| {}).await.unwrap_err();
        assert!(matches!(error, IndexError::Store(StoreError::ColumnAltered { column: "head", .. })), "{sql}: {error}");
    }
    // A payment that no vault would log so.
    std::fs::write(&path, &whole).unwrap();
    change(&path, "UPDATE logs SET data = CAST(X'01' || substr(data, 2) AS BLOB) WHERE sequence = 9");
    let error = SqliteStore::open(&path, CHAIN).unwrap().payments(vault.address).unwrap_err();
    assert!(matches!(error, StoreError::ColumnAltered { column: "data", .. }), "{error}");
}

#[tokio::test]
async fn a_second_writer_is_told_so() {
    let (_folder, path, chain) = file().await;
    let mut first = chain.indexer(Box::new(SqliteStore::open(&path, CHAIN).unwrap()));
    chain.state().mine(3);
    // The second one commits while the first one asks the node.
    let now = chain.state().asked;
    let meanwhile = move |state: &mut State| {
        let mut second = state.copy().indexer(Box::new(SqliteStore::open(&path, CHAIN).unwrap()));
        let sync = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(second.sync_to_head(|_| {})).unwrap();
        };
        std::thread::spawn(sync).join().unwrap();
    };
    chain.state().meanwhile = Some((now + 5, Box::new(meanwhile)));
    let error = first.sync_to_head(|_| {}).await.unwrap_err();
    assert!(matches!(error, IndexError::Store(StoreError::MovedByAnother)), "{error}");
    assert!(error.fix().contains("one process"));
}

#[tokio::test]
async fn readers_see_whole_ranges_while_one_writes() {
    let (_folder, path, chain) = file().await;
    let reader = SqliteStore::open(&path, CHAIN).unwrap();
    let before = contents(&reader);
    let vault = before.1[0].address;
    chain.state().events(vault, 3);
    chain.indexer(Box::new(SqliteStore::open(&path, CHAIN).unwrap())).sync_to_head(|_| {}).await.unwrap();
    assert_eq!(reader.logs(vault).unwrap().len(), before.2[0].0.len() + 3);
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let error = SqliteStore::open(folder.path().join("no/such/folder/index.db"), CHAIN).unwrap_err();
    assert!(matches!(error, StoreError::Sqlite { .. }), "{error}");
}

/// Indexes by vault are made when the final blocks are in, also after a stop in between; what is read is the same.
#[tokio::test]
async fn indexes_are_made_once_the_final_blocks_are_in() {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 5);
    chain.state().mine(400);
    chain.state().events(vault, 5);
    chain.state().mine(100);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    chain.state().twist = Some(Box::new(|span, _| match span {
        Span::Range(from, _) if from > 300 => Err(SourceError::Fault(RpcFault::nonsense("a stop"))),
        _ => Ok(()),
    }));
    let indexes = || -> u32 {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('logs_by_vault', 'transfers_by_sender')";
        rusqlite::Connection::open(&path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let mut indexer = chain.indexer(Box::new(SqliteStore::open(&path, CHAIN).unwrap()));
    indexer.sync_to_head(|_| {}).await.unwrap_err();
    assert_eq!(indexes(), 0);
    assert_eq!(indexer.store().logs(vault).unwrap().len(), 8);
    chain.state().twist = None;
    indexer.sync_to_head(|_| {}).await.unwrap();
    assert_eq!(indexes(), 2);
    assert_eq!(contents(indexer.store()), rebuilt(&chain).await);
}
