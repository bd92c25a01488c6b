//! What is written to the SQLite file, each in one transaction: a chunk; a rollback.

use super::SqliteStore;
use crate::chunk::{Chunk, Rollback};
use crate::error::StoreError;
use crate::rows::{BlockRef, StoredAuthorization, StoredHead, StoredRange, StoredTransfer, StoredVault};
use crate::source::{ChainLog, Header};
use crate::state::{self, WrittenState};
use crate::store::to_sql;
use alloy::primitives::B256;
use purse_protocol::event::sequence_of;
use rusqlite::{CachedStatement, OptionalExtension, Statement, Transaction, TransactionBehavior, params};
use std::collections::{BTreeSet, HashMap};

/// The numbers that the file gave the chunk's blocks. A block that was orphaned and came back has its rows already.
type Ids = HashMap<B256, (i64, IsNew)>;
type IsNew = bool;

/// The logs of one block.
#[derive(Debug, Clone, Copy, Default)]
struct OfBlock<'a> {
    logs: &'a [ChainLog],
    transfers: &'a [StoredTransfer],
    authorizations: &'a [StoredAuthorization],
}

impl OfBlock<'_> {
    const fn count(&self) -> i64 {
        (self.logs.len() + self.transfers.len() + self.authorizations.len()) as i64
    }
}

/// While final blocks are caught up with, rows only come in: the indexes by vault are made once afterwards, which takes a
/// small part of the time of keeping them. Whoever reads meanwhile reads slowly.
const DEFER_INDEXES: &str = "DROP INDEX IF EXISTS logs_by_vault;
    DROP INDEX IF EXISTS transfers_by_sender; DROP INDEX IF EXISTS transfers_by_recipient;
    DROP INDEX IF EXISTS authorizations_by_purse;";
const MAKE_INDEXES: [&str; 4] = [
    "CREATE INDEX IF NOT EXISTS transfers_by_sender ON transfers (sender)",
    "CREATE INDEX IF NOT EXISTS transfers_by_recipient ON transfers (recipient)",
    "CREATE INDEX IF NOT EXISTS authorizations_by_purse ON authorizations (purse)",
    "CREATE INDEX IF NOT EXISTS logs_by_vault ON logs (address, sequence)",
];

const INSERT_LOG: &str =
    "INSERT INTO logs (block, log_index, address, tx, topics, data, sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

impl SqliteStore {
    pub(super) fn write_chunk(&self, before: Option<BlockRef>, chunk: &Chunk) -> Result<(), StoreError> {
        self.transact(before, |tx| {
            if before.is_none() {
                tx.execute_batch(DEFER_INDEXES).map_err(|source| self.error(source))?;
            }
            let ids = self.put_blocks(tx, chunk)?;
            let new = |hash: &B256| ids.get(hash).filter(|(_, is_new)| *is_new).map(|(id, _)| *id);
            let mut insert = self.prepared(tx, INSERT_LOG)?;
            for log in &chunk.logs {
                if let Some(id) = new(&log.block_hash) {
                    self.put_log(&mut insert, id, log)?;
                }
            }
            for vault in &chunk.vaults {
                if let Some(id) = new(&vault.block.hash) {
                    self.put_vault(tx, id, vault)?;
                }
            }
            for purse in &chunk.purses {
                if let Some(id) = new(&purse.block.hash) {
                    self.put_purse(tx, id, purse)?;
                }
            }
            for moved in &chunk.transfers {
                if let Some(id) = new(&moved.block.hash) {
                    self.put_transfer(tx, id, moved)?;
                }
            }
            for used in &chunk.authorizations {
                if let Some(id) = new(&used.block.hash) {
                    self.put_authorization(tx, id, used)?;
                }
            }
            for head in &chunk.heads {
                if let Some(id) = new(&head.block.hash) {
                    self.put_head(tx, id, head)?;
                }
            }
            for state in &chunk.states {
                if let Some(id) = new(&state.block.hash) {
                    self.put_state(tx, id, state)?;
                }
            }
            self.advance(tx, before, chunk)?;
            self.forget_states(tx, chunk)
        })
    }

    pub(super) fn write_rollback(&self, from: BlockRef, to: Option<BlockRef>) -> Result<Rollback, StoreError> {
        self.transact(Some(from), |tx| {
            let above = to.map_or(Ok(-1), |ancestor| to_sql("block", ancestor.number))?;
            self.set_cursor(tx, to.map(|ancestor| ancestor.hash))?;
            self.run(tx, "UPDATE chain SET confirmed = min(confirmed, max(?1, 0))", [above])?;
            self.run(tx, "DELETE FROM ranges WHERE first > ?1", [above])?;
            self.run(tx, "UPDATE ranges SET last = ?1 WHERE last > ?1", [above])?;
            let sql = "SELECT coalesce(sum(logs), 0) FROM blocks WHERE orphaned = 0 AND number > ?1";
            let logs: i64 = tx.query_row(sql, [above], |row| row.get(0)).map_err(|source| self.error(source))?;
            let sql = "UPDATE blocks SET orphaned = 1 WHERE orphaned = 0 AND number > ?1";
            let blocks = self.run(tx, sql, [above])?;
            Ok(Rollback { from, to, blocks: blocks as u64, logs: logs.unsigned_abs() })
        })
    }

