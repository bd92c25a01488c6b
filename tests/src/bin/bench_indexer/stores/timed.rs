//! A database whose commits are timed.

use alloy::primitives::Address;
use purse_indexer::{
    BlockRef, Chunk, Extent, Header, Moment, PaymentPage, PaymentQuery, PlacedLog, Rollback, Store, StoreError,
    StoredAuthorization, StoredHead, StoredLog, StoredPayment, StoredPurse, StoredRange, StoredTransfer, StoredVault,
    TrailPart, TransferPage, TransferQuery, VaultState,
};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The time of each commit, in milliseconds.
type Times = Arc<Mutex<Vec<f64>>>;

pub(crate) struct Timed {
    store: Box<dyn Store>,
    times: Times,
}

impl Timed {
    pub(crate) fn new(store: Box<dyn Store>) -> (Self, Times) {
        let times = Times::default();
        (Self { store, times: times.clone() }, times)
    }
}

impl Store for Timed {
    fn name(&self) -> &str {
        self.store.name()
    }

    fn chain_id(&self) -> u64 {
        self.store.chain_id()
    }

    fn extent(&self) -> Result<Extent, StoreError> {
        self.store.extent()
    }

    fn moment(&self) -> Result<Moment, StoreError> {
        self.store.moment()
    }

    fn payment_page(&self, query: &PaymentQuery) -> Result<PaymentPage, StoreError> {
        self.store.payment_page(query)
    }

    fn stored_state(&self, vault: Address) -> Result<(Moment, Option<(BlockRef, VaultState)>), StoreError> {
        self.store.stored_state(vault)
    }

    fn trail_since(&self, vault: Address, known: Option<BlockRef>) -> Result<TrailPart, StoreError> {
        self.store.trail_since(vault, known)
    }

    fn vaults(&self) -> Result<Vec<StoredVault>, StoreError> {
        self.store.vaults()
    }

    fn logs(&self, vault: Address) -> Result<Vec<StoredLog>, StoreError> {
        self.store.logs(vault)
    }

    fn orphaned_logs(&self, vault: Address) -> Result<Vec<StoredLog>, StoreError> {
        self.store.orphaned_logs(vault)
    }

    fn logs_between(&self, blocks: RangeInclusive<u64>, limit: u32) -> Result<Vec<PlacedLog>, StoreError> {
        self.store.logs_between(blocks, limit)
    }

    fn headers_between(&self, blocks: RangeInclusive<u64>, limit: u32) -> Result<Vec<Header>, StoreError> {
        self.store.headers_between(blocks, limit)
    }

    fn movements_between(
        &self,
        blocks: RangeInclusive<u64>,
    ) -> Result<(Vec<StoredTransfer>, Vec<StoredAuthorization>), StoreError> {
        self.store.movements_between(blocks)
    }

    fn payments(&self, vault: Address) -> Result<Vec<StoredPayment>, StoreError> {
        self.store.payments(vault)
    }

    fn purses(&self) -> Result<Vec<StoredPurse>, StoreError> {
        self.store.purses()
    }

    fn transfers(&self, account: Address) -> Result<Vec<StoredTransfer>, StoreError> {
        self.store.transfers(account)
    }

    fn authorizations(&self, purse: Address) -> Result<Vec<StoredAuthorization>, StoreError> {
        self.store.authorizations(purse)
    }

    fn transfer_page(&self, query: &TransferQuery) -> Result<TransferPage, StoreError> {
        self.store.transfer_page(query)
    }

    fn heads(&self, vault: Address, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        self.store.heads(vault, above)
    }

    fn last_heads(&self, above: Option<u64>) -> Result<Vec<StoredHead>, StoreError> {
        self.store.last_heads(above)
    }

    fn ranges(&self) -> Result<Vec<StoredRange>, StoreError> {
        self.store.ranges()
    }

    fn blocks_down_from(&self, below: u64, limit: u64) -> Result<Vec<BlockRef>, StoreError> {
        self.store.blocks_down_from(below, limit)
    }

    fn bind(&mut self, factory: Address, from_block: u64) -> Result<(), StoreError> {
        self.store.bind(factory, from_block)
    }

    fn commit(&mut self, before: Option<BlockRef>, chunk: Chunk) -> Result<(), StoreError> {
        let start = Instant::now();
        let committed = self.store.commit(before, chunk);
        if let Ok(mut times) = self.times.lock() {
            times.push(start.elapsed().as_secs_f64() * 1_000.0);
        }
        committed
    }

    fn roll_back(&mut self, from: BlockRef, to: Option<BlockRef>) -> Result<Rollback, StoreError> {
        self.store.roll_back(from, to)
    }

    fn relabel(&mut self, cursor: BlockRef, range: StoredRange) -> Result<(), StoreError> {
        self.store.relabel(cursor, range)
    }
}
