//! What is written to PostgreSQL, each in one transaction: a chunk, by binary COPY; a rollback.

use super::movements::came_back;
use super::{PARTITIONED, PostgresStore, indexes, rows, search_path};
use crate::chunk::{Chunk, Rollback};
use crate::error::StoreError;
use crate::rows::{BlockRef, StoredRange};
use crate::store::to_sql;
use alloy::primitives::B256;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use postgres::Transaction;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What became of a transaction that the database itself did not refuse.
pub(super) enum Outcome<T> {
    Done(T),
    /// The cursor is elsewhere.
    Moved,
    /// A block came back with other logs.
    Changed(u64, B256),
}

/// A month, and the seconds since 1970 at which it begins and ends.
type Month = (String, i64, i64);

impl PostgresStore {
    pub(super) fn write_chunk(&mut self, before: Option<BlockRef>, chunk: Chunk) -> Result<(), StoreError> {
        let chain = to_sql("chain id", self.chain_id)?;
        let numbers = chunk.headers.iter().flat_map(|header| [("block", header.number), ("time", header.time)]);
        for (what, number) in numbers.chain([("block", chunk.finalized)]) {
            to_sql(what, number)?;
        }
        let months = self.new_months(&chunk)?;
        let names: Vec<_> = months.iter().map(|month| month.0.clone()).collect();
        // Until it is at the final blocks' end, a crash may cost the last ranges, whole: they are fetched again.
        let is_behind = chunk.end().is_some_and(|end| end.number < chunk.finalized);
        let make_indexes = !is_behind && (!self.indexed || !months.is_empty());
        if make_indexes {
            let (config, path) = (self.config.clone(), search_path(&self.schema));
            self.ask(move |client| indexes::make_on_two(client, &config, &path, chain))?;
        }
        self.transact(before, move |tx| {
            if is_behind {
                tx.batch_execute("SET LOCAL synchronous_commit TO off")?;
            }
            for (month, from, to) in &months {
                for table in PARTITIONED {
                    tx.batch_execute(&format!(
                        "CREATE TABLE IF NOT EXISTS {table}_{chain}_{month} PARTITION OF {table}_{chain}
                         FOR VALUES FROM ({from}) TO ({to})"
                    ))?;
                }
            }
            let known = match bring_back(tx, chain, &chunk)? {
                Outcome::Done(known) => known,
                Outcome::Moved => return Ok(Outcome::Moved),
                Outcome::Changed(number, hash) => return Ok(Outcome::Changed(number, hash)),
            };
            let sql = "SELECT coalesce(max(id), 0) FROM blocks WHERE chain_id = $1";
            let last: i64 = tx.query_one(sql, &[&chain])?.try_get(0)?;
            for rows in rows::of(chain, &chunk, &known, last) {
                rows.copy(tx)?;
            }
            if make_indexes {
                indexes::make(tx, chain)?;
            }
            advance(tx, chain, before, &chunk)?;
            forget_states(tx, chain, &chunk, is_behind.then_some(last))?;
            Ok(Outcome::Done(()))
        })?;
        self.indexed = !is_behind;
        self.months.extend(names);
        Ok(())
    }

    pub(super) fn write_rollback(&self, from: BlockRef, to: Option<BlockRef>) -> Result<Rollback, StoreError> {
        let chain = to_sql("chain id", self.chain_id)?;
        let above = to.map_or(Ok(-1), |ancestor| to_sql("block", ancestor.number))?;
        self.transact(Some(from), move |tx| {
            let cursor = to.map(|to| (above, to.hash.to_vec()));
            let (number, hash) = cursor.map_or((None, None), |(number, hash)| (Some(number), Some(hash)));
            let sql =
                "UPDATE chains SET cursor_number = $2, cursor_hash = $3, confirmed = least(confirmed, greatest($4, 0::bigint))
                       WHERE chain_id = $1";
            tx.execute(sql, &[&chain, &number, &hash, &above])?;
            tx.execute("DELETE FROM ranges WHERE chain_id = $1 AND first > $2", &[&chain, &above])?;
            tx.execute("UPDATE ranges SET last = $2 WHERE chain_id = $1 AND last > $2", &[&chain, &above])?;
            let sql = "SELECT coalesce(sum(logs), 0)::bigint FROM blocks
                       WHERE chain_id = $1 AND NOT orphaned AND number > $2";
            let logs: i64 = tx.query_one(sql, &[&chain, &above])?.try_get(0)?;
            let sql = "UPDATE blocks SET orphaned = TRUE WHERE chain_id = $1 AND NOT orphaned AND number > $2";
            let blocks = tx.execute(sql, &[&chain, &above])?;
            Ok(Outcome::Done(Rollback { from, to, blocks, logs: logs.unsigned_abs() }))
        })
    }

