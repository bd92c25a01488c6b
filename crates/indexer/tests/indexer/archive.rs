//! Final history as Parquet: everything once, and only what is final.

use crate::chain::{CHAIN, FACTORY, FIRST, FakeChain, STRANGER, TOKEN};
use crate::database::{Database, on_both};
use alloy::primitives::{B256, U256};
use parquet::file::reader::{FileReader, SerializedFileReader};
use purse_archive::{ArchiveError, Checked, Flaw, Manifest, Part, Source, Written, check, write};
use purse_indexer::Store;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

mod flaws;

on_both! {
    what_is_final_is_archived_once,
    what_tokens_say_is_archived_with_it,
    a_month_in_which_only_tokens_speak_is_archived,
    months_are_apart_and_parts_are_bounded,
    an_interrupted_run_is_cleaned_up,
    an_index_that_was_altered_is_not_archived,
}

fn archive(store: &dyn Store, root: &Path) -> Result<Written, ArchiveError> {
    write(&Source { store, factory: FACTORY, from_block: FIRST }, root, |_| {})
}

fn checked(root: &Path) -> Checked {
    check(root).unwrap().remove(0)
}

/// The rows of a column in all files of a table, by a reader that knows nothing of archives.
fn column(root: &Path, manifest: &Manifest, table: &str, name: &str) -> Vec<String> {
    let files = manifest.parts.iter().flat_map(|part| &part.files).filter(|file| file.table == table);
    let mut values = Vec::new();
    for file in files {
        let reader = SerializedFileReader::new(fs::File::open(root.join(&file.path)).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let field = row.get_column_iter().find(|(column, _)| *column == name).unwrap().1;
            values.push(field.to_string().trim_matches('"').to_owned());
        }
    }
    values
}

async fn what_is_final_is_archived_once(database: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    for _ in 0..10 {
        chain.state().events_and_others(vault, 5);
    }
    chain.state().finalized = Some(FIRST + 6);
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let root = TempDir::new().unwrap();
    let first = archive(indexer.store(), root.path()).unwrap();
    assert_eq!((first.parts, first.manifest.parts[0].last), (1, FIRST + 6));
    let logs = |upto: u64| -> Vec<String> {
        let of = |address| chain.state().logs_of(address);
        let mut all = [of(FACTORY), of(vault)].concat();
        all.retain(|log| log.block_number <= upto);
        all.sort_by_key(|log| (log.block_number, log.log_index));
        all.iter().map(|log| log.data.to_string()).collect()
    };
    assert_eq!(column(root.path(), &first.manifest, "logs", "data"), logs(FIRST + 6));
    assert!(checked(root.path()).flaws.is_empty());

    // Nothing new is final; then everything is.
    assert_eq!(archive(indexer.store(), root.path()).unwrap().parts, 0);
    chain.state().mine(1);
    let before = fs::read(root.path().join(&first.manifest.parts[0].files[0].path)).unwrap();
    chain.state().finalize();
    indexer.sync_to_head(|_| {}).await.unwrap();
    let second = archive(indexer.store(), root.path()).unwrap();
    assert_eq!((second.parts, second.manifest.next()), (1, chain.state().head().number + 1));
    assert_eq!(second.manifest.parts[0], first.manifest.parts[0]);
    assert_eq!(fs::read(root.path().join(&second.manifest.parts[0].files[0].path)).unwrap(), before);
    assert_eq!(column(root.path(), &second.manifest, "logs", "data"), logs(u64::MAX));
    let payments = indexer.store().payments(vault).unwrap();
    for (name, expected) in [
        ("amount", payments.iter().map(|paid| paid.amount.to_string()).collect::<Vec<_>>()),
        ("payee", payments.iter().map(|paid| format!("{:#x}", paid.payee)).collect()),
        ("sequence", payments.iter().map(|paid| paid.sequence.to_string()).collect()),
    ] {
        assert_eq!(column(root.path(), &second.manifest, "payments", name), expected);
    }
    // I13: the vault's own running hash is that of the archived rows.
    let head = indexer.store().last_heads(None).unwrap()[0];
    let archived = second.manifest.parts[1].vaults[0];
    assert_eq!((archived.sequence, archived.running_hash), (head.sequence, head.running_hash));
    let checked = checked(root.path());
    assert!(checked.flaws.is_empty(), "{:?}", checked.flaws);
    // Whoever noted the first hash down finds it again.
    assert!(checked.was_at(first.manifest.commitment()) && checked.was_at(second.manifest.commitment()));
    assert!(!checked.was_at(B256::ZERO));
}

