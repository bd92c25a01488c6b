//! The owner's side, and the guardian's: one value per verb of the vault, tried first, sent, and read back. Or handed
//! out as a batch for a wallet that this program cannot reach.
//!
//! - [`verb`]: what can be done, and the call that does it
//! - `describe`: the same in words
//! - [`propose`]: the same for a Safe: sends nothing
//! - [`state`]: what a verb touches, read from the vault
//! - `in_force`: whether what was asked for stands
//! - `owner`: dry run, send, read back
//! - [`worst_case`]: the most that a stolen key can take
//! - `error`: what can go wrong

mod describe;
mod error;
mod in_force;
mod owner;
pub mod propose;
pub mod state;
pub mod verb;
pub mod worst_case;

pub use error::OwnerError;
pub use owner::{Change, Owner};
pub use propose::safe_batch;
pub use state::State;
pub use verb::Verb;
