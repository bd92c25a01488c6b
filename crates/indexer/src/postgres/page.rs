//! What is read from PostgreSQL a page at a time, each in one snapshot.

use super::PostgresStore;
use super::read::{RANGES, Value};
use crate::columns::Columns;
use crate::error::StoreError;
use crate::page::{Moment, PaymentPage, PaymentQuery, TrailPart, cut, to_read};
use crate::rows::{BlockRef, Extent};
use crate::state::VaultState;
use crate::store::to_sql;
use alloy::primitives::Address;
use postgres::types::ToSql;
use postgres::{IsolationLevel, Row, Transaction};

const MOMENT: &str = "SELECT cursor_number, cursor_hash, finalized, confirmed, b.time,
                          (SELECT coalesce(sum((last - first + 1) * (CASE truth WHEN 'proven' THEN 2 WHEN 'linked' THEN 1 ELSE 0 END)), 0)::bigint
                           FROM ranges WHERE chain_id = $1)
                      FROM chains c LEFT JOIN blocks b ON b.chain_id = c.chain_id AND b.hash = c.cursor_hash
                      WHERE c.chain_id = $1";
const PAYMENTS: &str = "SELECT b.number, hash, b.time, log_index, tx, topics, data, parent, sequence
     FROM payments p JOIN blocks b ON b.chain_id = p.chain_id AND b.id = p.block AND NOT orphaned
     WHERE p.chain_id = $1 AND vault = $2 AND sequence < $4
       AND p.block <= (SELECT id FROM blocks WHERE chain_id = $1 AND NOT orphaned AND number <= $3
                       ORDER BY number DESC LIMIT 1)
       AND ($5::bytea IS NULL OR session = $5) AND ($6::bytea IS NULL OR payee = $6)
       AND ($7::bytea IS NULL OR category = $7) AND ($8::bytea IS NULL OR token = $8)
       AND p.time >= $9 AND p.time < $10
     ORDER BY p.block DESC, p.log_index DESC LIMIT $11";
const STATE: &str = "SELECT b.number, hash, format, state
                     FROM states s JOIN blocks b ON b.chain_id = s.chain_id AND b.id = s.block AND NOT orphaned
                     WHERE s.chain_id = $1 AND vault = $2 ORDER BY b.number DESC LIMIT 1";
const STANDS: &str = "SELECT 1 FROM blocks WHERE chain_id = $1 AND hash = $2 AND NOT orphaned";
/// What [`Columns::log`] reads.
pub(super) const LOG_COLUMNS: &str = "b.number, hash, b.time, log_index, tx, topics, data, parent, sequence";
const LOGS: &str = "SELECT b.number, hash, b.time, log_index, tx, topics, data, parent, sequence
                    FROM logs l JOIN blocks b ON b.chain_id = l.chain_id AND b.id = l.block AND NOT orphaned
                    WHERE l.chain_id = $1 AND address = $2 AND l.block > coalesce(
                        (SELECT id FROM blocks WHERE chain_id = $1 AND NOT orphaned AND number <= $3
                         ORDER BY number DESC LIMIT 1), -1)
                    ORDER BY b.number, log_index";

impl PostgresStore {
    pub(super) fn read_moment(&self) -> Result<Moment, StoreError> {
        Ok(self.at_one_moment(|_, _| Ok(()))?.0)
    }

