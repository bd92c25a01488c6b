//! What a model gives a tool, read strictly: unknown members are refused, amounts are decimal strings with the token
//! named.

use purse_agent::PurchaseId;
use purse_protocol::{PaymentRefusal, RetryHow, parse_amount};
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayAndFetch {
    pub(crate) url: String,
    pub(crate) reason: String,
    pub(crate) purchase_id: PurchaseId,
    pub(crate) max_amount: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) content_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskPrice {
    pub(crate) url: String,
    pub(crate) method: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) content_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    pub(crate) limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPurchase {
    pub(crate) purchase_id: PurchaseId,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CanIPay {
    pub(crate) payee: String,
    pub(crate) amount: String,
    pub(crate) token: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitChange {
    pub(crate) amount: String,
    pub(crate) token: String,
    pub(crate) window: String,
    pub(crate) category: Option<String>,
    pub(crate) reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPayee {
    pub(crate) url: String,
    pub(crate) category: String,
    pub(crate) reason: String,
}

/// Reads a tool's arguments.
pub(crate) fn read<T: DeserializeOwned>(arguments: Option<JsonObject>) -> Result<T, PaymentRefusal> {
    serde_json::from_value(Value::Object(arguments.unwrap_or_default()))
        .map_err(|error| invalid(format!("the tool's arguments do not fit: {error}")))
}

/// An amount of the session's token, which must be named.
pub(crate) fn amount(text: &str, token: &str, symbol: &str, decimals: u8) -> Result<u128, PaymentRefusal> {
    if token != symbol {
        let refusal = PaymentRefusal::new("OtherToken", format!("the session pays in {symbol}"));
        return Err(refusal.retry(RetryHow::Now).quoted("token", token).next(format!("name the token {symbol}")));
    }
    let base = parse_amount(text, decimals).map_err(|error| {
        let refusal = PaymentRefusal::new("AmountInvalid", error.to_string()).retry(RetryHow::Now);
        refusal.quoted("amount", text).next(error.fix())
    })?;
    match base {
        0 => Err(PaymentRefusal::new("AmountInvalid", "the amount is zero")
            .retry(RetryHow::Now)
            .next("give more than 0")),
        base => Ok(base),
    }
}

pub(crate) fn invalid(what: String) -> PaymentRefusal {
    let what = purse_protocol::text::printable(&what, 300);
    PaymentRefusal::new("ArgumentsInvalid", what).retry(RetryHow::Now).next("correct the arguments; nothing was done")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::json;

    fn given(value: Value) -> Option<JsonObject> {
        Some(value.as_object().unwrap().clone())
    }

    #[test]
    fn what_is_not_asked_for_is_refused() {
        let pay = |value| read::<PayAndFetch>(given(value));
        let whole = json!({ "url": "https://a.example", "reason": "x", "purchase_id": "order-1" });
        assert!(pay(whole.clone()).is_ok());
        for foreign in ["session", "keystore", "private_key", "rpc_url", "vault", "payee", "owner"] {
            let mut value = whole.clone();
            value[foreign] = json!("x");
            assert_eq!(pay(value).unwrap_err().code, "ArgumentsInvalid", "{foreign}");
        }
        for needed in ["url", "reason", "purchase_id"] {
            let mut value = whole.clone();
            value.as_object_mut().unwrap().remove(needed);
            assert_eq!(pay(value).unwrap_err().code, "ArgumentsInvalid", "no {needed}");
        }
        let bad = json!({ "url": "https://a.example", "reason": "x", "purchase_id": "a\nb" });
        assert_eq!(pay(bad).unwrap_err().code, "ArgumentsInvalid");
    }

    #[test]
    fn amounts_are_plain_decimals_of_the_named_token() {
        assert_eq!(amount("0.05", "USDC", "USDC", 6), Ok(50_000));
        assert_eq!(amount("0.05", "EURC", "USDC", 6).unwrap_err().code, "OtherToken");
        for text in ["0", "-1", "1e3", "1,000", "$5", "", "0.0000001", "\u{ff11}", "all"] {
            assert_eq!(amount(text, "USDC", "USDC", 6).unwrap_err().code, "AmountInvalid", "{text:?}");
        }
    }
}
