//! A node's answers as they come over the wire: without an end, cut off, or with a status that says when to ask again.

use crate::chain::{FACTORY, FIRST, FakeChain, contents, rebuilt};
use crate::database::{Database, on_both};
use crate::node::Node;
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::client::RpcClient;
use alloy::rpc::json_rpc::{Id, Request, RequestPacket, ResponsePacket};
use alloy::transports::http::reqwest;
use purse_indexer::{BoundedHttp, ChainSource, IndexError, Indexer, RpcSource, SourceError, Store, Truth};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

/// As much as is read of an answer here.
const LONGEST: usize = 64 << 10;

/// How an answer goes out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Body {
    Whole,
    /// The same JSON, with so many bytes of spaces before it.
    Padded(usize),
    /// Said to be so long; that much never comes.
    SaidToBe(u64),
    /// Spaces without an end.
    Endless,
    /// The connection ends in the middle.
    Cut,
    /// Nothing but a status, and `Retry-After`.
    Status(u16, &'static str),
}

/// A node behind HTTP.
struct Wire {
    url: String,
    /// Bytes that went out.
    written: Arc<AtomicUsize>,
}

impl Wire {
    /// `body` chooses by method and parameters.
    async fn of(node: Node, body: impl Fn(&str, &Value) -> Body + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (written, body) = (Arc::<AtomicUsize>::default(), Arc::new(body));
        let count = written.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (node, body, count) = (node.clone(), body.clone(), count.clone());
                tokio::spawn(async move { answer(stream, node, &*body, &count).await });
            }
        });
        Self { url, written }
    }

    fn source(&self) -> RpcSource<impl Provider + 'static + use<>> {
        let http = BoundedHttp::new(reqwest::Client::new(), self.url.parse().unwrap()).with_longest(LONGEST);
        RpcSource::new(ProviderBuilder::default().connect_client(RpcClient::new(http, true)))
    }

    fn indexer(&self, store: Box<dyn Store>) -> Indexer<impl ChainSource> {
        Indexer::over(self.source(), store, FACTORY, FIRST)
            .with_creation_code(crate::chain::CREATION_CODE)
            .with_patience(Duration::from_millis(1))
    }
}

/// Answers one question after the other, until the asker has had enough.
async fn answer(
    stream: TcpStream,
    mut node: Node,
    body: &(dyn Fn(&str, &Value) -> Body + Send + Sync),
    written: &AtomicUsize,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut line) = (0, String::new());
        while stream.read_line(&mut line).await.ok()? > 2 {
            let lower = line.to_lowercase();
            length = lower.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
            line.clear();
        }
        let mut question = vec![0; length];
        stream.read_exact(&mut question).await.ok()?;
        let question: Value = serde_json::from_slice(&question).ok()?;
        let kind = match &question {
            Value::Array(_) => Body::Whole,
            one => body(one["method"].as_str()?, &one["params"]),
        };
        let request = |one: &Value| {
            let id = Id::Number(one["id"].as_u64().unwrap());
            Request::new(one["method"].as_str().unwrap().to_owned(), id, one["params"].clone()).serialize().unwrap()
        };
        let packet = match &question {
            Value::Array(all) => RequestPacket::Batch(all.iter().map(request).collect()),
            one => RequestPacket::Single(request(one)),
        };
        let json = match node.call(packet).await.ok()? {
            ResponsePacket::Single(one) => serde_json::to_string(&one),
            ResponsePacket::Batch(all) => serde_json::to_string(&all),
        };
        let json = json.unwrap();
        let (padding, told) = match kind {
            Body::Whole => (0, format!("content-length: {}\r\n", json.len())),
            Body::Padded(padding) => (padding, format!("content-length: {}\r\n", padding + json.len())),
            Body::SaidToBe(length) => (1, format!("content-length: {length}\r\n")),
            Body::Cut => (0, format!("content-length: {}\r\n", json.len() + 1)),
            Body::Endless => (usize::MAX, String::new()),
            Body::Status(_, after) => (0, format!("content-length: {}\r\nretry-after: {after}\r\n", json.len())),
        };
        let status = if let Body::Status(status, _) = kind { status } else { 200 };
        stream.write_all(format!("HTTP/1.1 {status} -\r\n{told}\r\n").as_bytes()).await.ok()?;
        for part in (0..padding).step_by(1 << 10) {
            let spaces = vec![b' '; (padding - part).min(1 << 10)];
            stream.write_all(&spaces).await.ok()?;
            written.fetch_add(spaces.len(), Ordering::Relaxed);
        }
        let text = if matches!(kind, Body::Status(..)) { " ".repeat(json.len()) } else { json };
        stream.write_all(text.as_bytes()).await.ok()?;
        if !matches!(kind, Body::Whole | Body::Padded(_) | Body::Status(..)) {
            return None;
        }
    }
}

