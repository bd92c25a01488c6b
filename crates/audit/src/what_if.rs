//! Another policy held against payments that were made: which of them it would have refused, and why. A payment that it would
//! have refused counts in none of its limits. Its meters begin empty at the first payment.

use crate::payment::TrailPayment;
use crate::purse::TrailPurse;
use alloy::primitives::{Address, U256};
use purse_protocol::{Category, CategoryMask, Meter, Window, meter};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a session might be allowed, in one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The token.
    pub token: Address,
    /// Amounts count in units of 2^`unit_bits` base units.
    pub unit_bits: u8,
    /// The largest payment without the owner, in base units.
    pub per_payment_cap: u128,
    /// What it may pay for.
    pub categories: CategoryMask,
    /// Category (none = all that the session pays), window, cap in base units.
    pub limits: Vec<(Option<Category>, Window, u128)>,
}

/// Why a payment would have been refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Refused {
    /// It is in another token.
    Token,
    /// Its payee's category is not granted, or its fee recipient's.
    Category {
        /// That category.
        category: Category,
    },
    /// It is above the per-payment cap: it would have needed the owner's approval; or, of a refill, its fee is, for which
    /// there is none.
    Cap {
        /// Base units.
        #[serde(with = "crate::decimal")]
        cap: u128,
    },
    /// A limit had less left.
    Limit {
        /// What the limit counts; none = all that the session pays.
        category: Option<Category>,
        /// Its window.
        window: Window,
        /// Base units.
        #[serde(with = "crate::decimal")]
        cap: U256,
        /// Base units.
        #[serde(with = "crate::decimal")]
        left: U256,
    },
}

/// The payments of one session that the rules would have refused, each with the first reason, in the order of the trail.
/// `purses`: of the vault.
pub fn refused<'a>(
    rules: &Rules,
    purses: &BTreeMap<Address, TrailPurse>,
    payments: impl IntoIterator<Item = &'a TrailPayment>,
) -> Vec<(&'a TrailPayment, Refused)> {
    let units = |cap: &u128| meter::units_down(U256::from(*cap), rules.unit_bits);
    let mut meters: Vec<_> = rules.limits.iter().map(|(_, _, cap)| Meter::default().with_cap(units(cap))).collect();
    let mut found = Vec::new();
    for payment in payments {
        match judge(rules, &meters, payment, payment.refills(purses)) {
            Ok(after) => meters = after,
            Err(why) => found.push((payment, why)),
        }
    }
    found
}

/// The meters with the payment counted, or why it would have been refused.
fn judge(rules: &Rules, meters: &[Meter], payment: &TrailPayment, refill: bool) -> Result<Vec<Meter>, Refused> {
    if payment.token != rules.token {
        return Err(Refused::Token);
    }
    let categories = [Some(payment.category), payment.fee_category];
    if let Some(category) = categories.into_iter().flatten().find(|category| !rules.categories.contains(*category)) {
        return Err(Refused::Category { category });
    }
    let capped = if refill { U256::from(payment.fee) } else { payment.total() };
    if capped > U256::from(rules.per_payment_cap) {
        return Err(Refused::Cap { cap: rules.per_payment_cap });
    }
    let mut after = Vec::with_capacity(meters.len());
    for (&(category, window, _), meter) in rules.limits.iter().zip(meters) {
        let rolled = meter.rolled(window, payment.place.time);
        let counted = match category {
            None => payment.total(),
            Some(category) if category == payment.category => payment.total(),
            Some(category) if payment.fee_category == Some(category) => U256::from(payment.fee),
            Some(_) => U256::ZERO,
        };
        let units = meter::units_up(counted, rules.unit_bits);
        if units > rolled.remaining_units() {
            let [cap, left] =
                [rolled.cap_units(), rolled.remaining_units()].map(|units| meter::base_units(units, rules.unit_bits));
            return Err(Refused::Limit { category, window, cap, left });
        }
        after.push(rolled.add(units));
    }
    Ok(after)
}
