//! The vault twice: as an independent model in plain Rust, and as the compiled contract in an EVM in this process. Random
//! calls go to both, and after each of them both must say the same: success or the same named refusal, the same events,
//! the same answers to every view.
//!
//! - [`model`]: the vault by its interface and its promises, with lists where the contract has bits
//! - [`calldata`]: what Solidity's decoder accepts
//! - [`words`]: calls, events and refusals in words

mod bytecode;
mod calldata;
mod campaign;
mod cast;
mod chain;
mod compare;
mod generate;
mod model;
mod pair;
mod shrink;
mod step;
mod tally;
mod words;

pub use campaign::Campaign;
pub use tally::Tally;
