//! A payment as the trail has it.

use crate::place::Place;
use crate::purse::TrailPurse;
use alloy::primitives::{Address, B256, U256};
use purse_protocol::{Category, Scope, SessionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// The fee recipient's category then; none = no fee.
    pub fee_category: Option<Category>,
    /// What it was for: commits to the purchase and its purpose.
    pub reference: B256,
    /// Where it stands.
    pub place: Place,
}

/// A payment above its session's per-payment cap (I5). The vault lets it through with the owner's approval only; the
/// approval itself is in the transaction's calldata, not in the logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedPayment {
    /// The payment.
    pub payment: TrailPayment,
    /// The cap that it was above, in base units.
    #[serde(with = "crate::decimal")]
    pub per_payment_cap: u128,
    /// The vault's owner at that block, whose approval it must have had.
    pub owner: Address,
}

impl TrailPayment {
    /// What the vault gave: amount and fee, in base units.
    pub fn total(&self) -> U256 {
        U256::from(self.amount) + U256::from(self.fee)
    }

    /// Whether it fills a purse: that money stays the owner's, so that the per-payment cap binds the fee alone (I16).
    pub fn refills(&self, purses: &BTreeMap<Address, TrailPurse>) -> bool {
        purses.contains_key(&self.payee)
    }

    /// What counts in which scope, in base units: all of it in its session's, the vault's and its category's; the fee
    /// alone in the fee recipient's category, if that is another one.
    pub fn counts(&self) -> impl Iterator<Item = (Scope, U256)> + use<> {
        let (session, total, category) = (self.session, self.total(), self.category);
        let whole = [Scope::Session(session), Scope::Vault, Scope::Category(session, category)];
        let of_fee = self.fee_category.filter(|&of_fee| of_fee != category);
        let fee = of_fee.map(|of_fee| (Scope::Category(session, of_fee), U256::from(self.fee)));
        whole.map(|scope| (scope, total)).into_iter().chain(fee)
    }
}
