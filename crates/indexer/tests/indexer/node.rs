//! A node that speaks JSON-RPC of a chain in memory, through a transport that a test may have lie.

use crate::chain::{FACTORY, FIRST, FakeChain};
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, Bytes, LogData};
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::client::RpcClient;
use alloy::rpc::json_rpc::{RequestPacket, Response, ResponsePacket, SerializedRequest};
use alloy::rpc::types::{Block, Filter, FilterBlockOption, Log};
use alloy::sol_types::SolCall;
use alloy::transports::{TransportError, TransportErrorKind, TransportFut};
use purse_indexer::{
    BlockRef, ChainLog, ChainReceipt, ChainSource, Header, Indexer, ReceiptBody, RpcSource, SourceError, Span, Store,
    Wanted,
};
use purse_protocol::abi::IVault;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tower::Service;

/// What a node answers.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Result(Value),
    /// A JSON-RPC error, which comes with HTTP status 200.
    Error(i64, &'static str),
    Status(u16),
    /// Something that is no JSON.
    Page,
}

/// Twists an answer: the method, its parameters, the true answer.
pub(crate) type Lie = Box<dyn FnMut(&str, &Value, &mut Answer) + Send>;

/// The node; clones are the same node.
#[derive(Clone)]
pub(crate) struct Node {
    chain: FakeChain,
    lie: Arc<Mutex<Option<Lie>>>,
    declines_batches: bool,
    batches: Arc<AtomicUsize>,
}

impl Node {
    pub(crate) fn new(chain: FakeChain) -> Self {
        Self { chain, lie: Arc::default(), declines_batches: false, batches: Arc::default() }
    }

    /// One that answers one question at a time only.
    pub(crate) fn declining_batches(self) -> Self {
        Self { declines_batches: true, ..self }
    }

    /// How many batches it was sent.
    pub(crate) fn batches(&self) -> usize {
        self.batches.load(Ordering::Relaxed)
    }

    pub(crate) fn lies(&self, lie: Option<Lie>) {
        *self.lie.lock().unwrap() = lie;
    }

