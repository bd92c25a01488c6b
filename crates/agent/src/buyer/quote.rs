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
    /// With how much, such as `0.9375`.
    pub refill_amount: Option<String>,
    /// What would be left in the purse after that and the purchase, beside what is promised to others, such as `0.49`.
    pub left_in_purse: Option<String>,
    /// Every limit that counts what such a purchase takes out of the vault.
    pub limits: Vec<QuoteLimit>,
    /// When it fits again, where it does not now and the time is known.
    pub fits_again: Option<String>,
}

/// A limit, before and after a purchase. What a purse holds already was counted when it was refilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuoteLimit {
    /// What it counts: `session`, `vault`, or the category's name.
    pub scope: String,
    /// Over which window, such as `24h`.
    pub window: String,
    /// The cap, such as `10.00`.
    pub cap: String,
    /// What is left now.
    pub left_now: String,
    /// What would be left after the purchase; `None` where it would not be made.
    pub left_after: Option<String>,
}

impl<P: Provider> Buyer<P> {
    /// Asks a seller for its price, and the vault whether it may be paid. `None` where the seller demands nothing.
    ///
    /// # Errors
    /// A refusal where there is no price, or none that this session could pay in.
    pub async fn quote(&self, purchasing: &Purchasing) -> Result<Option<Quote>, PaymentRefusal> {
        purchasing.check()?;
        self.reach.allows(&purchasing.url)?;
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
        let (number, time) = tokio::try_join!(self.agent.category_of(offer.pay_to), self.agent.time())?;
        let category = Category::new(number);
        let counted = category.map(|category| vec![category.number()]).unwrap_or_default();
        let (_, limits) = self.agent.standing_limits(&counted, time).await?;
        let mut quote = Quote {
            amount: show(offer.amount),
            amount_base_units: offer.amount,
            token: wanted.symbol.clone(),
            payee: offer.pay_to,
            category: category.map(|category| category.to_string()),
            description: demand.description.clone(),
            would_pay: false,
            refusal: None,
            purse: None,
            refill: false,
            refill_amount: None,
            left_in_purse: None,
            limits: Vec::new(),
            fits_again: None,
        };
        let over_max = purchasing.max.filter(|max| offer.amount > *max);
        let mut from_vault = 0;
        let refused = match planned {
            Err(refusal) => Some(refusal),
            Ok(plan) => {
                let left = self.left(plan.purse.address, plan.purse.funds)?;
                quote.purse = Some(plan.purse.address);
                quote.refill = !plan.purse.open || left < plan.offer.amount;
                let refill = match quote.refill {
                    true => {
                        let most = limits.iter().map(|limit| limit.remaining).min().unwrap_or(u128::MAX);
                        self.would_refill(&plan, left, most).await
                    }
                    false => Ok(0),
                };
                from_vault = *refill.as_ref().unwrap_or(&0);
                quote.refill_amount = (from_vault > 0).then(|| show(from_vault));
                quote.left_in_purse = left.saturating_add(from_vault).checked_sub(plan.offer.amount).map(show);
                match refill {
                    Ok(_) => self.may_cost(plan.offer.amount).await.err(),
                    Err(refusal) => Some(refusal),
                }
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
        quote.fits_again = quote.refusal.as_ref().and_then(|refusal| refusal.facts.get("retry_after").cloned());
        let after = |left: u128| quote.would_pay.then(|| show(left.saturating_sub(from_vault)));
        let limits = limits.into_iter().map(|limit| QuoteLimit {
            scope: limit.scope,
            window: limit.window,
            cap: show(limit.cap),
            left_now: show(limit.remaining),
            left_after: after(limit.remaining),
        });
        quote.limits = limits.collect();
        Ok(Some(quote))
    }

    /// What a purse holds beside what is promised.
    fn left(&self, purse: Address, funds: Funds) -> Result<u128, PaymentRefusal> {
        Ok(funds.balance.saturating_sub(self.journal.held(purse, funds)?))
    }
}
