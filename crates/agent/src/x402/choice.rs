//! Which of a seller's offers a session could pay at all: by scheme, chain, token and price. Whether the vault lets it
//! is the vault's question.

use super::offer::EXACT;
use super::{Demand, Offer};
use alloy::primitives::Address;
use purse_protocol::{PaymentRefusal, RetryHow, WhoCanFix, format_amount};
use std::collections::BTreeSet;

/// What a session can pay with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The vault's chain.
    pub chain_id: u64,
    /// The session's token.
    pub token: Address,
    /// Its symbol, to name amounts with.
    pub symbol: String,
    /// Its decimals.
    pub decimals: u8,
    /// The most that the caller wants to pay, in base units.
    pub max: Option<u128>,
}

impl Wanted {
    fn amount(&self, base: u128) -> String {
        format!("{} {}", format_amount(alloy::primitives::U256::from(base), self.decimals), self.symbol)
    }
}

/// The offers that fit, the cheapest first; among equals in the seller's order. At least one.
///
/// # Errors
/// A refusal that names what does not fit. No money moved.
pub fn choose(demand: &Demand, wanted: &Wanted) -> Result<Vec<Offer>, PaymentRefusal> {
    let readable = demand.offers.iter().filter_map(|offer| offer.as_ref().ok()).collect::<Vec<_>>();
    if readable.is_empty() {
        let reasons = demand.offers.iter().filter_map(|offer| offer.as_ref().err()).map(ToString::to_string);
        let reasons = reasons.take(3).collect::<Vec<_>>().join("; ");
        let what = "the seller demands a payment, and none of its offers can be read".to_owned();
        return Err(seller("SellerDemandBroken", what).quoted("offers", &reasons));
    }
    let exact = only(&readable, |offer| offer.scheme == EXACT).ok_or_else(|| {
        let what = format!("the seller takes other schemes only, and a purse pays by {EXACT} (EIP-3009)");
        seller("SchemeNotSupported", what).quoted("seller_takes", &list(&readable, |offer| offer.scheme.clone()))
    })?;
    let here = only(&exact, |offer| offer.chain_id == Some(wanted.chain_id)).ok_or_else(|| {
        let what = format!("the seller takes payments on other chains only, and the vault is on {}", wanted.chain_id);
        seller("OtherChain", what).quoted("seller_takes", &list(&exact, |offer| offer.network.clone()))
    })?;
    let payable = only(&here, |offer| offer.asset == wanted.token).ok_or_else(|| {
        let what = format!(
            "the seller takes {}, and the session pays in {} ({})",
            list(&here, |offer| offer.asset.to_string()),
            wanted.symbol,
            wanted.token
        );
        seller("OtherToken", what)
    })?;
    let mut priced = only(&payable, |offer| offer.amount > 0)
        .ok_or_else(|| seller("ZeroPrice", "the seller demands a payment of nothing".to_owned()))?;
    priced.sort_by_key(|offer| offer.amount);
    let price = priced.first().map_or(0, |offer| offer.amount);
    if let Some(max) = wanted.max.filter(|max| price > *max) {
        let refusal = PaymentRefusal::new(
            "AboveMax",
            format!("the seller asks {}, above the {} that you allow", wanted.amount(price), wanted.amount(max)),
        );
        return Err(refusal
            .retry(RetryHow::Now)
            .fact("price", wanted.amount(price))
            .fact("max", wanted.amount(max))
            .next("allow more, or buy something cheaper"));
    }
    let most = wanted.max.unwrap_or(u128::MAX);
    Ok(priced.into_iter().filter(|offer| offer.amount <= most).cloned().collect())
}

fn only<'a>(offers: &[&'a Offer], fits: impl Fn(&Offer) -> bool) -> Option<Vec<&'a Offer>> {
    let fitting = offers.iter().copied().filter(|offer| fits(offer)).collect::<Vec<_>>();
    (!fitting.is_empty()).then_some(fitting)
}

/// What the offers have in place of what is wanted, each once.
fn list(offers: &[&Offer], of: impl Fn(&Offer) -> String) -> String {
    let each = offers.iter().map(|offer| of(offer)).collect::<BTreeSet<_>>();
    let quoted = each.iter().take(4).map(|text| purse_protocol::text::printable(text, 64)).collect::<Vec<_>>();
    quoted.join(" or ")
}

fn seller(code: &'static str, what: String) -> PaymentRefusal {
    PaymentRefusal::new(code, what)
        .by(WhoCanFix::Seller)
        .next("buy from a seller that takes this session's token on its chain by x402 \"exact\"")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::demand::tests::demand;
    use super::super::offer::tests::v2;
    use super::*;
    use alloy::primitives::address;
    use serde_json::{Value, json};

    fn wanted(max: Option<u128>) -> Wanted {
        let token = address!("036CbD53842c5426634e7929541eC2318f3dCF7e");
        Wanted { chain_id: 84_532, token, symbol: "USDC".to_owned(), decimals: 6, max }
    }

    fn but(member: &str, value: Value) -> Value {
        let mut offer = v2("10000");
        offer[member] = value;
        offer
    }

    #[test]
    fn the_cheapest_offer_that_fits_comes_first() {
        let other_token = but("asset", json!("0x0000000000000000000000000000000000000001"));
        let offers = json!([but("scheme", json!("upto")), v2("30000"), other_token, v2("10000"), { "broken": 1 }]);
        let chosen = choose(&demand(offers), &wanted(None)).unwrap();
        assert_eq!(chosen.iter().map(|offer| offer.amount).collect::<Vec<_>>(), [10_000, 30_000]);
    }

    #[test]
    fn what_does_not_fit_is_told_by_name() {
        let refused = |offer: Value, max| choose(&demand(json!([offer])), &wanted(max)).unwrap_err();
        let cases = [
            (but("scheme", json!("upto")), None, "SchemeNotSupported", "upto"),
            (but("network", json!("eip155:1")), None, "OtherChain", "eip155:1"),
            (but("network", json!("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp")), None, "OtherChain", "solana"),
            (but("asset", json!("0x0000000000000000000000000000000000000001")), None, "OtherToken", "USDC"),
            (v2("0"), None, "ZeroPrice", "nothing"),
            (v2("2000000"), Some(1_000_000), "AboveMax", "asks 2.00 USDC, above the 1.00 USDC"),
            (json!({ "scheme": 5 }), None, "SellerDemandBroken", "can be read"),
        ];
        for (offer, max, code, words) in cases {
            let refusal = refused(offer, max);
            assert_eq!(refusal.code, code);
            let told = format!("{} {:?}", refusal.what_happened, refusal.facts.get("seller_takes"));
            assert!(told.contains(words), "{told}");
            assert_eq!(refusal.money_moved, purse_protocol::MoneyMoved::No);
        }
    }

    #[test]
    fn the_max_is_the_last_amount_that_fits_and_dearer_offers_fall_away() {
        let offers = json!([v2("30000"), v2("10000")]);
        assert_eq!(choose(&demand(offers.clone()), &wanted(Some(10_000))).unwrap().len(), 1);
        assert_eq!(choose(&demand(offers), &wanted(Some(9_999))).unwrap_err().code, "AboveMax");
    }

    #[test]
    fn what_the_seller_writes_is_quoted_safely() {
        let refusal = choose(&demand(json!([but("scheme", json!("up\u{1b}[2Jto"))])), &wanted(None)).unwrap_err();
        assert!(!refusal.what_happened.contains("up"), "not in this program's voice: {}", refusal.what_happened);
        assert!(!format!("{:?}", refusal.facts).contains("u{1b}"));
    }
}
