//! An agent buys from x402 sellers out of its purse: stock sellers and facilitators of the npm packages, real USDC, and
//! sellers that no stock package would be.

mod boundary;
