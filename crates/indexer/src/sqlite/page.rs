//! What is read from the SQLite file a page at a time, each in one transaction.

use super::SqliteStore;
use super::read::LOG_COLUMNS;
use crate::columns::Columns;
use crate::error::StoreError;
use crate::page::{Moment, PaymentPage, PaymentQuery, TrailPart, cut, to_read};
use crate::rows::BlockRef;
use crate::state::VaultState;
use crate::store::to_sql;
use alloy::primitives::Address;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

impl SqliteStore {
    pub(super) fn read_moment(&self) -> Result<Moment, StoreError> {
        self.at_one_moment(|_| Ok(()), |moment, ()| moment)
    }

    pub(super) fn read_payment_page(&self, query: &PaymentQuery) -> Result<PaymentPage, StoreError> {
        let seconds = |time: Option<u64>| time.map(|time| to_sql("time", time)).transpose();
        let (from, until) = (seconds(query.from)?, seconds(query.until)?);
        let sql = format!(
            "SELECT {LOG_COLUMNS} FROM payments JOIN blocks ON blocks.id = block
             WHERE vault = ?1 AND orphaned = 0 AND sequence < ?2
               AND (?3 IS NULL OR session = ?3) AND (?4 IS NULL OR payee = ?4) AND (?5 IS NULL OR category = ?5)
               AND (?6 IS NULL OR token = ?6) AND (?7 IS NULL OR time >= ?7) AND (?8 IS NULL OR time < ?8)
             ORDER BY sequence DESC LIMIT ?9"
        );
        let read = |store: &Self| {
            store.rows(
                &sql,
                params![
                    query.vault.as_slice(),
                    query.before.map_or(i64::MAX, |before| before.sequence.into()),
                    query.session.map(u32::to_be_bytes),
                    query.payee.map(|payee| payee.to_vec()),
                    query.category.map(u8::to_be_bytes),
                    query.token.map(|token| token.to_vec()),
                    from,
                    until,
                    to_read(query.limit)
                ],
                |store, row| store.payment(query.vault, row),
            )
        };
        let read = |store: &Self| Ok((read(store)?, store.read_ranges()?));
        self.at_one_moment(read, |moment, (mut payments, ranges)| {
            let more = cut(&mut payments, query.limit);
            PaymentPage { moment, payments, ranges, more }
        })
    }

    pub(super) fn read_trail_since(&self, vault: Address, known: Option<BlockRef>) -> Result<TrailPart, StoreError> {
        let read = |store: &Self| {
            let Some(known) = known else { return Ok((true, store.read_logs(vault, false)?)) };
            let sql = "SELECT 1 FROM blocks WHERE hash = ?1 AND orphaned = 0";
            let stands = store.connection.query_row(sql, [known.hash.as_slice()], |_| Ok(())).optional();
            if stands.map_err(|source| store.error(source))?.is_none() {
                return Ok((false, store.read_logs(vault, false)?));
            }
            // Blocks first: above a block that is known there are few.
            let sql = format!(
                "SELECT {LOG_COLUMNS} FROM blocks CROSS JOIN logs ON logs.block = blocks.id
                 WHERE orphaned = 0 AND number > ?2 AND address = ?1 ORDER BY number, log_index"
            );
            let values = params![vault.as_slice(), to_sql("block", known.number)?];
            Ok((true, store.rows(&sql, values, Self::log)?))
        };
        self.at_one_moment(read, |moment, (continues, logs)| TrailPart { moment, continues, logs })
    }

    pub(super) fn read_state(&self, vault: Address) -> Result<(Moment, Option<(BlockRef, VaultState)>), StoreError> {
        let sql = "SELECT number, hash, format, state FROM states JOIN blocks ON blocks.id = states.block
                   WHERE vault = ?1 AND orphaned = 0 ORDER BY number DESC LIMIT 1";
        let read = |store: &Self| store.rows(sql, [vault.as_slice()], |store, row| store.state(vault, row));
        self.at_one_moment(read, |moment, mut found| (moment, found.pop().flatten()))
    }

    /// What `read` finds, and how far the file has come, in one transaction.
    pub(super) fn at_one_moment<T, A>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, StoreError>,
        answer: impl FnOnce(Moment, T) -> A,
    ) -> Result<A, StoreError> {
        let begun = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred);
        let tx = begun.map_err(|source| self.error(source))?;
        let extent = self.read_extent()?;
        let sql = "SELECT time FROM cursor JOIN blocks ON blocks.id = cursor.block";
        let time: Option<i64> =
            self.connection.query_row(sql, [], |row| row.get(0)).optional().map_err(|source| self.error(source))?;
        let sql = "SELECT coalesce(sum((last - first + 1) * (CASE truth WHEN 'proven' THEN 2 WHEN 'linked' THEN 1 ELSE 0 END)), 0)
                   FROM ranges";
        let truth: i64 = self.connection.query_row(sql, [], |row| row.get(0)).map_err(|source| self.error(source))?;
        let found = read(self)?;
        tx.commit().map_err(|source| self.error(source))?;
        Ok(answer(Moment { extent, time: time.unwrap_or(0).unsigned_abs(), truth: truth.unsigned_abs() }, found))
    }
}
