//! What is read of an index a page at a time. Each answer is of one moment: what it says of the chain and what it lists
//! fit together, whatever is written meanwhile.

use crate::rows::{Extent, StoredLog, StoredPayment};
use alloy::primitives::{Address, B256};

/// The most payments in one page: an answer of some hundred kilobytes.
pub const LARGEST_PAGE: u32 = 1_000;

/// The index at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// How far it has come.
    pub extent: Extent,
    /// The time of the cursor's block, seconds since 1970; 0 before the first sync.
    pub time: u64,
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
