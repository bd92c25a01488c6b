//! What is read from PostgreSQL, and how its columns are.

use super::PostgresStore;
use crate::columns::Columns;
use crate::error::StoreError;
use crate::rows::{BlockRef, Extent, PlacedLog, StoredHead, StoredLog, StoredPayment, StoredRange, StoredVault};
use crate::store::to_sql;
use alloy::primitives::Address;
use postgres::Row;
use postgres::types::{FromSql, ToSql};
use std::borrow::Cow;
use std::ops::RangeInclusive;

pub(super) const RANGES: &str = "SELECT first, last, truth FROM ranges WHERE chain_id = $1 ORDER BY first";

/// A value for a query, on its way to the connection's thread.
pub(super) type Value = Box<dyn ToSql + Sync + Send>;

impl PostgresStore {
    pub(super) fn read_extent(&self) -> Result<Extent, StoreError> {
        let sql = "SELECT cursor_number, cursor_hash, finalized, confirmed FROM chains WHERE chain_id = $1";
        let extent = self.rows(sql, Vec::new(), |store, row| {
            let number: Option<i64> = store.column(row, 0)?;
            let cursor =
                number.map(|number| Ok(BlockRef { number: number.unsigned_abs(), hash: store.bytes(row, 1)? }));
            Ok(Extent {
                cursor: cursor.transpose()?,
                finalized: store.number(row, 2)?,
                confirmed: store.number(row, 3)?,
            })
        })?;
        Ok(extent.into_iter().next().unwrap_or_default())
    }

    pub(super) fn read_vaults(&self) -> Result<Vec<StoredVault>, StoreError> {
        self.rows(
            "SELECT v.address, owner, treasury, guardian, salt, b.number, hash, proven, v.log_index, topics, data
             FROM vaults v JOIN blocks b ON b.chain_id = v.chain_id AND b.id = v.block AND NOT orphaned
             JOIN logs l ON l.chain_id = v.chain_id AND l.time = b.time AND l.block = v.block
                        AND l.log_index = v.log_index
             WHERE v.chain_id = $1 ORDER BY b.number, v.log_index",
            Vec::new(),
            Self::vault,
        )
    }

    pub(super) fn read_logs(&self, vault: Address, orphaned: bool) -> Result<Vec<StoredLog>, StoreError> {
        self.rows(
            "SELECT b.number, hash, b.time, log_index, tx, topics, data, parent, sequence
             FROM logs l JOIN blocks b ON b.chain_id = l.chain_id AND b.id = l.block
             WHERE l.chain_id = $1 AND address = $2 AND orphaned = $3 ORDER BY b.number, log_index, hash",
            vec![Box::new(vault.to_vec()), Box::new(orphaned)],
            Self::log,
        )
    }

    pub(super) fn read_logs_between(
        &self,
        blocks: RangeInclusive<u64>,
        limit: u32,
    ) -> Result<Vec<PlacedLog>, StoreError> {
        self.rows(
            "SELECT b.number, hash, b.time, log_index, tx, topics, data, parent, sequence, address
             FROM blocks b JOIN logs l ON l.chain_id = b.chain_id AND l.time = b.time AND l.block = b.id
             WHERE b.chain_id = $1 AND NOT orphaned AND b.number BETWEEN $2 AND $3
             ORDER BY b.number, log_index LIMIT $4",
            vec![
                Box::new(to_sql("block", *blocks.start())?),
                Box::new(to_sql("block", *blocks.end())?),
                Box::new(i64::from(limit)),
            ],
            |store, row| Ok(PlacedLog { address: store.bytes(row, 9)?, log: store.log(row)? }),
        )
    }

    pub(super) fn read_payments(&self, vault: Address) -> Result<Vec<StoredPayment>, StoreError> {
        self.rows(
            "SELECT b.number, hash, b.time, log_index, tx, topics, data, parent, sequence
             FROM payments p JOIN blocks b ON b.chain_id = p.chain_id AND b.id = p.block AND NOT orphaned
             WHERE p.chain_id = $1 AND vault = $2 ORDER BY b.number, log_index",
            vec![Box::new(vault.to_vec())],
            |store, row| Ok(store.payment(vault, row)?.payment),
        )
    }

