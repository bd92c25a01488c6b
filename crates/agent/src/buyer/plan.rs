//! From a seller's demand to one payment that the vault would let this session make, or the reason why not.

use super::Buyer;
use crate::PaymentRequest;
use crate::purse::Purse;
use crate::x402::{Demand, Offer, Wanted, choose};
use alloy::primitives::{B256, U256};
use alloy::providers::Provider;
use alloy::sol_types::eip712_domain;
use purse_protocol::{PaymentRefusal, Refusal, RpcFault, WhoCanFix};

/// What the vault refuses to pay itself, but a purse that holds enough may pay all the same: these limits were charged
/// when the purse was refilled.
pub(super) const CHARGED_ALREADY: [&str; 2] = ["LimitExceeded", "VaultShort"];

/// A payment that may be made, if the purse holds enough or can be refilled.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) offer: Offer,
    pub(crate) purse: Purse,
    /// Why the vault would not pay that much now, where it would not: then a refill will not do either.
    pub(crate) vault_says: Option<Refusal>,
}

impl<P: Provider> Buyer<P> {
    /// The cheapest offer that the vault lets the session pay. Where it lets it pay none, why not the cheapest.
    pub(crate) async fn plan(&self, demand: &Demand, wanted: &Wanted) -> Result<Plan, PaymentRefusal> {
        let mut first = None;
        for offer in choose(demand, wanted)? {
            match self.vet(offer).await {
                Ok(plan) => return Ok(plan),
                Err(refusal) => first = first.or(Some(refusal)),
            }
        }
        Err(first.unwrap_or_else(|| PaymentRefusal::new("NoOffer", "the seller makes no offer")))
    }

    async fn vet(&self, offer: Offer) -> Result<Plan, PaymentRefusal> {
        let request = PaymentRequest::new(offer.pay_to, offer.amount, "", "");
        let (judged, purse, domain) = tokio::join!(
            self.agent.judge_request(&request, false),
            self.purse_for(offer.pay_to),
            self.domain_separator()
        );
        let vault_says = match judged? {
            Ok(()) => None,
            Err(refusal) if CHARGED_ALREADY.contains(&refusal.code) => Some(refusal),
            Err(refusal) => return Err(refusal.into()),
        };
        self.same_domain(&offer, domain?)?;
        let gone = || RpcFault::nonsense("the vault would pay a payee that is not in its book");
        let purse = purse?.ok_or_else(gone)?;
        Ok(Plan { offer, purse, vault_says })
    }

    /// Facilitators make the digest of the domain that the offer names; the token makes its own. A purse signs the
    /// token's, so an offer with another one can only fail.
    fn same_domain(&self, offer: &Offer, separator: B256) -> Result<(), PaymentRefusal> {
        let (Some(name), Some(version)) = (&offer.domain_name, &offer.domain_version) else { return Ok(()) };
        let domain = eip712_domain! {
            name: name.clone(),
            version: version.clone(),
            chain_id: self.agent.session().chain_id,
            verifying_contract: offer.asset,
        };
        if domain.separator() == separator {
            return Ok(());
        }
        let what = "the seller takes the token for another: its EIP-712 domain is not the one that the offer names";
        Err(PaymentRefusal::new("TokenDomainDiffers", what)
            .by(WhoCanFix::Seller)
            .quoted("offered_name", name)
            .quoted("offered_version", version)
            .next("tell the seller that its extra.name and extra.version are wrong"))
    }

    /// `1.50 USDC`
    pub(crate) async fn amount(&self, base: u128) -> String {
        match self.wanted(None).await {
            Ok(wanted) => {
                format!("{} {}", purse_protocol::format_amount(U256::from(base), wanted.decimals), wanted.symbol)
            }
            Err(_) => format!("{base} base units"),
        }
    }
}