async fn what_tokens_say_is_archived_with_it(database: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 9);
    let purse = chain.state().open_purse(vault);
    chain.state().purchase(purse, 40);
    chain.state().refill(vault, purse);
    chain.state().flood(STRANGER, vault);
    chain.state().finalize();
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let root = TempDir::new().unwrap();
    let written = archive(indexer.store(), root.path()).unwrap();
    let (transfers, authorizations) = indexer.store().movements_between(0..=u64::MAX >> 1).unwrap();
    assert!(transfers.iter().any(|moved| moved.amount == U256::MAX) && authorizations.len() == 1);
    assert_eq!(written.movements, transfers.len() + authorizations.len());
    let times = chain.state().times();
    for (name, expected) in [
        ("block_number", transfers.iter().map(|moved| moved.block.number.to_string()).collect::<Vec<_>>()),
        ("block_hash", transfers.iter().map(|moved| moved.block.hash.to_string()).collect()),
        ("time", transfers.iter().map(|moved| times[&moved.block.number].to_string()).collect()),
        ("log_index", transfers.iter().map(|moved| moved.log_index.to_string()).collect()),
        ("tx", transfers.iter().map(|moved| moved.tx.to_string()).collect()),
        ("token", transfers.iter().map(|moved| format!("{:#x}", moved.token)).collect()),
        ("from_account", transfers.iter().map(|moved| format!("{:#x}", moved.from)).collect()),
        ("to_account", transfers.iter().map(|moved| format!("{:#x}", moved.to)).collect()),
        ("amount", transfers.iter().map(|moved| moved.amount.to_string()).collect()),
    ] {
        assert_eq!(column(root.path(), &written.manifest, "transfers", name), expected, "{name}");
    }
    for (name, expected) in [
        ("block_number", authorizations[0].block.number.to_string()),
        ("tx", authorizations[0].tx.to_string()),
        ("token", format!("{TOKEN:#x}")),
        ("purse", format!("{purse:#x}")),
        ("nonce", authorizations[0].nonce.to_string()),
    ] {
        assert_eq!(column(root.path(), &written.manifest, "authorizations", name), [expected], "{name}");
    }
    let checked = checked(root.path());
    assert!(checked.flaws.is_empty(), "{:?}", checked.flaws);
    assert!(checked.manifest.unwrap().holds_movements());
}

async fn a_month_in_which_only_tokens_speak_is_archived(database: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().late = 40 * 86_400;
    chain.state().transfer(STRANGER, vault, 5);
    chain.state().mine(3);
    chain.state().late = 80 * 86_400;
    chain.state().events(vault, 3);
    chain.state().finalize();
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let root = TempDir::new().unwrap();
    let written = archive(indexer.store(), root.path()).unwrap();
    let tables = |part: &Part| part.files.iter().map(|file| (file.table.clone(), file.rows)).collect::<Vec<_>>();
    let months: Vec<_> = written.manifest.parts.iter().map(|part| part.month.as_str()).collect();
    assert_eq!(months, ["2027-01", "2027-02", "2027-04"]);
    assert_eq!(tables(&written.manifest.parts[1]), [("transfers".to_owned(), 1)]);
    // A block with a transfer and no log is where an archive may end, and be gone on with.
    assert_eq!(written.manifest.parts[1].end.number, FIRST + 2);
    assert_eq!(archive(indexer.store(), root.path()).unwrap().parts, 0);
    assert!(checked(root.path()).flaws.is_empty());
}

async fn months_are_apart_and_parts_are_bounded(database: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 3);
    chain.state().late = 40 * 86_400;
    for _ in 0..21 {
        chain.state().events(vault, 1_000);
    }
    chain.state().finalize();
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let root = TempDir::new().unwrap();
    let written = archive(indexer.store(), root.path()).unwrap();
    let parts: Vec<_> = written.manifest.parts.iter().map(|part| (part.month.as_str(), part.files[0].rows)).collect();
    // The last block of 20,000 logs may go on, so it is in the next part.
    assert_eq!(parts, [("2027-01", 7), ("2027-02", 19_000), ("2027-02", 2_000)]);
    assert!(checked(root.path()).flaws.is_empty());

    // What strangers have tokens say is bounded as well.
    let vault = chain.state().create_vault(2);
    for _ in 0..400 {
        chain.state().transfers(STRANGER, vault, 100);
    }
    chain.state().finalize();
    indexer.sync_to_head(|_| {}).await.unwrap();
    let written = archive(indexer.store(), root.path()).unwrap();
    let files = written.manifest.parts[3..].iter().flat_map(|part| &part.files);
    let rows: Vec<_> = files.filter(|file| file.table == "transfers").map(|file| file.rows).collect();
    assert!(rows.len() > 1 && rows.iter().all(|rows| *rows < 30_000), "{rows:?}");
    assert_eq!(rows.iter().sum::<u64>(), 40_000);
    assert!(checked(root.path()).flaws.is_empty());
}

async fn an_interrupted_run_is_cleaned_up(database: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 9);
    chain.state().finalize();
    let mut indexer = chain.indexer(database.fresh());
    indexer.sync_to_head(|_| {}).await.unwrap();
    let root = TempDir::new().unwrap();
    let path = root.path().join(format!("manifest-{CHAIN}.json"));
    archive(indexer.store(), root.path()).unwrap();
    let manifest = fs::read(&path).unwrap();
    chain.state().events(vault, 9);
    chain.state().finalize();
    indexer.sync_to_head(|_| {}).await.unwrap();
    let whole = archive(indexer.store(), root.path()).unwrap().manifest;
    // As if the power had gone before the manifest was there: the files of the last part are in no manifest.
    fs::write(&path, manifest).unwrap();
    let left = whole.parts[1].files.len();
    let flaws = checked(root.path()).flaws;
    assert!(flaws.len() == left && flaws.iter().all(|flaw| matches!(flaw, Flaw::FileUnlisted { .. })), "{flaws:?}");
    let again = archive(indexer.store(), root.path()).unwrap();
    assert_eq!((again.leftovers, again.manifest), (left, whole));
    assert!(checked(root.path()).flaws.is_empty());
}

async fn an_index_that_was_altered_is_not_archived(database: Database) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 9);
    chain.state().finalize();
    let place = database.place();
    chain.indexer(place.open()).sync_to_head(|_| {}).await.unwrap();
    let root = TempDir::new().unwrap();
    // A row less, without a gap in the numbers: the last one.
    place.change("DELETE FROM logs WHERE sequence = 12");
    let error = archive(&*place.open(), root.path()).unwrap_err();
    assert!(matches!(error, ArchiveError::Flawed(Flaw::EventsAltered { vault: of, .. }) if of == vault), "{error}");
    assert!(matches!(check(root.path()), Err(ArchiveError::Missing(_))));
}