    pub(super) fn read_heads(&self, vault: Address, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        let above = above.map_or(Ok(-1), |above| to_sql("block", above))?;
        self.rows(
            "SELECT vault, b.number, hash, sequence, running_hash
             FROM heads h JOIN blocks b ON b.chain_id = h.chain_id AND b.id = h.block AND NOT orphaned
             WHERE h.chain_id = $1 AND vault = $2 AND b.number > $3 ORDER BY b.number",
            vec![Box::new(vault.to_vec()), Box::new(above)],
            Self::head,
        )
    }

    pub(super) fn read_last_heads(&self, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        let above = above.map_or(Ok(-1), |above| to_sql("block", above))?;
        self.rows(
            "SELECT DISTINCT ON (vault) vault, b.number, hash, sequence, running_hash
             FROM heads h JOIN blocks b ON b.chain_id = h.chain_id AND b.id = h.block AND NOT orphaned
             WHERE h.chain_id = $1 AND b.number > $2 ORDER BY vault, h.block DESC",
            vec![Box::new(above)],
            Self::head,
        )
    }

    pub(super) fn read_ranges(&self) -> Result<Vec<StoredRange>, StoreError> {
        self.rows(RANGES, Vec::new(), Self::range)
    }

    pub(super) fn read_blocks_down_from(&self, below: u64, limit: u64) -> Result<Vec<BlockRef>, StoreError> {
        self.rows(
            "SELECT number, hash FROM blocks WHERE chain_id = $1 AND NOT orphaned AND number <= $2
             ORDER BY number DESC LIMIT $3",
            vec![Box::new(to_sql("block", below)?), Box::new(to_sql("limit", limit)?)],
            |store, row| store.block(row, 0),
        )
    }

    /// The rows of a query whose first value is the chain.
    pub(super) fn rows<T>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
        read: impl Fn(&Self, &Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let chain = to_sql("chain id", self.chain_id)?;
        let rows = self.ask(move |client| {
            let chain: [&(dyn ToSql + Sync); 1] = [&chain];
            let values: Vec<&(dyn ToSql + Sync)> =
                chain.into_iter().chain(values.iter().map(|value| &**value as &(dyn ToSql + Sync))).collect();
            client.query(sql, &values)
        })?;
        rows.iter().map(|row| read(self, row)).collect()
    }

    pub(super) fn column<'a, T: FromSql<'a>>(&self, row: &'a Row, index: usize) -> Result<T, StoreError> {
        row.try_get(index).map_err(|error| self.error(&error))
    }

    fn small<T: TryFrom<i64>>(&self, row: &Row, index: usize) -> Result<T, StoreError> {
        T::try_from(self.column::<i64>(row, index)?).map_err(|_| self.damaged("a number out of range"))
    }
}

impl Columns for PostgresStore {
    type Row<'r> = Row;

    fn integer(&self, row: &Row, index: usize) -> Result<i64, StoreError> {
        self.column(row, index)
    }

    fn count(&self, row: &Row, index: usize) -> Result<u32, StoreError> {
        self.small(row, index)
    }

    fn byte(&self, row: &Row, index: usize) -> Result<u8, StoreError> {
        self.small(row, index)
    }

    fn sequence(&self, row: &Row, index: usize) -> Result<Option<i64>, StoreError> {
        self.column(row, index)
    }

    fn flag(&self, row: &Row, index: usize) -> Result<bool, StoreError> {
        self.column(row, index)
    }

    fn blob<'a>(&self, row: &'a Row, index: usize) -> Result<Cow<'a, [u8]>, StoreError> {
        self.column::<&[u8]>(row, index).map(Cow::Borrowed)
    }

    fn text(&self, row: &Row, index: usize) -> Result<String, StoreError> {
        self.column(row, index)
    }

    fn corrupt(&self, detail: String) -> StoreError {
        self.damaged(detail)
    }

    fn altered(&self, block: u64, log_index: u64, column: &'static str) -> StoreError {
        StoreError::ColumnAltered { path: self.name.clone(), block, log_index, column }
    }
}
