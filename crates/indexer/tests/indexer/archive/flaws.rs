//! Whatever is done to the files of an archive has a name, and an archive is of one index.

use super::{archive, checked};
use crate::chain::{CHAIN, CREATION_CODE, FACTORY, FIRST, FakeChain};
use alloy::primitives::{Address, B256};
use purse_archive::{ArchiveError, Flaw, ListedFile, Manifest, Part, Source, check, write};
use purse_indexer::{Indexer, SqliteStore, Store};
use sha2::{Digest, Sha256};
use std::fs;
use tempfile::TempDir;

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
    for half in [&text[..text.len() / 2], "", "{}", &text.replacen("\"version\": 2", "\"version\": 3", 1)] {
        assert!(matches!(&flaws(half)[..], [Flaw::ManifestDamaged { .. }]));
    }
    let moved = manifest.parts[0].last.to_string();
    for altered in [
        text.replacen(&format!("\"last\": {moved}"), "\"last\": 9000", 1),
        text.replacen("\"claimed\"", "\"proven\"", 1),
        text.replacen(&format!("{FACTORY:#x}"), &format!("{vault:#x}"), 1),
        text.replacen("logs/chain", "../logs/chain", 1),
        text.replacen("\"version\": 2", "\"version\": 1", 1),
    ] {
        assert_ne!(altered, text);
        let found = flaws(&altered);
        assert!(found.iter().any(|flaw| matches!(flaw, Flaw::ManifestAltered { .. })), "{found:?}");
    }
    // Whoever can write hashes too: the rows still have to follow from the raw logs, and those from the running hash.
    let told = |change: &dyn Fn(&mut Manifest)| {
        let mut altered = manifest.clone();
        change(&mut altered);
        commit(&mut altered, 2);
        fs::write(&path, serde_json::to_string_pretty(&altered).unwrap()).unwrap();
        checked(root.path())
    };
    assert!(told(&|_| {}).flaws.is_empty());
    let without = told(&|altered| altered.parts[1].files.retain(|file| file.table != "payments"));
    let named = |flaw: &Flaw| matches!(flaw, Flaw::RowsAltered { path, .. } if path.starts_with("payments/"));
    assert!(without.flaws.iter().any(named), "{:?}", without.flaws);
    // What another part's tokens say is none of this one's.
    let transfers = |part: &Part| part.files.iter().position(|file| file.table == "transfers").unwrap();
    let [first, second] = &manifest.parts[..] else { unreachable!("an archive of two parts") };
    let [of_first, of_second] = [&first.files[transfers(first)], &second.files[transfers(second)]];
    let own = fs::read(root.path().join(&of_second.path)).unwrap();
    fs::copy(root.path().join(&of_first.path), root.path().join(&of_second.path)).unwrap();
    let swapped = told(&|altered| {
        let listed = &mut altered.parts[1].files[transfers(second)];
        *listed = ListedFile { path: listed.path.clone(), ..of_first.clone() };
    });
    assert!(swapped.flaws.iter().any(|flaw| matches!(flaw, Flaw::ManifestAltered { .. })), "{:?}", swapped.flaws);
    fs::write(root.path().join(&of_second.path), own).unwrap();
    let other = told(&|altered| altered.parts[1].vaults[0].sequence += 1);
    assert!(matches!(other.flaws[..], [Flaw::EventsAltered { vault: of, .. }] if of == vault), "{:?}", other.flaws);
    let gap = told(&|altered| drop(altered.parts.remove(0)));
    assert!(gap.flaws.iter().any(|flaw| matches!(flaw, Flaw::ManifestAltered { .. })));
    // And what was cut off at a part's end is seen by whoever noted the hash down.
    let cut = told(&|altered| altered.parts.truncate(1));
    assert!(!cut.was_at(manifest.commitment()) && cut.was_at(manifest.parts[0].commitment));
}

/// Writes every commitment anew, as an archive of that version does.
fn commit(manifest: &mut Manifest, version: u32) {
    let sha256 = |bytes: &[u8]| B256::from_slice(&Sha256::digest(bytes));
    let of =
        format!("pursestrings archive {version} {} {:#x} {}", manifest.chain, manifest.factory, manifest.from_block);
    let mut before = sha256(of.as_bytes());
    for part in &mut manifest.parts {
        *part = Part { commitment: B256::ZERO, ..part.clone() };
        let json = serde_json::to_vec(part).unwrap();
        before = sha256(&[before.as_slice(), &json].concat());
        part.commitment = before;
    }
}

/// Before there were movements in it: version 1.
#[tokio::test]
async fn an_archive_without_movements_is_checked_says_so_and_is_not_added_to() {
    let (_, _, store, root, manifest) = of_two_parts().await;
    let is_of_tokens = |file: &ListedFile| ["transfers", "authorizations"].contains(&file.table.as_str());
    let path = root.path().join(format!("manifest-{CHAIN}.json"));
    let as_version_1 = |mut manifest: Manifest| {
        commit(&mut manifest, 1);
        let text = serde_json::to_string_pretty(&manifest).unwrap().replacen("\"version\": 2", "\"version\": 1", 1);
        fs::write(&path, text).unwrap();
        checked(root.path())
    };
    // No program wrote one with them.
    let with = as_version_1(manifest.clone());
    assert!(with.flaws.iter().any(|flaw| matches!(flaw, Flaw::ManifestAltered { .. })), "{:?}", with.flaws);
    let mut old = manifest;
    for part in &mut old.parts {
        for file in part.files.extract_if(.., |file| is_of_tokens(file)) {
            fs::remove_file(root.path().join(&file.path)).unwrap();
        }
    }
    let old = as_version_1(old);
    assert!(old.flaws.is_empty(), "{:?}", old.flaws);
    assert!(!old.manifest.unwrap().holds_movements());
    let before = fs::read(&path).unwrap();
    let error = archive(&*store, root.path()).unwrap_err();
    assert!(matches!(error, ArchiveError::WithoutMovements), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

/// What a kill leaves is a file of another name beside the one that was being written.
#[tokio::test]
async fn what_a_kill_left_is_removed_by_the_next_run_and_nothing_else() {
    let (_, _, store, root, manifest) = of_two_parts().await;
    let month = root.path().join(&manifest.parts[0].files[0].path);
    let month = month.parent().unwrap();
    let left = [root.path().join(".purse-archive-Ab3xYz"), month.join(".purse-archive-q0w1e2")];
    // Of other commands, which may be at work in this folder; of other programs; and not a file.
    let others = [root.path().join(".purse-Ab3xYz"), month.join(".archive-q0w1e2")];
    left.iter().chain(&others).for_each(|path| fs::write(path, "half").unwrap());
    fs::create_dir(month.join(".purse-archive-folder")).unwrap();
    // While another process writes, they may be its own.
    let lock = fs::File::open(root.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(archive(&*store, root.path()), Err(ArchiveError::Busy(_))));
    assert!(left.iter().all(|path| path.exists()));
    drop(lock);
    assert_eq!(archive(&*store, root.path()).unwrap().leftovers, 2);
    assert!(!left.iter().any(|path| path.exists()) && others.iter().all(|path| path.exists()));
    assert!(month.join(".purse-archive-folder").exists());
    assert!(checked(root.path()).flaws.is_empty());
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
