//! The journal of purchases: one SQLite file beside the session file, shared by all processes of the agent.
//!
//! A purchase is written before anything is signed, and what was signed before it is sent, so a process may end at any
//! point: the next one finds the purchase as it was, and asks the chain what became of it. What purchases under way may
//! still take from a purse is held against its balance in the same transaction that adds one more, so any number of
//! processes promise sellers no more than there is.
//!
//! - `row`: a purchase as it is kept
//! - `holding`: how much of a purse's balance is promised already
//! - `day`: how much was bought within 24 hours

mod day;
mod holding;
mod row;

pub use day::DayFull;
pub use holding::{Funds, Short};
pub use row::{Answer, NewPurchase, Purchase, Settlement, State};

use crate::PurchaseId;
use crate::private_file::FileError;
use alloy::primitives::{Address, B256};
use fs4::FileExt;
use purse_protocol::PaymentRefusal;
use rusqlite::{Connection, ErrorCode, OptionalExtension, ToSql, Transaction, TransactionBehavior, params};
use rusqlite_migration::{M, Migrations};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Marks a file as a journal of Pursestrings ("PURJ"), so that another program's database is never touched.
const APPLICATION_ID: i32 = 0x5055_524a;
/// How long a writer waits for another process's transaction; each takes milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Each file is a step of the schema; `user_version` counts them.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("../migrations/0001_purchases.sql")),
    M::up(include_str!("../migrations/0002_final.sql")),
    M::up(include_str!("../migrations/0003_headers.sql")),
];
/// Purchases that are under way: an authorisation may be out, or is about to be.
const UNDER_WAY: &str = "state IN ('reserved', 'signed', 'sent', 'unknown')";
/// For how long a command without an id goes on with a purchase that was paid for and not served, in seconds.
pub(crate) const REMINDED_FOR: u64 = 3_600;
/// How many purchases that are not final are looked at again at once, the oldest first.
const LOOKED_AT_AGAIN: u32 = 64;

/// The journal of one session.
#[derive(Debug)]
pub struct Journal {
    connection: Mutex<Connection>,
    path: PathBuf,
    /// The most that may be reserved here within 24 hours.
    per_day: Option<u128>,
}

/// Why a purchase was not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotReserved {
    /// The purse has not enough left for it.
    Short(Short),
    /// What may be bought within 24 hours has not.
    DayFull(DayFull),
}

/// The journal cannot be used. Nothing is signed then.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be made.
    #[error(transparent)]
    File(#[from] FileError),
    /// SQLite failed.
    #[error("cannot use {}: {source}", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        source: rusqlite::Error,
    },
    /// Not a journal of this session, or damaged.
    #[error("{} {reason}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A step that the purchase cannot take from where it stands.
    #[error("purchase \"{purchase}\" is {state} and cannot become {wanted}")]
    WrongState {
        /// The purchase.
        purchase: PurchaseId,
        /// Where it stands.
        state: State,
        /// Where it should go.
        wanted: State,
    },
}

