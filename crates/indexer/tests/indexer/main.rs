//! The indexer against a chain that can be reorganised, can lag and can lie.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod archive;
mod chain;
mod database;
mod faults;
mod files;
mod following;
mod heads;
mod lies;
mod model;
mod movements;
mod node;
mod nodes;
mod pages;
mod rechecking;
mod reorgs;
#[expect(dead_code, reason = "restarted only by the kills")]
mod server;
mod shared;
mod states;
mod truth;
mod wire;