    /// Runs `write` in one transaction, provided that nobody else moved the cursor.
    pub(super) fn transact<T: Send + 'static>(
        &self,
        before: Option<BlockRef>,
        write: impl FnOnce(&mut Transaction<'_>) -> Result<Outcome<T>, postgres::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let chain = to_sql("chain id", self.chain_id)?;
        let before = before.map(|before| Ok((to_sql("block", before.number)?, before.hash.to_vec())));
        let before: Option<(i64, Vec<u8>)> = before.transpose()?;
        let outcome = self.ask(move |client| {
            let mut tx = client.transaction()?;
            let sql = "SELECT cursor_number, cursor_hash FROM chains WHERE chain_id = $1 FOR UPDATE";
            let row = tx.query_one(sql, &[&chain])?;
            let (number, hash): (Option<i64>, Option<Vec<u8>>) = (row.try_get(0)?, row.try_get(1)?);
            if number.zip(hash) != before {
                return Ok(Outcome::Moved);
            }
            let outcome = write(&mut tx)?;
            if matches!(outcome, Outcome::Done(_)) {
                tx.commit()?;
            }
            Ok(outcome)
        })?;
        match outcome {
            Outcome::Done(done) => Ok(done),
            Outcome::Moved => Err(StoreError::MovedByAnother),
            Outcome::Changed(number, hash) => Err(StoreError::BlockChanged { number, hash }),
        }
    }

    /// The months of a chunk's logs that have no partitions yet, as far as this process knows.
    fn new_months(&self, chunk: &Chunk) -> Result<Vec<Month>, StoreError> {
        let mut months = BTreeSet::new();
        for header in &chunk.headers {
            let month = month(header.time).ok_or(StoreError::OutOfRange { what: "time", value: header.time })?;
            if !self.months.contains(&month.0) {
                months.insert(month);
            }
        }
        Ok(months.into_iter().collect())
    }
}

/// The month of a time.
fn month(time: u64) -> Option<Month> {
    let begin = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second());
    let date = Timestamp::from_second(i64::try_from(time).ok()?).ok()?.to_zoned(TimeZone::UTC).date().first_of_month();
    let next = date.checked_add(1.month()).ok()?;
    Some((format!("{:04}_{:02}", date.year(), date.month()), begin(date)?, begin(next)?))
}

/// Blocks that were orphaned and come back: each must be what it was. Which they are, and their numbers here.
fn bring_back(
    tx: &mut Transaction<'_>,
    chain: i64,
    chunk: &Chunk,
) -> Result<Outcome<BTreeMap<B256, i64>>, postgres::Error> {
    let hashes: Vec<_> = chunk.headers.iter().map(|header| header.hash.to_vec()).collect();
    let sql = "UPDATE blocks SET orphaned = FALSE WHERE chain_id = $1 AND hash = ANY($2) RETURNING hash, id, time";
    let (mut known, mut times) = (BTreeMap::new(), Vec::new());
    for row in tx.query(sql, &[&chain, &hashes])? {
        known.insert(B256::from_slice(row.try_get(0)?), row.try_get(1)?);
        times.push(row.try_get::<_, i64>(2)?);
    }
    if known.is_empty() {
        return Ok(Outcome::Done(known));
    }
    let sql = "SELECT block, log_index, address, tx, topics, data FROM logs
               WHERE chain_id = $1 AND time = ANY($2) AND block = ANY($3)";
    let mut stored: HashMap<(i64, u64), [Vec<u8>; 4]> = HashMap::new();
    for row in tx.query(sql, &[&chain, &times, &known.values().collect::<Vec<_>>()])? {
        let place = (row.try_get(0)?, row.try_get::<_, i64>(1)?.unsigned_abs());
        stored.insert(place, [row.try_get(2)?, row.try_get(3)?, row.try_get(4)?, row.try_get(5)?]);
    }
    for header in &chunk.headers {
        let Some(&id) = known.get(&header.hash) else { continue };
        let logs = chunk.logs.iter().filter(|log| log.block_hash == header.hash);
        let same = logs.clone().all(|log| {
            let given = [log.address.to_vec(), log.tx.to_vec(), log.topics.concat(), log.data.to_vec()];
            stored.get(&(id, log.log_index)) == Some(&given)
        });
        if !same || logs.count() != stored.keys().filter(|(block, _)| *block == id).count() {
            return Ok(Outcome::Changed(header.number, header.hash));
        }
    }
    if let Some(header) = came_back(tx, chain, chunk, &known, &times)? {
        return Ok(Outcome::Changed(header.number, header.hash));
    }
    Ok(Outcome::Done(known))
}

