//! What every part of Pursestrings agrees on, without any I/O: the contracts' ABI, what is signed, what is logged,
//! why a payment was refused, how amounts, categories, windows and chains are written.
//!
//! - [`abi`]: the contracts' interfaces, read from the very Solidity files
//! - [`typed_data`]: the EIP-712 digest that a session key signs
//! - [`event`]: a vault's logs, decoded, and the running hash over them

pub mod abi;
pub mod event;
pub mod typed_data;
