//! What every part of Pursestrings agrees on, without any I/O of its own: the contracts' ABI, what is signed, what is logged,
//! why a payment was refused, how amounts, categories, windows and chains are written.
//!
//! - [`abi`]: the contracts' interfaces, read from the very Solidity files
//! - [`typed_data`]: the EIP-712 digests that session keys and owners sign
//! - [`event`]: a vault's logs, decoded, and the running hash over them
//! - [`refusal`]: revert bytes turned into a named refusal with cause and fix
//! - [`payment_refusal`]: why a payment was not made, for agents: did money move, what to do next
//! - [`rpc_fault`]: why a node gave no usable answer
//! - [`meter`]: the sliding cap, as the vault counts it
//! - [`storage`]: a vault's own words, decoded
//! - [`vault_reader`]: the views that fold those words, asked of the vault alone
//! - [`id`]: the number of a session
//! - [`amount`]: token amounts as decimal text and as base units
//! - [`window`]: the lengths that a limit's window may have
//! - [`scope`]: what a limit counts: the vault, a session, a category within one
//! - [`time`]: points in time and spans, as text
//! - [`text`]: what others wrote, made safe to quote
//! - [`category`]: what kind of payee may be paid, by number and by name
//! - [`chain`]: the chains that are known, and what differs between them
//! - [`create2`]: where a factory and a vault will be, before they are
//! - [`address`]: addresses as people write them
//! - [`address_book`]: the record of what was deployed on a chain

pub mod abi;
pub mod address;
pub mod address_book;
pub mod amount;
pub mod category;
pub mod chain;
pub mod create2;
pub mod event;
pub mod id;
pub mod meter;
pub mod payment_refusal;
pub mod refusal;
pub mod rpc_fault;
pub mod scope;
pub mod storage;
pub mod text;
pub mod time;
pub mod typed_data;
pub mod vault_reader;
pub mod window;

pub use address::{AddressError, parse_address};
pub use address_book::{AddressBook, Deployed, VaultRecord};
pub use amount::{AmountError, format_amount, parse_amount};
pub use category::{Category, CategoryError, CategoryMask};
pub use chain::Chain;
pub use create2::VaultConfig;
pub use id::{SessionId, SessionIdError};
pub use meter::Meter;
pub use payment_refusal::{MoneyMoved, PaymentRefusal, RetryHow};
pub use refusal::{Refusal, RefusalContext, Retry, WhoCanFix};
pub use rpc_fault::{AnswerTooLong, RpcFault};
pub use scope::Scope;
pub use vault_reader::VaultReader;
pub use window::{Window, WindowError};
