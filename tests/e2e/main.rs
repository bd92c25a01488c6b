//! The end-to-end stories: one module per promise, each on a chain of its own.

mod agent;
mod api;
mod archive;
mod audit;
mod bundle;
mod cli;
mod deploy;
mod history;
mod indexer;
mod owner;
mod storage;
mod tidy;
mod trail;
mod truth;
mod x402;
