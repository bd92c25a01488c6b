//! What whoever runs a program lets its agent pay to sellers, beside the vault's limits and below them. The vault holds
//! against a stolen key; this holds against whoever talks the agent into buying, and is the operator's to set.

use super::{Buyer, wall_clock};
use crate::journal::DayFull;
use alloy::primitives::U256;
use alloy::providers::Provider;
use purse_protocol::time::rfc3339;
use purse_protocol::{PaymentRefusal, RetryHow, WhoCanFix, format_amount};

/// The most that may be paid, in base units of the session's token. Nothing said: the vault's limits alone hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// For one purchase.
    pub per_purchase: Option<u128>,
    /// For all purchases of any 24 hours, by the journal: those under way too, and those of other programs with this
    /// session file.
    pub per_day: Option<u128>,
}

impl<P: Provider> Buyer<P> {
    /// What may be paid, beside what the vault allows; and what is left of the day's part.
    ///
    /// # Errors
    /// A refusal where the journal cannot be read.
    pub fn allowance(&self) -> Result<(Allowance, Option<u128>), PaymentRefusal> {
        let Some(per_day) = self.allowance.per_day else { return Ok((self.allowance, None)) };
        let spent = self.journal.spent_in_a_day(wall_clock())?;
        Ok((self.allowance, Some(per_day.saturating_sub(spent))))
    }

    /// Refuses a price above what may be paid for one purchase, or in a day. The day is judged once more when the purchase
    /// is reserved, where others cannot come in between.
    pub(super) async fn may_cost(&self, price: u128) -> Result<(), PaymentRefusal> {
        if let Some(max) = self.allowance.per_purchase.filter(|max| price > *max) {
            let (price, max) = (self.amount(price).await, self.amount(max).await);
            let what = format!("the seller asks {price}, above the {max} that whoever runs this program allows");
            return Err(operators("AboveLocalMax", what)
                .fact("price", price)
                .fact("max", max)
                .next("buy something cheaper; only the operator can allow more (--max), not the vault's owner"));
        }
        match self.journal.day_full(price, wall_clock())? {
            Some(full) => Err(self.day_full(price, full).await),
            None => Ok(()),
        }
    }

    /// The day's allowance does not hold that much more.
    pub(super) async fn day_full(&self, price: u128, full: DayFull) -> PaymentRefusal {
        let decimals = self.wanted(None).await.map_or(0, |wanted| wanted.decimals);
        let left = full.cap.saturating_sub(full.spent);
        let what = format!(
            "the seller asks {}; whoever runs this program allows {} in any 24 hours, and {} is left",
            self.amount(price).await,
            self.amount(full.cap).await,
            self.amount(left).await
        );
        let refusal = operators("LocalLimitExceeded", what)
            .fact("per_day", format_amount(U256::from(full.cap), decimals))
            .fact("remaining", format_amount(U256::from(left), decimals));
        match full.fits_at {
            Some(time) => {
                let time = rfc3339(time);
                let next = format!("wait until {time}, or buy something cheaper; only the operator can allow more");
                refusal.retry(RetryHow::After).fact("retry_after", time).next(next)
            }
            None => refusal.next("buy something cheaper; only the operator can allow more (--per-day)"),
        }
    }
}

fn operators(code: &'static str, what: String) -> PaymentRefusal {
    PaymentRefusal::new(code, what).by(WhoCanFix::Operator)
}
