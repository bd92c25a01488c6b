//! A whole 402 answer: by its header (version 2) or its body (version 1), within fixed bounds.

use super::{Offer, OfferError, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use purse_protocol::text::printable;
use serde_json::{Map, Value};

/// Largest header of x402 that is read, in bytes of base64: real ones have one or two thousand, and the usual servers
/// and proxies stop at 8 to 16 thousand for all headers together.
pub const MAX_HEADER: usize = 32 * 1_024;
/// Largest body of a 402 answer that is read, in bytes.
pub const MAX_BODY: usize = 64 * 1_024;
/// Most entries of `accepts` that are looked at.
const MAX_OFFERS: usize = 32;
/// Longest piece of the seller's prose that is kept, in characters.
const MAX_PROSE: usize = 160;
/// The extension by which a seller recognises a purchase that is asked for again.
pub const PAYMENT_IDENTIFIER: &str = "payment-identifier";

/// What a seller demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// By which version of the protocol.
    pub version: Version,
    /// The entries of `accepts`, in the seller's order.
    pub offers: Vec<Result<Offer, OfferError>>,
    /// What is sold, in the seller's words, made safe to print.
    pub description: Option<String>,
    /// Why the seller refuses, in its words, made safe to print.
    pub error: Option<String>,
    /// `resource` as written, to be echoed (version 2).
    pub resource: Option<Value>,
    /// The extensions that the seller declares, as written.
    pub extensions: Map<String, Value>,
}

/// A 402 answer that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DemandError {
    /// Neither the header of version 2 nor a body of version 1.
    #[error("the seller answered 402 without saying what it wants by x402")]
    NotX402,
    /// Larger than any real one.
    #[error("the seller's demand is larger than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// Not base64, not JSON, or not of its shape.
    #[error("the seller's demand cannot be read: {0}")]
    Broken(String),
    /// Another version of the protocol.
    #[error("the seller speaks version {0} of x402, and this program versions 1 and 2")]
    OtherVersion(u64),
}

impl DemandError {
    /// The error's name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotX402 => "SellerNotX402",
            Self::TooLarge { .. } => "SellerDemandTooLarge",
            Self::Broken(_) => "SellerDemandBroken",
            Self::OtherVersion(_) => "X402VersionUnknown",
        }
    }
}

impl Demand {
    /// Reads an answer: its header where it has one, else its body.
    ///
    /// # Errors
    /// [`DemandError`].
    pub fn read(header: Option<&[u8]>, body: &[u8]) -> Result<Self, DemandError> {
        let value = match header {
            Some(header) => decode(header)?,
            None if body.len() > MAX_BODY => return Err(DemandError::TooLarge { limit: MAX_BODY }),
            None => serde_json::from_slice(body).map_err(|_| DemandError::NotX402)?,
        };
        let number = value.get("x402Version").and_then(Value::as_u64).ok_or(DemandError::NotX402)?;
        match (number, header) {
            (2, Some(_)) => Self::of(&value, Version::V2),
            (1, _) => Self::of(&value, Version::V1),
            (2, None) => Err(DemandError::Broken("version 2 speaks by a header, and there is none".to_owned())),
            (other, _) => Err(DemandError::OtherVersion(other)),
        }
    }

    fn of(value: &Value, version: Version) -> Result<Self, DemandError> {
        let accepts = value.get("accepts").and_then(Value::as_array);
        let accepts = accepts.ok_or_else(|| DemandError::Broken("it has no \"accepts\"".to_owned()))?;
        let prose = |value: Option<&Value>| value.and_then(Value::as_str).map(|text| printable(text, MAX_PROSE));
        let resource = value.get("resource").filter(|resource| resource.is_object());
        let described = match version {
            Version::V1 => accepts.first().and_then(|offer| offer.get("description")),
            Version::V2 => resource.and_then(|resource| resource.get("description")),
        };
        Ok(Self {
            version,
            offers: accepts.iter().take(MAX_OFFERS).map(|raw| Offer::read(raw, version)).collect(),
            description: prose(described).filter(|text| !text.is_empty()),
            error: prose(value.get("error")),
            resource: resource.cloned(),
            extensions: value.get("extensions").and_then(Value::as_object).cloned().unwrap_or_default(),
        })
    }

    /// The extensions to send back: each as declared, and the seller that wants to recognise a repeated purchase is
    /// told `identifier`.
    pub fn extensions_with(&self, identifier: &str) -> Map<String, Value> {
        let mut extensions = self.extensions.clone();
        if let Some(info) = extensions.get_mut(PAYMENT_IDENTIFIER).and_then(|declared| declared.get_mut("info"))
            && let Some(info) = info.as_object_mut()
        {
            info.insert("id".to_owned(), identifier.into());
        }
        extensions
    }
}

