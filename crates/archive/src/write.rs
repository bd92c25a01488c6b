//! Writing what is new and final. A part is written table by table, each file whole and on disk, and then the manifest that
//! lists it: an interruption leaves files that no manifest lists, which the next run removes.

use crate::contents::{Known, contents, places};
use crate::error::{ArchiveError, Flaw};
use crate::layout;
use crate::manifest::{ListedFile, Manifest, Part, VaultHead, sha256};
use crate::movements::Movements;
use alloy::primitives::{Address, B256};
use purse_indexer::{BlockRef, PlacedLog, Store, StoredRange};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::Path;

/// The most logs in a part: some ten megabytes while it is written. Of what tokens say not many more.
const LARGEST_PART: u32 = 20_000;
/// So many blocks are asked at once for what tokens say: in all of them it is little, even where strangers make them say much.
const BLOCKS_AT_ONCE: u32 = 100;
/// Held while an archive is written.
const LOCK: &str = ".lock";

/// What is archived: an index, and what it is of.
pub struct Source<'a> {
    /// The index.
    pub store: &'a dyn Store,
    /// The factory whose vaults it follows.
    pub factory: Address,
    /// From where.
    pub from_block: u64,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The archive now.
    pub manifest: Manifest,
    /// How many parts are new.
    pub parts: usize,
    /// How many logs are in them.
    pub logs: usize,
    /// How many transfers and authorizations.
    pub movements: usize,
    /// How many files an interrupted run had left, now removed.
    pub leftovers: usize,
    /// Up to here the index is final; none before anything is.
    pub final_to: Option<u64>,
}

/// Adds to the archive in `root` what is final in the index and not in the archive yet. `progress` is told of each part.
///
/// # Errors
/// By name; what was archived before is whole. See [`ArchiveError`].
pub fn write(source: &Source<'_>, root: &Path, mut progress: impl FnMut(&Part)) -> Result<Written, ArchiveError> {
    std::fs::create_dir_all(root).map_err(ArchiveError::io(root))?;
    let _lock = lock(root)?;
    let (chain_id, factory) = (source.store.chain_id(), source.factory);
    let new = || Manifest::new(chain_id, factory, source.from_block);
    let mut manifest = Manifest::load(root, chain_id)?.unwrap_or_else(new);
    if (manifest.factory, manifest.from_block) != (factory, source.from_block) {
        return Err(ArchiveError::OtherIndex {
            expected: factory,
            expected_block: source.from_block,
            found: manifest.factory,
            found_block: manifest.from_block,
        });
    }
    if !manifest.holds_movements() {
        return Err(ArchiveError::WithoutMovements);
    }
    let extent = source.store.extent()?;
    let final_to = extent.cursor.map(|cursor| cursor.number.min(extent.finalized));
    let final_to = final_to.filter(|last| *last >= source.from_block);
    let leftovers = layout::remove_unfinished(root)? + remove_leftovers(root, &manifest)?;
    let mut written = Written { manifest: new(), parts: 0, logs: 0, movements: 0, leftovers, final_to };
    if let Some(last) = manifest.parts.last() {
        same_history(source.store, last.end)?;
    }
    let vaults = manifest.parts.iter().flat_map(|part| &part.vaults).map(|head| (head.vault, *head)).collect();
    let mut known = Known { vaults, accounts: Some(accounts(source.store, manifest.next())?) };
    while let Some(final_to) = final_to.filter(|last| *last >= manifest.next()) {
        let next = next_rows(source.store, manifest.next(), final_to)?;
        if next.is_empty() {
            break;
        }
        let part = write_part(source, root, &manifest, &mut known, &next)?;
        progress(&part);
        manifest.parts.push(part);
        manifest.save(root)?;
        written.parts += 1;
        written.logs += next.logs.len();
        written.movements += next.movements.len();
    }
    Ok(Written { manifest, ..written })
}

/// One writer at a time.
fn lock(root: &Path) -> Result<File, ArchiveError> {
    let path = root.join(LOCK);
    let file = File::options().create(true).append(true).open(&path).map_err(ArchiveError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ArchiveError::Busy(root.to_owned())),
        Err(TryLockError::Error(source)) => Err(ArchiveError::io(&path)(source)),
    }
}

/// Whether the index still has the block at which the archive ends.
fn same_history(store: &dyn Store, end: BlockRef) -> Result<(), ArchiveError> {
    let stored = store.blocks_down_from(end.number, 1)?;
    if stored.first() == Some(&end) { Ok(()) } else { Err(ArchiveError::OtherHistory(end)) }
}

