//! Final history as Parquet: everything once, only what is final, and whatever is done to the files has a name.

use crate::chain::{CHAIN, CREATION_CODE, FACTORY, FIRST, FakeChain};
use crate::database::{Database, on_both};
use alloy::primitives::{Address, B256};
use parquet::file::reader::{FileReader, SerializedFileReader};
use purse_archive::{ArchiveError, Checked, Flaw, Manifest, Part, Source, Written, check, write};
use purse_indexer::{Indexer, SqliteStore, Store};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

on_both! {
    what_is_final_is_archived_once,
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

/// An archive of two parts.
async fn of_two_parts() -> (FakeChain, Address, Box<dyn Store>, TempDir, Manifest) {
    let chain = FakeChain::new();
    let vault = chain.state().create_vault(1);
    chain.state().events(vault, 9);
    let mut indexer = chain.indexer(Box::new(SqliteStore::open(":memory:", CHAIN).unwrap()));
    let root = TempDir::new().unwrap();
    let mut manifest = None;
    for _ in 0..2 {
        chain.state().events(vault, 9);
        chain.state().finalize();
        indexer.sync_to_head(|_| {}).await.unwrap();
        manifest = Some(archive(indexer.store(), root.path()).unwrap().manifest);
    }
    (chain, vault, indexer.into_store(), root, manifest.unwrap())
}

#[tokio::test]
async fn whatever_is_done_to_a_file_has_a_name() {
    let (_, _, _, root, manifest) = of_two_parts().await;
    for file in manifest.parts.iter().flat_map(|part| &part.files) {
        let path = root.path().join(&file.path);
        let whole = fs::read(&path).unwrap();
        let mut altered = whole.clone();
        altered[whole.len() / 2] ^= 1;
        for bytes in [&altered[..], &whole[..whole.len() / 2], &[]] {
            fs::write(&path, bytes).unwrap();
            let flaws = checked(root.path()).flaws;
            assert!(matches!(&flaws[..], [Flaw::FileAltered { path, .. }] if *path == file.path), "{flaws:?}");
        }
        fs::remove_file(&path).unwrap();
        let flaws = checked(root.path()).flaws;
        assert!(matches!(&flaws[..], [Flaw::FileMissing { path }] if *path == file.path), "{flaws:?}");
        fs::write(&path, &whole).unwrap();
    }
    let more = root.path().join(&manifest.parts[0].files[0].path).with_file_name("more.parquet");
    fs::copy(root.path().join(&manifest.parts[0].files[0].path), &more).unwrap();
    let flaws = checked(root.path()).flaws;
    assert!(matches!(&flaws[..], [Flaw::FileUnlisted { path }] if path.ends_with("/more.parquet")), "{flaws:?}");
    fs::remove_file(&more).unwrap();
    assert!(checked(root.path()).flaws.is_empty());
}

#[tokio::test]
async fn whatever_is_done_to_the_manifest_has_a_name() {
    let (_, vault, _, root, manifest) = of_two_parts().await;
    let path = root.path().join(format!("manifest-{CHAIN}.json"));
    let text = fs::read_to_string(&path).unwrap();
    let flaws = |text: &str| {
        fs::write(&path, text).unwrap();
        checked(root.path()).flaws
    };
    for half in [&text[..text.len() / 2], "", "{}", &text.replacen("\"version\": 1", "\"version\": 2", 1)] {
        assert!(matches!(&flaws(half)[..], [Flaw::ManifestDamaged { .. }]));
    }
    let moved = manifest.parts[0].last.to_string();
    for altered in [
        text.replacen(&format!("\"last\": {moved}"), "\"last\": 9000", 1),
        text.replacen("\"claimed\"", "\"proven\"", 1),
        text.replacen(&format!("{FACTORY:#x}"), &format!("{vault:#x}"), 1),
        text.replacen("logs/chain", "../logs/chain", 1),
    ] {
        assert_ne!(altered, text);
        let found = flaws(&altered);
        assert!(found.iter().any(|flaw| matches!(flaw, Flaw::ManifestAltered { .. })), "{found:?}");
    }
    // Whoever can write hashes too: the rows still have to follow from the raw logs, and those from the running hash.
    let told = |change: &dyn Fn(&mut Manifest)| {
        let mut altered = manifest.clone();
        change(&mut altered);
        commit(&mut altered);
        fs::write(&path, serde_json::to_string_pretty(&altered).unwrap()).unwrap();
        checked(root.path())
    };
    assert!(told(&|_| {}).flaws.is_empty());
    let without = told(&|altered| altered.parts[1].files.retain(|file| file.table != "payments"));
    let named = |flaw: &Flaw| matches!(flaw, Flaw::RowsAltered { path, .. } if path.starts_with("payments/"));
    assert!(without.flaws.iter().any(named), "{:?}", without.flaws);
    let other = told(&|altered| altered.parts[1].vaults[0].sequence += 1);
    assert!(matches!(other.flaws[..], [Flaw::EventsAltered { vault: of, .. }] if of == vault), "{:?}", other.flaws);
    let gap = told(&|altered| drop(altered.parts.remove(0)));
    assert!(gap.flaws.iter().any(|flaw| matches!(flaw, Flaw::ManifestAltered { .. })));
    // And what was cut off at a part's end is seen by whoever noted the hash down.
    let cut = told(&|altered| altered.parts.truncate(1));
    assert!(!cut.was_at(manifest.commitment()) && cut.was_at(manifest.parts[0].commitment));
}

/// Writes every commitment anew.
fn commit(manifest: &mut Manifest) {
    let sha256 = |bytes: &[u8]| B256::from_slice(&Sha256::digest(bytes));
    let of = format!("pursestrings archive 1 {} {:#x} {}", manifest.chain, manifest.factory, manifest.from_block);
    let mut before = sha256(of.as_bytes());
    for part in &mut manifest.parts {
        *part = Part { commitment: B256::ZERO, ..part.clone() };
        let json = serde_json::to_vec(part).unwrap();
        before = sha256(&[before.as_slice(), &json].concat());
        part.commitment = before;
    }
}

#[tokio::test]
async fn an_archive_is_of_one_index() {
    let (chain, vault, store, root, manifest) = of_two_parts().await;
    let elsewhere = Source { store: &*store, factory: vault, from_block: FIRST };
    assert!(matches!(write(&elsewhere, root.path(), |_| {}), Err(ArchiveError::OtherIndex { .. })));
    let lock = fs::File::open(root.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(archive(&*store, root.path()), Err(ArchiveError::Busy(_))));
    drop(lock);
    // Another chain with the same id: what was final is not there.
    let end = manifest.parts[1].end;
    chain.state().undo(1);
    chain.state().events(vault, 8);
    chain.state().finalize();
    let mut other =
        Indexer::over(chain.clone(), Box::new(SqliteStore::open(":memory:", CHAIN).unwrap()), FACTORY, FIRST)
            .with_creation_code(CREATION_CODE);
    other.sync_to_head(|_| {}).await.unwrap();
    let error = archive(other.store(), root.path()).unwrap_err();
    assert!(matches!(error, ArchiveError::OtherHistory(block) if block == end), "{error}");
    assert!(matches!(check(&root.path().join("nowhere")), Err(ArchiveError::Missing(_))));
    assert!(checked(root.path()).flaws.is_empty());
}
