//! A shared index in PostgreSQL: any number of chains and readers, one writer for each chain. `write`: what is written, as
//! `rows` and by `copy`; `indexes`: which, and when; `read`: what is read, `page`: a page at a time; `movements`: what tokens say;
//! `recheck`: for a second look.
//!
//! The connection lives on a thread of its own, which ends with the store: whoever asks may stand on any runtime or none.

mod copy;
mod indexes;
mod movements;
mod page;
mod read;
mod recheck;
mod rows;
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
use alloy::primitives::{Address, keccak256};
use postgres::config::Host;
use postgres::error::SqlState;
use postgres::{Client, Config, GenericClient, NoTls};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The schema that an index lies in, if no other is named.
pub const SCHEMA_NAME: &str = "pursestrings";
/// The newest schema that this program knows; each step is a file.
const MIGRATIONS: [&str; 7] = [
    include_str!("../migrations/postgres/0001_trail.sql"),
    include_str!("../migrations/postgres/0002_truth.sql"),
    include_str!("../migrations/postgres/0003_movements.sql"),
    include_str!("../migrations/postgres/0004_indexes.sql"),
    include_str!("../migrations/postgres/0005_one_row.sql"),
    include_str!("../migrations/postgres/0006_states.sql"),
    include_str!("../migrations/postgres/0007_numbered_blocks.sql"),
];
/// The tables that lie in partitions by chain and month.
const PARTITIONED: [&str; 3] = ["logs", "transfers", "authorizations"];
/// How long a second writer waits for the first to end.
const PATIENCE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce(&mut Client) + Send>;

/// An index in a schema of a PostgreSQL database. Who writes holds an advisory lock for the chain as long as its
/// connection lives: when it dies, the next one takes over where it stopped.
///
/// The connection is not encrypted: a Unix socket, or a private network.
#[derive(Debug)]
pub struct PostgresStore {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    config: Config,
    name: String,
    schema: String,
    chain_id: u64,
    patience: Duration,
    /// Months that have their partitions.
    months: BTreeSet<String>,
    /// Whether all of these months have their indexes.
    indexed: bool,
}

impl PostgresStore {
    /// Connects to `url` (`postgresql://user@host/database`) and opens the index in `schema`, or makes it.
    ///
    /// # Errors
    /// When the database cannot be reached, or the schema is not an index or a newer program's; each by name.
    pub fn open(url: &str, schema: &str, chain_id: u64) -> Result<Self, StoreError> {
        let failed = |cause: String| StoreError::Postgres { path: schema.to_owned(), cause };
        let mut config: Config = url.parse().map_err(|error: postgres::Error| failed(error.to_string()))?;
        config.application_name(schema);
        let name = name(&config, schema);
        let connecting = config.clone();
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (opened, open) = mpsc::channel();
        let thread = thread::Builder::new().name("postgres".into()).spawn(move || match connecting.connect(NoTls) {
            Ok(mut client) => {
                let _ = opened.send(Ok(()));
                inbox.into_iter().for_each(|job: Job| job(&mut client));
            }
            Err(error) => drop(opened.send(Err(words(&error)))),
        });
        let thread = thread.map_err(|error| failed(error.to_string()))?;
        let store = Self {
            jobs: Some(jobs),
            thread: Some(thread),
            config,
            name,
            schema: schema.to_owned(),
            chain_id,
            patience: PATIENCE,
            months: BTreeSet::new(),
            indexed: false,
        };
        open.recv().unwrap_or_else(|_| Err("the connection ended".into())).map_err(|cause| store.failed(cause))?;
        store.migrate()?;
        Ok(store)
    }

