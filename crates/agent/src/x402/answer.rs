//! The header that pays, and the seller's word on what became of the payment, which is only a claim until the chain
//! confirms it.

use super::demand::decode;
use super::{Authorization, Demand, Offer, Version};
use alloy::primitives::{B256, Bytes, hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use purse_protocol::text::printable;
use serde_json::{Value, json};

/// Longest reason of a seller that is kept, in characters.
const MAX_REASON: usize = 160;

/// What goes into [`Version::payment_header`]. The offer goes back as it came.
pub fn payment_header(
    demand: &Demand,
    offer: &Offer,
    authorization: &Authorization,
    blob: &[u8],
    identifier: &str,
) -> String {
    let payload = json!({
        "signature": hex::encode_prefixed(blob),
        "authorization": {
            "from": authorization.from.to_checksum(None),
            "to": authorization.to.to_checksum(None),
            "value": authorization.value.to_string(),
            "validAfter": authorization.valid_after.to_string(),
            "validBefore": authorization.valid_before.to_string(),
            "nonce": authorization.nonce,
        },
    });
    let message = match demand.version {
        Version::V1 => json!({
            "x402Version": 1, "scheme": offer.scheme, "network": offer.network, "payload": payload,
        }),
        Version::V2 => {
            let mut message = json!({ "x402Version": 2, "accepted": offer.raw, "payload": payload });
            if let Some(resource) = &demand.resource {
                message["resource"] = resource.clone();
            }
            if !demand.extensions.is_empty() {
                message["extensions"] = Value::Object(demand.extensions_with(identifier));
            }
            message
        }
    };
    STANDARD.encode(message.to_string())
}

/// The blob in what goes into [`Version::payment_header`], for whoever made it and kept nothing else.
pub(crate) fn blob_in(header: &str) -> Option<Bytes> {
    decode(header.as_bytes()).ok()?.get("payload")?.get("signature")?.as_str()?.parse().ok()
}

/// What the seller says of a settlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Whether it says that the payment was made.
    pub success: bool,
    /// The transaction that it names.
    pub transaction: Option<B256>,
    /// Why not, in its words, made safe to print.
    pub reason: Option<String>,
}

impl Receipt {
    /// Reads a `PAYMENT-RESPONSE` or `X-PAYMENT-RESPONSE`. One that makes no sense claims nothing.
    pub fn read(header: &[u8]) -> Option<Self> {
        let value = decode(header).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        Some(Self {
            success: value.get("success").and_then(Value::as_bool)?,
            transaction: text("transaction").and_then(|hash| hash.parse().ok()),
            reason: text("errorReason").map(|reason| printable(reason, MAX_REASON)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::demand::tests::{demand, header};
    use super::super::offer::tests::v2;
    use super::*;
    use alloy::primitives::Address;

    fn authorization() -> Authorization {
        let (from, to) = (Address::repeat_byte(0xab), Address::repeat_byte(0xcd));
        Authorization { from, to, value: 5, valid_after: 0, valid_before: 99, nonce: B256::repeat_byte(1) }
    }

    #[test]
    fn the_offer_goes_back_as_it_came() {
        let demand = demand(json!([v2("5")]));
        let offer = demand.offers[0].clone().unwrap();
        let header = payment_header(&demand, &offer, &authorization(), &[1, 2, 3], "pay_0123456789abcdef");
        let sent = decode(header.as_bytes()).unwrap();
        assert_eq!(sent["accepted"], v2("5"));
        assert_eq!(sent["resource"]["url"], "https://api.example/x");
        assert_eq!(sent["payload"]["signature"], "0x010203");
        assert_eq!(blob_in(&header).unwrap().to_vec(), [1, 2, 3]);
        let words = &sent["payload"]["authorization"];
        assert_eq!(
            (&words["value"], &words["validBefore"], &words["validAfter"]),
            (&json!("5"), &json!("99"), &json!("0"))
        );
        assert_eq!(sent["extensions"]["payment-identifier"]["info"]["id"], "pay_0123456789abcdef");
    }

    #[test]
    fn version_1_names_scheme_and_network() {
        let mut offer = v2("ignored");
        offer["maxAmountRequired"] = json!("5");
        offer["network"] = json!("base-sepolia");
        let body = json!({ "x402Version": 1, "accepts": [offer] });
        let demand = Demand::read(None, body.to_string().as_bytes()).unwrap();
        let offer = demand.offers[0].clone().unwrap();
        let sent = decode(payment_header(&demand, &offer, &authorization(), &[], "x").as_bytes()).unwrap();
        assert_eq!((&sent["x402Version"], &sent["network"]), (&json!(1), &json!("base-sepolia")));
        assert!(sent.get("accepted").is_none());
    }

    #[test]
    fn a_sellers_word_is_read_as_a_claim() {
        let hash = B256::repeat_byte(7);
        let said = header(&json!({ "success": true, "transaction": hash, "network": "eip155:1", "payer": "0x" }));
        assert_eq!(Receipt::read(&said).unwrap(), Receipt { success: true, transaction: Some(hash), reason: None });
        let said = header(&json!({ "success": false, "transaction": "", "errorReason": "no\u{1b}" }));
        let receipt = Receipt::read(&said).unwrap();
        assert_eq!(
            (receipt.success, receipt.transaction, receipt.reason.as_deref()),
            (false, None, Some("no\u{fffd}"))
        );
        assert_eq!(Receipt::read(b"nonsense"), None);
        assert_eq!(Receipt::read(&header(&json!({ "success": "yes" }))), None);
    }
}
