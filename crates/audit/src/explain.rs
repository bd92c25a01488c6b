//! One payment explained: the policy in force just before it, and what each limit had left before and after.

use crate::error::TrailError;
use crate::payment::TrailPayment;
use crate::trail::{Trail, TrailLog};
use alloy::primitives::{Address, U256};
use purse_protocol::{CategoryMask, Scope, Window};
use serde::{Serialize, Serializer};

/// Why a payment could be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The payment.
    pub payment: TrailPayment,
    /// Amount and fee, in base units.
    #[serde(with = "crate::decimal")]
    pub total: U256,
    /// From when its session could pay, seconds since 1970.
    pub valid_from: u32,
    /// Until when.
    pub valid_until: u32,
    /// What the session could pay for, in JSON by name.
    #[serde(serialize_with = "names")]
    pub categories: CategoryMask,
    /// The most that it could pay without the owner, in base units.
    #[serde(with = "crate::decimal")]
    pub per_payment_cap: u128,
    /// Whether it was above that, so that the owner's approval was needed (I5).
    pub approved: bool,
    /// Whether it filled a purse of the session: then that cap binds its fee alone (I16).
    pub refill: bool,
    /// Who owned the vault then.
    pub owner: Address,
    /// Every limit that counted it.
    pub limits: Vec<LimitStep>,
}

/// What a payment did to a limit. Amounts are base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LimitStep {
    /// What the limit counts.
    #[serde(flatten)]
    pub scope: Scope,
    /// Its window.
    pub window: Window,
    /// Its cap.
    #[serde(with = "crate::decimal")]
    pub cap: U256,
    /// Counted just before the payment.
    #[serde(with = "crate::decimal")]
    pub used_before: U256,
    /// Left just before.
    #[serde(with = "crate::decimal")]
    pub left_before: U256,
    /// What it counted of the payment, rounded up to the token's unit.
    #[serde(with = "crate::decimal")]
    pub counted: U256,
    /// Left just after.
    #[serde(with = "crate::decimal")]
    pub left_after: U256,
}

/// Explains the payment that is the vault's event of that number; none where that event is no payment, or not there.
///
/// # Errors
/// [`TrailError`], when the logs up to it make no trail.
pub fn explain(
    chain_id: u64,
    vault: Address,
    logs: impl IntoIterator<Item = TrailLog>,
    sequence: u32,
) -> Result<Option<Explanation>, TrailError> {
    let mut trail = Trail::new(chain_id, vault);
    for log in logs {
        let before = (trail.sequence.wrapping_add(1) == sequence).then(|| trail.clone());
        let payments = trail.payments.len();
        trail.push(&log)?;
        if trail.sequence == sequence {
            let payment = trail.payments.get(payments).cloned();
            return Ok(before.zip(payment).and_then(|(before, payment)| step(&before, &trail, payment)));
        }
    }
    Ok(None)
}

fn step(before: &Trail, after: &Trail, payment: TrailPayment) -> Option<Explanation> {
    let session = before.session(payment.session)?;
    let (token, time) = (payment.token, payment.place.time);
    let policy = before.policies.get(&(Scope::Session(payment.session), token)).copied().unwrap_or_default();
    let mut limits = Vec::new();
    for (scope, _) in payment.counts() {
        for (was, is) in before.limits(scope, token, time).iter().zip(after.limits(scope, token, time)) {
            limits.push(LimitStep {
                scope,
                window: was.window,
                cap: was.cap,
                used_before: was.used,
                left_before: was.remaining,
                counted: is.used.saturating_sub(was.used),
                left_after: is.remaining,
            });
        }
    }
    let (total, refill) = (payment.total(), payment.refills(&before.purses));
    Some(Explanation {
        total,
        valid_from: session.word.valid_from,
        valid_until: session.word.valid_until,
        categories: session.word.categories,
        per_payment_cap: policy.per_payment_cap,
        approved: !refill && total > U256::from(policy.per_payment_cap),
        refill,
        owner: before.owner,
        limits,
        payment,
    })
}

fn names<S: Serializer>(mask: &CategoryMask, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(mask.iter().map(|category| category.to_string()))
}
