//! An index in one SQLite file: opening it safely. `write`: what is written; `read`: what is read, `page`: a page at a time;
//! `movements`: all of what tokens say; `recheck`: for a second look.

mod movements;
mod page;
mod read;
mod recheck;
mod write;

use crate::chunk::{Chunk, Rollback};
use crate::error::StoreError;
use crate::page::{Moment, PaymentPage, PaymentQuery, TrailPart, TransferPage, TransferQuery};
use crate::rows::{
    BlockRef, Extent, PlacedLog, StoredAuthorization, StoredHead, StoredLog, StoredPayment, StoredPurse, StoredRange,
    StoredTransfer, StoredVault,
};
use crate::source::Header;
use crate::state::VaultState;
use crate::store::{Store, to_sql};
use alloy::primitives::Address;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use rusqlite_migration::{M, Migrations};
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// Marks a file as an index of Pursestrings ("PURS"), so that another program's database is never touched.
const APPLICATION_ID: i32 = 0x5055_5253;
/// How long a writer waits for another process's transaction; each takes milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Memory for pages, negative because it is in KiB: a range of final blocks fits, so that it is written once.
const CACHE_KIB: i32 = -16_384;
/// Of a new file: rows are some 500 bytes long.
const PAGE_BYTES: i32 = 8_192;
/// Pages in the write-ahead log before they are moved to the file: 32 MiB, so that few commits wait for that.
const LOG_PAGES: i32 = 4_096;
/// Each file is a step of the schema; `user_version` counts them.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("../migrations/sqlite/0001_chain.sql")),
    M::up(include_str!("../migrations/sqlite/0002_trail.sql")),
    M::up(include_str!("../migrations/sqlite/0003_truth.sql")),
    M::up(include_str!("../migrations/sqlite/0004_movements.sql")),
    M::up(include_str!("../migrations/sqlite/0005_one_row.sql")),
    M::up(include_str!("../migrations/sqlite/0006_states.sql")),
];
/// The newest schema that this program knows.
const SCHEMA: u32 = MIGRATIONS.len() as u32;

/// An index in one SQLite file. It may be deleted at any time. A second writer is told so when it commits.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: String,
    chain_id: u64,
}

impl SqliteStore {
    /// Opens the file, or makes it, for chain `chain_id`.
    ///
    /// # Errors
    /// When the file is of another chain, of a newer program, not an index, or damaged; each by name.
    pub fn open(path: impl AsRef<Path>, chain_id: u64) -> Result<Self, StoreError> {
        let path = path.as_ref().display().to_string();
        let connection = Connection::open(&path).map_err(|source| store_error(&path, source))?;
        let mut store = Self { connection, path, chain_id };
        store.refuse_foreign()?;
        store.configure()?;
        store.migrate()?;
        store.check_health()?;
        store.bind_chain()?;
        Ok(store)
    }

    /// An error of SQLite on this file, by name where it has one.
    fn error(&self, source: rusqlite::Error) -> StoreError {
        store_error(&self.path, source)
    }

    /// Refuses a file with tables of somebody else, before anything is written to it.
    fn refuse_foreign(&self) -> Result<(), StoreError> {
        let id: i32 = self.pragma("application_id")?;
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(|source| self.error(source))?;
        if tables != 0 && id != APPLICATION_ID {
            return Err(StoreError::NotAnIndex { path: self.path.clone() });
        }
        let found: u32 = self.pragma("user_version")?;
        if found > SCHEMA {
            return Err(StoreError::NewerSchema { path: self.path.clone(), found, known: SCHEMA });
        }
        Ok(())
    }

    /// FULL: a commit that was reported survives a power cut. WAL: readers never wait. Every row is written beside the one
    /// that it refers to: having SQLite look that up again would take a tenth of the time of catching up.
    fn configure(&self) -> Result<(), StoreError> {
        let set = || -> rusqlite::Result<()> {
            self.connection.busy_timeout(BUSY_TIMEOUT)?;
            self.connection.pragma_update(None, "page_size", PAGE_BYTES)?;
            self.connection.pragma_update(None, "journal_mode", "WAL")?;
            self.connection.pragma_update(None, "synchronous", "FULL")?;
            self.connection.pragma_update(None, "cache_size", CACHE_KIB)?;
            self.connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
            self.connection.pragma_update(None, "foreign_keys", "OFF")?;
            self.connection.pragma_update(None, "application_id", APPLICATION_ID)
        };
        set().map_err(|source| self.error(source))
    }

