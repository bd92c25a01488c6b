//! The vault twice: as an independent model in plain Rust, and as the compiled contract in an EVM in this process. Random
//! calls go to both, and after each of them both must say the same: success or the same named refusal, the same events,
//! the same answers to every view.
//!
//! - [`Campaign`]: many tests, each with a seed and a vault of its own; [`Tally`]: what they have reached
//! - `model`: the vault by its interface and its promises, with lists where the contract has bits
//! - `calldata`: what Solidity's decoder accepts
//! - `chain`: the contract in an EVM; `bytecode`: the tokens and ERC-1271 accounts around it
//! - `pair`, `compare`: model and contract side by side
//! - `cast`: who acts; `step`: one call, and what happens around it; `generate`: random steps
//! - `shrink`: the fewest steps that lead to a divergence; `words`: how it is told

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
