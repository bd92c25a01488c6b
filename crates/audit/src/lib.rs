//! The trail of a vault, folded from its logs alone, and the checks of the promises over it. Pure: values in, values
//! out; who fetches the logs and reads the chain is somebody else.
//!
//! - [`trail`]: the fold: logs -> [`Trail`]; `apply`: what each event changes; `effects`: what a waiting change will log
//! - [`place`]: where an event stands; [`session`], [`policy`], [`payment`], [`purse`], [`change`], [`refusal`]: the rows
//! - [`questions`]: what to ask the contract; [`observed`]: what it says at one block; [`check`]: both compared -> [`Report`]
//! - `head`: the running hash (I13); `blocks`: the events' blocks (I12, I4); `state`: the contract's views (I12);
//!   `rejudge`: every payment under the policy of its moment (I3, I5, I6, I8); `loosening`: what waited (I9); `books`: the
//!   policy that both judge by; `windows`: sums over sliding windows (I4); `balance`: the double entry (I1); `approvals`:
//!   the owner's signatures, out of the calls (I5); `refused`: reasons of what did not pay (I11); `outflow`: what a thief
//!   could take (I17); `purses`: what purses got, paid and gave back (I15, I16); `origin`: the vault's address (I14)
//! - `signatures`: every payment's signature, out of the calls (I2); `authority`: who changed what, by which key (I9);
//!   `duties`: who is more than one of those who grant, pay, stop and fund
//! - [`evidence`]: all of that as a node gave it or a bundle kept it; [`receipts`]: a block's receipts and transactions proven
//!   by its header; `head_state`: the vault's words and code proven by the state root; [`verify`]: evidence -> [`Report`],
//!   believing only what can be recomputed; [`bundle`]: evidence as a file; [`evidence_error`]: why it is none
//! - [`explain`]: one payment and the arithmetic of its limits; [`what_if`]: another policy held against the payments
//! - [`report`]: the outcome as data; [`error`]: why logs do not make a trail

mod apply;
mod approvals;
mod authority;
mod balance;
mod blocks;
mod books;
pub mod bundle;
pub mod change;
pub mod check;
mod decimal;
mod duties;
mod effects;
pub mod error;
pub mod evidence;
pub mod evidence_error;
pub mod explain;
mod head;
mod head_state;
mod loosening;
pub mod observed;
mod origin;
mod outflow;
pub mod payment;
pub mod place;
pub mod policy;
pub mod purse;
mod purses;
pub mod questions;
pub mod receipts;
pub mod refusal;
mod refused;
mod rejudge;
pub mod report;
pub mod session;
mod signatures;
mod state;
pub mod trail;
pub mod verify;
pub mod what_if;
mod windows;

pub use balance::TokenBook;
pub use change::{Change, ChangeSubject};
pub use check::compare;
pub use error::{TrailError, told as tell_missing};
pub use evidence::Evidence;
pub use evidence_error::EvidenceError;
pub use explain::{Explanation, LimitStep, explain};
pub use observed::Observed;
pub use payment::{ApprovedPayment, TrailPayment};
pub use place::Place;
pub use policy::{LimitState, Policy};
pub use purse::TrailPurse;
pub use purse_protocol::event::name as event_name;
pub use purses::PurseBook;
pub use questions::Questions;
pub use refusal::TrailRefusal;
pub use report::{Check, Difference, Outcome, Proof, Report, Subject};
pub use session::{Session, SessionWord};
pub use trail::{Trail, TrailBlock, TrailEvent, TrailLog};
pub use verify::{Known, verify};
pub use windows::LimitUse;
