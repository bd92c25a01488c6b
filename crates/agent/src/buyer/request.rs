//! What an agent wants to buy, and which URLs it may be bought from.

use super::origin::Origin;
use crate::PurchaseId;
use alloy::primitives::{B256, Bytes, keccak256};
use alloy::sol_types::SolValue;
use purse_protocol::{PaymentRefusal, RetryHow};
use reqwest::header::HeaderMap;
use reqwest::{Method, Request, Url};
use std::net::IpAddr;

/// Longest reason, in bytes: a sentence or two.
pub const MAX_REASON: usize = 1_024;
/// Largest body of a request that is bought with: it may be sent several times.
pub(super) const MAX_REQUEST_BODY: usize = 4 * 1_024 * 1_024;
/// Longest URL, in bytes: what servers usually take.
pub(super) const MAX_URL: usize = 8 * 1_024;

/// Headers that tell how a request travels and who follows it: they differ from try to try and select no answer.
const OF_ONE_TRY: [&str; 9] = [
    "baggage",
    "content-length",
    "date",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-amzn-trace-id",
    "x-correlation-id",
    "x-request-id",
];

/// What to buy.
#[derive(Clone, Debug)]
pub struct Purchasing {
    /// The request's method.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: Vec<u8>,
    /// What for, in words. It stays on this machine.
    pub reason: String,
    /// The caller's id of the purchase; without one, an id is made up for this invocation and its retries.
    pub purchase: Option<PurchaseId>,
    /// The most to pay, in base units of the session's token.
    pub max: Option<u128>,
}

impl Purchasing {
    /// A GET request for a reason.
    ///
    /// # Errors
    /// A refusal of the URL or the reason; nothing was sent.
    pub fn get(url: &str, reason: impl Into<String>) -> Result<Self, PaymentRefusal> {
        let parsed = Url::parse(url).map_err(|error| {
            agents("UrlInvalid", format!("that is no URL: {error}"))
                .quoted("url", url)
                .next("give a whole URL: it begins with https://")
        })?;
        let mut bought = Self {
            method: Method::GET,
            url: parsed,
            headers: HeaderMap::new(),
            body: Vec::new(),
            reason: reason.into(),
            purchase: None,
            max: None,
        };
        bought.url.set_fragment(None);
        bought.check()?;
        Ok(bought)
    }

    /// The same, under the caller's id.
    pub fn under(mut self, purchase: PurchaseId) -> Self {
        self.purchase = Some(purchase);
        self
    }

    /// The same, for at most so much.
    pub fn at_most(mut self, base: u128) -> Self {
        self.max = Some(base);
        self
    }

    /// Where the seller is.
    ///
    /// # Errors
    /// A refusal where its name is none that can stand in a command.
    pub fn origin(&self) -> Result<Origin, PaymentRefusal> {
        Origin::of(&self.url)
            .map_err(|error| agents("UrlInvalid", error.to_string()).next("give the seller's usual URL"))
    }

    /// Refuses what must not be sent.
    pub(crate) fn check(&self) -> Result<(), PaymentRefusal> {
        may_be_asked(&self.url)?;
        if self.reason.trim().is_empty() {
            return Err(agents("ReasonMissing", "a payment needs a reason: what is it for?").next("say what it is for"));
        }
        if self.reason.len() > MAX_REASON {
            let what = format!("the reason has {} bytes, more than {MAX_REASON}", self.reason.len());
            return Err(agents("ReasonTooLong", what).next("say it shorter"));
        }
        if self.body.len() > MAX_REQUEST_BODY {
            let what = format!("the request's body has {} bytes, more than {MAX_REQUEST_BODY}", self.body.len());
            return Err(agents("RequestTooLarge", what).next("send less at once"));
        }
        Ok(())
    }

    /// The request as it goes out.
    pub(crate) fn to_request(&self, url: &Url) -> Request {
        let mut request = Request::new(self.method.clone(), url.clone());
        *request.headers_mut() = self.headers.clone();
        if !self.body.is_empty() {
            *request.body_mut() = Some(self.body.clone().into());
        }
        request
    }

    /// What makes two requests the same: method, URL and body.
    pub(crate) fn fingerprint(&self) -> B256 {
        let parts = (self.method.as_str().to_owned(), self.url.as_str().to_owned(), keccak256(&self.body));
        keccak256(parts.abi_encode_params())
    }

    /// What selects the answer beside that: the headers, but those of one try only. Salted, since they may hold a
    /// password that can be guessed.
    pub(crate) fn headers_hash(&self, salt: B256) -> B256 {
        let kept = self.headers.iter().filter(|(name, _)| !OF_ONE_TRY.contains(&name.as_str()));
        let mut headers: Vec<(String, Bytes)> =
            kept.map(|(name, value)| (name.as_str().to_owned(), Bytes::copy_from_slice(value.as_bytes()))).collect();
        headers.sort_by(|(one, _), (other, _)| one.cmp(other)); // stable: values of one name keep their order
        keccak256((salt, headers).abi_encode_params())
    }
}

