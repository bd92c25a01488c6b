//! What is read from the SQLite file. Columns that repeat what a log says are checked against the log.

use super::SqliteStore;
use crate::decode;
use crate::error::StoreError;
use crate::rows::{BlockRef, Extent, PlacedLog, StoredHead, StoredLog, StoredPayment, StoredRange, StoredVault};
use crate::store::to_sql;
use crate::truth::Truth;
use alloy::primitives::{Address, B256, FixedBytes};
use purse_protocol::event::sequence_of;
use rusqlite::{OptionalExtension, Row, params};
use std::ops::RangeInclusive;

/// What [`SqliteStore::log`] reads.
pub(super) const LOG_COLUMNS: &str = "number, hash, time, log_index, tx, topics, data, parent, sequence";

impl SqliteStore {
    pub(super) fn read_extent(&self) -> Result<Extent, StoreError> {
        let sql = "SELECT number, hash FROM cursor JOIN blocks ON blocks.id = cursor.block";
        let row = self.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let row: Option<(i64, Vec<u8>)> = row.optional().map_err(|source| self.error(source))?;
        let cursor = row
            .map(|(number, hash)| Ok(BlockRef { number: number.unsigned_abs(), hash: self.fixed(&hash)? }))
            .transpose()?;
        let sql = "SELECT finalized, confirmed FROM chain";
        let row = self.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let (finalized, confirmed): (i64, i64) = row.map_err(|source| self.error(source))?;
        Ok(Extent { cursor, finalized: finalized.unsigned_abs(), confirmed: confirmed.unsigned_abs() })
    }

    pub(super) fn read_vaults(&self) -> Result<Vec<StoredVault>, StoreError> {
        self.rows(
            "SELECT vaults.address, owner, treasury, guardian, salt, number, hash, proven, log_index, topics, data
             FROM vaults JOIN logs USING (block, log_index) JOIN blocks ON blocks.id = block AND orphaned = 0
             ORDER BY number, log_index",
            [],
            |store, row| {
                let vault = StoredVault {
                    address: store.bytes(row, 0)?,
                    owner: store.bytes(row, 1)?,
                    treasury: store.bytes(row, 2)?,
                    guardian: store.bytes(row, 3)?,
                    salt: store.bytes(row, 4)?,
                    block: BlockRef { number: store.number(row, 5)?, hash: store.bytes(row, 6)? },
                    proven: store.number(row, 7)? == 1,
                    log_index: store.number(row, 8)?,
                };
                let data: Vec<u8> = store.column(row, 10)?;
                match decode::altered_column(&vault, store.words(row, 9)?, data.into()) {
                    Some(column) => Err(store.altered(vault.block.number, vault.log_index, column)),
                    None => Ok(vault),
                }
            },
        )
    }

    pub(super) fn read_logs(&self, vault: Address, orphaned: bool) -> Result<Vec<StoredLog>, StoreError> {
        let sql = format!(
            "SELECT {LOG_COLUMNS} FROM logs JOIN blocks ON blocks.id = logs.block
             WHERE address = ?1 AND orphaned = ?2 ORDER BY number, log_index"
        );
        self.rows(&sql, params![vault.as_slice(), orphaned], Self::log)
    }

    pub(super) fn read_logs_between(
        &self,
        blocks: RangeInclusive<u64>,
        limit: u32,
    ) -> Result<Vec<PlacedLog>, StoreError> {
        // Blocks first: they are in order, so that it stops at the limit.
        let sql = format!(
            "SELECT {LOG_COLUMNS}, address FROM blocks CROSS JOIN logs ON logs.block = blocks.id
             WHERE orphaned = 0 AND number BETWEEN ?1 AND ?2 ORDER BY number, log_index LIMIT ?3"
        );
        let values = params![to_sql("block", *blocks.start())?, to_sql("block", *blocks.end())?, limit];
        self.rows(&sql, values, |store, row| Ok(PlacedLog { address: store.bytes(row, 9)?, log: store.log(row)? }))
    }

    /// A row of [`LOG_COLUMNS`].
    pub(super) fn log(&self, row: &Row<'_>) -> Result<StoredLog, StoreError> {
        let topics = self.words(row, 5)?;
        let data: Vec<u8> = self.column(row, 6)?;
        let (block_number, log_index) = (self.number(row, 0)?, self.number(row, 3)?);
        let sequence: Option<u32> = self.column(row, 8)?;
        if sequence != sequence_of(&topics, &data) {
            return Err(self.altered(block_number, log_index, "sequence"));
        }
        Ok(StoredLog {
            block_number,
            block_hash: self.bytes(row, 1)?,
            parent_hash: self.bytes(row, 7)?,
            time: self.number(row, 2)?,
            log_index,
            tx: self.bytes(row, 4)?,
            topics,
            data: data.into(),
        })
    }

    pub(super) fn read_payments(&self, vault: Address) -> Result<Vec<StoredPayment>, StoreError> {
        self.rows(
            "SELECT hash, log_index, payments.sequence, session, nonce, payee, category, token, amount, fee,
                    fee_recipient, reference, number, topics, data
             FROM payments JOIN logs USING (block, log_index) JOIN blocks ON blocks.id = block
             WHERE payments.vault = ?1 AND orphaned = 0 ORDER BY number, log_index",
            params![vault.as_slice()],
            |store, row| store.payment(vault, row),
        )
    }

