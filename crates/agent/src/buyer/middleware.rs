//! Buying as a layer of the caller's own HTTP client: a 402 is paid and the request sent again, within the session's
//! limits.

use super::buying::Flow;
use super::exchange::{Exchange, NoAnswer};
use super::{Buyer, Purchasing, no_client};
use crate::PurchaseId;
use alloy::providers::Provider;
use async_trait::async_trait;
use http::Extensions;
use purse_protocol::{PaymentRefusal, RetryHow};
use reqwest::{Request, Response, StatusCode};
use reqwest_middleware::{Error, Middleware, Next};
use std::fmt;
use std::sync::Arc;

/// What a request may be paid for. Requests without it are not paid for: their 402 comes back as it is.
#[derive(Clone, Debug)]
pub struct Purpose {
    /// What for, in words. It stays on this machine.
    pub reason: String,
    /// The caller's id of the purchase.
    pub purchase: Option<PurchaseId>,
    /// The most to pay, in base units.
    pub max: Option<u128>,
}

impl Purpose {
    /// Pay for this reason, as long as the vault allows.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), purchase: None, max: None }
    }
}

/// The layer, as [`over`](Self::over) puts it over a client.
pub struct X402Layer<P>(Arc<Buyer<P>>);

impl<P: Provider + 'static> X402Layer<P> {
    /// Such a client, with the layer over it; further layers go between the two. It follows no redirects, whatever the
    /// builder says of them: what is paid for is led on by the layer, within its origin, so that neither the payment nor
    /// the caller's headers go to another. A redirect of any other request comes back as it is.
    ///
    /// # Errors
    /// A refusal where no such client can be made.
    pub fn over(
        http: reqwest::ClientBuilder,
        buyer: Arc<Buyer<P>>,
    ) -> Result<reqwest_middleware::ClientBuilder, PaymentRefusal> {
        let http = http.redirect(reqwest::redirect::Policy::none()).build().map_err(no_client)?;
        Ok(reqwest_middleware::ClientBuilder::new(http).with(Self(buyer)))
    }
}

impl<P> fmt::Debug for X402Layer<P> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("X402Layer").field(&self.0).finish()
    }
}

#[async_trait]
impl<P: Provider + 'static> Middleware for X402Layer<P> {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let Some(purpose) = extensions.get::<Purpose>().cloned() else { return next.run(request, extensions).await };
        let body = match request.body() {
            None => Vec::new(),
            Some(body) => match body.as_bytes() {
                Some(bytes) => bytes.to_vec(),
                None => return once(next.run(request, extensions).await?),
            },
        };
        let purchasing = Purchasing {
            method: request.method().clone(),
            url: request.url().clone(),
            headers: request.headers().clone(),
            body,
            reason: purpose.reason,
            purchase: purpose.purchase,
            max: purpose.max,
        };
        let mut rest = Rest { next, extensions };
        match self.0.buy(&mut rest, &purchasing).await.map_err(Error::middleware)? {
            Flow::Free(response) => Ok(response),
            Flow::Bought(bought) => {
                let mut response = http::Response::builder().status(bought.answer.status);
                if let Some(content_type) = bought.answer.content_type {
                    response = response.header(http::header::CONTENT_TYPE, content_type);
                }
                let response = response.body(bought.answer.body.unwrap_or_default());
                let mut response = response.map_err(Error::middleware)?;
                if let Some(receipt) = bought.receipt {
                    response.extensions_mut().insert(receipt);
                }
                Ok(response.into())
            }
        }
    }
}

/// The rest of the caller's middleware, and its client.
struct Rest<'a> {
    next: Next<'a>,
    extensions: &'a mut Extensions,
}

#[async_trait]
impl Exchange for Rest<'_> {
    async fn send(&mut self, request: Request) -> Result<Response, NoAnswer> {
        self.next.clone().run(request, self.extensions).await.map_err(|error| NoAnswer::Failed(error.to_string()))
    }
}

/// A body that is a stream is gone once it was sent, so a 402 to it cannot be answered.
fn once(response: Response) -> reqwest_middleware::Result<Response> {
    if response.status() != StatusCode::PAYMENT_REQUIRED {
        return Ok(response);
    }
    let what = "the seller demands a payment, and the request's body is a stream that cannot be sent twice";
    let refusal = PaymentRefusal::new("BodyNotResendable", what).retry(RetryHow::Now);
    Err(Error::middleware(refusal.next("give the body as bytes")))
}