/// Removes the files of parts that an interrupted run wrote and did not list.
fn remove_leftovers(root: &Path, manifest: &Manifest) -> Result<usize, ArchiveError> {
    let listed: BTreeSet<_> = manifest.parts.iter().flat_map(|part| &part.files).map(|file| &file.path).collect();
    let mut removed = 0;
    for path in layout::files(root, manifest.chain)? {
        if !listed.contains(&path) && layout::first_block(&path).is_some_and(|first| first >= manifest.next()) {
            std::fs::remove_file(root.join(&path)).map_err(ArchiveError::io(&root.join(&path)))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// The vaults and purses that came to be below a block.
fn accounts(store: &dyn Store, below: u64) -> Result<BTreeMap<Address, u64>, ArchiveError> {
    let vaults = store.vaults()?.into_iter().map(|vault| (vault.address, vault.block.number));
    let purses = store.purses()?.into_iter().map(|purse| (purse.address, purse.block.number));
    Ok(vaults.chain(purses).filter(|(_, since)| *since < below).collect())
}

/// The raw rows of a part, and its last block.
struct Rows {
    logs: Vec<PlacedLog>,
    movements: Movements,
    last: u64,
}

impl Rows {
    const fn is_empty(&self) -> bool {
        self.logs.is_empty() && self.movements.len() == 0
    }

    fn end_with(&mut self, last: u64) {
        self.logs.retain(|placed| placed.log.block_number <= last);
        self.movements.keep_to(last);
        self.last = last;
    }
}

/// The rows of the next part: up to the end of a month, or as many as a part holds, or all.
fn next_rows(store: &dyn Store, first: u64, final_to: u64) -> Result<Rows, ArchiveError> {
    let logs = store.logs_between(first..=final_to, LARGEST_PART)?;
    // Where there are more, the last block may go on.
    let cut = logs.last().filter(|_| logs.len() >= LARGEST_PART as usize).map(|placed| placed.log.block_number);
    if let (Some(block), Some(placed)) = (cut, logs.first())
        && placed.log.block_number == block
    {
        return Err(ArchiveError::BlockTooLarge { block, limit: LARGEST_PART });
    }
    let (movements, last) = movements(store, first, cut.map_or(final_to, |cut| cut - 1))?;
    let mut rows = Rows { logs, movements, last };
    rows.end_with(last);
    let mut times: Vec<_> = places(&rows.logs).into_iter().chain(rows.movements.places().concat()).collect();
    times.sort_by_key(|place| place.block.number);
    let begins = times.first().map(|place| layout::month(place.time));
    if let Some(other) = times.iter().find(|place| Some(layout::month(place.time)) != begins) {
        rows.end_with(other.block.number - 1);
    }
    Ok(rows)
}

/// What tokens say up to `last`, or up to a block with which a part has enough of it.
fn movements(store: &dyn Store, first: u64, last: u64) -> Result<(Movements, u64), ArchiveError> {
    let (mut found, mut next) = (Movements::default(), first);
    while next <= last {
        if found.len() >= LARGEST_PART as usize {
            return Ok((found, next - 1));
        }
        let blocks = store.headers_between(next..=last, BLOCKS_AT_ONCE)?;
        let Some(end) = blocks.last().map(|block| block.number) else { break };
        let times: BTreeMap<_, _> = blocks.iter().map(|block| (block.number, block.time)).collect();
        let time = |block: BlockRef| times.get(&block.number).copied().unwrap_or_default();
        let (transfers, authorizations) = store.movements_between(next..=end)?;
        found.transfers.extend(transfers.into_iter().map(|moved| (time(moved.block), moved)));
        found.authorizations.extend(authorizations.into_iter().map(|used| (time(used.block), used)));
        next = end + 1;
    }
    Ok((found, last))
}

fn write_part(
    source: &Source<'_>,
    root: &Path,
    manifest: &Manifest,
    known: &mut Known,
    next: &Rows,
) -> Result<Part, ArchiveError> {
    let (first, last) = (manifest.next(), next.last);
    let rows = contents(source.factory, known, &next.logs, &next.movements)?;
    let end = rows.places.last().ok_or_else(|| Flaw::HistoryBroken("there are none".to_owned()))?;
    as_indexed(source.store, &known.vaults, first..=last)?;
    let ranges = source.store.ranges()?.into_iter().filter(|range| range.first <= last && range.last >= first);
    let ranges = ranges.map(|range| StoredRange { first: range.first.max(first), last: range.last.min(last), ..range });
    let mut part = Part {
        first,
        last,
        month: layout::month(end.time),
        end: end.block,
        known: ranges.collect(),
        vaults: rows.moved,
        files: Vec::new(),
        commitment: B256::ZERO,
    };
    for table in rows.tables.iter().filter(|table| !table.rows.is_empty()) {
        let path = layout::file(manifest.chain, &part, table.name);
        let mut bytes = Vec::new();
        let unwritable = |cause: String| ArchiveError::Unwritable { path: root.join(&path), cause };
        table.write(&mut bytes).map_err(|error| unwritable(error.to_string()))?;
        layout::write_whole(root, &path, |file| file.write_all(&bytes))?;
        part.files.push(ListedFile {
            table: table.name.to_owned(),
            rows: table.rows.len() as u64,
            bytes: bytes.len() as u64,
            sha256: sha256(&bytes),
            path,
        });
    }
    part.commitment = part.committed(manifest.commitment());
    Ok(part)
}

/// Whether the vaults as their archived events leave them are the vaults of the index: none unknown, none with another
/// running hash (I13).
fn as_indexed(
    store: &dyn Store,
    vaults: &BTreeMap<Address, VaultHead>,
    blocks: std::ops::RangeInclusive<u64>,
) -> Result<(), ArchiveError> {
    let created = store.vaults()?.into_iter().filter(|vault| blocks.contains(&vault.block.number));
    for vault in created {
        if !vaults.contains_key(&vault.address) {
            let text = format!("vault {} of the index is none of the factory's", vault.address);
            return Err(Flaw::HistoryBroken(text).into());
        }
    }
    let above = blocks.start().checked_sub(1);
    for head in vaults.values() {
        let heads = store.heads(head.vault, above)?;
        let Some(stored) = heads.iter().rev().find(|stored| stored.block.number <= *blocks.end()) else { continue };
        if (stored.sequence, stored.running_hash) != (head.sequence, head.running_hash) {
            return Err(Flaw::EventsAltered { vault: head.vault, block: stored.block.number }.into());
        }
    }
    Ok(())
}
