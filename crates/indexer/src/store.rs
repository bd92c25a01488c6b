//! Where an index is kept, behind one trait: a SQLite file of one's own, or a PostgreSQL that many read.

use crate::chunk::{Chunk, Rollback};
use crate::error::StoreError;
use crate::page::{Moment, PaymentPage, PaymentQuery, TrailPart, TransferPage, TransferQuery};
use crate::rows::{
    BlockRef, Extent, PlacedLog, StoredAuthorization, StoredHead, StoredLog, StoredPayment, StoredPurse, StoredRange,
    StoredTransfer, StoredVault,
};
use crate::source::Header;
use crate::state::VaultState;
use alloy::primitives::Address;
use std::ops::RangeInclusive;

/// An index of one factory on one chain. Everything in it comes from the chain.
///
/// Any number of processes may read while one writes. Each write is one transaction: all or nothing. Reads see the chain
/// as it is now; what a reorganisation orphaned is kept and read by name only.
pub trait Store: Send {
    /// The index, in words: a path, or a database without its password.
    fn name(&self) -> &str;
    /// The chain that it is of.
    fn chain_id(&self) -> u64;

    /// How far it has come.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn extent(&self) -> Result<Extent, StoreError>;
    /// Every vault, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read, or a column is not what the log says.
    fn vaults(&self) -> Result<Vec<StoredVault>, StoreError>;
    /// Every log of a vault, in the order of the chain.
    ///
    /// # Errors
    /// When the database cannot be read, or a column is not what the log says.
    fn logs(&self, vault: Address) -> Result<Vec<StoredLog>, StoreError>;
    /// Every log of a vault that a reorganisation orphaned: kept as evidence, part of no trail.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn orphaned_logs(&self, vault: Address) -> Result<Vec<StoredLog>, StoreError>;
    /// The logs of every contract in these blocks, in the order of the chain; the first `limit` of them.
    ///
    /// # Errors
    /// When the database cannot be read, or a column is not what the log says.
    fn logs_between(&self, blocks: RangeInclusive<u64>, limit: u32) -> Result<Vec<PlacedLog>, StoreError>;
    /// Every payment of a vault, in the order of the chain.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn payments(&self, vault: Address) -> Result<Vec<StoredPayment>, StoreError>;
    /// Every purse, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read, or a column is not what the log says.
    fn purses(&self) -> Result<Vec<StoredPurse>, StoreError>;
    /// What any token logged as moved from or to a vault or a purse, in the order of the chain, from the block on in which
    /// that came to be.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn transfers(&self, account: Address) -> Result<Vec<StoredTransfer>, StoreError>;
    /// Every authorization of a purse that was used, in the order of the chain.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn authorizations(&self, purse: Address) -> Result<Vec<StoredAuthorization>, StoreError>;
    /// Every head of a vault above a height, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn heads(&self, vault: Address, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError>;
    /// The last head of every vault that logged something above a height.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn last_heads(&self, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError>;
    /// How well every block up to the cursor is known: ascending ranges that meet.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn ranges(&self) -> Result<Vec<StoredRange>, StoreError>;
    /// The stored blocks, newest first, from `below` down; at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn blocks_down_from(&self, below: u64, limit: u64) -> Result<Vec<BlockRef>, StoreError>;
    /// The stored blocks at these heights, ascending, without what their hashes commit to; the first `limit` of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn headers_between(&self, blocks: RangeInclusive<u64>, limit: u32) -> Result<Vec<Header>, StoreError>;
    /// All that tokens say in these blocks, in the order of the chain.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn movements_between(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> Result<(Vec<StoredTransfer>, Vec<StoredAuthorization>), StoreError>;
    /// How far it has come, with the time of that block.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn moment(&self) -> Result<Moment, StoreError>;
    /// Some payments of a vault, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read, or a payment is not what its log says.
    fn payment_page(&self, query: &PaymentQuery) -> Result<PaymentPage, StoreError>;
    /// Some transfers, the newest first, with what explains them.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn transfer_page(&self, query: &TransferQuery) -> Result<TransferPage, StoreError>;
    /// The logs of a vault above a block that a reader knows (one that holds logs); all of them where it knows none, or
    /// its block was orphaned since.
    ///
    /// # Errors
    /// When the database cannot be read, or a column is not what the log says.
    fn trail_since(&self, vault: Address, known: Option<BlockRef>) -> Result<TrailPart, StoreError>;

    /// A vault's state, and the last block that changed it; none where none is stored, or in another format: see [`state_of`](crate::state_of).
    ///
    /// # Errors
    /// When the database cannot be read, or the state is not what was written.
    fn stored_state(&self, vault: Address) -> Result<(Moment, Option<(BlockRef, VaultState)>), StoreError>;

    /// Binds the index to a factory and a first block, for ever, and makes this process the one that writes.
    ///
    /// # Errors
    /// When it is bound to others, or another process writes.
    fn bind(&mut self, factory: Address, from_block: u64) -> Result<(), StoreError>;
    /// Adds a chunk and moves the cursor from `before` to its last block.
    ///
    /// # Errors
    /// When the cursor is not `before`, a block came back changed, or the database failed.
    fn commit(&mut self, before: Option<BlockRef>, chunk: Chunk) -> Result<(), StoreError>;
    /// Marks every block above the common ancestor orphaned and moves the cursor there.
    ///
    /// # Errors
    /// When the cursor is not `from`, or the database failed.
    fn roll_back(&mut self, from: BlockRef, to: Option<BlockRef>) -> Result<Rollback, StoreError>;
    /// Writes down how well blocks up to the cursor are known, now that they were looked at again.
    ///
    /// # Errors
    /// When the cursor is elsewhere, or the database failed.
    fn relabel(&mut self, cursor: BlockRef, range: StoredRange) -> Result<(), StoreError>;
}

/// A number for a database, whose integers end at 2^63.
pub(crate) fn to_sql(what: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::OutOfRange { what, value })
}