/// A vault with some events, far below the head and near it.
fn chain() -> FakeChain {
    let chain = FakeChain::new();
    let mut state = chain.state();
    let vault = state.create_vault(1);
    for _ in 0..30 {
        state.events(vault, 1);
        state.mine(1);
    }
    state.mine(100);
    drop(state);
    chain
}

/// How many blocks a log query is about.
fn blocks(question: &Value) -> u64 {
    let number = |name: &str| u64::from_str_radix(question[0][name].as_str()?.strip_prefix("0x")?, 16).ok();
    number("fromBlock").zip(number("toBlock")).map_or(1, |(from, to)| to - from + 1)
}

async fn an_answer_that_is_too_long_is_asked_for_in_parts(db: Database) {
    let chain = chain();
    for huge in [Body::Padded(LONGEST), Body::SaidToBe(1 << 40), Body::Endless] {
        let times = Arc::<AtomicUsize>::default();
        let count = times.clone();
        let wire = Wire::of(Node::new(chain.clone()), move |method, params| {
            let is_huge = method == "eth_getLogs" && blocks(params) > 4;
            count.fetch_add(is_huge.into(), Ordering::Relaxed);
            if is_huge { huge } else { Body::Whole }
        });
        let mut indexer = wire.await.indexer(db.fresh());
        assert!(indexer.sync_to_head(|_| {}).await.unwrap().confirmed);
        assert!(times.load(Ordering::Relaxed) > 0, "nothing was huge");
        assert_eq!(contents(indexer.store()), rebuilt(&chain).await, "{huge:?}");
    }
}

/// A single block's logs and receipts cannot be asked for in parts: the index stops, names the block, and has not read on.
async fn an_answer_without_an_end_stops_the_index(db: Database) {
    for (asked, question) in [(Truth::Claimed, "eth_getLogs"), (Truth::Proven, "eth_getBlockReceipts")] {
        let endless = move |method: &str, _: &Value| if method == question { Body::Endless } else { Body::Whole };
        let wire = Wire::of(Node::new(chain()), endless).await;
        let mut indexer = wire.indexer(db.fresh()).with_truth(asked);
        let error = indexer.sync_to_head(|_| {}).await.unwrap_err();
        let IndexError::Source(SourceError::TooLarge(why)) = &error else { unreachable!("{question}: {error}") };
        assert!(why.starts_with("of block "), "{why}");
        assert!(error.fix().contains("another node") || error.fix().contains("a node"), "{}", error.fix());
        // What sockets hold is written and never read; more than once, since a range is asked for in ever smaller parts.
        assert!(wire.written.load(Ordering::Relaxed) < 256 << 20);
        assert_eq!(indexer.store().extent().unwrap().cursor, None);
    }
}

on_both! {
    an_answer_that_is_too_long_is_asked_for_in_parts,
    an_answer_without_an_end_stops_the_index,
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let left = AtomicUsize::new(3);
    let wire = Wire::of(Node::new(chain()), move |method, _| {
        let breaks = method == "eth_getLogs"
            && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        if breaks { Body::Cut } else { Body::Whole }
    });
    let mut indexer = wire.await.indexer(Database::Sqlite.fresh());
    assert!(indexer.sync_to_head(|_| {}).await.unwrap().confirmed);
}

/// What a node says of when to ask again reaches whoever waits.
#[tokio::test]
async fn a_node_says_when_to_ask_again() {
    let seconds = Some(Duration::from_secs(7));
    for (status, after, wait) in
        [(429, "7", seconds), (503, "7", seconds), (429, "Wed, 21 Oct 2026 07:28:00 GMT", None)]
    {
        let wire = Wire::of(Node::new(chain()), move |_, _| Body::Status(status, after)).await;
        match wire.source().head().await.unwrap_err() {
            SourceError::TooOften { wait: given, .. } => assert_eq!(given, wait, "{status} {after}"),
            other => unreachable!("{status} {after}: {other}"),
        }
    }
}
