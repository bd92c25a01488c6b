//! Follows a factory's vaults on a chain into a database, each range in one transaction. A reorganisation rolls back to the
//! common ancestor; what it orphaned is kept and marked. What nodes say is checked before it is believed. Data flows one
//! way: `planner` -> `pipeline` of `fetch`es -> `verify` and `decode` -> [`state`] -> `confirm` -> [`store`].
//!
//! - [`sync`]: the loop from the deployment block to the head, and a second look at what is stored
//! - [`source`]: what is asked of a chain, and when again; [`rpc`]: asked over JSON-RPC; [`nodes`]: several nodes as one source
//! - `planner`: which blocks next, how many at once; `fetch`: their logs and headers; `pipeline`, `ahead`: while others are written
//! - [`truth`]: how well blocks are known; [`receipts`]: events by their receipts; `interest`: whose logs are wanted
//! - `verify`: what was fetched, checked; `decode`, `movement`: what vaults and tokens say; `known`: vaults and purses;
//!   [`state`]: what their events leave (I12); `confirm`: their own running hashes against the recomputed ones (I13)
//! - [`store`], `sqlite`, `postgres`: where an index is kept; [`chunk`]: what is written; [`rows`], [`page`], `columns`: what is
//!   read; `cursor`: what happens in a reorganisation; [`error`]: why it stopped and what to do
//! - [`observe`], [`proofs`]: what the audit compares with; [`evidence`]: all that it needs of one vault, with its proofs

mod ahead;
pub mod chunk;
mod columns;
mod confirm;
mod cursor;
mod decode;
pub mod error;
pub mod evidence;
mod fetch;
mod interest;
mod known;
mod movement;
pub mod nodes;
pub mod observe;
pub mod page;
mod pipeline;
mod planner;
mod postgres;
pub mod proofs;
pub mod receipts;
pub mod rows;
pub mod rpc;
pub mod source;
mod sqlite;
pub mod state;
pub mod store;
pub mod sync;
pub mod truth;
mod verify;

pub use chunk::{Chunk, Rollback};
pub use error::{IndexError, StoreError};
pub use evidence::{CollectError, collect};
pub use nodes::Nodes;
pub use observe::{ObserveError, indexed_by, observe};
pub use page::*;
pub use postgres::{PostgresStore, SCHEMA_NAME};
pub use receipts::{ChainReceipt, ReceiptBody};
pub use rows::*;
pub use rpc::{BoundedHttp, RpcSource};
pub use source::{ChainLog, ChainSource, Header, Seal, Served, SourceError, Span, VaultHead, Wanted};
pub use sqlite::SqliteStore;
pub use state::{CompareError, Compared, Stopped, Sums, VaultState, WrittenState, compare, compare_trail, state_of};
pub use store::Store;
pub use sync::{Indexer, Looked, Progress, REORG_DEPTH, Rechecked, Synced};
pub use truth::Truth;