/// Moves the cursor to the chunk's end and forgets empty blocks that became final before it.
fn advance(
    tx: &mut Transaction<'_>,
    chain: i64,
    before: Option<BlockRef>,
    chunk: &Chunk,
) -> Result<(), postgres::Error> {
    let Some(end) = chunk.end().or(before) else { return Ok(()) };
    let (number, finalized) = (end.number as i64, chunk.finalized as i64);
    let sql = "UPDATE chains SET cursor_number = $2, cursor_hash = $3, finalized = greatest(finalized, $4),
               confirmed = CASE WHEN $5 THEN $2 ELSE confirmed END WHERE chain_id = $1";
    tx.execute(sql, &[&chain, &number, &end.hash.as_slice(), &finalized, &chunk.confirmed])?;
    if let Some(StoredRange { first, last, truth }) = chunk.range {
        let (first, last) = (first as i64, last as i64);
        let sql = "UPDATE ranges SET last = $3 WHERE chain_id = $1 AND last + 1 = $2 AND truth = $4";
        if tx.execute(sql, &[&chain, &first, &last, &truth.word()])? == 0 {
            let sql = "INSERT INTO ranges (chain_id, first, last, truth) VALUES ($1, $2, $3, $4)";
            tx.execute(sql, &[&chain, &first, &last, &truth.word()])?;
        }
    }
    let sql = "DELETE FROM blocks WHERE chain_id = $1 AND number < $2 AND logs = 0 AND NOT orphaned";
    tx.execute(sql, &[&chain, &finalized.min(number)])?;
    Ok(())
}

/// Of each vault that was met, what no rollback can bring back. `last` is the block before a chunk that is final as a whole.
fn forget_states(
    tx: &mut Transaction<'_>,
    chain: i64,
    chunk: &Chunk,
    last: Option<i64>,
) -> Result<(), postgres::Error> {
    let met: BTreeSet<_> = chunk.states.iter().map(|state| state.vault.to_vec()).collect();
    let met: Vec<_> = met.into_iter().collect();
    if let Some(last) = last {
        let sql = "DELETE FROM states WHERE chain_id = $1 AND vault = ANY($2) AND block <= $3";
        return tx.execute(sql, &[&chain, &met, &last]).map(drop);
    }
    let sql = "DELETE FROM states s USING (
                   SELECT vault, max(b.number) AS number
                   FROM states s JOIN blocks b ON b.chain_id = s.chain_id AND b.id = s.block AND NOT orphaned
                   WHERE s.chain_id = $1 AND vault = ANY($2) AND b.number <= $3 GROUP BY vault) last, blocks b
               WHERE s.chain_id = $1 AND s.vault = last.vault
                 AND b.chain_id = s.chain_id AND b.id = s.block AND b.number < last.number";
    if !met.is_empty() {
        tx.execute(sql, &[&chain, &met, &(chunk.finalized as i64)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn months_meet_without_a_gap() {
        assert_eq!(month(1_800_000_000).unwrap(), ("2027_01".into(), 1_798_761_600, 1_801_440_000));
        let (name, from, to) = month(1_801_440_000).unwrap();
        assert_eq!((name.as_str(), from), ("2027_02", 1_801_440_000));
        assert_eq!(month(to.unsigned_abs() - 1).unwrap().0, "2027_02");
        assert_eq!(month(u64::MAX), None);
    }
}
