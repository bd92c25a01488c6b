//! Where an archive lies: one folder for any number of chains, one manifest a chain, and the tables by chain and month, in
//! folders that say so in the way that DuckDB understands.

use crate::error::ArchiveError;
use crate::manifest::Part;
use purse_protocol::time::rfc3339;
use std::fs;
use std::path::{Path, PathBuf};

/// The tables, each a folder.
pub(crate) const TABLES: [&str; 5] = ["logs", "events", "payments", "transfers", "authorizations"];
/// How many of them an archive of version 1 has.
pub(crate) const TABLES_OF_VERSION_1: usize = 3;
/// What a file is called while it is written: without the ending that a reader of the folder looks for, and unlike the
/// unfinished files of any other command.
const UNFINISHED: &str = ".purse-archive-";

/// The manifest of a chain, in the folder.
pub(crate) fn manifest(chain_id: u64) -> String {
    format!("manifest-{chain_id}.json")
}

/// The chain whose manifest has this name.
pub(crate) fn chain_of_manifest(name: &str) -> Option<u64> {
    name.strip_prefix("manifest-")?.strip_suffix(".json")?.parse().ok()
}

/// A part's file of a table, in the folder.
pub(crate) fn file(chain_id: u64, part: &Part, table: &str) -> String {
    format!("{}/month={}/{}-{}.parquet", chain(chain_id, table), part.month, part.first, part.last)
}

/// The month of a time, such as `2026-11`.
pub(crate) fn month(time: u64) -> String {
    rfc3339(time).chars().take("2026-11".len()).collect()
}

fn chain(chain_id: u64, table: &str) -> String {
    format!("{table}/chain={chain_id}")
}

/// The files of a chain's tables that are there, as the manifest names them, in order.
pub(crate) fn files(root: &Path, chain_id: u64) -> Result<Vec<String>, ArchiveError> {
    let mut found = Vec::new();
    for table in TABLES {
        let folder = chain(chain_id, table);
        for month in names(&root.join(&folder))? {
            let folder = format!("{folder}/{month}");
            let names = names(&root.join(&folder))?;
            found.extend(names.iter().filter(|name| name.ends_with(".parquet")).map(|name| format!("{folder}/{name}")));
        }
    }
    Ok(found)
}

/// The first block of a file, by its name.
pub(crate) fn first_block(path: &str) -> Option<u64> {
    let name = path.rsplit('/').next()?;
    let (first, last) = name.strip_suffix(".parquet")?.split_once('-')?;
    last.parse::<u64>().ok()?;
    first.parse().ok()
}

/// The names in a folder, in order; none where there is no folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, ArchiveError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(ArchiveError::io(folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(ArchiveError::io(folder))?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Writes a file by `fill` so that it is there whole or not at all, whenever the power goes.
pub(crate) fn write_whole(
    root: &Path,
    name: &str,
    fill: impl FnOnce(&mut fs::File) -> std::io::Result<()>,
) -> Result<(), ArchiveError> {
    let path = root.join(name);
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder).map_err(ArchiveError::io(folder))?;
    let unfinished = tempfile::Builder::new().prefix(UNFINISHED).permissions(readable()).tempfile_in(folder);
    let mut unfinished = unfinished.map_err(ArchiveError::io(folder))?;
    fill(unfinished.as_file_mut()).map_err(ArchiveError::io(&path))?;
    unfinished.as_file().sync_all().map_err(ArchiveError::io(&path))?;
    unfinished.persist(&path).map_err(|error| ArchiveError::io(&path)(error.error))?;
    // A rename is on disk when its folder is, and a new folder when the one above it is.
    let mut folders: Vec<PathBuf> = folder.ancestors().take_while(|above| *above != root).map(Path::to_owned).collect();
    folders.push(root.to_owned());
    for folder in folders {
        fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(ArchiveError::io(&folder))?;
    }
    Ok(())
}

/// Removes the files that were being written when a run was killed; how many. For whoever holds the archive's lock: nobody
/// else writes.
pub(crate) fn remove_unfinished(root: &Path) -> Result<usize, ArchiveError> {
    let mut folders = vec![root.to_owned()];
    for table in TABLES {
        let table = root.join(table);
        for chain in names(&table)?.iter().map(|chain| table.join(chain)) {
            folders.extend(names(&chain)?.iter().map(|month| chain.join(month)));
        }
    }
    let mut removed = 0;
    for folder in folders {
        for name in names(&folder)?.iter().filter(|name| name.starts_with(UNFINISHED)) {
            let path = folder.join(name);
            if fs::symlink_metadata(&path).map_err(ArchiveError::io(&path))?.is_file() {
                fs::remove_file(&path).map_err(ArchiveError::io(&path))?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// An archive is for others to read.
fn readable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_first_blocks() {
        assert_eq!(month(1_795_357_320), "2026-11");
        assert_eq!(first_block("logs/chain=1/month=2026-11/5-105.parquet"), Some(5));
        for other in ["logs/chain=1/month=2026-11/notes.parquet", "5-x.parquet", "5-6.csv"] {
            assert_eq!(first_block(other), None, "{other}");
        }
        assert_eq!(chain_of_manifest("manifest-8453.json"), Some(8_453));
        assert_eq!(chain_of_manifest("manifest-8453.json.bak"), None);
    }
}
