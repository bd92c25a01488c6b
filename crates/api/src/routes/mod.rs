//! One file per resource: what may be asked, and the answer's form.

pub(crate) mod history;
pub(crate) mod limits;
pub(crate) mod live;
pub(crate) mod payments;
pub(crate) mod probes;
pub(crate) mod purses;
pub(crate) mod ranges;
pub(crate) mod refusals;
pub(crate) mod sessions;
pub(crate) mod transfers;
pub(crate) mod vaults;

use purse_indexer::Moment;
use purse_protocol::time::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

/// What an answer is true of: the chain up to a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AsOf {
    /// The last block of the index; null before the first.
    block: Option<u64>,
    /// Its hash.
    #[schema(value_type = Option<String>)]
    block_hash: Option<alloy::primitives::B256>,
    /// Its time (RFC 3339, UTC).
    #[schema(example = "2026-11-22T14:22:00Z")]
    time: Option<String>,
    /// Blocks up to this height are final: no reorganisation takes them back.
    finalized: u64,
    /// Up to this height the vaults' own running hashes agreed with the index (I13).
    confirmed: u64,
}

impl From<&Moment> for AsOf {
    fn from(moment: &Moment) -> Self {
        let cursor = moment.extent.cursor;
        Self {
            block: cursor.map(|cursor| cursor.number),
            block_hash: cursor.map(|cursor| cursor.hash),
            time: cursor.map(|_| rfc3339(moment.time)),
            finalized: moment.extent.finalized,
            confirmed: moment.extent.confirmed,
        }
    }
}

/// A page of items, and the cursor of the next one where there is more. One item more than the page was taken.
pub(crate) fn page<T>(mut items: Vec<T>, size: u32, cursor: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let size = size as usize;
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(cursor);
    (items, next)
}
