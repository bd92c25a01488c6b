//! What leaves this process for a node: remembers every transaction, so that whoever stops it (Ctrl-C) can be told its hash; counts
//! what nodes are asked, and lets each question wait for its turn.

use crate::output::Output;
use crate::rate::Rate;
use alloy::primitives::{B256, Bytes, keccak256};
use alloy::rpc::json_rpc::{RequestPacket, ResponsePacket};
use alloy::transports::{TransportError, TransportFut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;
use tower::{Layer, Service};

/// The transactions sent so far. A layer of the RPC client fills it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    hashes: Arc<Mutex<Vec<B256>>>,
    requests: Arc<AtomicU64>,
    rate: Rate,
    output: Output,
}

impl Sent {
    /// Nothing sent yet; with `--verbose`, `output` tells each request.
    pub(crate) fn new(output: Output, rate: Rate) -> Self {
        Self { hashes: Arc::default(), requests: Arc::default(), rate, output }
    }

    /// The hashes of all transactions handed to a node that did not refuse them, in order.
    pub(crate) fn hashes(&self) -> Vec<B256> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests went to nodes; each of a batch counts.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn add(&self, hash: B256) {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).push(hash);
    }

    fn remove(&self, hash: B256) {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| *one != hash);
    }
}

impl<S> Layer<S> for Sent {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Watched { inner, sent: self.clone() }
    }
}

/// An RPC transport whose transactions are remembered.
#[derive(Debug, Clone)]
pub(crate) struct Watched<S> {
    inner: S,
    sent: Sent,
}

impl<S> Service<RequestPacket> for Watched<S>
where
    S: Service<RequestPacket, Response = ResponsePacket, Error = TransportError, Future = TransportFut<'static>>
        + Clone
        + Send
        + 'static,
{
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: RequestPacket) -> Self::Future {
        let hash = raw_transaction_hash(&request);
        self.sent.requests.fetch_add(request.len() as u64, Ordering::Relaxed);
        let methods = request.requests().iter().map(|one| one.method().to_owned()).collect::<Vec<_>>().join(" ");
        let (sent, mut inner) = (self.sent.clone(), self.inner.clone());
        Box::pin(async move {
            sent.rate.turn(request.len()).await;
            if let Some(hash) = hash {
                sent.add(hash);
            }
            let started = Instant::now();
            let answer = inner.call(request).await;
            sent.output.detail(&format!("rpc {methods} ({} ms)", started.elapsed().as_millis()));
            let refused = matches!(&answer, Ok(packet) if packet.is_error());
            if let (Some(hash), true) = (hash, refused) {
                sent.remove(hash);
            }
            answer
        })
    }
}

/// The hash of the transaction in a request to send one: keccak256 of its bytes.
fn raw_transaction_hash(request: &RequestPacket) -> Option<B256> {
    let one = request.requests().iter().find(|one| one.method().starts_with("eth_sendRawTransaction"))?;
    let (raw,): (Bytes,) = serde_json::from_str(one.params()?.get()).ok()?;
    Some(keccak256(raw))
}
