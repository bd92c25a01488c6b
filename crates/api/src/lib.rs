//! What an index knows, over HTTP, for reading only: vaults, sessions, limits with what is left, payments, the history of
//! the policy, and payments live. Amounts are decimal text; errors are problems (RFC 9457) with a cause and a fix.
//!
//! A request is answered from any [`purse_indexer::Store`], SQLite or PostgreSQL, of one moment; what a vault's events add
//! up to is folded once and kept.
//!
//! - [`server`]: the router, its limits, and the OpenAPI document; `routes`: one file per resource
//! - [`readers`]: connections to the index; `vaults`: the folded vaults; `folded`: one of them
//! - `live`: what a listener has not heard yet, through reorganisations
//! - [`tokens`]: what tokens call themselves; `amount`: amounts in JSON; `event`: events in JSON; `movement`: what moved
//! - `parameters`: what a request may ask; `etag`: whether an answer would be the same; [`problem`]: why there is none
//! - [`health`]: how far the index is behind, and whether it stalls; [`metrics`]: the same for Prometheus
//! - [`follow`]: the loop that keeps an index at the head of its chain; [`heads`]: new blocks told over a WebSocket;
//!   [`compare`]: its states held against the chain's own; [`doubts`]: those of which it is not known that they are

mod amount;
pub mod compare;
pub mod doubts;
mod etag;
mod event;
mod folded;
pub mod follow;
pub mod heads;
pub mod health;
mod live;
pub mod metrics;
mod movement;
mod parameters;
pub mod problem;
pub mod readers;
mod routes;
pub mod server;
pub mod tokens;
mod vaults;

pub use compare::{Found, States, Uncompared};
pub use doubts::Doubt;
pub use follow::{Told, follow};
pub use heads::{Line, listen};
pub use health::{Alarm, Health};
pub use problem::Problem;
pub use readers::Readers;
pub use server::{Api, openapi, router, serve};
pub use tokens::{AskToken, NodeTokens, TokenWords};
