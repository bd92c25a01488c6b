//! What a second look at stored blocks reads from the SQLite file, and the label that it writes.

use super::SqliteStore;
use super::movements::{AUTHORIZATION, TRANSFER};
use crate::columns::Columns;
use crate::error::StoreError;
use crate::rows::{BlockRef, StoredAuthorization, StoredRange, StoredTransfer};
use crate::source::Header;
use crate::store::to_sql;
use rusqlite::params;
use std::ops::RangeInclusive;

impl SqliteStore {
    pub(super) fn read_headers_between(
        &self,
        blocks: RangeInclusive<u64>,
        limit: u32,
    ) -> Result<Vec<Header>, StoreError> {
        let values = params![to_sql("block", *blocks.start())?, to_sql("block", *blocks.end())?, limit];
        let sql = "SELECT number, hash, parent, time FROM blocks
                   WHERE orphaned = 0 AND number BETWEEN ?1 AND ?2 ORDER BY number LIMIT ?3";
        self.rows(sql, values, Self::stored_header)
    }

    pub(super) fn read_movements_between(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> Result<(Vec<StoredTransfer>, Vec<StoredAuthorization>), StoreError> {
        let bounds = [to_sql("block", *blocks.start())?, to_sql("block", *blocks.end())?];
        let sql = |columns: &str, table: &str| {
            format!(
                "SELECT {columns} FROM blocks CROSS JOIN {table} ON {table}.block = blocks.id
                 WHERE orphaned = 0 AND number BETWEEN ?1 AND ?2 ORDER BY number, log_index"
            )
        };
        let transfers = self.rows(&sql(TRANSFER, "transfers"), bounds, Self::transfer)?;
        Ok((transfers, self.rows(&sql(AUTHORIZATION, "authorizations"), bounds, Self::authorization)?))
    }

    pub(super) fn write_truth(&self, cursor: BlockRef, range: StoredRange) -> Result<(), StoreError> {
        let (first, last, word) = (to_sql("block", range.first)?, to_sql("block", range.last)?, range.truth.word());
        self.transact(Some(cursor), |tx| {
            // What lies above it in the range that it was a part of, then what lies below.
            let sql = "INSERT INTO ranges (first, last, truth)
                       SELECT ?1 + 1, last, truth FROM ranges WHERE first <= ?1 AND last > ?1";
            self.run(tx, sql, [last])?;
            self.run(tx, "DELETE FROM ranges WHERE first BETWEEN ?1 AND ?2", [first, last])?;
            self.run(tx, "UPDATE ranges SET last = ?1 - 1 WHERE first < ?1 AND last >= ?1", [first])?;
            // Itself, with the range below if that is known as well; then the range above, likewise.
            let sql = "UPDATE ranges SET last = ?2 WHERE last + 1 = ?1 AND truth = ?3";
            if self.run(tx, sql, params![first, last, word])? == 0 {
                let sql = "INSERT INTO ranges (first, last, truth) VALUES (?1, ?2, ?3)";
                self.run(tx, sql, params![first, last, word])?;
            }
            let sql = "UPDATE ranges SET last = above.last FROM ranges above
                       WHERE ranges.last = ?1 AND above.first = ?1 + 1 AND above.truth = ?2";
            if self.run(tx, sql, params![last, word])? > 0 {
                self.run(tx, "DELETE FROM ranges WHERE first = ?1 + 1", [last])?;
            }
            Ok(())
        })
    }
}
