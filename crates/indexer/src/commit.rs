//! What is written, each in one transaction: a range of blocks with its logs, vaults and cursor; a rollback.

use crate::error::StoreError;
use crate::read::BlockRef;
use crate::source::{ChainLog, Header};
use crate::store::{Store, to_sql};
use alloy::primitives::{Address, B256};
use purse_protocol::event::sequence_of;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::HashMap;

/// A vault as the factory announced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewVault {
    pub(crate) address: Address,
    pub(crate) owner: Address,
    pub(crate) treasury: Address,
    pub(crate) guardian: Address,
    pub(crate) salt: B256,
    pub(crate) block_hash: B256,
    pub(crate) log_index: u64,
    pub(crate) proven: bool,
}

/// What one transaction adds: every log of a range of blocks, and the headers of those that hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Ascending; the last one is where the cursor goes.
    pub(crate) headers: Vec<Header>,
    /// By block and index, each in one of `headers`.
    pub(crate) logs: Vec<ChainLog>,
    pub(crate) vaults: Vec<NewVault>,
    /// Blocks below this height are not needed any more unless they hold a log.
    pub(crate) keep_from: u64,
}

/// What a reorganisation undid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// The cursor before.
    pub from: BlockRef,
    /// The common ancestor, now the cursor; none when nothing was in common.
    pub to: Option<BlockRef>,
    /// How many stored blocks were marked orphaned.
    pub blocks: u64,
    /// How many logs they hold.
    pub logs: u64,
}

impl Store {
    /// Adds a chunk and moves the cursor from `before` to its last block, all or nothing.
    pub(crate) fn commit(&mut self, before: Option<BlockRef>, chunk: &Chunk) -> Result<(), StoreError> {
        self.transact(before, |store, tx| {
            let mut logs: HashMap<B256, &[ChainLog]> = HashMap::new();
            logs.extend(chunk.logs.chunk_by(|a, b| a.block_hash == b.block_hash).map(|of| (of[0].block_hash, of)));
            for header in &chunk.headers {
                store.put_block(tx, header, logs.get(&header.hash).copied().unwrap_or_default())?;
            }
            for vault in &chunk.vaults {
                store.put_vault(tx, vault)?;
            }
            if let Some(end) = chunk.headers.last() {
                store.set_cursor(tx, Some(end.hash))?;
            }
            store.run(
                tx,
                "DELETE FROM blocks WHERE number < ?1 AND logs = 0 AND orphaned = 0",
                [to_sql("block", chunk.keep_from)?],
            )?;
            Ok(())
        })
    }

    /// Marks every block above the common ancestor orphaned and moves the cursor there, all or nothing.
    pub(crate) fn roll_back(&mut self, from: BlockRef, to: Option<BlockRef>) -> Result<Rollback, StoreError> {
        self.transact(Some(from), |store, tx| {
            let above = to.map_or(Ok(-1), |ancestor| to_sql("block", ancestor.number))?;
            store.set_cursor(tx, to.map(|ancestor| ancestor.hash))?;
            let sql = "SELECT coalesce(sum(logs), 0) FROM blocks WHERE orphaned = 0 AND number > ?1";
            let logs: i64 = tx.query_row(sql, [above], |row| row.get(0)).map_err(|source| store.error(source))?;
            let sql = "UPDATE blocks SET orphaned = 1 WHERE orphaned = 0 AND number > ?1";
            let blocks = store.run(tx, sql, [above])?;
            Ok(Rollback { from, to, blocks: blocks as u64, logs: logs.unsigned_abs() })
        })
    }

    /// Runs `write` in one transaction, provided that nobody else moved the cursor.
    fn transact<T>(
        &mut self,
        before: Option<BlockRef>,
        write: impl FnOnce(&Self, &Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let begun = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate);
        let tx = begun.map_err(|source| self.error(source))?;
        if self.cursor()? != before {
            return Err(StoreError::MovedByAnother);
        }
        let result = write(self, &tx)?;
        tx.commit().map_err(|source| self.error(source))?;
        Ok(result)
    }

    /// Adds a block with its logs. One that was orphaned and came back must be what it was.
    fn put_block(&self, tx: &Transaction<'_>, header: &Header, logs: &[ChainLog]) -> Result<(), StoreError> {
        let (number, time) = (to_sql("block", header.number)?, to_sql("time", header.time)?);
        let found = tx
            .query_row("SELECT id FROM blocks WHERE hash = ?1", [header.hash.as_slice()], |row| row.get(0))
            .optional()
            .map_err(|source| self.error(source))?;
        if let Some(id) = found {
            self.bring_back(tx, id, header, logs)?;
            return Ok(());
        }
        self.run(
            tx,
            "INSERT INTO blocks (number, hash, parent, time, logs) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![number, header.hash.as_slice(), header.parent.as_slice(), time, logs.len() as i64],
        )?;
        let id = tx.last_insert_rowid();
        for log in logs {
            self.run(
                tx,
                "INSERT INTO logs (block, log_index, address, tx, topics, data, sequence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    id,
                    to_sql("log index", log.log_index)?,
                    log.address.as_slice(),
                    log.tx.as_slice(),
                    log.topics.concat(),
                    log.data.as_ref(),
                    sequence_of(&log.topics, &log.data)
                ],
            )?;
        }
        Ok(())
    }

    fn bring_back(&self, tx: &Transaction<'_>, id: i64, header: &Header, logs: &[ChainLog]) -> Result<(), StoreError> {
        let sql = "SELECT count(*) FROM logs WHERE block = ?1";
        let stored: i64 = tx.query_row(sql, [id], |row| row.get(0)).map_err(|source| self.error(source))?;
        let mut same = stored == logs.len() as i64;
        for log in logs {
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
        if !same {
            return Err(StoreError::BlockChanged { number: header.number, hash: header.hash });
        }
        self.run(tx, "UPDATE blocks SET orphaned = 0 WHERE id = ?1", [id])?;
        Ok(())
    }

    fn put_vault(&self, tx: &Transaction<'_>, vault: &NewVault) -> Result<(), StoreError> {
        self.run(
            tx,
            "INSERT INTO vaults (block, log_index, address, owner, treasury, guardian, salt, proven)
             SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM blocks WHERE hash = ?1
             ON CONFLICT (block, log_index) DO NOTHING",
            params![
                vault.block_hash.as_slice(),
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

    fn set_cursor(&self, tx: &Transaction<'_>, hash: Option<B256>) -> Result<(), StoreError> {
        self.run(tx, "DELETE FROM cursor", [])?;
        if let Some(hash) = hash {
            self.run(tx, "INSERT INTO cursor (id, block) SELECT 1, id FROM blocks WHERE hash = ?1", [hash.as_slice()])?;
        }
        Ok(())
    }

    fn run(&self, tx: &Transaction<'_>, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
        let mut statement = tx.prepare_cached(sql).map_err(|source| self.error(source))?;
        statement.execute(params).map_err(|source| self.error(source))
    }
}
