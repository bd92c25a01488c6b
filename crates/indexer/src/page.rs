//! What is read of an index a page at a time. Each answer is of one moment: what it says of the chain and what it lists
//! fit together, whatever is written meanwhile.

use crate::rows::{BlockRef, Extent, StoredAuthorization, StoredLog, StoredPayment, StoredRange, StoredTransfer};
use crate::state::VaultState;
use alloy::primitives::{Address, B256};

/// The most payments or transfers in one page: an answer of some hundred kilobytes.
pub const LARGEST_PAGE: u32 = 1_000;

/// The index at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// How far it has come.
    pub extent: Extent,
    /// The time of the cursor's block, seconds since 1970; 0 before the first sync.
    pub time: u64,
    /// How well its blocks are known, all together: one for each that is linked, two for each that is proven. A second look adds to
    /// it where nothing else changes.
    pub truth: u64,
}

/// Which payments of a vault, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PaymentQuery {
    /// The vault that paid.
    pub vault: Address,
    /// Of this session only.
    pub session: Option<u32>,
    /// To this payee only.
    pub payee: Option<Address>,
    /// Under this category only.
    pub category: Option<u8>,
    /// In this token only.
    pub token: Option<Address>,
    /// In blocks of this time and later, seconds since 1970.
    pub from: Option<u64>,
    /// In blocks before this time, seconds since 1970.
    pub until: Option<u64>,
    /// Older than this one.
    pub before: Option<PageMark>,
    /// How many at most; never more than [`LARGEST_PAGE`].
    pub limit: u32,
}

/// Where a page ends. It stays right when payments are added; after a reorganisation it means the same place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageMark {
    /// The height of the last payment's block.
    pub block: u64,
    /// The vault's number of the last payment.
    pub sequence: u32,
}

/// A payment, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedPayment {
    /// The payment.
    pub payment: StoredPayment,
    /// Its block's height.
    pub block: u64,
    /// Its block's time, seconds since 1970.
    pub time: u64,
    /// Its transaction's hash.
    pub tx: B256,
}

/// Some payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPage {
    /// When.
    pub moment: Moment,
    /// The newest first.
    pub payments: Vec<PlacedPayment>,
    /// How well the blocks are known.
    pub ranges: Vec<StoredRange>,
    /// Whether there are older ones.
    pub more: bool,
}

/// How many to read for a page of that limit: one more than it lists, to know whether there are more.
pub(crate) fn to_read(limit: u32) -> u32 {
    limit.min(LARGEST_PAGE) + 1
}

/// Cuts what was read to the page's length, and tells whether there were more.
pub(crate) fn cut<T>(read: &mut Vec<T>, limit: u32) -> bool {
    let length = limit.min(LARGEST_PAGE) as usize;
    let more = read.len() > length;
    read.truncate(length);
    more
}

/// Which transfers, the newest first. A transfer of nothing, which anybody can have most tokens log of anyone, is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransferQuery {
    /// The vault whose events stand beside them.
    pub vault: Address,
    /// From or to one of these.
    pub accounts: Vec<Address>,
    /// Only what leaves them to anyone but the vault.
    pub outgoing: bool,
    /// In one of these tokens.
    pub tokens: Vec<Address>,
    /// In blocks of this time and later, seconds since 1970.
    pub from: Option<u64>,
    /// In blocks before this time, seconds since 1970.
    pub until: Option<u64>,
    /// Older than this one.
    pub before: Option<TransferMark>,
    /// How many at most; never more than [`LARGEST_PAGE`].
    pub limit: u32,
}

impl TransferQuery {
    /// Whether a transfer is from or to one of the accounts.
    pub(crate) fn touches(&self, transfer: &StoredTransfer) -> bool {
        self.accounts.contains(&transfer.from) || self.accounts.contains(&transfer.to)
    }
}

/// Where a page of transfers ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferMark {
    /// The height of the last transfer's block.
    pub block: u64,
    /// The number of its log within the block.
    pub log_index: u64,
}

/// A transfer, and when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedTransfer {
    /// The transfer.
    pub transfer: StoredTransfer,
    /// Its block's time, seconds since 1970.
    pub time: u64,
}

/// Everything in the blocks of a page that may explain its transfers, in the order of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beside {
    /// Every transfer from or to the accounts.
    pub transfers: Vec<StoredTransfer>,
    /// Every authorization of theirs that was used.
    pub authorizations: Vec<StoredAuthorization>,
    /// Every log of the vault.
    pub logs: Vec<StoredLog>,
}

/// Some transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferPage {
    /// When.
    pub moment: Moment,
    /// The newest first.
    pub transfers: Vec<PlacedTransfer>,
    /// What happened in their blocks.
    pub beside: Beside,
    /// How well the blocks are known.
    pub ranges: Vec<StoredRange>,
    /// Whether there are older ones.
    pub more: bool,
}

/// A vault's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePart {
    /// When.
    pub moment: Moment,
    /// The last block in which the vault or a token of its logged something; none = there is no such vault.
    pub block: Option<BlockRef>,
    /// The state after it.
    pub state: VaultState,
}

/// The logs that a reader of a vault's trail lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailPart {
    /// When.
    pub moment: Moment,
    /// Whether the block that the reader knew still is on the chain. If not, `logs` begins with the vault's first.
    pub continues: bool,
    /// In the order of the chain.
    pub logs: Vec<StoredLog>,
}
