//! A node that is not always there: what may pass is asked again, what stays is told and taken for nothing else.

use super::busy;
use alloy::providers::{Provider as _, RootProvider};
use alloy::rpc::client::RpcClient;
use alloy::rpc::json_rpc::{ErrorPayload, RequestPacket, ResponsePacket};
use alloy::transports::{BoxTransport, TransportError, TransportErrorKind, TransportFut};
use purse_indexer::collect;
use purse_tests::Scene;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tower::Service;

/// What it says in place of an answer, by the method, the parameters and how much it was asked before.
type Mood = dyn Fn(&str, &Value, usize) -> Option<TransportError> + Send + Sync;

/// A scene's node, in a mood.
#[derive(Clone)]
struct Moody {
    node: BoxTransport,
    mood: Arc<Mood>,
    asked: Arc<AtomicUsize>,
}

impl Service<RequestPacket> for Moody {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.node.poll_ready(context)
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let turn = self.asked.fetch_add(1, Ordering::Relaxed);
        let request = &packet.requests()[0];
        let params = request.params().and_then(|params| serde_json::from_str(params.get()).ok()).unwrap_or_default();
        match (self.mood)(request.method(), &params, turn) {
            Some(error) => Box::pin(async move { Err(error) }),
            None => self.node.call(packet),
        }
    }
}

fn moody(
    scene: &Scene,
    mood: impl Fn(&str, &Value, usize) -> Option<TransportError> + Send + Sync + 'static,
) -> RootProvider {
    let node = scene.provider.client().transport().clone();
    RootProvider::new(RpcClient::new(Moody { node, mood: Arc::new(mood), asked: Arc::default() }, true))
}

fn declined(code: i64, message: &'static str) -> TransportError {
    TransportError::ErrorResp(ErrorPayload { code, message: message.into(), data: None })
}

fn dropped() -> TransportError {
    TransportErrorKind::custom_str("connection reset by peer")
}

/// A limit on questions, a restart, a dropped connection: none of them ends an audit.
#[tokio::test]
async fn what_may_pass_is_asked_again() -> anyhow::Result<()> {
    let scene = busy().await?;
    let failed = Arc::new(AtomicUsize::new(0));
    let count = failed.clone();
    let now_and_then = moody(&scene, move |_, _, turn| {
        let error = match turn % 40 {
            9 => TransportErrorKind::http_error(429, String::new()),
            19 => dropped(),
            29 => declined(-32_005, "rate limit reached"),
            39 => TransportErrorKind::http_error(502, String::new()),
            _ => return None,
        };
        count.fetch_add(1, Ordering::Relaxed);
        Some(error)
    });
    let evidence = collect(&now_and_then, scene.vault, 1).await?;
    assert!(failed.load(Ordering::Relaxed) >= 4);
    assert_eq!(evidence, collect(&scene.provider, scene.vault, 1).await?);
    Ok(())
}

/// "Claimed by the node" is for nodes that say that they serve no proofs, not for those that did not answer.
#[tokio::test]
async fn a_node_that_is_away_is_not_one_without_proofs() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let without = moody(&scene, |method, _, _| (method == "eth_getProof").then(|| declined(-32_601, "no such method")));
    let evidence = collect(&without, scene.vault, 1).await?;
    assert!(!evidence.of.proven.state && evidence.head.account.is_none());
    let away = moody(&scene, |method, _, _| (method == "eth_getProof").then(dropped));
    let error = collect(&away, scene.vault, 1).await.unwrap_err();
    assert_eq!(error.to_string(), "the RPC node cannot be reached: connection reset by peer");
    Ok(())
}

/// One crowded range is no reason to ask for little ever after.
#[tokio::test]
async fn a_range_that_was_halved_grows_again() -> anyhow::Result<()> {
    let scene = busy().await?;
    let answered = Arc::new(Mutex::new(Vec::new()));
    let spans = answered.clone();
    let crowded = moody(&scene, move |method, params, _| {
        let filter = &params[0];
        if method != "eth_getLogs" || filter["topics"].as_array().is_some_and(|topics| !topics.is_empty()) {
            return None;
        }
        let height = |name: &str| u64::from_str_radix(&filter[name].as_str().unwrap()[2..], 16).unwrap();
        let span = height("toBlock") + 1 - height("fromBlock");
        let mut spans = spans.lock().unwrap();
        if spans.is_empty() && span > 4 {
            return Some(declined(-32_005, "query returned more than 10000 results"));
        }
        spans.push(span);
        None
    });
    let evidence = collect(&crowded, scene.vault, 1).await?;
    assert_eq!(evidence.blocks, collect(&scene.provider, scene.vault, 1).await?.blocks);
    let answered = answered.lock().unwrap().clone();
    assert!(answered[0] <= 4 && answered.iter().any(|&span| span >= 12), "{answered:?}");
    Ok(())
}
