//! A payment as the trail has it.

use crate::place::Place;
use alloy::primitives::{Address, B256, U256};
use purse_protocol::{Category, SessionId};
use serde::{Deserialize, Serialize};

/// A payment that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailPayment {
    /// The session that paid.
    pub session: SessionId,
    /// The key that it had then.
    pub key: Address,
    /// Pays at most once per key (I3).
    pub nonce: u32,
    /// Who got the amount.
    pub payee: Address,
    /// The payee's category then.
    pub category: Category,
    /// Which money.
    pub token: Address,
    /// Base units to the payee.
    #[serde(with = "crate::decimal")]
    pub amount: u128,
    /// Base units to the fee recipient.
    #[serde(with = "crate::decimal")]
    pub fee: u128,
    /// Who got the fee; zero = no fee.
    pub fee_recipient: Address,
    /// What it was for: commits to the purchase and its purpose.
    pub reference: B256,
    /// Where it stands.
    pub place: Place,
}

impl TrailPayment {
    /// What the limits count: amount and fee, in base units.
    pub fn total(&self) -> U256 {
        U256::from(self.amount) + U256::from(self.fee)
    }
}
