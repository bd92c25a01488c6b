//! The agent's side: a session key that nobody sees, payments signed with it, and what became of them. The vault
//! decides what may be paid; this crate asks it first, signs, submits and reads the answer.
//!
//! - [`keystore`]: key files, encrypted, mode 0600; `v3`: their text
//! - `session_key`: the key in memory
//! - `session_file`: what an agent knows of its session
//! - `private_file`: files that only their owner may read
//! - `reference`: what a payment publishes of its purchase
//! - [`ledger`]: which nonce comes next, the rules
//! - `nonce`: the ledger on disk, under a lock for all threads and processes
//! - `payment`: what is asked for, signed, and what became of it
//! - `agent`: build, check, sign
//! - `pay`: one payment; `batch`: several in one transaction; `submit`: send a transaction and wait for it
//! - `approval_request`: the file in which the owner is asked; `approval`: asking, and paying with the answer
//! - `purchase`: one id, one payment; [`journal`]: what became of each; `purchase_lock`: one process at a time; [`x402`]: the words of HTTP 402 payments
//! - [`buyer`]: buying from sellers that demand a payment; `purse`: the pocket money that pays them; `settlement`: what became of it
//! - `budget`: what the session may still spend; `error`: what can go wrong, other than a refusal

mod agent;
mod approval;
mod approval_request;
mod batch;
mod budget;
pub mod buyer;
mod error;
pub mod journal;
pub mod keystore;
pub mod ledger;
mod nonce;
mod pay;
mod payment;
mod private_file;
mod purchase;
mod purchase_lock;
mod purse;
mod reference;
mod session_file;
mod session_key;
mod settlement;
mod submit;
mod v3;
pub mod x402;

pub use agent::Agent;
pub use approval_request::{APPROVAL_DEADLINE_SECONDS, ApprovalRequest, ApprovalRequestError};
pub use batch::LARGEST_BATCH;
pub use budget::{Budget, BudgetLimit, BudgetPurse};
pub use buyer::{Bought, Buyer, PurchaseReceipt, Purchasing, Quote};
pub use error::AgentError;
pub use journal::{Journal, JournalError};
pub use keystore::KeystoreError;
pub use nonce::{NonceError, NonceGuard, NonceStore};
pub use payment::{DEFAULT_DEADLINE_SECONDS, Fee, NotMined, Outcome, Paid, PaymentRequest, SignedPayment};
pub use private_file::FileError;
pub use purchase::{MAX_PURCHASE_ID, PurchaseId, PurchaseIdError};
pub use purse::Purse;
pub use reference::reference;
pub use session_file::{Salt, SessionFile, SessionFileError};
pub use session_key::{SessionKey, SigningFailed};