/// The JSON in a header of x402.
pub(crate) fn decode(header: &[u8]) -> Result<Value, DemandError> {
    if header.len() > MAX_HEADER {
        return Err(DemandError::TooLarge { limit: MAX_HEADER });
    }
    let bytes = STANDARD.decode(header).map_err(|_| DemandError::Broken("it is not base64".to_owned()))?;
    serde_json::from_slice(&bytes).map_err(|_| DemandError::Broken("it is not JSON".to_owned()))
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::offer::tests::v2;
    use super::*;
    use serde_json::json;

    pub(crate) fn header(value: &Value) -> Vec<u8> {
        STANDARD.encode(value.to_string()).into_bytes()
    }

    pub(crate) fn demand(accepts: Value) -> Demand {
        let value = json!({
            "x402Version": 2, "error": "Payment required", "accepts": accepts,
            "resource": { "url": "https://api.example/x", "description": "weather\u{1b}[2J", "mimeType": "" },
            "extensions": { "payment-identifier": { "info": { "required": false }, "schema": {} }, "other": { "a": 1 } },
        });
        Demand::read(Some(&header(&value)), b"{}").unwrap()
    }

    #[test]
    fn version_2_speaks_by_its_header() {
        let demand = demand(json!([v2("5"), { "scheme": "upto" }]));
        assert_eq!((demand.version, demand.offers.len()), (Version::V2, 2));
        assert_eq!(demand.offers[0].as_ref().unwrap().amount, 5);
        assert_eq!(demand.offers[1], Err(OfferError::Member("amount")), "a bad entry does not spoil the others");
        assert_eq!(demand.description.as_deref(), Some("weather\u{fffd}[2J"));
    }

    #[test]
    fn version_1_speaks_by_its_body() {
        let mut offer = v2("ignored");
        offer["maxAmountRequired"] = json!("5");
        offer["network"] = json!("base-sepolia");
        offer["description"] = json!("weather");
        let body = json!({ "x402Version": 1, "error": "X-PAYMENT header is required", "accepts": [offer] });
        let demand = Demand::read(None, body.to_string().as_bytes()).unwrap();
        assert_eq!((demand.version, demand.description.as_deref()), (Version::V1, Some("weather")));
        assert_eq!(demand.offers[0].as_ref().unwrap().amount, 5);
    }

    #[test]
    fn what_is_no_demand_is_told_by_name() {
        let read = |header: Option<&[u8]>, body: &[u8]| Demand::read(header, body).unwrap_err().code();
        assert_eq!(read(None, b"<html>pay me</html>"), "SellerNotX402");
        assert_eq!(read(None, b"{}"), "SellerNotX402");
        assert_eq!(read(None, br#"{"x402Version":2,"accepts":[]}"#), "SellerDemandBroken");
        assert_eq!(read(Some(b"%%%"), b""), "SellerDemandBroken");
        assert_eq!(read(Some(&header(&json!({ "x402Version": 2 }))), b""), "SellerDemandBroken");
        assert_eq!(read(Some(&header(&json!({ "x402Version": 9, "accepts": [] }))), b""), "X402VersionUnknown");
        assert_eq!(read(Some(&vec![b'A'; MAX_HEADER + 4]), b""), "SellerDemandTooLarge");
        assert_eq!(read(None, &vec![b' '; MAX_BODY + 1]), "SellerDemandTooLarge");
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(read(Some(STANDARD.encode(deep).as_bytes()), b""), "SellerDemandBroken");
    }

    #[test]
    fn only_so_many_offers_are_looked_at() {
        let many = Value::Array(vec![json!({}); 1_000]);
        assert_eq!(demand(many).offers.len(), MAX_OFFERS);
    }

    #[test]
    fn a_seller_that_wants_to_recognise_a_purchase_is_told_its_identifier() {
        let demand = demand(json!([v2("5")]));
        let extensions = demand.extensions_with("pay_0123456789abcdef");
        assert_eq!(extensions[PAYMENT_IDENTIFIER]["info"], json!({ "required": false, "id": "pay_0123456789abcdef" }));
        assert_eq!(extensions["other"], json!({ "a": 1 }));
    }

    proptest::proptest! {
        #[test]
        fn no_answer_panics(header: Option<Vec<u8>>, body: Vec<u8>) {
            let _ = Demand::read(header.as_deref(), &body);
        }
    }
}
