//! What is read from the SQLite file, and how its columns are.

use super::SqliteStore;
use crate::columns::Columns;
use crate::error::StoreError;
use crate::rows::{BlockRef, Extent, PlacedLog, StoredHead, StoredLog, StoredPayment, StoredRange, StoredVault};
use crate::store::to_sql;
use alloy::primitives::Address;
use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Row, params};
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// What [`Columns::log`] reads.
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
            Self::vault,
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

    pub(super) fn read_payments(&self, vault: Address) -> Result<Vec<StoredPayment>, StoreError> {
        let sql = format!(
            "SELECT {LOG_COLUMNS} FROM payments JOIN blocks ON blocks.id = block
             WHERE vault = ?1 AND orphaned = 0 ORDER BY number, log_index"
        );
        self.rows(&sql, [vault.as_slice()], |store, row| Ok(store.payment(vault, row)?.payment))
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
        self.rows("SELECT first, last, truth FROM ranges ORDER BY first", [], Self::range)
    }

    pub(super) fn read_blocks_down_from(&self, below: u64, limit: u64) -> Result<Vec<BlockRef>, StoreError> {
        let bounds = [to_sql("block", below)?, to_sql("limit", limit)?];
        let sql = "SELECT number, hash FROM blocks WHERE orphaned = 0 AND number <= ?1 ORDER BY number DESC LIMIT ?2";
        self.rows(sql, bounds, |store, row| store.block(row, 0))
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

    fn column<T: FromSql>(&self, row: &Row<'_>, index: usize) -> Result<T, StoreError> {
        row.get(index).map_err(|source| self.error(source))
    }
}

impl Columns for SqliteStore {
    type Row<'r> = Row<'r>;

    fn integer(&self, row: &Row<'_>, index: usize) -> Result<i64, StoreError> {
        self.column(row, index)
    }

    fn count(&self, row: &Row<'_>, index: usize) -> Result<u32, StoreError> {
        self.column(row, index)
    }

    fn byte(&self, row: &Row<'_>, index: usize) -> Result<u8, StoreError> {
        self.column(row, index)
    }

    fn sequence(&self, row: &Row<'_>, index: usize) -> Result<Option<i64>, StoreError> {
        Ok(self.column::<Option<u32>>(row, index)?.map(i64::from))
    }

    fn flag(&self, row: &Row<'_>, index: usize) -> Result<bool, StoreError> {
        Ok(self.number(row, index)? == 1)
    }

    fn blob<'a>(&self, row: &'a Row<'_>, index: usize) -> Result<Cow<'a, [u8]>, StoreError> {
        self.column::<Vec<u8>>(row, index).map(Cow::Owned)
    }

    fn text(&self, row: &Row<'_>, index: usize) -> Result<String, StoreError> {
        self.column(row, index)
    }

    fn corrupt(&self, detail: String) -> StoreError {
        self.damaged(detail)
    }

    fn altered(&self, block: u64, log_index: u64, column: &'static str) -> StoreError {
        StoreError::ColumnAltered { path: self.path.clone(), block, log_index, column }
    }
}