impl JournalError {
    /// The error's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Sqlite { source, .. } if is_busy(source) => "JournalBusy",
            Self::Sqlite { .. } => "JournalFailed",
            Self::Unusable { .. } => "JournalUnusable",
            Self::WrongState { .. } => "PurchaseUnderWay",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::File(error) => error.fix(),
            Self::Sqlite { .. } => "look at the free space and at processes of this agent that hang".to_owned(),
            Self::Unusable { path, .. } => format!(
                "let two minutes pass without a payment, then move {} away: the chain knows what was paid",
                path.display()
            ),
            Self::WrongState { .. } => "ask again under the same purchase id".to_owned(),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl Journal {
    /// Where the journal of a session file lies: `NAME.session.journal`.
    pub fn beside(session_file: &Path) -> PathBuf {
        session_file.with_extension("journal")
    }

    /// Opens the journal of a session, or makes it, with mode 0600.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(path: &Path, chain_id: u64, vault: Address, session: u32) -> Result<Self, JournalError> {
        // Processes that begin together must not both make the tables. The folder's lock is the system's: it goes with
        // the process.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let io = |source| FileError::Io { path: folder.to_owned(), source };
        let alone = File::open(folder).map_err(io)?;
        FileExt::lock(&alone).map_err(io)?;
        // One that is there is not opened: closing it would take away the locks of this process's other connections.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Err(source) if source.kind() != ErrorKind::AlreadyExists => {
                return Err(FileError::Io { path: path.to_owned(), source }.into());
            }
            Ok(_) | Err(_) => {}
        }
        let failed = |source| JournalError::Sqlite { path: path.to_owned(), source };
        let unusable = |reason: String| JournalError::Unusable { path: path.to_owned(), reason };
        let mut connection = Connection::open(path).map_err(failed)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
        let pragma = |connection: &Connection, name: &str| -> rusqlite::Result<i32> {
            connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))
        };
        let tables: i32 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(|source| {
                match source.sqlite_error_code() {
                    Some(ErrorCode::NotADatabase) => unusable("is no journal".to_owned()),
                    _ => failed(source),
                }
            })?;
        if tables != 0 && pragma(&connection, "application_id").map_err(failed)? != APPLICATION_ID {
            return Err(unusable("is another program's database".to_owned()));
        }
        let set = || -> rusqlite::Result<()> {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update(None, "application_id", APPLICATION_ID)
        };
        set().map_err(failed)?;
        let migrations = Migrations::from_slice(MIGRATIONS);
        migrations.to_latest(&mut connection).map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => failed(err),
            other => unusable(format!("cannot be brought up to date: {other}")),
        })?;
        let found: (i64, Vec<u8>, u32) = connection
            .query_row(
                "INSERT INTO session (id, chain_id, vault, session) VALUES (1, ?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET id = id RETURNING chain_id, vault, session",
                params![chain_id.cast_signed(), vault.as_slice(), session],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .map_err(failed)?;
        if found != (chain_id.cast_signed(), vault.to_vec(), session) {
            return Err(unusable("is the journal of another session".to_owned()));
        }
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned(), per_day: None })
    }

    /// The same, in which no more than that is reserved within 24 hours, in base units.
    pub fn at_most_a_day(self, per_day: Option<u128>) -> Self {
        Self { per_day, ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A purchase, if it was ever reserved here.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn find(&self, purchase: &PurchaseId) -> Result<Option<Purchase>, JournalError> {
        self.one("purchase = ?1", [purchase.as_str()])
    }

    /// The newest purchase under an id made up here that asks for the same and is not over: under way, or paid for within
    /// the last hour and not handed over to whoever bought.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn unfinished_like(&self, request: B256, headers: B256, now: u64) -> Result<Option<Purchase>, JournalError> {
        let same = "request = ?1 AND (headers IS NULL OR headers = ?2) AND derived = 1";
        let unfinished = format!("({UNDER_WAY} OR state = 'settled' AND handed_over = 0 AND created > ?3)");
        let since = now.saturating_sub(REMINDED_FOR).cast_signed();
        self.one(&format!("{same} AND {unfinished}"), params![request.as_slice(), headers.as_slice(), since])
    }

    /// All purchases under way, the oldest first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn under_way(&self) -> Result<Vec<Purchase>, JournalError> {
        self.many(&format!("{UNDER_WAY} ORDER BY id"), [])
    }

    /// Purchases that are decided, but in a block that a reorganisation may still take away; the oldest first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn not_final(&self) -> Result<Vec<Purchase>, JournalError> {
        let decided = "final = 0 AND header IS NOT NULL AND state IN ('settled', 'refused')";
        self.many(&format!("{decided} ORDER BY id LIMIT ?1"), [LOOKED_AT_AGAIN])
    }

    /// The newest purchases, the newest first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn list(&self, most: u32) -> Result<Vec<Purchase>, JournalError> {
        self.many("1 ORDER BY id DESC LIMIT ?1", [most])
    }

    /// To whom the last payment to an origin, such as `https://api.example`, went.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn last_payee_of(&self, origin: &str) -> Result<Option<Address>, JournalError> {
        let paid = "state = 'settled' AND (url = ?1 OR substr(url, 1, length(?1) + 1) = ?1 || '/')";
        Ok(self.one(paid, [origin])?.map(|purchase| purchase.bought.payee))
    }

    /// Reserves a purchase: from here on it is known, and its price is held against the purse. One transaction, which
    /// waits for those of other processes. A purchase that was refused before starts anew under its old id.
    ///
    /// # Errors
    /// The outer error: [`JournalError`]. The inner one: purse or day have not enough left for it.
    pub fn reserve(&self, new: &NewPurchase, funds: Funds, now: u64) -> Result<Result<(), NotReserved>, JournalError> {
        self.write(|tx| {
            if let Some(cap) = self.per_day
                && let Some(full) = day::full(tx, new.amount, cap, now)?
            {
                return Ok(Ok(Err(NotReserved::DayFull(full))));
            }
            let held = holding::held(tx, new.purse, &new.purchase, funds)?;
            let available = funds.balance.saturating_sub(held);
            if available < new.amount {
                return Ok(Ok(Err(NotReserved::Short(Short { available, held }))));
            }
            let state = row::state_of(tx, &new.purchase)?;
            if let Some(state) = state.filter(|state| *state != State::Refused) {
                let purchase = new.purchase.clone();
                return Ok(Err(JournalError::WrongState { purchase, state, wanted: State::Reserved }));
            }
            row::insert(tx, new, funds.block, now)?;
            Ok(Ok(Ok(())))
        })?
    }

    /// Notes what was signed, before it is sent. It is on the disk when this returns, with all that was noted before it:
    /// what is noted otherwise outlives the process, and the chain knows it where a power cut takes it away.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn signed(&self, purchase: &PurchaseId, header: &str, now: u64) -> Result<(), JournalError> {
        let set: [(&str, &dyn ToSql); 1] = [("header", &header)];
        let durably = |how: &str| {
            let set = self.lock().pragma_update(None, "synchronous", how);
            set.map_err(|source| self.error(source))
        };
        durably("FULL")?;
        let noted = self.step(purchase, &[State::Reserved], State::Signed, &set, now);
        durably("NORMAL")?;
        noted
    }

    /// Notes that the seller is about to get it.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn sent(&self, purchase: &PurchaseId, now: u64) -> Result<(), JournalError> {
        let from = [State::Signed, State::Sent, State::Unknown];
        self.step(purchase, &from, State::Sent, &[], now)
    }

    /// Notes that the chain has the payment, and what it moved, where that is known.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn settled(&self, purchase: &PurchaseId, settlement: Settlement, now: u64) -> Result<(), JournalError> {
        let (tx, block) = (settlement.transaction.map(|hash| hash.to_vec()), settlement.block.map(u64::cast_signed));
        let (payee, amount) = settlement.moved.map(|(payee, amount)| (payee.to_vec(), amount.to_string())).unzip();
        let mut set: Vec<(&str, &dyn ToSql)> = vec![("reconciled", &settlement.reconciled)];
        if settlement.transaction.is_some() {
            set.extend([("tx", &tx as &dyn ToSql), ("block", &block)]); // what is known is not forgotten
        }
        if settlement.moved.is_some() {
            set.extend([("payee", &payee as &dyn ToSql), ("amount", &amount)]);
        }
        let from = [State::Reserved, State::Signed, State::Sent, State::Unknown, State::Settled, State::Refused];
        self.step(purchase, &from, State::Settled, &set, now)
    }

    /// Notes that a reorganisation of the chain has taken the payment away: it may be made again while what was signed
    /// lives (`unknown`), or never (`refused`).
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn undone(
        &self,
        purchase: &PurchaseId,
        to: State,
        refusal: &PaymentRefusal,
        now: u64,
    ) -> Result<(), JournalError> {
        let (text, none) = (row::to_json(refusal), None::<i64>);
        let set: [(&str, &dyn ToSql); 4] = [("refusal", &text), ("tx", &none), ("block", &none), ("reconciled", &true)];
        self.step(purchase, &[State::Settled], to, &set, now)
    }

    /// Notes that no reorganisation can change what became of a purchase any more.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn now_final(&self, purchase: &PurchaseId) -> Result<(), JournalError> {
        self.write(|tx| {
            tx.execute("UPDATE purchases SET final = 1 WHERE purchase = ?1", [purchase.as_str()])?;
            Ok(())
        })
    }

    /// Notes that the purchase came to nothing and that what was signed for it, if anything, can pay no more.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn refused(
        &self,
        purchase: &PurchaseId,
        refusal: &PaymentRefusal,
        reconciled: bool,
        now: u64,
    ) -> Result<(), JournalError> {
        let text = row::to_json(refusal);
        let set: [(&str, &dyn ToSql); 2] = [("refusal", &text), ("reconciled", &reconciled)];
        let from = [State::Reserved, State::Signed, State::Sent, State::Unknown];
        self.step(purchase, &from, State::Refused, &set, now)
    }

    /// Notes why it is not known whether the payment was or will be made.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn unknown(&self, purchase: &PurchaseId, refusal: &PaymentRefusal, now: u64) -> Result<(), JournalError> {
        let text = row::to_json(refusal);
        let set: [(&str, &dyn ToSql); 1] = [("refusal", &text)];
        self.step(purchase, &[State::Signed, State::Sent, State::Unknown], State::Unknown, &set, now)
    }

    /// Notes that whoever bought has the answer: asking for the same, under no id, is another purchase from now on.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn handed_over(&self, purchase: &PurchaseId, now: u64) -> Result<(), JournalError> {
        self.write(|tx| {
            let sql = "UPDATE purchases SET handed_over = 1, updated = ?2 WHERE purchase = ?1";
            tx.execute(sql, params![purchase.as_str(), now.cast_signed()])?;
            Ok(())
        })
    }

    /// Keeps the seller's answer, for whoever asks for the same purchase again.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn answered(&self, purchase: &PurchaseId, answer: &Answer, now: u64) -> Result<(), JournalError> {
        self.write(|tx| {
            tx.execute(
                "UPDATE purchases SET answer_status = ?2, answer_type = ?3, answer_body = ?4, updated = ?5
                 WHERE purchase = ?1",
                params![purchase.as_str(), answer.status, answer.content_type, answer.body, now.cast_signed()],
            )?;
            Ok(())
        })
    }

    /// Whether the cap of 24 hours does not hold that much more.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn day_full(&self, amount: u128, now: u64) -> Result<Option<DayFull>, JournalError> {
        let Some(cap) = self.per_day else { return Ok(None) };
        day::full(&self.lock(), amount, cap, now).map_err(|source| self.error(source))
    }

    /// What was bought within 24 hours, in base units.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn spent_in_a_day(&self, now: u64) -> Result<u128, JournalError> {
        day::spent(&self.lock(), now).map_err(|source| self.error(source))
    }

    /// How much of a purse is promised to sellers, beyond what its balance at that block shows.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn held(&self, purse: Address, funds: Funds) -> Result<u128, JournalError> {
        self.write(|tx| holding::held_by_all(tx, purse, funds))
    }

    fn step(
        &self,
        purchase: &PurchaseId,
        from: &[State],
        to: State,
        set: &[(&str, &dyn ToSql)],
        now: u64,
    ) -> Result<(), JournalError> {
        self.write(|tx| {
            let state = row::state_of(tx, purchase)?.unwrap_or(State::Refused);
            if !from.contains(&state) {
                return Ok(Err(JournalError::WrongState { purchase: purchase.clone(), state, wanted: to }));
            }
            row::update(tx, purchase, to, set, now)?;
            Ok(Ok(()))
        })?
    }

    fn one(&self, condition: &str, params: impl rusqlite::Params) -> Result<Option<Purchase>, JournalError> {
        let sql = format!("SELECT {} FROM purchases WHERE {condition} ORDER BY id DESC LIMIT 1", row::COLUMNS);
        self.lock().query_row(&sql, params, row::read).optional().map_err(|source| self.error(source))
    }

    fn many(&self, condition: &str, params: impl rusqlite::Params) -> Result<Vec<Purchase>, JournalError> {
        let connection = self.lock();
        let read = || -> rusqlite::Result<Vec<Purchase>> {
            let sql = format!("SELECT {} FROM purchases WHERE {condition}", row::COLUMNS);
            connection.prepare(&sql)?.query_map(params, row::read)?.collect()
        };
        read().map_err(|source| self.error(source))
    }

    /// Runs `write` in one transaction that excludes all other writers; an inner error rolls it back.
    fn write<T>(&self, write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        let connection = self.lock();
        let run = || -> rusqlite::Result<T> {
            let tx = Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
            let value = write(&tx)?;
            tx.commit()?;
            Ok(value)
        };
        run().map_err(|source| self.error(source))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, source: rusqlite::Error) -> JournalError {
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                JournalError::Unusable { path: self.path.clone(), reason: format!("is damaged: {source}") }
            }
            _ => JournalError::Sqlite { path: self.path.clone(), source },
        }
    }
}

#[cfg(test)]
mod tests;
