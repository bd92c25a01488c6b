//! Follows a factory's vaults on a chain into a SQLite file: blocks, raw logs, vaults and the cursor, each range in one
//! transaction, so that it can stop anywhere and go on. A reorganisation rolls back to the common ancestor; what it
//! orphaned is kept and marked. What the node says is checked against itself before it is believed.
//!
//! - [`sync`]: the loop from the deployment block to the head
//! - [`source`]: what is asked of a chain; [`rpc`]: asked over JSON-RPC
//! - `fetch`: a range of blocks and logs, checked
//! - `continuity`: sequence numbers without gaps (I13)
//! - `cursor`: what happens in a reorganisation
//! - [`store`], [`commit`], [`read`]: the database: opened, written, read
//! - [`observe`]: what the audit compares with: a vault's views, read from a node at one block
//! - [`error`]: why it stopped and what to do

pub mod commit;
mod continuity;
mod cursor;
pub mod error;
mod fetch;
pub mod observe;
pub mod proofs;
pub mod read;
pub mod rpc;
pub mod source;
pub mod store;
pub mod sync;

pub use commit::Rollback;
pub use error::{IndexError, StoreError};
pub use observe::{ObserveError, observe};
pub use read::{BlockRef, StoredLog, StoredVault};
pub use rpc::RpcSource;
pub use source::{ChainLog, ChainSource, Header, SourceError, Span};
pub use store::Store;
pub use sync::{Indexer, Progress, REORG_DEPTH, Synced};