    pub(crate) fn source(&self) -> RpcSource<impl Provider + 'static + use<>> {
        let client = RpcClient::new(self.clone(), true);
        RpcSource::new(ProviderBuilder::default().connect_client(client))
    }

    pub(crate) fn indexer(&self, store: Box<dyn Store>) -> Indexer<RpcSource<impl Provider + 'static + use<>>> {
        Indexer::over(self.source(), store, FACTORY, FIRST)
            .with_creation_code(crate::chain::CREATION_CODE)
            .with_patience(Duration::from_millis(1))
    }

    async fn respond(&self, request: &SerializedRequest) -> Result<Response, TransportError> {
        let id = request.id().clone();
        let body = match self.answer(request).await {
            Answer::Result(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Answer::Error(code, message) => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
            }
            Answer::Status(status) => return Err(TransportErrorKind::http_error(status, String::new())),
            Answer::Page => {
                let page = "<html>welcome</html>";
                let error = serde_json::from_str::<u8>(page).unwrap_err();
                return Err(TransportError::deser_err(error, page));
            }
        };
        let text = body.to_string();
        serde_json::from_str(&text).map_err(|error| TransportError::deser_err(error, text))
    }

    async fn answer(&self, request: &SerializedRequest) -> Answer {
        let params: Value = request.params().map_or(Value::Null, |params| serde_json::from_str(params.get()).unwrap());
        let mut answer = match self.truth(request.method(), &params).await {
            Ok(result) => Answer::Result(result),
            Err(_) => Answer::Error(-32_005, "query returned more than 10000 results"),
        };
        if let Some(lie) = &mut *self.lie.lock().unwrap() {
            lie(request.method(), &params, &mut answer);
        }
        answer
    }

    fn block(&self, header: &Header) -> Block {
        let mut block: Block = Block::default();
        block.header.hash = header.hash;
        block.header.inner = self.chain.state().fields(header.number);
        block
    }

    async fn truth(&self, method: &str, params: &Value) -> Result<Value, SourceError> {
        match method {
            "eth_chainId" => Ok(json!(format!("{:#x}", self.chain.chain_id().await?))),
            "eth_getCode" => Ok(json!("0x60")),
            "eth_getBlockByNumber" => {
                let head = self.chain.head().await?;
                let number = match serde_json::from_value(params[0].clone()).unwrap() {
                    BlockNumberOrTag::Latest => head.number,
                    BlockNumberOrTag::Finalized => head.number.saturating_sub(64),
                    other => other.as_number().unwrap(),
                };
                Ok(self.chain.header(number).await?.map_or(Value::Null, |header| json!(self.block(&header))))
            }
            "eth_getLogs" => {
                let filter: Filter = serde_json::from_value(params[0].clone()).unwrap();
                let accounts =
                    |topic: usize| filter.topics[topic].iter().map(|word| Address::from_word(*word)).collect();
                let wanted = match (filter.address.is_empty(), filter.topics[1].is_empty()) {
                    (false, _) => Wanted::Of(filter.address.iter().copied().collect()),
                    (true, false) => Wanted::From(accounts(1)),
                    (true, true) => Wanted::To(accounts(2)),
                };
                assert_eq!(filter.topics[0].is_empty(), matches!(wanted, Wanted::Of(_)), "{filter:?}");
                let span = match filter.block_option {
                    FilterBlockOption::AtBlockHash(hash) => Span::Block(hash),
                    FilterBlockOption::Range { from_block, to_block } => {
                        Span::Range(from_block.unwrap().as_number().unwrap(), to_block.unwrap().as_number().unwrap())
                    }
                };
                let logs = self.chain.logs(span, &wanted).await?;
                Ok(json!(logs.into_iter().map(log).collect::<Vec<_>>()))
            }
            "eth_getBlockReceipts" => {
                let at: BlockId = serde_json::from_value(params[0].clone()).unwrap();
                let receipts = self.chain.receipts(at.as_block_hash().unwrap()).await?;
                Ok(json!(receipts.map(|receipts| receipts.into_iter().map(receipt).collect::<Vec<_>>())))
            }
            "eth_call" => {
                let vault: Address = serde_json::from_value(params[0]["to"].clone()).unwrap();
                let at: BlockId = serde_json::from_value(params[1].clone()).unwrap();
                let hash = at.as_block_hash().unwrap();
                let number = self.chain.state().number_of(hash);
                let head = self.chain.vault_head(vault, BlockRef { number, hash }).await?.unwrap();
                let answer = IVault::headReturn { sequence: head.sequence, runningHash: head.running_hash };
                Ok(json!(Bytes::from(IVault::headCall::abi_encode_returns(&answer))))
            }
            other => unreachable!("the indexer does not ask {other}"),
        }
    }
}

impl Service<RequestPacket> for Node {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let node = self.clone();
        if matches!(packet, RequestPacket::Batch(_)) {
            node.batches.fetch_add(1, Ordering::Relaxed);
        }
        Box::pin(async move {
            match packet {
                RequestPacket::Single(request) => Ok(ResponsePacket::Single(node.respond(&request).await?)),
                RequestPacket::Batch(_) if node.declines_batches => {
                    Err(TransportErrorKind::http_error(400, String::new()))
                }
                RequestPacket::Batch(requests) => {
                    let mut responses = Vec::new();
                    for request in &requests {
                        responses.push(node.respond(request).await?);
                    }
                    Ok(ResponsePacket::Batch(responses))
                }
            }
        })
    }
}

fn receipt(receipt: ChainReceipt) -> Value {
    let ReceiptBody::Ethereum(body) = receipt.body else { unreachable!("the chain has Ethereum's receipts only") };
    let log = |inner: &alloy::primitives::Log| Log { inner: inner.clone(), ..Log::default() };
    json!({
        "type": format!("{:#x}", body.tx_type() as u8),
        "status": "0x1",
        "cumulativeGasUsed": format!("{:#x}", body.cumulative_gas_used()),
        "logsBloom": body.logs_bloom(),
        "logs": body.logs().iter().map(log).collect::<Vec<_>>(),
        "transactionHash": receipt.tx,
    })
}

fn log(log: ChainLog) -> Log {
    Log {
        inner: alloy::primitives::Log { address: log.address, data: LogData::new_unchecked(log.topics, log.data) },
        block_hash: Some(log.block_hash),
        block_number: Some(log.block_number),
        block_timestamp: None,
        transaction_hash: Some(log.tx),
        transaction_index: Some(0),
        log_index: Some(log.log_index),
        removed: false,
    }
}
