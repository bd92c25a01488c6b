//! What can be read from the database: vaults, their logs in order, and how far it has come.

use crate::error::StoreError;
use crate::source::Header;
use crate::store::{Store, to_sql};
use alloy::primitives::{Address, B256, Bytes, LogData};
use alloy::sol_types::SolEvent;
use purse_audit::TrailLog;
use purse_protocol::abi::IVaultFactory::VaultCreated;
use purse_protocol::event::sequence_of;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A block by height and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRef {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

impl From<&Header> for BlockRef {
    fn from(header: &Header) -> Self {
        Self { number: header.number, hash: header.hash }
    }
}

/// A vault that the factory created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVault {
    /// Its address.
    pub address: Address,
    /// Its first owner.
    pub owner: Address,
    /// Its first treasury.
    pub treasury: Address,
    /// Its first guardian; zero = none.
    pub guardian: Address,
    /// What tells apart vaults of one configuration.
    pub salt: B256,
    /// The block that created it.
    pub block: BlockRef,
    /// Whether its address was recomputed from the vault's creation code (I14).
    pub proven: bool,
}

/// A log of a vault with the time of its block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLog {
    /// The block's height.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
    /// The hash of the block before it.
    pub parent_hash: B256,
    /// The block's time, seconds since 1970.
    pub time: u64,
    /// The log's number within the block.
    pub log_index: u64,
    /// The transaction's hash.
    pub tx: B256,
    /// The log's topics.
    pub topics: Vec<B256>,
    /// The log's other words.
    pub data: Bytes,
}

impl From<StoredLog> for TrailLog {
    fn from(log: StoredLog) -> Self {
        Self {
            block_number: log.block_number,
            block_hash: log.block_hash,
            parent_hash: log.parent_hash,
            time: log.time,
            tx: log.tx,
            log_index: log.log_index,
            topics: log.topics,
            data: log.data,
        }
    }
}