    /// Runs `write` in one transaction, provided that nobody else moved the cursor.
    pub(super) fn transact<T>(
        &self,
        before: Option<BlockRef>,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let begun = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate);
        let tx = begun.map_err(|source| self.error(source))?;
        if self.read_extent()?.cursor != before {
            return Err(StoreError::MovedByAnother);
        }
        let result = write(&tx)?;
        tx.commit().map_err(|source| self.error(source))?;
        Ok(result)
    }

    fn put_blocks(&self, tx: &Transaction<'_>, chunk: &Chunk) -> Result<Ids, StoreError> {
        let mut of_blocks: HashMap<B256, OfBlock<'_>> = HashMap::new();
        for logs in chunk.logs.chunk_by(|a, b| a.block_hash == b.block_hash) {
            of_blocks.entry(logs[0].block_hash).or_default().logs = logs;
        }
        for transfers in chunk.transfers.chunk_by(|a, b| a.block == b.block) {
            of_blocks.entry(transfers[0].block.hash).or_default().transfers = transfers;
        }
        for authorizations in chunk.authorizations.chunk_by(|a, b| a.block == b.block) {
            of_blocks.entry(authorizations[0].block.hash).or_default().authorizations = authorizations;
        }
        let mut ids = Ids::new();
        for header in &chunk.headers {
            let of = of_blocks.get(&header.hash).copied().unwrap_or_default();
            ids.insert(header.hash, self.put_block(tx, header, of)?);
        }
        Ok(ids)
    }

    fn put_block(&self, tx: &Transaction<'_>, header: &Header, of: OfBlock<'_>) -> Result<(i64, IsNew), StoreError> {
        let found = tx
            .query_row("SELECT id FROM blocks WHERE hash = ?1", [header.hash.as_slice()], |row| row.get(0))
            .optional()
            .map_err(|source| self.error(source))?;
        if let Some(id) = found {
            self.bring_back(tx, id, header, of)?;
            return Ok((id, false));
        }
        self.run(
            tx,
            "INSERT INTO blocks (number, hash, parent, time, logs) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                to_sql("block", header.number)?,
                header.hash.as_slice(),
                header.parent.as_slice(),
                to_sql("time", header.time)?,
                of.count()
            ],
        )?;
        Ok((tx.last_insert_rowid(), true))
    }

    /// A block that was orphaned and came back must be what it was.
    fn bring_back(&self, tx: &Transaction<'_>, id: i64, header: &Header, of: OfBlock<'_>) -> Result<(), StoreError> {
        let sql =
            "SELECT (SELECT count(*) FROM logs WHERE block = ?1) + (SELECT count(*) FROM transfers WHERE block = ?1)
                        + (SELECT count(*) FROM authorizations WHERE block = ?1)";
        let stored: i64 = tx.query_row(sql, [id], |row| row.get(0)).map_err(|source| self.error(source))?;
        let mut same = stored == of.count();
        for log in of.logs {
            let sql = "SELECT count(*) FROM logs WHERE block = ?1 AND log_index = ?2 AND address = ?3 AND tx = ?4
                       AND topics = ?5 AND data = ?6";
            let values = params![
                id,
                to_sql("log index", log.log_index)?,
                log.address.as_slice(),
                log.tx.as_slice(),
                log.topics.concat(),
                log.data.as_ref()
            ];
            let found: i64 = tx.query_row(sql, values, |row| row.get(0)).map_err(|source| self.error(source))?;
            same &= found == 1;
        }
        for moved in of.transfers {
            let sql = "SELECT count(*) FROM transfers WHERE block = ?1 AND log_index = ?2 AND tx = ?3 AND token = ?4
                       AND sender = ?5 AND recipient = ?6 AND amount = ?7";
            let amount = moved.amount.to_be_bytes::<32>();
            let values = params![
                id,
                to_sql("log index", moved.log_index)?,
                moved.tx.as_slice(),
                moved.token.as_slice(),
                moved.from.as_slice(),
                moved.to.as_slice(),
                amount.as_slice()
            ];
            let found: i64 = tx.query_row(sql, values, |row| row.get(0)).map_err(|source| self.error(source))?;
            same &= found == 1;
        }
        for used in of.authorizations {
            let sql =
                "SELECT count(*) FROM authorizations WHERE block = ?1 AND log_index = ?2 AND tx = ?3 AND token = ?4
                       AND purse = ?5 AND nonce = ?6";
            let values = params![
                id,
                to_sql("log index", used.log_index)?,
                used.tx.as_slice(),
                used.token.as_slice(),
                used.purse.as_slice(),
                used.nonce.as_slice()
            ];
            let found: i64 = tx.query_row(sql, values, |row| row.get(0)).map_err(|source| self.error(source))?;
            same &= found == 1;
        }
        if !same {
            return Err(StoreError::BlockChanged { number: header.number, hash: header.hash });
        }
        self.run(tx, "UPDATE blocks SET orphaned = 0 WHERE id = ?1", [id])?;
        Ok(())
    }

    fn put_log(&self, insert: &mut Statement<'_>, block: i64, log: &ChainLog) -> Result<(), StoreError> {
        let values = params![
            block,
            to_sql("log index", log.log_index)?,
            log.address.as_slice(),
            log.tx.as_slice(),
            log.topics.concat(),
            log.data.as_ref(),
            sequence_of(&log.topics, &log.data)
        ];
        insert.execute(values).map(drop).map_err(|source| self.error(source))
    }

    fn put_vault(&self, tx: &Transaction<'_>, block: i64, vault: &StoredVault) -> Result<(), StoreError> {
        self.run(
            tx,
            "INSERT INTO vaults (block, log_index, address, owner, treasury, guardian, salt, proven)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                block,
                to_sql("log index", vault.log_index)?,
                vault.address.as_slice(),
                vault.owner.as_slice(),
                vault.treasury.as_slice(),
                vault.guardian.as_slice(),
                vault.salt.as_slice(),
                vault.proven
            ],
        )?;
        Ok(())
    }

    fn put_head(&self, tx: &Transaction<'_>, block: i64, head: &StoredHead) -> Result<(), StoreError> {
        let values = params![block, head.vault.as_slice(), head.sequence, head.running_hash.as_slice()];
        self.run(tx, "INSERT INTO heads (block, vault, sequence, running_hash) VALUES (?1, ?2, ?3, ?4)", values)?;
        Ok(())
    }

    fn put_state(&self, tx: &Transaction<'_>, block: i64, state: &WrittenState) -> Result<(), StoreError> {
        let values = params![state.vault.as_slice(), block, state::FORMAT, state.bytes];
        self.run(tx, "INSERT INTO states (vault, block, format, state) VALUES (?1, ?2, ?3, ?4)", values)?;
        Ok(())
    }

    /// Of each vault that was met, what no rollback can bring back.
    fn forget_states(&self, tx: &Transaction<'_>, chunk: &Chunk) -> Result<(), StoreError> {
        let finalized = to_sql("block", chunk.finalized)?;
        let sql = "DELETE FROM states WHERE vault = ?1 AND block IN (
                       SELECT id FROM states JOIN blocks ON blocks.id = states.block WHERE vault = ?1 AND number < (
                           SELECT max(number) FROM states JOIN blocks ON blocks.id = states.block
                           WHERE vault = ?1 AND orphaned = 0 AND number <= ?2))";
        let met: BTreeSet<_> = chunk.states.iter().map(|state| state.vault).collect();
        for vault in met {
            self.run(tx, sql, params![vault.as_slice(), finalized])?;
        }
        Ok(())
    }

    /// Moves the cursor to the chunk's end and forgets empty blocks that became final before it.
    fn advance(&self, tx: &Transaction<'_>, before: Option<BlockRef>, chunk: &Chunk) -> Result<(), StoreError> {
        let Some(end) = chunk.end().or(before) else { return Ok(()) };
        let (end_number, finalized) = (to_sql("block", end.number)?, to_sql("block", chunk.finalized)?);
        self.set_cursor(tx, Some(end.hash))?;
        if end.number >= chunk.finalized {
            for index in MAKE_INDEXES {
                self.run(tx, index, [])?;
            }
        }
        self.run(tx, "UPDATE chain SET finalized = max(finalized, ?1)", [finalized])?;
        if chunk.confirmed {
            self.run(tx, "UPDATE chain SET confirmed = ?1", [end_number])?;
        }
        if let Some(StoredRange { first, last, truth }) = chunk.range {
            let (first, last) = (to_sql("block", first)?, to_sql("block", last)?);
            let sql = "UPDATE ranges SET last = ?2 WHERE last + 1 = ?1 AND truth = ?3";
            if self.run(tx, sql, params![first, last, truth.word()])? == 0 {
                let sql = "INSERT INTO ranges (first, last, truth) VALUES (?1, ?2, ?3)";
                self.run(tx, sql, params![first, last, truth.word()])?;
            }
        }
        let sql = "DELETE FROM blocks WHERE number < ?1 AND logs = 0 AND orphaned = 0";
        self.run(tx, sql, [finalized.min(end_number)])?;
        Ok(())
    }

    fn set_cursor(&self, tx: &Transaction<'_>, hash: Option<B256>) -> Result<(), StoreError> {
        self.run(tx, "DELETE FROM cursor", [])?;
        if let Some(hash) = hash {
            self.run(tx, "INSERT INTO cursor (id, block) SELECT 1, id FROM blocks WHERE hash = ?1", [hash.as_slice()])?;
        }
        Ok(())
    }

    fn prepared<'a>(&self, tx: &'a Transaction<'_>, sql: &str) -> Result<CachedStatement<'a>, StoreError> {
        tx.prepare_cached(sql).map_err(|source| self.error(source))
    }

    pub(super) fn run(
        &self,
        tx: &Transaction<'_>,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<usize, StoreError> {
        self.prepared(tx, sql)?.execute(params).map_err(|source| self.error(source))
    }
}
