//! The trail of a vault, folded from its logs alone, and the checks of the promises over it. Pure: others read the chain.
//!
//! - [`trail`]: the fold: logs -> [`Trail`]; `apply`: what each event changes; `effects`: what a waiting change will log
//! - [`place`]: where an event stands; [`session`], [`policy`], [`payment`], [`purse`], [`change`], [`refusal`]: the rows
//! - [`questions`]: what to ask the contract; [`observed`]: what it says at one block; [`check`]: both compared, promise by
//!   promise -> [`Report`]; `books`: the policy that its parts judge by
//! - [`evidence`]: all of that as a node gave it or a bundle kept it; [`receipts`]: a block's receipts and transactions proven
//!   by its header; [`storage`], `head_state`: the vault's words proven by the state root; [`verify`]: evidence -> [`Report`],
//!   believing only what can be recomputed; [`bundle`]: evidence as a file; [`evidence_error`], [`error`]: why there is none
//! - [`entry`]: why a thing moved; [`explain`]: a payment's arithmetic; [`what_if`]: another policy; [`report`]: the outcome

mod apply;
mod books;
pub mod bundle;
pub mod change;
pub mod check;
mod decimal;
mod effects;
pub mod entry;
pub mod error;
pub mod evidence;
pub mod evidence_error;
pub mod explain;
mod head_state;
pub mod observed;
pub mod payment;
pub mod place;
pub mod policy;
pub mod purse;
pub mod questions;
pub mod receipts;
pub mod refusal;
pub mod report;
pub mod session;
pub mod storage;
pub mod trail;
pub mod verify;
pub mod what_if;

pub use change::{Change, ChangeSubject};
pub use check::balance::TokenBook;
pub use check::compare;
pub use check::purses::PurseBook;
pub use check::windows::LimitUse;
pub use error::{TrailError, told as tell_missing};
pub use evidence::{AccountEvidence, Evidence, WordEvidence};
pub use evidence_error::EvidenceError;
pub use explain::{Explanation, LimitStep, explain};
pub use observed::Observed;
pub use payment::{ApprovedPayment, TrailPayment};
pub use place::Place;
pub use policy::{LimitState, Policy};
pub use purse::TrailPurse;
pub use purse_protocol::event::name as event_name;
pub use questions::Questions;
pub use refusal::TrailRefusal;
pub use report::{Check, Difference, Outcome, Proof, Report, Subject};
pub use session::{Session, SessionWord};
pub use trail::{Trail, TrailBlock, TrailEvent, TrailLog};
pub use verify::{Known, owners_to_ask, verify};