/// Refuses URLs over which a seller cannot be known: other schemes than https, but for this machine itself, and those
/// that carry a password.
pub(crate) fn may_be_asked(url: &Url) -> Result<(), PaymentRefusal> {
    if url.as_str().len() > MAX_URL {
        return Err(agents("UrlInvalid", format!("the URL is longer than {MAX_URL} bytes")).next("give a shorter URL"));
    }
    if !(url.scheme() == "https" || url.scheme() == "http" && is_local(url)) {
        let what = "over plain http anybody on the way could take the seller's place";
        return Err(agents("UrlNotSecure", what).quoted("url", url.as_str()).next("use the seller's https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let what = "the URL carries a user name or a password, which would end up in logs";
        return Err(agents("UrlInvalid", what).next("send credentials in a header"));
    }
    Ok(())
}

/// Whether a URL is of this machine itself: by name, by a loopback address, or by that of no machine in particular.
pub(super) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let own = |address: IpAddr| {
        let address = address.to_canonical();
        address.is_loopback() || address.is_unspecified()
    };
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(own)
}

/// A URL without its query, which may hold a key.
pub fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn agents(code: &'static str, what: impl Into<String>) -> PaymentRefusal {
    PaymentRefusal::new(code, what).retry(RetryHow::Now)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn only_urls_whose_seller_can_be_known_are_asked() {
        let refused = |url: &str| Purchasing::get(url, "x").unwrap_err().code;
        for url in ["http://api.example/x", "http://10.0.0.1/", "ftp://api.example/", "file:///etc/passwd", "data:x"] {
            assert_eq!(refused(url), "UrlNotSecure", "{url}");
        }
        assert_eq!(refused("https://user:secret@api.example/"), "UrlInvalid");
        assert_eq!(refused("not a url"), "UrlInvalid");
        assert_eq!(refused(&format!("https://api.example/{}", "x".repeat(MAX_URL))), "UrlInvalid");
        for url in ["https://api.example/x", "http://127.0.0.1:4021/x", "http://[::1]:9/x", "http://localhost/x"] {
            assert!(Purchasing::get(url, "x").is_ok(), "{url}");
        }
    }

    #[test]
    fn sellers_of_this_machine_are_known() {
        let local = |url: &str| is_local(&Url::parse(url).unwrap());
        for url in [
            "http://127.0.0.1:1/",
            "http://127.9.9.9/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://localhost/",
            "http://LOCALHOST./",
            "https://a.localhost/",
        ] {
            assert!(local(url), "{url}");
        }
        for url in ["https://api.example/", "https://localhost.example/", "https://10.0.0.1/"] {
            assert!(!local(url), "{url}");
        }
    }

    #[test]
    fn a_reason_is_required() {
        assert_eq!(Purchasing::get("https://api.example/x", "  ").unwrap_err().code, "ReasonMissing");
        let long = "x".repeat(MAX_REASON + 1);
        assert_eq!(Purchasing::get("https://api.example/x", long).unwrap_err().code, "ReasonTooLong");
    }

    #[test]
    fn the_same_request_is_the_same() {
        let one = Purchasing::get("https://api.example/x?a=1#top", "a").unwrap();
        let same = Purchasing::get("https://api.example/x?a=1", "b").unwrap();
        let mut other = same.clone();
        other.body = b"{}".to_vec();
        assert_eq!(one.fingerprint(), same.fingerprint());
        assert_ne!(other.fingerprint(), same.fingerprint());
        assert_eq!(without_query(one.url.as_str()), "https://api.example/x");
    }

    #[test]
    fn headers_that_select_the_answer_make_another_request() {
        let with = |headers: &[(&'static str, &'static str)]| {
            let mut request = Purchasing::get("https://api.example/x", "a").unwrap();
            for (name, value) in headers {
                request.headers.append(*name, value.parse().unwrap());
            }
            request.headers_hash(B256::repeat_byte(7))
        };
        let one = with(&[("accept", "text/csv"), ("authorization", "Bearer one")]);
        assert_eq!(one, with(&[("authorization", "Bearer one"), ("accept", "text/csv"), ("traceparent", "00-1")]));
        for other in [
            with(&[]),
            with(&[("accept", "text/csv")]),
            with(&[("accept", "text/csv"), ("authorization", "Bearer two")]),
            with(&[("accept", "text/csv"), ("authorization", "Bearer one"), ("x-api-key", "1")]),
        ] {
            assert_ne!(one, other);
        }
        let plain = Purchasing::get("https://api.example/x", "a").unwrap();
        assert_ne!(plain.headers_hash(B256::repeat_byte(7)), plain.headers_hash(B256::repeat_byte(8)), "salted");
    }
}
