//! What is in an archive of a chain, and the hashes that commit to it. Each part's commitment is over the part and over the
//! commitment before it, so that the last one is over everything, and any of them, noted down elsewhere, is over all up to
//! its part.

use crate::error::{ArchiveError, Flaw};
use crate::layout;
use alloy::primitives::{Address, B256};
use purse_indexer::{BlockRef, StoredRange};
use purse_protocol::event::RunningHash;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::Path;

/// What the file says it is.
const FORMAT: &str = "pursestrings archive";
/// The version that this program writes. It reads version 1 too, which holds nothing of what tokens say.
pub const VERSION: u32 = 2;

/// The archive of one index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: String,
    version: u32,
    /// The chain.
    pub chain: u64,
    /// The factory whose vaults it is about.
    pub factory: Address,
    /// The first block.
    pub from_block: u64,
    /// In the order of the chain; their blocks meet.
    pub parts: Vec<Part>,
}

/// Some blocks that follow each other, all of one month where they hold a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The first block.
    pub first: u64,
    /// The last block.
    pub last: u64,
    /// The month of the blocks with rows, UTC: `2026-11`.
    pub month: String,
    /// The last block with a row.
    pub end: BlockRef,
    /// How well the index knew these blocks.
    pub known: Vec<StoredRange>,
    /// Every vault that logged something, as it was at the end: what `head()` answered then (I13).
    pub vaults: Vec<VaultHead>,
    /// The files; none for a table without a row.
    pub files: Vec<ListedFile>,
    /// SHA-256 of the commitment before it and of this part's JSON, this field being zero.
    pub commitment: B256,
}

/// A vault at the end of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultHead {
    /// The vault.
    pub vault: Address,
    /// The number of its last event.
    pub sequence: u32,
    /// The running hash over all its events.
    pub running_hash: RunningHash,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedFile {
    /// The table: `logs`, `events`, `payments`, `transfers` or `authorizations`.
    pub table: String,
    /// Where it lies in the archive's folder.
    pub path: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
    /// What `sha256sum` says of it.
    pub sha256: B256,
}

impl Manifest {
    /// An empty one.
    pub(crate) fn new(chain: u64, factory: Address, from_block: u64) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, chain, factory, from_block, parts: Vec::new() }
    }

    /// Reads that of a chain in a folder; none where there is none. What it says is not checked yet.
    pub(crate) fn load(root: &Path, chain_id: u64) -> Result<Option<Self>, ArchiveError> {
        let name = layout::manifest(chain_id);
        let path = root.join(&name);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ArchiveError::io(&path)(error)),
        };
        let damaged = |detail: String| Flaw::ManifestDamaged { path: name.clone(), detail };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if manifest.format != FORMAT || !(1..=VERSION).contains(&manifest.version) {
            let detail = format!("it is version {} of {}", manifest.version, manifest.format);
            return Err(damaged(detail).into());
        }
        if manifest.chain != chain_id {
            let detail = format!("it is of chain {}", manifest.chain);
            return Err(Flaw::ManifestAltered { path: name, detail }.into());
        }
        Ok(Some(manifest))
    }

    /// Writes it into a folder.
    pub(crate) fn save(&self, root: &Path) -> Result<(), ArchiveError> {
        layout::write_whole(root, &layout::manifest(self.chain), |file| {
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            file.write_all(&text)
        })
    }

    /// The first block that is not in it.
    pub fn next(&self) -> u64 {
        self.parts.last().map_or(self.from_block, |part| part.last.saturating_add(1))
    }

    /// Whether what tokens say of vaults and purses is in it.
    pub const fn holds_movements(&self) -> bool {
        self.version > 1
    }

    /// The tables that it may have.
    pub(crate) fn tables(&self) -> &'static [&'static str] {
        if self.holds_movements() { &layout::TABLES } else { &layout::TABLES[..layout::TABLES_OF_VERSION_1] }
    }

    /// What commits to all of it: before the first part, to what it is of.
    pub fn commitment(&self) -> B256 {
        self.parts.last().map_or_else(|| self.origin(), |part| part.commitment)
    }

    /// What commits to the chain, the factory and the first block.
    pub(crate) fn origin(&self) -> B256 {
        let of = format!("{FORMAT} {} {} {:#x} {}", self.version, self.chain, self.factory, self.from_block);
        sha256(of.as_bytes())
    }
}

impl Part {
    /// What commits to it and to all parts before it.
    pub(crate) fn committed(&self, before: B256) -> B256 {
        let open = Self { commitment: B256::ZERO, ..self.clone() };
        // Nothing in it has no form in JSON.
        let json = serde_json::to_vec(&open).unwrap_or_default();
        sha256(&[before.as_slice(), &json].concat())
    }
}

/// SHA-256, as `sha256sum` prints it.
pub(crate) fn sha256(bytes: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(bytes))
}
