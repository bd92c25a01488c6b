//! The audit against vaults that exist only as logs: what is true passes, what is forged is caught and named.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(non_snake_case, reason = "fields are named as in the ABI")]

mod evidence;
mod explaining;
mod folding;
mod loosenings;
mod promises;
mod purses;
mod random;
mod scopes;
mod storage;
mod synthetic;
mod tampering;
mod waiting;
mod waiting_list;
