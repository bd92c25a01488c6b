//! An agent buys from x402 sellers out of its purse: stock sellers and facilitators of the npm packages, real USDC, and
//! sellers that no stock package would be.

mod afterwards;
mod bench;
mod boundary;
mod canary;
mod command;
mod endings;
mod example;
mod faults;
mod griefing;
mod ids;
mod killed;
mod market;
mod mcp;
mod odd;
mod once;
mod paying;
mod refusals;
mod replayed;
mod rude;
mod stall;
mod stock_client;
mod version_one;
mod x402_rs;