impl Store {
    /// The last block that is in the database; none before the first sync.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn cursor(&self) -> Result<Option<BlockRef>, StoreError> {
        let sql = "SELECT number, hash FROM cursor JOIN blocks ON blocks.id = cursor.block";
        let row = self.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let row: Option<(i64, Vec<u8>)> = row.optional().map_err(|source| self.error(source))?;
        row.map(|(number, hash)| Ok(BlockRef { number: number.unsigned_abs(), hash: self.word(&hash)? })).transpose()
    }

    /// Every vault, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn vaults(&self) -> Result<Vec<StoredVault>, StoreError> {
        self.rows(
            "SELECT vaults.address, owner, treasury, guardian, salt, number, hash, proven, log_index, topics, data
             FROM vaults JOIN logs USING (block, log_index) JOIN blocks ON blocks.id = block AND orphaned = 0
             ORDER BY number, log_index",
            [],
            |store, row| {
                let vault = StoredVault {
                    address: store.address(row, 0)?,
                    owner: store.address(row, 1)?,
                    treasury: store.address(row, 2)?,
                    guardian: store.address(row, 3)?,
                    salt: store.hash(row, 4)?,
                    block: BlockRef { number: store.number(row, 5)?, hash: store.hash(row, 6)? },
                    proven: store.number(row, 7)? == 1,
                };
                store.check_vault(&vault, store.number(row, 8)?, store.words(row, 9)?, store.column(row, 10)?)?;
                Ok(vault)
            },
        )
    }

    /// Every log of a vault on the chain as it is now, in order. Orphaned ones are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn logs(&self, vault: Address) -> Result<Vec<StoredLog>, StoreError> {
        self.logs_where("address = ?1 AND orphaned = 0", vault)
    }

    /// Every log of a vault that a reorganisation orphaned: kept as evidence, part of no trail.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn orphaned_logs(&self, vault: Address) -> Result<Vec<StoredLog>, StoreError> {
        self.logs_where("address = ?1 AND orphaned = 1", vault)
    }

    /// The stored blocks of the chain as it is now, newest first, from `below` down; at most `limit`.
    pub(crate) fn blocks_down_from(&self, below: u64, limit: u64) -> Result<Vec<BlockRef>, StoreError> {
        let bounds = [to_sql("block", below)?, to_sql("limit", limit)?];
        let sql = "SELECT number, hash FROM blocks WHERE orphaned = 0 AND number <= ?1 ORDER BY number DESC LIMIT ?2";
        self.rows(sql, bounds, |store, row| Ok(BlockRef { number: store.number(row, 0)?, hash: store.hash(row, 1)? }))
    }

    /// The last sequence number of each vault (I13).
    pub(crate) fn sequences(&self) -> Result<BTreeMap<Address, u32>, StoreError> {
        let mut sequences = BTreeMap::new();
        for vault in self.vaults()? {
            let sql = "SELECT sequence, topics, data, number, log_index FROM logs JOIN blocks ON blocks.id = logs.block
                       WHERE address = ?1 AND orphaned = 0 ORDER BY sequence DESC LIMIT 1";
            let last = self.rows(sql, [vault.address.as_slice()], |store, row| {
                let sequence: Option<u32> = store.column(row, 0)?;
                let (topics, data) = (store.words(row, 1)?, store.column::<Vec<u8>>(row, 2)?);
                store.check_sequence(sequence, (&topics, &data), store.number(row, 3)?, store.number(row, 4)?)?;
                Ok(sequence)
            })?;
            sequences.insert(vault.address, last.into_iter().flatten().next().unwrap_or(0));
        }
        Ok(sequences)
    }

    /// The column against the log itself: its topics and data.
    fn check_sequence(
        &self,
        column: Option<u32>,
        (topics, data): (&[B256], &[u8]),
        block: u64,
        log_index: u64,
    ) -> Result<(), StoreError> {
        if column == sequence_of(topics, data) { Ok(()) } else { Err(self.altered(block, log_index, "sequence")) }
    }

    /// The columns against the factory's log.
    fn check_vault(
        &self,
        vault: &StoredVault,
        log_index: u64,
        topics: Vec<B256>,
        data: Vec<u8>,
    ) -> Result<(), StoreError> {
        let log = VaultCreated::decode_log_data(&LogData::new_unchecked(topics, data.into()));
        let altered = match log {
            Err(_) => Some("data"),
            Ok(log) if log.vault != vault.address => Some("address"),
            Ok(log) if log.owner != vault.owner => Some("owner"),
            Ok(log) if log.treasury != vault.treasury => Some("treasury"),
            Ok(log) if log.guardian != vault.guardian => Some("guardian"),
            Ok(log) if log.salt != vault.salt => Some("salt"),
            Ok(_) => None,
        };
        altered.map_or(Ok(()), |column| Err(self.altered(vault.block.number, log_index, column)))
    }

    fn altered(&self, block: u64, log_index: u64, column: &'static str) -> StoreError {
        StoreError::ColumnAltered { path: self.path.clone(), block, log_index, column }
    }

    fn logs_where(&self, condition: &str, vault: Address) -> Result<Vec<StoredLog>, StoreError> {
        let sql = format!(
            "SELECT number, hash, time, log_index, tx, topics, data, parent, sequence
             FROM logs JOIN blocks ON blocks.id = logs.block WHERE {condition} ORDER BY number, log_index"
        );
        self.rows(&sql, params![vault.as_slice()], |store, row| {
            let topics = store.words(row, 5)?;
            let data: Vec<u8> = store.column(row, 6)?;
            let (block_number, log_index) = (store.number(row, 0)?, store.number(row, 3)?);
            store.check_sequence(store.column(row, 8)?, (&topics, &data), block_number, log_index)?;
            Ok(StoredLog {
                block_number,
                block_hash: store.hash(row, 1)?,
                parent_hash: store.hash(row, 7)?,
                time: store.number(row, 2)?,
                log_index,
                tx: store.hash(row, 4)?,
                topics,
                data: data.into(),
            })
        })
    }

    fn rows<T>(
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

    fn column<T: rusqlite::types::FromSql>(&self, row: &Row<'_>, index: usize) -> Result<T, StoreError> {
        row.get(index).map_err(|source| self.error(source))
    }

    fn number(&self, row: &Row<'_>, index: usize) -> Result<u64, StoreError> {
        let value: i64 = self.column(row, index)?;
        u64::try_from(value).map_err(|_| self.corrupt("a negative number"))
    }

    fn hash(&self, row: &Row<'_>, index: usize) -> Result<B256, StoreError> {
        self.word(&self.column::<Vec<u8>>(row, index)?)
    }

    fn address(&self, row: &Row<'_>, index: usize) -> Result<Address, StoreError> {
        let bytes: Vec<u8> = self.column(row, index)?;
        Address::try_from(bytes.as_slice()).map_err(|_| self.corrupt("an address of another length"))
    }

    fn words(&self, row: &Row<'_>, index: usize) -> Result<Vec<B256>, StoreError> {
        self.column::<Vec<u8>>(row, index)?.chunks(32).map(|word| self.word(word)).collect()
    }

    fn word(&self, bytes: &[u8]) -> Result<B256, StoreError> {
        B256::try_from(bytes).map_err(|_| self.corrupt("a hash of another length"))
    }
}
