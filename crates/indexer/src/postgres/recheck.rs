//! What a second look at stored blocks reads from PostgreSQL, and the label that it writes.

use super::PostgresStore;
use super::read::Value;
use super::write::Outcome;
use crate::columns::Columns;
use crate::error::StoreError;
use crate::rows::{BlockRef, StoredAuthorization, StoredRange, StoredTransfer};
use crate::source::Header;
use crate::store::to_sql;
use std::ops::RangeInclusive;

const HEADERS: &str = "SELECT number, hash, parent, time FROM blocks
     WHERE chain_id = $1 AND NOT orphaned AND number BETWEEN $2 AND $3 ORDER BY number LIMIT $4";
const TRANSFERS: &str = "SELECT b.number, hash, log_index, tx, token, sender, recipient, amount
     FROM blocks b JOIN transfers t ON t.chain_id = b.chain_id AND t.time = b.time AND t.block = b.id
     WHERE b.chain_id = $1 AND NOT orphaned AND b.number BETWEEN $2 AND $3 ORDER BY b.number, log_index";
const AUTHORIZATIONS: &str = "SELECT b.number, hash, log_index, tx, token, purse, nonce
     FROM blocks b JOIN authorizations a ON a.chain_id = b.chain_id AND a.time = b.time AND a.block = b.id
     WHERE b.chain_id = $1 AND NOT orphaned AND b.number BETWEEN $2 AND $3 ORDER BY b.number, log_index";

impl PostgresStore {
    pub(super) fn read_headers_between(
        &self,
        blocks: RangeInclusive<u64>,
        limit: u32,
    ) -> Result<Vec<Header>, StoreError> {
        let mut values = bounds(&blocks)?;
        values.push(Box::new(i64::from(limit)));
        self.rows(HEADERS, values, Self::stored_header)
    }

    pub(super) fn read_movements_between(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> Result<(Vec<StoredTransfer>, Vec<StoredAuthorization>), StoreError> {
        let transfers = self.rows(TRANSFERS, bounds(&blocks)?, Self::transfer)?;
        Ok((transfers, self.rows(AUTHORIZATIONS, bounds(&blocks)?, Self::authorization)?))
    }

    pub(super) fn write_truth(&self, cursor: BlockRef, range: StoredRange) -> Result<(), StoreError> {
        let chain = to_sql("chain id", self.chain_id)?;
        let (first, last, word) = (to_sql("block", range.first)?, to_sql("block", range.last)?, range.truth.word());
        self.transact(Some(cursor), move |tx| {
            // What lies above it in the range that it was a part of, then what lies below.
            let sql = "INSERT INTO ranges (chain_id, first, last, truth)
                       SELECT chain_id, $2::bigint + 1, last, truth FROM ranges WHERE chain_id = $1 AND first <= $2 AND last > $2";
            tx.execute(sql, &[&chain, &last])?;
            let sql = "DELETE FROM ranges WHERE chain_id = $1 AND first BETWEEN $2 AND $3";
            tx.execute(sql, &[&chain, &first, &last])?;
            let sql = "UPDATE ranges SET last = $2::bigint - 1 WHERE chain_id = $1 AND first < $2 AND last >= $2";
            tx.execute(sql, &[&chain, &first])?;
            // Itself, with the range below if that is known as well; then the range above, likewise.
            let sql = "UPDATE ranges SET last = $3 WHERE chain_id = $1 AND last + 1 = $2 AND truth = $4";
            if tx.execute(sql, &[&chain, &first, &last, &word])? == 0 {
                let sql = "INSERT INTO ranges (chain_id, first, last, truth) VALUES ($1, $2, $3, $4)";
                tx.execute(sql, &[&chain, &first, &last, &word])?;
            }
            let sql = "UPDATE ranges SET last = above.last FROM ranges above
                       WHERE ranges.chain_id = $1 AND ranges.last = $2
                         AND above.chain_id = $1 AND above.first = $2::bigint + 1 AND above.truth = $3";
            if tx.execute(sql, &[&chain, &last, &word])? > 0 {
                tx.execute("DELETE FROM ranges WHERE chain_id = $1 AND first = $2::bigint + 1", &[&chain, &last])?;
            }
            Ok(Outcome::Done(()))
        })
    }
}

fn bounds(blocks: &RangeInclusive<u64>) -> Result<Vec<Value>, StoreError> {
    Ok(vec![Box::new(to_sql("block", *blocks.start())?), Box::new(to_sql("block", *blocks.end())?)])
}
