//! The owner's side, and the guardian's: one value per verb of the vault, tried first, sent, and read back. Or handed
//! out as a batch for a wallet that this program cannot reach.
//!
//! - [`verb`]: what can be done
//! - `call`: the call that does it, and back
//! - `describe`: the same in words
//! - `loosening`: what waits out the owner's delay, and what a change replaces
//! - `act`: verbs by signature; `approval`: the owner's countersignature on a payment; `typed_data`: both for wallets
//! - [`propose`]: the same for a Safe: sends nothing
//! - [`state`]: what a verb touches, read from the vault
//! - `in_force`: whether what was asked for stands
//! - `owner`: dry run, send, read back
//! - [`worst_case`]: the most that a stolen key can take
//! - `error`: what can go wrong

mod act;
mod approval;
mod call;
mod describe;
mod error;
mod in_force;
mod loosening;
mod owner;
pub mod propose;
pub mod state;
mod typed_data;
pub mod verb;
pub mod worst_case;

pub use act::{Act, SignedAct};
pub use approval::{approval_typed_data, approve};
pub use error::OwnerError;
pub use owner::{Change, Owner, Waits};
pub use propose::safe_batch;
pub use state::State;
pub use verb::Verb;
