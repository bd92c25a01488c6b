//! Who a seller says it is: the address in its own 402 answer, for whoever wants to put it in a payee book. No session and
//! no key is needed.

use super::exchange::{Bounds, ask, hear_within, unreachable};
use super::origin::Origin;
use super::reach::Reach;
use super::{Purchasing, client};
use crate::x402::{Wanted, choose};
use alloy::primitives::Address;
use purse_protocol::{PaymentRefusal, WhoCanFix};
use reqwest::StatusCode;

/// A seller, by its own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seller {
    /// Where it was asked.
    pub origin: Origin,
    /// Its host, such as `api.example`.
    pub host: String,
    /// Whom it wants paid.
    pub pay_to: Address,
    /// What it sells, in its words, made safe to print.
    pub description: Option<String>,
}

impl Seller {
    /// Asks a seller whom to pay, in that token on that chain. It is asked twice: one that names another address each time
    /// cannot be paid from a payee book.
    ///
    /// # Errors
    /// A refusal; `SellerRotatesPayTo` where the two answers differ.
    pub async fn meet(url: &str, wanted: &Wanted) -> Result<Self, PaymentRefusal> {
        let purchasing = Purchasing::get(url, "whom to pay")?;
        let (first, second) = (Self::ask(&purchasing, wanted).await?, Self::ask(&purchasing, wanted).await?);
        if first.pay_to != second.pay_to {
            let what = "the seller names another address each time it is asked, so no payee book can hold it";
            return Err(PaymentRefusal::new("SellerRotatesPayTo", what)
                .by(WhoCanFix::Seller)
                .fact("first", first.pay_to)
                .fact("second", second.pay_to)
                .next("ask the seller for one address, or buy elsewhere"));
        }
        Ok(first)
    }

    async fn ask(purchasing: &Purchasing, wanted: &Wanted) -> Result<Self, PaymentRefusal> {
        let response = ask(&mut client(&Reach::everywhere())?, purchasing, None, Bounds::default()).await?;
        if response.status() != StatusCode::PAYMENT_REQUIRED {
            let what = format!("the seller demands no payment (status {})", response.status().as_u16());
            return Err(PaymentRefusal::new("NothingDemanded", what).next("give the URL of something that it sells"));
        }
        let heard = hear_within(response, Bounds::default()).await.map_err(|cause| unreachable(&cause))?;
        let demand = heard.demand()?;
        let offers = choose(&demand, wanted)?;
        let cheapest = offers.first().ok_or_else(|| PaymentRefusal::new("NoOffer", "the seller makes no offer"))?;
        Ok(Self {
            origin: purchasing.origin()?,
            host: purchasing.url.host_str().unwrap_or_default().to_owned(),
            pay_to: cheapest.pay_to,
            description: demand.description.clone(),
        })
    }
}