    /// A row of a payment, its block's height, and the topics and data of its log.
    pub(super) fn payment(&self, vault: Address, row: &Row<'_>) -> Result<StoredPayment, StoreError> {
        let payment = StoredPayment {
            vault,
            block_hash: self.bytes(row, 0)?,
            log_index: self.number(row, 1)?,
            sequence: self.column(row, 2)?,
            session: self.column(row, 3)?,
            nonce: self.column(row, 4)?,
            payee: self.bytes(row, 5)?,
            category: self.column(row, 6)?,
            token: self.bytes(row, 7)?,
            amount: u128::from_be_bytes(self.bytes::<16, FixedBytes<16>>(row, 8)?.0),
            fee: u128::from_be_bytes(self.bytes::<16, FixedBytes<16>>(row, 9)?.0),
            fee_recipient: self.bytes(row, 10)?,
            reference: self.bytes(row, 11)?,
        };
        let place = (payment.block_hash, payment.log_index);
        let data: Vec<u8> = self.column(row, 14)?;
        if decode::payment_of(vault, place, self.words(row, 13)?, data.into()).as_ref() == Some(&payment) {
            return Ok(payment);
        }
        Err(self.altered(self.number(row, 12)?, payment.log_index, "payment"))
    }

    pub(super) fn read_heads(&self, vault: Address, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        let above = above.map_or(Ok(-1), |above| to_sql("block", above))?;
        self.rows(
            "SELECT vault, number, hash, sequence, running_hash FROM heads JOIN blocks ON blocks.id = heads.block
             WHERE vault = ?1 AND orphaned = 0 AND number > ?2 ORDER BY number",
            params![vault.as_slice(), above],
            Self::head,
        )
    }

    /// SQLite gives the other columns of the row that has the greatest number.
    pub(super) fn read_last_heads(&self, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        let above = above.map_or(Ok(-1), |above| to_sql("block", above))?;
        self.rows(
            "SELECT vault, max(number), hash, sequence, running_hash FROM heads JOIN blocks ON blocks.id = heads.block
             WHERE orphaned = 0 AND number > ?1 GROUP BY vault",
            [above],
            Self::head,
        )
    }

    pub(super) fn read_ranges(&self) -> Result<Vec<StoredRange>, StoreError> {
        self.rows("SELECT first, last, truth FROM ranges ORDER BY first", [], |store, row| {
            let word: String = store.column(row, 2)?;
            let truth = Truth::of(&word).ok_or_else(|| store.corrupt(format!("no truth is called {word}")))?;
            Ok(StoredRange { first: store.number(row, 0)?, last: store.number(row, 1)?, truth })
        })
    }

    pub(super) fn read_blocks_down_from(&self, below: u64, limit: u64) -> Result<Vec<BlockRef>, StoreError> {
        let bounds = [to_sql("block", below)?, to_sql("limit", limit)?];
        let sql = "SELECT number, hash FROM blocks WHERE orphaned = 0 AND number <= ?1 ORDER BY number DESC LIMIT ?2";
        self.rows(sql, bounds, |store, row| Ok(BlockRef { number: store.number(row, 0)?, hash: store.bytes(row, 1)? }))
    }

    fn head(&self, row: &Row<'_>) -> Result<StoredHead, StoreError> {
        Ok(StoredHead {
            vault: self.bytes(row, 0)?,
            block: BlockRef { number: self.number(row, 1)?, hash: self.bytes(row, 2)? },
            sequence: self.column(row, 3)?,
            running_hash: self.bytes(row, 4)?,
        })
    }

    pub(super) fn altered(&self, block: u64, log_index: u64, column: &'static str) -> StoreError {
        StoreError::ColumnAltered { path: self.path.clone(), block, log_index, column }
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl Fn(&Self, &Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|source| self.error(source))?;
        let mut rows = statement.query(params).map_err(|source| self.error(source))?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(|source| self.error(source))? {
            out.push(read(self, row)?);
        }
        Ok(out)
    }

    pub(super) fn column<T: rusqlite::types::FromSql>(&self, row: &Row<'_>, index: usize) -> Result<T, StoreError> {
        row.get(index).map_err(|source| self.error(source))
    }

    pub(super) fn number(&self, row: &Row<'_>, index: usize) -> Result<u64, StoreError> {
        let value: i64 = self.column(row, index)?;
        u64::try_from(value).map_err(|_| self.corrupt("a negative number"))
    }

    /// A column of exactly `N` bytes: an address, a hash.
    pub(super) fn bytes<const N: usize, T: From<[u8; N]>>(&self, row: &Row<'_>, index: usize) -> Result<T, StoreError> {
        self.fixed(&self.column::<Vec<u8>>(row, index)?)
    }

    pub(super) fn words(&self, row: &Row<'_>, index: usize) -> Result<Vec<B256>, StoreError> {
        self.column::<Vec<u8>>(row, index)?.chunks(32).map(|word| self.fixed(word)).collect()
    }

    fn fixed<const N: usize, T: From<[u8; N]>>(&self, bytes: &[u8]) -> Result<T, StoreError> {
        let bytes: [u8; N] = bytes.try_into().map_err(|_| self.corrupt("an address or hash of another length"))?;
        Ok(bytes.into())
    }
}