    fn migrate(&mut self) -> Result<(), StoreError> {
        let migrations = Migrations::from_slice(MIGRATIONS);
        migrations.to_latest(&mut self.connection).map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => store_error(&self.path, err),
            other => StoreError::Corrupt { path: self.path.clone(), detail: other.to_string() },
        })
    }

    fn check_health(&self) -> Result<(), StoreError> {
        let verdict: String = self.pragma("quick_check(1)")?;
        if verdict == "ok" {
            return Ok(());
        }
        Err(StoreError::Corrupt { path: self.path.clone(), detail: verdict })
    }

    /// Writes the chain id into a new file; compares it in an old one.
    fn bind_chain(&self) -> Result<(), StoreError> {
        let expected = to_sql("chain id", self.chain_id)?;
        let found: i64 = self
            .connection
            .query_row(
                "INSERT INTO chain (id, chain_id) VALUES (1, ?1)
                 ON CONFLICT (id) DO UPDATE SET id = id RETURNING chain_id",
                [expected],
                |row| row.get(0),
            )
            .map_err(|source| self.error(source))?;
        if found != expected {
            let found = found.unsigned_abs();
            return Err(StoreError::OtherChain { path: self.path.clone(), expected: self.chain_id, found });
        }
        Ok(())
    }

    fn bind_factory(&self, factory: Address, from_block: u64) -> Result<(), StoreError> {
        self.connection
            .execute(
                "UPDATE chain SET factory = ?1, from_block = ?2 WHERE factory IS NULL",
                params![factory.as_slice(), to_sql("block", from_block)?],
            )
            .map_err(|source| self.error(source))?;
        let found: Option<(Vec<u8>, i64)> = self
            .connection
            .query_row("SELECT factory, from_block FROM chain", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(|source| self.error(source))?;
        let (found, found_block) = found.ok_or_else(|| self.damaged("it names no factory"))?;
        let found = Address::try_from(found.as_slice()).map_err(|_| self.damaged("its factory is no address"))?;
        let found_block = found_block.unsigned_abs();
        if (found, found_block) == (factory, from_block) {
            return Ok(());
        }
        let (path, expected, expected_block) = (self.path.clone(), factory, from_block);
        Err(StoreError::OtherFactory { path, expected, expected_block, found, found_block })
    }

    fn damaged(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Corrupt { path: self.path.clone(), detail: detail.into() }
    }

    fn pragma<T: rusqlite::types::FromSql>(&self, name: &str) -> Result<T, StoreError> {
        self.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).map_err(|source| self.error(source))
    }
}

impl Store for SqliteStore {
    fn name(&self) -> &str {
        &self.path
    }

    fn chain_id(&self) -> u64 {
        self.chain_id
    }

    fn extent(&self) -> Result<Extent, StoreError> {
        self.read_extent()
    }

    fn vaults(&self) -> Result<Vec<StoredVault>, StoreError> {
        self.read_vaults()
    }

    fn logs(&self, vault: Address) -> Result<Vec<StoredLog>, StoreError> {
        self.read_logs(vault, false)
    }

    fn orphaned_logs(&self, vault: Address) -> Result<Vec<StoredLog>, StoreError> {
        self.read_logs(vault, true)
    }

    fn logs_between(&self, blocks: RangeInclusive<u64>, limit: u32) -> Result<Vec<PlacedLog>, StoreError> {
        self.read_logs_between(blocks, limit)
    }

    fn payments(&self, vault: Address) -> Result<Vec<StoredPayment>, StoreError> {
        self.read_payments(vault)
    }

    fn purses(&self) -> Result<Vec<StoredPurse>, StoreError> {
        self.read_purses()
    }

    fn transfers(&self, account: Address) -> Result<Vec<StoredTransfer>, StoreError> {
        self.read_transfers(account)
    }

    fn authorizations(&self, purse: Address) -> Result<Vec<StoredAuthorization>, StoreError> {
        self.read_authorizations(purse)
    }

    fn heads(&self, vault: Address, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        self.read_heads(vault, above)
    }

    fn last_heads(&self, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        self.read_last_heads(above)
    }

    fn ranges(&self) -> Result<Vec<StoredRange>, StoreError> {
        self.read_ranges()
    }

    fn blocks_down_from(&self, below: u64, limit: u64) -> Result<Vec<BlockRef>, StoreError> {
        self.read_blocks_down_from(below, limit)
    }

    fn headers_between(&self, blocks: RangeInclusive<u64>, limit: u32) -> Result<Vec<Header>, StoreError> {
        self.read_headers_between(blocks, limit)
    }

    fn movements_between(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> Result<(Vec<StoredTransfer>, Vec<StoredAuthorization>), StoreError> {
        self.read_movements_between(blocks)
    }

    fn moment(&self) -> Result<Moment, StoreError> {
        self.read_moment()
    }

    fn payment_page(&self, query: &PaymentQuery) -> Result<PaymentPage, StoreError> {
        self.read_payment_page(query)
    }

    fn transfer_page(&self, query: &TransferQuery) -> Result<TransferPage, StoreError> {
        self.read_transfer_page(query)
    }

    fn trail_since(&self, vault: Address, known: Option<BlockRef>) -> Result<TrailPart, StoreError> {
        self.read_trail_since(vault, known)
    }

    fn stored_state(&self, vault: Address) -> Result<(Moment, Option<(BlockRef, VaultState)>), StoreError> {
        self.read_state(vault)
    }

    fn bind(&mut self, factory: Address, from_block: u64) -> Result<(), StoreError> {
        self.bind_factory(factory, from_block)
    }

    fn commit(&mut self, before: Option<BlockRef>, chunk: Chunk) -> Result<(), StoreError> {
        self.write_chunk(before, &chunk)
    }

    fn roll_back(&mut self, from: BlockRef, to: Option<BlockRef>) -> Result<Rollback, StoreError> {
        self.write_rollback(from, to)
    }

    fn relabel(&mut self, cursor: BlockRef, range: StoredRange) -> Result<(), StoreError> {
        self.write_truth(cursor, range)
    }
}

fn store_error(path: &str, source: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt { path, detail: source.to_string() },
        Some(ErrorCode::NotADatabase) => StoreError::NotAnIndex { path },
        _ => StoreError::Sqlite { path, source },
    }
}