    /// Waits so long for another writer to end instead of 10 s.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn failed(&self, cause: String) -> StoreError {
        StoreError::Postgres { path: self.name.clone(), cause }
    }

    fn error(&self, error: &postgres::Error) -> StoreError {
        self.failed(words(error))
    }

    fn damaged(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Corrupt { path: self.name.clone(), detail: detail.into() }
    }

    /// Has the connection's thread do something, and waits for it.
    fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Client) -> Result<T, postgres::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = mpsc::channel();
        let job: Job = Box::new(move |client| drop(answer.send(job(client))));
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        let result = sent.then(|| answered.recv().ok()).flatten();
        let result = result.ok_or_else(|| self.failed("the connection ended".into()))?;
        result.map_err(|error| self.error(&error))
    }

    /// Makes the schema, or the steps that it lacks, one process at a time.
    fn migrate(&self) -> Result<(), StoreError> {
        let (schema, lock) = (self.schema.clone(), lock_key(&self.schema, None));
        let found = self.ask(move |client| {
            let mut tx = client.transaction()?;
            tx.execute("SELECT pg_advisory_xact_lock($1)", &[&lock])?;
            // Whoever only reads may make no schema, not even one that is there.
            if tx.query_opt("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[&schema])?.is_none() {
                tx.batch_execute(&format!("CREATE SCHEMA {}", quoted(&schema)))?;
            }
            tx.batch_execute(&search_path(&schema))?;
            let sql = "SELECT count(*), count(*) FILTER (WHERE table_name = 'pursestrings_index')
                       FROM information_schema.tables WHERE table_schema = $1";
            let row = tx.query_one(sql, &[&schema])?;
            let (tables, ours): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            if tables > 0 && ours == 0 {
                return Ok(None);
            }
            let known = if tables == 0 { 0 } else { version(&mut tx)? };
            for step in MIGRATIONS.iter().skip(known as usize) {
                tx.batch_execute(step)?;
            }
            tx.commit()?;
            client.batch_execute(&search_path(&schema))?;
            Ok(Some(known))
        })?;
        match found {
            None => Err(StoreError::NotAnIndex { path: self.name.clone() }),
            Some(found) if found > MIGRATIONS.len() as u32 => {
                Err(StoreError::NewerSchema { path: self.name.clone(), found, known: MIGRATIONS.len() as u32 })
            }
            Some(_) => Ok(()),
        }
    }

    /// Takes the chain's lock, or waits a while for whoever has it.
    fn lock(&self) -> Result<(), StoreError> {
        let (key, patience) = (lock_key(&self.schema, Some(self.chain_id)), self.patience.as_millis().max(1));
        let locked = self.ask(move |client| {
            // A lock that this connection has already is not taken twice.
            let held =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
                        AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = $1";
            if client.query_one(held, &[&key])?.try_get::<_, i64>(0)? > 0 {
                return Ok(true);
            }
            client.batch_execute(&format!("SET lock_timeout = {patience}"))?;
            let locked = client.execute("SELECT pg_advisory_lock($1)", &[&key]);
            client.batch_execute("SET lock_timeout = 0")?;
            match locked {
                Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(false),
                other => other.map(|_| true),
            }
        })?;
        if locked { Ok(()) } else { Err(StoreError::MovedByAnother) }
    }

    fn bind_factory(&self, factory: Address, from_block: u64) -> Result<(), StoreError> {
        let (chain, from) = (to_sql("chain id", self.chain_id)?, to_sql("block", from_block)?);
        let address = factory.to_vec();
        let (found, found_block): (Vec<u8>, i64) = self.ask(move |client| {
            let mut tx = client.transaction()?;
            let sql = "INSERT INTO chains (chain_id, factory, from_block) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            tx.execute(sql, &[&chain, &address, &from])?;
            for table in PARTITIONED {
                tx.batch_execute(&format!(
                    "CREATE TABLE IF NOT EXISTS {table}_{chain} PARTITION OF {table} FOR VALUES IN ({chain})
                     PARTITION BY RANGE (time)"
                ))?;
            }
            let row = tx.query_one("SELECT factory, from_block FROM chains WHERE chain_id = $1", &[&chain])?;
            tx.commit()?;
            Ok((row.try_get(0)?, row.try_get(1)?))
        })?;
        let found = Address::try_from(found.as_slice()).map_err(|_| self.damaged("its factory is no address"))?;
        let found_block = found_block.unsigned_abs();
        if (found, found_block) == (factory, from_block) {
            return Ok(());
        }
        let (path, expected, expected_block) = (self.name.clone(), factory, from_block);
        Err(StoreError::OtherFactory { path, expected, expected_block, found, found_block })
    }
}

impl Drop for PostgresStore {
    /// Waits until the connection is closed, and with it the lock given back.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Store for PostgresStore {
    fn name(&self) -> &str {
        &self.name
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
        self.lock()?;
        self.bind_factory(factory, from_block)
    }

    fn commit(&mut self, before: Option<BlockRef>, chunk: Chunk) -> Result<(), StoreError> {
        self.write_chunk(before, chunk)
    }

    fn roll_back(&mut self, from: BlockRef, to: Option<BlockRef>) -> Result<Rollback, StoreError> {
        self.write_rollback(from, to)
    }

    fn relabel(&mut self, cursor: BlockRef, range: StoredRange) -> Result<(), StoreError> {
        self.write_truth(cursor, range)
    }
}

fn version(client: &mut impl GenericClient) -> Result<u32, postgres::Error> {
    let version: i32 = client.query_one("SELECT version FROM pursestrings_index", &[])?.try_get(0)?;
    Ok(version.unsigned_abs())
}

/// The database and the schema in it, without a password.
fn name(config: &Config, schema: &str) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => "localhost".into(),
    };
    let database = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
    format!("postgresql://{host}/{database} (schema {schema})")
}

/// A number for PostgreSQL's advisory locks, which know no names.
fn lock_key(schema: &str, chain_id: Option<u64>) -> i64 {
    let hash = keccak256(format!("pursestrings {schema} {chain_id:?}"));
    i64::from_be_bytes(hash.0[..8].try_into().unwrap_or_default())
}

/// What makes a schema the one that a connection speaks of.
fn search_path(schema: &str) -> String {
    format!("SET search_path TO {}", quoted(schema))
}

/// A schema's name in SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// PostgreSQL's own words: the driver's are only "db error".
fn words(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |db| format!("{} ({})", db.message(), db.code().code()))
}
