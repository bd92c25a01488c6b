//! The API over the index of a real vault, on both databases: exact amounts, filters and pages, limits as the contract
//! counts them, live through reorganisations, and problems with a fix.
//!
//! - `served`: an index, a server over it, and who asks
//! - `reading`: vaults, sessions, limits, payments, history
//! - `moving`: transfers, purses and their purchases; how well blocks are known
//! - `listening`: server-sent events
//! - `asking`: what is refused, and how
//! - `document`: the OpenAPI document
//! - `following`: `purse index --follow --api`; `comparing`: its states held against the chain

mod asking;
mod comparing;
mod document;
mod following;
mod listening;
mod moving;
mod reading;
mod served;
#[path = "../../crates/indexer/tests/indexer/server.rs"]
#[expect(dead_code, reason = "restarted only by the kills")]
mod server;
