//! Checking an archive with nothing but its folder: that every file is what was written, that nothing lies between them, that
//! every decoded row follows from the raw logs, that the logs of each vault lead to the running hash in the manifest, and that
//! what tokens say is about these vaults and their purses. What
//! the chain says of those hashes is for `purse audit`; what the manifest itself is worth, for a commitment that was noted down.

use crate::contents::{self, Known, contents};
use crate::error::{ArchiveError, Flaw};
use crate::layout;
use crate::manifest::{ListedFile, Manifest, Part, sha256};
use crate::movements::Movements;
use crate::table::Table;
use alloy::primitives::{B256, Bytes};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What was found of one chain's archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The chain.
    pub chain: u64,
    /// What it says it is; none where it cannot be read.
    pub manifest: Option<Manifest>,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
}

/// Checks the archives of every chain in `root`.
///
/// # Errors
/// When there is none, or the disk refuses. What is wrong with one is in its [`Checked`].
pub fn check(root: &Path) -> Result<Vec<Checked>, ArchiveError> {
    let names = layout::names(root)?;
    let chains: Vec<_> = names.iter().filter_map(|name| layout::chain_of_manifest(name)).collect();
    if chains.is_empty() {
        return Err(ArchiveError::Missing(root.to_owned()));
    }
    chains.into_iter().map(|chain| check_chain(root, chain)).collect()
}

fn check_chain(root: &Path, chain: u64) -> Result<Checked, ArchiveError> {
    let manifest = match Manifest::load(root, chain) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => return Err(ArchiveError::Missing(root.to_owned())),
        Err(ArchiveError::Flawed(flaw)) => return Ok(Checked { chain, manifest: None, flaws: vec![flaw] }),
        Err(error) => return Err(error),
    };
    let mut flaws = Vec::new();
    let (mut next, mut before) = (manifest.from_block, manifest.origin());
    let mut known = Known { accounts: Some(BTreeMap::new()), ..Known::default() };
    for part in &manifest.parts {
        let name = format!("blocks {} to {}", part.first, part.last);
        let altered =
            |detail: &str| Flaw::ManifestAltered { path: layout::manifest(chain), detail: format!("{name}: {detail}") };
        if part.first != next || part.last < part.first {
            flaws.push(altered("they do not follow those before them"));
        }
        if part.commitment != part.committed(before) {
            flaws.push(altered("their commitment is not over what is listed"));
        }
        (next, before) = (part.last.saturating_add(1), part.commitment);
        flaws.extend(check_part(root, &manifest, part, &mut known, altered)?);
        // So that what follows is judged by itself.
        known.vaults.extend(part.vaults.iter().map(|head| (head.vault, *head)));
        known.accounts = known.accounts.filter(|_| flaws.is_empty());
    }
    let listed: BTreeSet<_> = manifest.parts.iter().flat_map(|part| &part.files).map(|file| &file.path).collect();
    let unlisted = layout::files(root, chain)?.into_iter().filter(|path| !listed.contains(path));
    flaws.extend(unlisted.map(|path| Flaw::FileUnlisted { path }));
    Ok(Checked { chain, manifest: Some(manifest), flaws })
}

fn check_part(
    root: &Path,
    manifest: &Manifest,
    part: &Part,
    known: &mut Known,
    altered: impl Fn(&str) -> Flaw,
) -> Result<Vec<Flaw>, ArchiveError> {
    let (mut flaws, mut tables) = (Vec::new(), Vec::new());
    for file in &part.files {
        let belongs = manifest.tables().contains(&file.table.as_str());
        if !belongs || file.path != layout::file(manifest.chain, part, &file.table) {
            flaws.push(altered("a file is not where it belongs"));
            continue;
        }
        match read(root, file)? {
            Ok(table) => tables.push(table),
            Err(flaw) => flaws.push(flaw),
        }
    }
    if !flaws.is_empty() {
        return Ok(flaws);
    }
    let find = |name: &str| tables.iter().find(|table| table.name == name);
    let path = |table: &str| layout::file(manifest.chain, part, table);
    let unreadable = |table, detail| Flaw::FileUnreadable { path: path(table), detail };
    let logs = match find("logs").map(contents::logs).transpose() {
        Ok(logs) => logs.unwrap_or_default(),
        Err(detail) => return Ok(vec![unreadable("logs", detail)]),
    };
    let mut movements = Movements::default();
    for table in ["transfers", "authorizations"] {
        if let Some(Err(detail)) = find(table).map(|rows| movements.read(rows)) {
            return Ok(vec![unreadable(table, detail)]);
        }
    }
    let rows = match contents(manifest.factory, known, &logs, &movements) {
        Ok(rows) => rows,
        Err(flaw) => return Ok(vec![flaw]),
    };
    let outside = rows.places.iter().any(|place| {
        !(part.first..=part.last).contains(&place.block.number) || layout::month(place.time) != part.month
    });
    if outside {
        flaws.push(altered("a row is of another block or month"));
    }
    for derived in &rows.tables {
        let found = find(derived.name).map_or(&[][..], |table| &table.rows);
        if found != derived.rows {
            let row = found.iter().zip(&derived.rows).take_while(|(found, derived)| found == derived).count();
            let detail = format!("row {} of {}, expected {} rows", row + 1, found.len(), derived.rows.len());
            flaws.push(Flaw::RowsAltered { path: path(derived.name), detail });
        }
    }
    if rows.places.last().map(|place| place.block) != Some(part.end) {
        flaws.push(altered("the last block is another one"));
    }
    let differs = rows.moved.iter().find(|head| !part.vaults.contains(head));
    if let Some(head) = differs {
        flaws.push(Flaw::EventsAltered { vault: head.vault, block: part.last });
    } else if rows.moved.len() != part.vaults.len() {
        flaws.push(altered("a vault is listed that logged nothing"));
    }
    Ok(flaws)
}

/// A file of the archive, if it is what was written. It is read once, so that what was hashed is what is read.
fn read(root: &Path, file: &ListedFile) -> Result<Result<Table, Flaw>, ArchiveError> {
    let path = root.join(&file.path);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Err(Flaw::FileMissing { path: file.path.clone() }));
        }
        Err(error) => return Err(ArchiveError::io(&path)(error)),
    };
    let (found_bytes, found) = (bytes.len() as u64, sha256(&bytes));
    if (found_bytes, found) != (file.bytes, file.sha256) {
        let (path, bytes, expected) = (file.path.clone(), file.bytes, file.sha256);
        return Ok(Err(Flaw::FileAltered { path, bytes, expected, found_bytes, found }));
    }
    let unreadable = |detail: String| Flaw::FileUnreadable { path: file.path.clone(), detail };
    let Some((name, columns)) = contents::columns(&file.table) else {
        return Ok(Err(unreadable(format!("there is no table {}", file.table))));
    };
    let table = Table::read(name, columns, Bytes::from(bytes).0).map_err(|error| unreadable(error.to_string()));
    Ok(table.and_then(|table| {
        if table.rows.len() as u64 == file.rows {
            return Ok(table);
        }
        Err(unreadable(format!("it has {} rows, not {}", table.rows.len(), file.rows)))
    }))
}

impl Checked {
    /// Whether it ever ended with what this commits to: a hash that was noted down when it was written.
    pub fn was_at(&self, commitment: B256) -> bool {
        let mut parts = self.manifest.iter().flat_map(|manifest| &manifest.parts);
        parts.any(|part| part.commitment == commitment)
    }
}
