//! What is read from PostgreSQL. Columns that repeat what a log says are checked against the log.

use super::PostgresStore;
use crate::decode;
use crate::error::StoreError;
use crate::rows::{BlockRef, Extent, PlacedLog, StoredHead, StoredLog, StoredPayment, StoredRange, StoredVault};
use crate::store::to_sql;
use crate::truth::Truth;
use alloy::primitives::{Address, B256, FixedBytes};
use postgres::Row;
use postgres::types::{FromSql, ToSql};
use purse_protocol::event::sequence_of;
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
             FROM vaults v JOIN blocks b ON b.chain_id = v.chain_id AND b.hash = v.block AND NOT orphaned
             JOIN logs l ON l.chain_id = v.chain_id AND l.time = b.time AND l.block = v.block
                        AND l.log_index = v.log_index
             WHERE v.chain_id = $1 ORDER BY b.number, v.log_index",
            Vec::new(),
            |store, row| {
                let vault = StoredVault {
                    address: store.bytes(row, 0)?,
                    owner: store.bytes(row, 1)?,
                    treasury: store.bytes(row, 2)?,
                    guardian: store.bytes(row, 3)?,
                    salt: store.bytes(row, 4)?,
                    block: BlockRef { number: store.number(row, 5)?, hash: store.bytes(row, 6)? },
                    proven: store.column(row, 7)?,
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
        self.rows(
            "SELECT b.number, hash, b.time, log_index, tx, topics, data, parent, sequence
             FROM logs l JOIN blocks b ON b.chain_id = l.chain_id AND b.hash = l.block
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
             FROM blocks b JOIN logs l ON l.chain_id = b.chain_id AND l.time = b.time AND l.block = b.hash
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

    /// A row of a log with its block.
    pub(super) fn log(&self, row: &Row) -> Result<StoredLog, StoreError> {
        let topics = self.words(row, 5)?;
        let data: Vec<u8> = self.column(row, 6)?;
        let (block_number, log_index) = (self.number(row, 0)?, self.number(row, 3)?);
        let sequence: Option<i64> = self.column(row, 8)?;
        if sequence != sequence_of(&topics, &data).map(i64::from) {
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
            "SELECT hash, p.log_index, p.sequence, session, nonce, payee, category, token, amount, fee, fee_recipient,
                    reference, b.number, topics, data
             FROM payments p JOIN blocks b ON b.chain_id = p.chain_id AND b.hash = p.block AND NOT orphaned
             JOIN logs l ON l.chain_id = p.chain_id AND l.time = p.time AND l.block = p.block
                        AND l.log_index = p.log_index
             WHERE p.chain_id = $1 AND p.vault = $2 ORDER BY b.number, p.log_index",
            vec![Box::new(vault.to_vec())],
            |store, row| store.payment(vault, row),
        )
    }

    /// A row of a payment, its block's height, and the topics and data of its log.
    pub(super) fn payment(&self, vault: Address, row: &Row) -> Result<StoredPayment, StoreError> {
        let payment = StoredPayment {
            vault,
            block_hash: self.bytes(row, 0)?,
            log_index: self.number(row, 1)?,
            sequence: self.small(row, 2)?,
            session: self.small(row, 3)?,
            nonce: self.small(row, 4)?,
            payee: self.bytes(row, 5)?,
            category: self.small(row, 6)?,
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
            "SELECT vault, b.number, hash, sequence, running_hash
             FROM heads h JOIN blocks b ON b.chain_id = h.chain_id AND b.hash = h.block AND NOT orphaned
             WHERE h.chain_id = $1 AND vault = $2 AND h.number > $3 ORDER BY b.number",
            vec![Box::new(vault.to_vec()), Box::new(above)],
            Self::head,
        )
    }

    pub(super) fn read_last_heads(&self, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        let above = above.map_or(Ok(-1), |above| to_sql("block", above))?;
        self.rows(
            "SELECT DISTINCT ON (vault) vault, b.number, hash, sequence, running_hash
             FROM heads h JOIN blocks b ON b.chain_id = h.chain_id AND b.hash = h.block AND NOT orphaned
             WHERE h.chain_id = $1 AND h.number > $2 ORDER BY vault, h.number DESC",
            vec![Box::new(above)],
            Self::head,
        )
    }

    pub(super) fn read_ranges(&self) -> Result<Vec<StoredRange>, StoreError> {
        self.rows(RANGES, Vec::new(), Self::range)
    }

    /// A row of [`RANGES`].
    pub(super) fn range(&self, row: &Row) -> Result<StoredRange, StoreError> {
        let word: String = self.column(row, 2)?;
        let truth = Truth::of(&word).ok_or_else(|| self.corrupt(format!("no truth is called {word}")))?;
        Ok(StoredRange { first: self.number(row, 0)?, last: self.number(row, 1)?, truth })
    }

    pub(super) fn read_blocks_down_from(&self, below: u64, limit: u64) -> Result<Vec<BlockRef>, StoreError> {
        self.rows(
            "SELECT number, hash FROM blocks WHERE chain_id = $1 AND NOT orphaned AND number <= $2
             ORDER BY number DESC LIMIT $3",
            vec![Box::new(to_sql("block", below)?), Box::new(to_sql("limit", limit)?)],
            |store, row| Ok(BlockRef { number: store.number(row, 0)?, hash: store.bytes(row, 1)? }),
        )
    }

    fn head(&self, row: &Row) -> Result<StoredHead, StoreError> {
        Ok(StoredHead {
            vault: self.bytes(row, 0)?,
            block: BlockRef { number: self.number(row, 1)?, hash: self.bytes(row, 2)? },
            sequence: self.small(row, 3)?,
            running_hash: self.bytes(row, 4)?,
        })
    }

    pub(super) fn altered(&self, block: u64, log_index: u64, column: &'static str) -> StoreError {
        StoreError::ColumnAltered { path: self.name.clone(), block, log_index, column }
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

    pub(super) fn number(&self, row: &Row, index: usize) -> Result<u64, StoreError> {
        let value: i64 = self.column(row, index)?;
        u64::try_from(value).map_err(|_| self.corrupt("a negative number"))
    }

    pub(super) fn small<T: TryFrom<i64>>(&self, row: &Row, index: usize) -> Result<T, StoreError> {
        T::try_from(self.column::<i64>(row, index)?).map_err(|_| self.corrupt("a number out of range"))
    }

    /// A column of exactly `N` bytes: an address, a hash.
    pub(super) fn bytes<const N: usize, T: From<[u8; N]>>(&self, row: &Row, index: usize) -> Result<T, StoreError> {
        self.fixed(self.column::<&[u8]>(row, index)?)
    }

    pub(super) fn words(&self, row: &Row, index: usize) -> Result<Vec<B256>, StoreError> {
        self.column::<&[u8]>(row, index)?.chunks(32).map(|word| self.fixed(word)).collect()
    }

    fn fixed<const N: usize, T: From<[u8; N]>>(&self, bytes: &[u8]) -> Result<T, StoreError> {
        let bytes: [u8; N] = bytes.try_into().map_err(|_| self.corrupt("an address or hash of another length"))?;
        Ok(bytes.into())
    }
}
