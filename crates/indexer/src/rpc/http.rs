//! Questions to a node over HTTP whose answers are bounded: whoever answers chooses how long an answer is, and all of it would be
//! in memory before anything of it could be doubted.

use alloy::rpc::json_rpc::{RequestPacket, ResponsePacket};
use alloy::transports::http::reqwest::header::{HeaderMap, RETRY_AFTER};
use alloy::transports::http::reqwest::{Client, Response, Url};
use alloy::transports::{TransportError, TransportErrorKind, TransportFut, TransportResult};
use purse_protocol::AnswerTooLong;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tower::Service;

/// The longest answer that is read, in bytes: some ten times what a usual range of blocks brings, and more than the receipts of any
/// block of a chain of ours.
pub const LONGEST_ANSWER: usize = 32 << 20;
/// A longer one is read while no other such is.
const SHORT: usize = 1 << 20;

/// A node at a URL; clones are the same node.
#[derive(Debug, Clone)]
pub struct BoundedHttp {
    client: Client,
    url: Url,
    longest: usize,
    /// Whose turn it is to read a long answer.
    reading: Arc<Semaphore>,
}

impl BoundedHttp {
    /// Asks `url` through `client`, whose timeouts hold.
    pub fn new(client: Client, url: Url) -> Self {
        Self { client, url, longest: LONGEST_ANSWER, reading: Arc::new(Semaphore::new(1)) }
    }

    /// Reads answers of so many bytes at most, instead of [`LONGEST_ANSWER`].
    #[must_use]
    pub fn with_longest(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    async fn ask(self, question: RequestPacket) -> TransportResult<ResponsePacket> {
        let request = self.client.post(self.url.clone()).json(&question).headers(question.headers());
        let response = request.send().await.map_err(TransportErrorKind::custom)?;
        let (status, later) = (response.status(), retry_after(response.headers()));
        let body = self.read(response).await?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| TransportError::deser_err(error, String::from_utf8_lossy(&body)));
        }
        // Some nodes say with another status what is wrong with a question.
        match serde_json::from_slice::<ResponsePacket>(&body) {
            Ok(answer) if answer.is_error() => Ok(answer),
            _ => {
                let text = String::from_utf8_lossy(&body).into_owned();
                Err(TransportErrorKind::http_error_with_retry_after(status.as_u16(), text, later))
            }
        }
    }

    /// A whole body, as it is after decompression.
    async fn read(&self, mut response: Response) -> TransportResult<Vec<u8>> {
        let told = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        if told > self.longest {
            return Err(self.too_long());
        }
        let (mut body, mut turn) = (Vec::with_capacity(told.min(SHORT)), None);
        while let Some(part) = response.chunk().await.map_err(TransportErrorKind::custom)? {
            let length = body.len() + part.len();
            if length > self.longest {
                return Err(self.too_long());
            }
            if length > SHORT && turn.is_none() {
                turn = Some(self.reading.acquire().await.map_err(TransportErrorKind::custom)?);
                body.reserve(told.saturating_sub(body.len()));
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    fn too_long(&self) -> TransportError {
        TransportErrorKind::custom(AnswerTooLong { longest: self.longest })
    }
}

impl Service<RequestPacket> for BoundedHttp {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, question: RequestPacket) -> Self::Future {
        Box::pin(self.clone().ask(question))
    }
}

/// When a node wants to be asked again, where it says so in seconds. A date is not read: its clock may not be ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
