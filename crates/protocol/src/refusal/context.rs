//! What the reader of a refusal knows: the words name tokens, sessions and payees where they can.

use super::{Refusal, Retry, WhoCanFix};
use crate::{format_amount, time};
use alloy::primitives::{Address, U256};
use std::collections::BTreeMap;

/// What is known about the refused call. Everything is optional: without it amounts read as base units, sessions and
/// payees by number and address.
///
/// ```
/// use alloy::primitives::address;
/// use purse_protocol::RefusalContext;
/// let usdc = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// let context = RefusalContext::default().token(usdc, "USDC", 6).paying_with(usdc).session(1, "researcher");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalContext {
    tokens: BTreeMap<Address, (String, u8)>,
    paying_with: Option<Address>,
    sessions: BTreeMap<u32, String>,
    payees: BTreeMap<Address, String>,
    fits_at: Option<u64>,
}

impl RefusalContext {
    /// A token's symbol and decimals.
    pub fn token(mut self, token: Address, symbol: impl Into<String>, decimals: u8) -> Self {
        self.tokens.insert(token, (symbol.into(), decimals));
        self
    }

    /// The token of the refused call: some errors carry an amount but no token.
    pub fn paying_with(mut self, token: Address) -> Self {
        self.paying_with = Some(token);
        self
    }

    /// A session's name.
    pub fn session(mut self, session: u32, name: impl Into<String>) -> Self {
        self.sessions.insert(session, name.into());
        self
    }

    /// A payee's name.
    pub fn payee(mut self, payee: Address, name: impl Into<String>) -> Self {
        self.payees.insert(payee, name.into());
        self
    }

    /// When the refused payment would fit its limits (seconds since 1970), as [`crate::Meter::fits_at`] says.
    pub fn fits_at(mut self, time: u64) -> Self {
        self.fits_at = Some(time);
        self
    }
}
