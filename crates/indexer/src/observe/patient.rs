//! Manners towards a node that is asked many things: a question that may be answered a little later is asked again, as by the
//! indexer, and for no more logs at once than it gives. What a node answers at last is what is told.

use crate::planner::{Answered, Pace};
use crate::rpc::{self, asks_for_patience, source_error};
use crate::source::SourceError;
use crate::source::patience::{Later, PATIENCE};
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::client::RpcClient;
use alloy::rpc::json_rpc::{RequestPacket, ResponsePacket};
use alloy::rpc::types::{Filter, Log};
use alloy::transports::{BoxTransport, TransportError, TransportFut};
use std::task::{Context, Poll};
use std::time::Instant;
use tower::Service;

/// The provider's node, asked with patience.
pub(crate) fn patient<P: Provider>(provider: &P) -> RootProvider {
    let client = provider.client();
    RootProvider::new(RpcClient::new(Patient { node: client.transport().clone() }, client.is_local()))
}

#[derive(Clone)]
struct Patient {
    node: BoxTransport,
}

impl Service<RequestPacket> for Patient {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.node.poll_ready(context)
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let mut node = self.node.clone();
        Box::pin(async move {
            let mut time = 0;
            loop {
                let answer = node.call(packet.clone()).await;
                let Some(pause) = later(&answer).and_then(|later| later.pause(PATIENCE, time)) else { return answer };
                tokio::time::sleep(pause).await;
                time += 1;
            }
        })
    }
}

/// When the same question may be answered; none: it was, or never will be.
fn later(answer: &Result<ResponsePacket, TransportError>) -> Option<Later> {
    match answer {
        Ok(packet) => {
            let error = packet.as_error()?;
            asks_for_patience(error.code, &error.message).then_some(Later::LessOften(None))
        }
        Err(error) => rpc::later(error),
    }
}

/// Logs of a range, in parts that the node accepts.
pub(crate) async fn logs<P: Provider>(
    provider: &P,
    filter: &Filter,
    mut from: u64,
    to: u64,
) -> Result<Vec<Log>, SourceError> {
    let (mut logs, mut pace) = (Vec::new(), Pace::new());
    while from <= to {
        let until = from.saturating_add(pace.blocks() - 1).min(to);
        let (part, asked) = (filter.clone().from_block(from).to_block(until), Instant::now());
        let (blocks, mut answered) = (until - from + 1, Answered::default());
        match provider.get_logs(&part).await.map_err(source_error) {
            Ok(found) => {
                answered.took = asked.elapsed();
                pace.learn(blocks, found.iter().map(|log| log.inner.data.data.len()).sum(), answered);
                logs.extend(found);
                from = until + 1;
            }
            Err(SourceError::TooLarge(_)) if blocks > 1 => {
                answered.was_split = true;
                pace.learn(blocks, 0, answered);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(logs)
}
