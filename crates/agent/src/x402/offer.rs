//! One entry of `accepts`: how much of which token to whom, on which chain, by which scheme.

use super::Version;
use alloy::primitives::Address;
use purse_protocol::Chain;
use serde_json::Value;

/// Longest member of an offer that is read as text, in bytes: addresses, networks, amounts and names are far shorter.
const MAX_MEMBER: usize = 128;
/// The scheme that a purse can pay by: exactly the price, in one transfer.
pub const EXACT: &str = "exact";
/// How EIP-3009 transfers are called where an offer names the way (`extra.assetTransferMethod`).
const EIP_3009: &str = "eip3009";

/// What a seller asks for in one entry of `accepts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The scheme's name.
    pub scheme: String,
    /// The EIP-155 id, where the network is an EVM chain that is known here or named by CAIP-2.
    pub chain_id: Option<u64>,
    /// The network as written.
    pub network: String,
    /// The token.
    pub asset: Address,
    /// The price in base units.
    pub amount: u128,
    /// Whom to pay.
    pub pay_to: Address,
    /// How long the seller wants an authorisation to be valid, in seconds.
    pub max_timeout_seconds: u64,
    /// The name in the token's EIP-712 domain, as the seller believes it to be.
    pub domain_name: Option<String>,
    /// The version in the token's EIP-712 domain.
    pub domain_version: Option<String>,
    /// The entry as written, to be echoed.
    pub raw: Value,
}

/// An entry that is no offer for an EVM chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// A member is not there, or not of its type.
    #[error("it has no usable \"{0}\"")]
    Member(&'static str),
    /// A member is longer than any real one.
    #[error("its \"{0}\" is too long")]
    TooLong(&'static str),
}

impl Offer {
    /// Reads an entry of that version of the protocol.
    ///
    /// # Errors
    /// [`OfferError`]; other entries may still be good.
    pub fn read(raw: &Value, version: Version) -> Result<Self, OfferError> {
        let text = |name: &'static str| {
            let text = raw.get(name).and_then(Value::as_str).ok_or(OfferError::Member(name))?;
            if text.len() > MAX_MEMBER { Err(OfferError::TooLong(name)) } else { Ok(text) }
        };
        let address = |name: &'static str| text(name)?.parse::<Address>().map_err(|_| OfferError::Member(name));
        let price = match version {
            Version::V1 => "maxAmountRequired",
            Version::V2 => "amount",
        };
        let amount = digits(text(price)?).ok_or(OfferError::Member(price))?;
        let network = text("network")?.to_owned();
        let extra = |name: &'static str| {
            let text = raw.get("extra").and_then(|extra| extra.get(name)).and_then(Value::as_str);
            text.filter(|text| text.len() <= MAX_MEMBER).map(str::to_owned)
        };
        let mut scheme = text("scheme")?.to_owned();
        if let Some(method) = extra("assetTransferMethod").filter(|method| method != EIP_3009) {
            scheme = format!("{scheme} by {method}");
        }
        Ok(Self {
            scheme,
            chain_id: chain_id(&network),
            network,
            asset: address("asset")?,
            amount,
            pay_to: address("payTo")?,
            max_timeout_seconds: raw
                .get("maxTimeoutSeconds")
                .and_then(Value::as_u64)
                .ok_or(OfferError::Member("maxTimeoutSeconds"))?,
            domain_name: extra("name"),
            domain_version: extra("version"),
            raw: raw.clone(),
        })
    }
}

/// A whole number in plain digits.
fn digits(text: &str) -> Option<u128> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The EIP-155 id of a network, by CAIP-2 or by the name that version 1 uses, which is ours too.
fn chain_id(network: &str) -> Option<u64> {
    match network.split_once(':') {
        Some(("eip155", id)) => digits(id).and_then(|id| u64::try_from(id).ok()),
        Some(_) => None,
        None => Chain::by_name(network).map(|chain| chain.id),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    pub(crate) fn v2(amount: &str) -> Value {
        json!({
            "scheme": "exact", "network": "eip155:84532", "amount": amount,
            "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
            "payTo": "0x4b1c000000000000000000000000000000000077", "maxTimeoutSeconds": 60,
            "extra": { "name": "USDC", "version": "2", "note": "kept" },
        })
    }

    #[test]
    fn an_offer_of_version_2_is_read_and_kept_as_written() {
        let offer = Offer::read(&v2("10000"), Version::V2).unwrap();
        assert_eq!((offer.chain_id, offer.amount, offer.max_timeout_seconds), (Some(84_532), 10_000, 60));
        assert_eq!((offer.domain_name.as_deref(), offer.domain_version.as_deref()), (Some("USDC"), Some("2")));
        assert_eq!(offer.raw, v2("10000"));
    }

    #[test]
    fn an_offer_of_version_1_has_its_price_and_network_elsewhere() {
        let mut raw = v2("ignored");
        raw["maxAmountRequired"] = json!("7");
        raw["network"] = json!("base-sepolia");
        let offer = Offer::read(&raw, Version::V1).unwrap();
        assert_eq!((offer.amount, offer.chain_id), (7, Some(84_532)));
        raw["network"] = json!("solana-devnet");
        assert_eq!(Offer::read(&raw, Version::V1).unwrap().chain_id, None);
    }

    #[test]
    fn what_is_no_price_is_no_offer() {
        for amount in ["", "-1", "1.5", "1e6", "0x10", " 1", "999999999999999999999999999999999999999999"] {
            assert_eq!(Offer::read(&v2(amount), Version::V2), Err(OfferError::Member("amount")), "{amount}");
        }
        let mut raw = v2("1");
        raw["amount"] = json!(1);
        assert_eq!(Offer::read(&raw, Version::V2), Err(OfferError::Member("amount")), "a number is no string");
        let mut raw = v2("1");
        raw["payTo"] = json!("not an address");
        assert_eq!(Offer::read(&raw, Version::V2), Err(OfferError::Member("payTo")));
        raw["payTo"] = json!("0".repeat(500));
        assert_eq!(Offer::read(&raw, Version::V2), Err(OfferError::TooLong("payTo")));
    }

    #[test]
    fn another_way_to_transfer_is_another_scheme() {
        let mut raw = v2("1");
        raw["extra"]["assetTransferMethod"] = json!("permit2");
        assert_eq!(Offer::read(&raw, Version::V2).unwrap().scheme, "exact by permit2");
        raw["extra"]["assetTransferMethod"] = json!("eip3009");
        assert_eq!(Offer::read(&raw, Version::V2).unwrap().scheme, "exact");
    }
}
