//! The stage of the end-to-end tests: a local chain with the real contracts on it, and people to act.
//!
//! - [`LocalChain`]: an anvil of one's own, whose clock the test holds
//! - [`Actors`]: owner, guardian, agents, relayer and payees
//! - [`Scene`]: a funded vault with real USDC, and the acts that most stories begin with
//! - [`Authorization`]: a payment by signed authorization, settled
//! - [`refusal`]: what a contract refused, out of a failed act

mod actors;
mod authorization;
mod local_chain;
mod scene;

pub use actors::Actors;
pub use authorization::Authorization;
pub use local_chain::LocalChain;
pub use scene::{Scene, refusal};
