//! Asking a seller: within bounds of size and time, and never led to another origin.

use super::reach;
use super::request::{Purchasing, may_be_asked};
use crate::x402::demand::MAX_BODY;
use crate::x402::{Demand, Version};
use async_trait::async_trait;
use purse_protocol::{PaymentRefusal, RetryHow, WhoCanFix};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Request, Response, StatusCode, Url};
use std::time::Duration;

/// Most redirects that are followed.
const MAX_REDIRECTS: usize = 5;
/// The header in which version 2 of x402 demands a payment.
const DEMAND_HEADER: &str = "PAYMENT-REQUIRED";

/// How long and how much.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Longest wait for a seller's answer to a request without a payment.
    pub answer_within: Duration,
    /// Longest wait for its answer to one with a payment: the facilitator waits for a block.
    pub settle_within: Duration,
    /// Longest wait for a payment that the seller says was made, in our own node's view: nodes lag behind each other.
    pub seen_within: Duration,
    /// Largest body of an answer.
    pub largest_answer: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(30),
            settle_within: Duration::from_secs(60),
            seen_within: Duration::from_secs(15),
            largest_answer: 8 * 1_024 * 1_024,
        }
    }
}

/// Whatever sends a request: a client of our own, or the rest of a caller's middleware.
#[async_trait]
pub(crate) trait Exchange: Send {
    /// Sends it, without following redirects where that can be helped.
    async fn send(&mut self, request: Request) -> Result<Response, NoAnswer>;
}

#[async_trait]
impl Exchange for reqwest::Client {
    async fn send(&mut self, request: Request) -> Result<Response, NoAnswer> {
        self.execute(request).await.map_err(|error| match reach::stopped(&error) {
            Some(refusal) => NoAnswer::Refused(refusal),
            None => NoAnswer::Failed(innermost(&error)),
        })
    }
}

/// A seller's answer, read.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `None` where it was larger than allowed.
    pub(crate) body: Option<Vec<u8>>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(HeaderValue::as_bytes)
    }

    pub(crate) fn content_type(&self) -> Option<String> {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    /// What a 402 answer demands.
    pub(crate) fn demand(&self) -> Result<Demand, PaymentRefusal> {
        let body = self.body.as_deref();
        let demand = Demand::read(self.header(DEMAND_HEADER), body.unwrap_or(&[b' '; MAX_BODY + 1]));
        demand.map_err(|error| {
            PaymentRefusal::new(error.code(), error.to_string())
                .by(WhoCanFix::Seller)
                .next("buy elsewhere, or ask the seller to speak x402 version 2")
        })
    }
}

/// A payment as it goes to the seller.
pub(crate) type Paying<'a> = (Version, &'a str);

/// Why there is no answer.
pub(crate) enum NoAnswer {
    /// The seller leads elsewhere, or beyond what this buyer may reach; it got nothing.
    Refused(PaymentRefusal),
    /// Whether the seller got the request is not known.
    Failed(String),
}

/// Asks, with a payment or without. Redirects are followed within the origin only: a payment goes to nobody else.
pub(crate) async fn ask(
    exchange: &mut dyn Exchange,
    purchasing: &Purchasing,
    paying: Option<Paying<'_>>,
    bounds: Bounds,
) -> Result<Response, NoAnswer> {
    let time = if paying.is_some() { bounds.settle_within } else { bounds.answer_within };
    let mut url = purchasing.url.clone();
    for _ in 0..=MAX_REDIRECTS {
        let mut request = purchasing.to_request(&url);
        if let Some((version, header)) = paying {
            let name = HeaderName::from_bytes(version.payment_header().as_bytes());
            let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(header)) else {
                return Err(NoAnswer::Failed("the payment does not fit a header".to_owned()));
            };
            request.headers_mut().insert(name, value);
        }
        let response = within(time, exchange.send(request)).await?;
        let at = response.url().clone();
        if at.origin() != purchasing.url.origin() {
            return Err(NoAnswer::Refused(elsewhere(&at)));
        }
        let Some(target) = redirect(&response, &purchasing.method) else { return Ok(response) };
        let target = url.join(&target).map_err(|_| NoAnswer::Refused(elsewhere(&url)))?;
        if target.origin() != purchasing.url.origin() {
            return Err(NoAnswer::Refused(elsewhere(&target)));
        }
        may_be_asked(&target).map_err(NoAnswer::Refused)?;
        url = target;
    }
    let refusal = sellers("TooManyRedirects", format!("the seller redirects more than {MAX_REDIRECTS} times"));
    Err(NoAnswer::Refused(refusal.next("ask the seller for the resource's own URL")))
}

impl From<String> for NoAnswer {
    fn from(cause: String) -> Self {
        Self::Failed(cause)
    }
}

impl From<NoAnswer> for PaymentRefusal {
    /// Where no payment was sent along.
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Refused(refusal) => refusal,
            NoAnswer::Failed(cause) => unreachable(&cause),
        }
    }
}

/// Reads an answer, up to `largest` bytes.
async fn hear(mut response: Response, largest: usize) -> Result<Heard, String> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
        if body.len() + chunk.len() > largest {
            return Ok(Heard { status, headers, body: None });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Heard { status, headers, body: Some(body) })
}

/// Reads an answer in bounded time.
pub(crate) async fn hear_within(response: Response, bounds: Bounds) -> Result<Heard, String> {
    within(bounds.answer_within, hear(response, bounds.largest_answer)).await
}

async fn within<T, E: From<String>>(time: Duration, doing: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    tokio::time::timeout(time, doing)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} s", time.as_secs_f32()).into()))
}

/// Where a redirect leads, if it is one that a request of that method may follow as it is.
fn redirect(response: &Response, method: &Method) -> Option<String> {
    let kept = matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let plain = matches!(response.status(), StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER);
    let follows = kept || plain && (*method == Method::GET || *method == Method::HEAD);
    follows.then(|| response.headers().get(LOCATION)?.to_str().ok().map(str::to_owned)).flatten()
}

fn elsewhere(target: &Url) -> PaymentRefusal {
    sellers(
        "RedirectedElsewhere",
        "the seller redirects to another origin, which is not whom you asked to pay".to_owned(),
    )
    .quoted("location", target.as_str())
    .next("if you trust the other origin, ask for its URL directly")
}

pub(crate) fn unreachable(cause: &str) -> PaymentRefusal {
    sellers("SellerUnreachable", "the seller does not answer; nothing was signed".to_owned())
        .retry(RetryHow::After)
        .quoted("cause", cause)
        .next("check the URL, and try again later")
}

fn sellers(code: &'static str, what: String) -> PaymentRefusal {
    PaymentRefusal::new(code, what).by(WhoCanFix::Seller)
}

/// The innermost cause: the outer ones repeat it and name the URL, which may hold a key.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}