    pub(super) fn read_payment_page(&self, query: &PaymentQuery) -> Result<PaymentPage, StoreError> {
        let seconds = |time: Option<u64>, none| time.map_or(Ok(none), |time| to_sql("time", time));
        let (vault, before) = (query.vault, query.before);
        let values: Vec<Value> = vec![
            Box::new(vault.to_vec()),
            Box::new(before.map_or(Ok(i64::MAX), |before| to_sql("block", before.block))?),
            Box::new(before.map_or(i64::MAX, |before| before.sequence.into())),
            Box::new(query.session.map(|session| session.to_be_bytes().to_vec())),
            Box::new(query.payee.map(|payee| payee.to_vec())),
            Box::new(query.category.map(|category| vec![category])),
            Box::new(query.token.map(|token| token.to_vec())),
            Box::new(seconds(query.from, 0)?),
            Box::new(seconds(query.until, i64::MAX)?),
            Box::new(i64::from(to_read(query.limit))),
        ];
        let (moment, (rows, ranges)) = self.at_one_moment(move |tx, chain| {
            Ok((select(tx, PAYMENTS, chain, &values)?, select(tx, RANGES, chain, &[])?))
        })?;
        let ranges = ranges.iter().map(|row| self.range(row)).collect::<Result<_, StoreError>>()?;
        let payments = rows.iter().map(|row| self.payment(vault, row));
        let mut payments = payments.collect::<Result<Vec<_>, StoreError>>()?;
        let more = cut(&mut payments, query.limit);
        Ok(PaymentPage { moment, payments, ranges, more })
    }

    pub(super) fn read_trail_since(&self, vault: Address, known: Option<BlockRef>) -> Result<TrailPart, StoreError> {
        let known = known.map(|known| Ok((to_sql("block", known.number)?, known.hash.to_vec()))).transpose()?;
        let (moment, (continues, rows)) = self.at_one_moment(move |tx, chain| {
            let (continues, above) = match known {
                None => (true, -1),
                Some((above, hash)) => match tx.query_opt(STANDS, &[&chain, &hash])? {
                    Some(_) => (true, above),
                    None => (false, -1),
                },
            };
            let values: [Value; 2] = [Box::new(vault.to_vec()), Box::new(above)];
            Ok((continues, select(tx, LOGS, chain, &values)?))
        })?;
        let logs = rows.iter().map(|row| self.log(row)).collect::<Result<_, _>>()?;
        Ok(TrailPart { moment, continues, logs })
    }

    pub(super) fn read_state(&self, vault: Address) -> Result<(Moment, Option<(BlockRef, VaultState)>), StoreError> {
        let (moment, rows) =
            self.at_one_moment(move |tx, chain| select(tx, STATE, chain, &[Box::new(vault.to_vec())]))?;
        Ok((moment, rows.first().map(|row| self.state(vault, row)).transpose()?.flatten()))
    }

    /// What `read` finds, and how far the index has come, in one snapshot.
    pub(super) fn at_one_moment<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Transaction<'_>, i64) -> Result<T, postgres::Error> + Send + 'static,
    ) -> Result<(Moment, T), StoreError> {
        let chain = to_sql("chain id", self.chain_id)?;
        let (row, found) = self.ask(move |client| {
            let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
            let mut tx = snapshot.read_only(true).start()?;
            let row = tx.query_opt(MOMENT, &[&chain])?;
            let found = read(&mut tx, chain)?;
            tx.commit()?;
            Ok((row, found))
        })?;
        Ok((row.map(|row| self.moment_in(&row)).transpose()?.unwrap_or_default(), found))
    }

    fn moment_in(&self, row: &Row) -> Result<Moment, StoreError> {
        let number: Option<i64> = self.column(row, 0)?;
        let cursor = number.map(|number| Ok(BlockRef { number: number.unsigned_abs(), hash: self.bytes(row, 1)? }));
        let extent =
            Extent { cursor: cursor.transpose()?, finalized: self.number(row, 2)?, confirmed: self.number(row, 3)? };
        let time: Option<i64> = self.column(row, 4)?;
        Ok(Moment { extent, time: time.unwrap_or(0).unsigned_abs(), truth: self.number(row, 5)? })
    }
}

/// The rows of a query whose first value is the chain.
pub(super) fn select(
    tx: &mut Transaction<'_>,
    sql: &str,
    chain: i64,
    values: &[Value],
) -> Result<Vec<Row>, postgres::Error> {
    let chain: [&(dyn ToSql + Sync); 1] = [&chain];
    let values = values.iter().map(|value| &**value as &(dyn ToSql + Sync));
    tx.query(sql, &chain.into_iter().chain(values).collect::<Vec<_>>())
}
