//! What a purchase would cost, to whom, and whether it may be made: asked without signing anything.

use super::exchange::{ask, hear_within, unreachable};
use super::{Buyer, Purchasing};
use crate::journal::Funds;
use crate::x402::choose;
use alloy::primitives::{Address, U256};
use alloy::providers::Provider;
use purse_protocol::{Category, PaymentRefusal, format_amount};
use reqwest::StatusCode;
use serde::Serialize;

/// What a seller asks for a resource, and what vault and purse say to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// The price, such as `0.01`.
    pub amount: String,
    /// The price in base units.
    pub amount_base_units: u128,
    /// The token's symbol.
    pub token: String,
    /// Whom the seller wants paid.
    pub payee: Address,
    /// The payee's category, where it is in the book.
    pub category: Option<String>,
    /// What is sold, in the seller's words.
    pub description: Option<String>,
    /// Whether it would be paid now.
    pub would_pay: bool,
    /// Why not, who can fix it, and when it fits again.
    pub refusal: Option<PaymentRefusal>,
    /// The purse that would pay, where there may be one.
    pub purse: Option<Address>,
    /// Whether the purse would be opened or refilled first.
    pub refill: bool,
    /// What would be left in the purse without a refill, such as `0.49`.
    pub left_in_purse: Option<String>,
}

impl<P: Provider> Buyer<P> {
    /// Asks a seller for its price, and the vault whether it may be paid. `None` where the seller demands nothing.
    ///
    /// # Errors
    /// A refusal where there is no price, or none that this session could pay in.
    pub async fn quote(&self, purchasing: &Purchasing) -> Result<Option<Quote>, PaymentRefusal> {
        purchasing.check()?;
        let mut client = self.client.clone();
        let response = ask(&mut client, purchasing, None, self.bounds).await?;
        if response.status() != StatusCode::PAYMENT_REQUIRED {
            return Ok(None);
        }
        let heard = hear_within(response, self.bounds).await.map_err(|cause| unreachable(&cause))?;
        let demand = heard.demand()?;
        let wanted = self.wanted(None).await?;
        let show = |base: u128| format_amount(U256::from(base), wanted.decimals);
        let offers = choose(&demand, &wanted)?;
        let planned = self.plan(&demand, &wanted).await;
        let offer = match (&planned, offers.first()) {
            (Ok(plan), _) => &plan.offer,
            (Err(_), Some(cheapest)) => cheapest,
            (Err(refusal), None) => return Err(refusal.clone()),
        };
        let number = self.agent.category_of(offer.pay_to).await?;
        let mut quote = Quote {
            amount: show(offer.amount),
            amount_base_units: offer.amount,
            token: wanted.symbol.clone(),
            payee: offer.pay_to,
            category: Category::new(number).map(|category| category.to_string()),
            description: demand.description.clone(),
            would_pay: false,
            refusal: None,
            purse: None,
            refill: false,
            left_in_purse: None,
        };
        let over_max = purchasing.max.filter(|max| offer.amount > *max);
        let refused = match planned {
            Err(refusal) => Some(refusal),
            Ok(plan) => {
                let left = self.left(plan.purse.address, plan.purse.funds)?;
                quote.purse = Some(plan.purse.address);
                quote.refill = !plan.purse.open || left < plan.offer.amount;
                quote.left_in_purse = left.checked_sub(plan.offer.amount).map(show);
                if quote.refill { self.would_refill(&plan, left).await.err() } else { None }
            }
        };
        quote.refusal = match over_max {
            Some(max) => Some(
                PaymentRefusal::new(
                    "AboveMax",
                    format!("the seller asks {}, and you allow {}", quote.amount, show(max)),
                )
                .next("allow more, or buy something cheaper"),
            ),
            None => refused,
        };
        quote.would_pay = quote.refusal.is_none();
        Ok(Some(quote))
    }

    /// What a purse holds beside what is promised.
    fn left(&self, purse: Address, funds: Funds) -> Result<u128, PaymentRefusal> {
        Ok(funds.balance.saturating_sub(self.journal.held(purse, funds)?))
    }
}
