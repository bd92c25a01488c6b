//! A chain source over JSON-RPC.

pub mod http;

pub use http::BoundedHttp;

use crate::receipts::{ChainReceipt, ReceiptBody};
use crate::rows::BlockRef;
use crate::source::patience::Later;
use crate::source::{
    AccountProof, ChainLog, ChainSource, Header, Seal, SourceError, Span, VaultHead, Wanted, one_by_one,
};
use alloy::consensus::{Eip658Value, Receipt, ReceiptEnvelope, ReceiptWithBloom, TxType};
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256, Bloom, Bytes, Log, U8, U64};
use alloy::providers::Provider;
use alloy::rpc::client::BatchRequest;
use alloy::rpc::types::{Block, EIP1186AccountProofResponse, Filter};
use alloy::sol_types::SolEvent;
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use op_alloy_consensus::{DEPOSIT_TX_TYPE_ID, OpDepositReceipt};
use purse_audit::{AccountEvidence, WordEvidence};
use purse_protocol::abi::IEip3009::AuthorizationUsed;
use purse_protocol::abi::IErc20::Transfer;
use purse_protocol::abi::IVault;
use purse_protocol::{AnswerTooLong, RpcFault};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// A node, reached by an alloy provider.
#[derive(Debug)]
pub struct RpcSource<P> {
    provider: P,
    /// Until it declines one.
    takes_batches: AtomicBool,
}

impl<P: Provider> RpcSource<P> {
    /// A source that asks this provider.
    pub const fn new(provider: P) -> Self {
        Self { provider, takes_batches: AtomicBool::new(true) }
    }

    /// Asks for several blocks in one request: an answer for each.
    async fn batch(&self, numbers: &[u64]) -> Result<Vec<Option<Header>>, TransportError> {
        let mut batch = BatchRequest::new(self.provider.client());
        let mut answers = Vec::with_capacity(numbers.len());
        for &number in numbers {
            let at = (BlockNumberOrTag::Number(number), false);
            answers.push(batch.add_call::<_, Option<Block>>("eth_getBlockByNumber", &at)?);
        }
        batch.send().await?;
        let mut headers = Vec::with_capacity(numbers.len());
        for answer in answers {
            headers.push(answer.await?.map(|block| header(&block)));
        }
        Ok(headers)
    }

    async fn block(&self, at: BlockNumberOrTag) -> Result<Option<Header>, SourceError> {
        let block = self.provider.get_block_by_number(at).await.map_err(source_error)?;
        Ok(block.map(|block| header(&block)))
    }
}

impl<P: Provider + 'static> ChainSource for RpcSource<P> {
    async fn chain_id(&self) -> Result<u64, SourceError> {
        self.provider.get_chain_id().await.map_err(source_error)
    }

    async fn head(&self) -> Result<Header, SourceError> {
        let head = self.block(BlockNumberOrTag::Latest).await?;
        head.ok_or_else(|| RpcFault::nonsense("it has no latest block").into())
    }

    /// A node that does not know the tag declines, each in its own words.
    async fn finalized(&self) -> Result<Option<u64>, SourceError> {
        match self.block(BlockNumberOrTag::Finalized).await {
            Ok(block) => Ok(block.map(|block| block.number)),
            Err(SourceError::Fault(RpcFault::Rejected { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn header(&self, number: u64) -> Result<Option<Header>, SourceError> {
        at_height(number, self.block(BlockNumberOrTag::Number(number)).await?)
    }

    /// In one request, where the node takes several questions in one.
    async fn headers(&self, numbers: &[u64]) -> Result<Vec<Option<Header>>, SourceError> {
        if numbers.len() > 1 && self.takes_batches.load(Ordering::Relaxed) {
            match self.batch(numbers).await.map_err(source_error) {
                Ok(headers) => {
                    return numbers.iter().zip(headers).map(|(&number, one)| at_height(number, one)).collect();
                }
                // Each node declines in its own words. Asked one by one, it says what is really wrong.
                Err(error) => self.takes_batches.store(error.later().is_some(), Ordering::Relaxed),
            }
        }
        one_by_one(self, numbers).await
    }

    async fn logs(&self, span: Span, wanted: &Wanted) -> Result<Vec<ChainLog>, SourceError> {
        let words =
            |accounts: &BTreeSet<Address>| accounts.iter().map(|account| account.into_word()).collect::<Vec<_>>();
        let (moved, used) = (Transfer::SIGNATURE_HASH, AuthorizationUsed::SIGNATURE_HASH);
        let filter = match wanted {
            Wanted::Of(contracts) => Filter::new().address(contracts.iter().copied().collect::<Vec<_>>()),
            Wanted::From(accounts) => Filter::new().event_signature(vec![moved, used]).topic1(words(accounts)),
            Wanted::To(accounts) => Filter::new().event_signature(moved).topic2(words(accounts)),
        };
        let filter = match span {
            Span::Range(from, to) => filter.from_block(from).to_block(to),
            Span::Block(hash) => filter.at_block_hash(hash),
        };
        let logs = self.provider.client().request::<_, Vec<WireLog>>("eth_getLogs", (filter,));
        logs.await.map_err(source_error)?.into_iter().map(WireLog::read).collect()
    }

    async fn receipts(&self, block: B256) -> Result<Option<Vec<ChainReceipt>>, SourceError> {
        let answer = self.provider.client().request("eth_getBlockReceipts", (BlockId::hash(block),));
        let receipts: Option<Vec<WireReceipt>> = answer.await.map_err(source_error)?;
        Ok(receipts.map(|receipts| receipts.into_iter().map(WireReceipt::read).collect()))
    }

    /// A node without the block's state declines, each in its own words.
    async fn vault_head(&self, vault: Address, at: BlockRef) -> Result<Option<VaultHead>, SourceError> {
        let head = IVault::new(vault, &self.provider).head().block(BlockId::hash(at.hash)).call().await;
        match head.map_err(contract_error) {
            Ok(head) => Ok(Some(VaultHead { sequence: head.sequence, running_hash: head.runningHash })),
            Err(SourceError::Fault(RpcFault::Rejected { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn input(&self, tx: B256) -> Result<Option<Bytes>, SourceError> {
        let asked = self.provider.raw_request::<_, Option<WireCall>>("eth_getTransactionByHash".into(), (tx,)).await;
        Ok(asked.map_err(source_error)?.map(|call| call.input))
    }

    async fn storage(
        &self,
        account: Address,
        slots: &[B256],
        at: BlockRef,
    ) -> Result<Option<AccountProof>, SourceError> {
        let account = proof(&self.provider, account, slots, at).await?;
        Ok(account.map(|account| AccountProof { node: "the node".to_owned(), account }))
    }

    async fn has_code(&self, address: Address) -> Result<bool, SourceError> {
        let code = self.provider.get_code_at(address).await.map_err(source_error)?;
        Ok(!code.is_empty())
    }
}

/// What a transaction of any type calls with.
#[derive(Debug, Deserialize)]
struct WireCall {
    input: Bytes,
}

/// A log as a node gives it. alloy's own type reads the fields of a log within a log, which takes twice the time.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    block_number: Option<U64>,
    block_hash: Option<B256>,
    transaction_hash: Option<B256>,
    log_index: Option<U64>,
    #[serde(default)]
    removed: bool,
}

impl WireLog {
    fn read(self) -> Result<ChainLog, SourceError> {
        let Self { address, topics, data, block_number, block_hash, transaction_hash, log_index, removed } = self;
        if removed {
            return Err(RpcFault::nonsense("it gave a removed log").into());
        }
        let (Some(block_number), Some(block_hash), Some(tx), Some(log_index)) =
            (block_number, block_hash, transaction_hash, log_index)
        else {
            return Err(RpcFault::nonsense("it gave a log without its block, transaction or index").into());
        };
        let (block_number, log_index) = (block_number.to(), log_index.to());
        Ok(ChainLog { address, topics, data, block_number, block_hash, tx, log_index })
    }
}

/// A log in a receipt: the receipts root commits to nothing else of it.
#[derive(Debug, Deserialize)]
struct WireEvent {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

impl WireEvent {
    fn read(self) -> Log {
        Log::new_unchecked(self.address, self.topics, self.data)
    }
}

/// A receipt of any chain, with the fields that a root may commit to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReceipt {
    #[serde(rename = "type", default)]
    kind: U8,
    status: Option<U64>,
    root: Option<B256>,
    cumulative_gas_used: U64,
    logs_bloom: Bloom,
    logs: Vec<WireEvent>,
    transaction_hash: B256,
    deposit_nonce: Option<U64>,
    deposit_receipt_version: Option<U64>,
}

impl WireReceipt {
    fn read(self) -> ChainReceipt {
        let logs = self.logs.into_iter().map(WireEvent::read).collect();
        let status = match (self.status, self.root) {
            (None, Some(root)) => Eip658Value::PostState(root),
            (status, _) => Eip658Value::Eip658(status.is_some_and(|status| !status.is_zero())),
        };
        let receipt = Receipt { status, cumulative_gas_used: self.cumulative_gas_used.to(), logs };
        let kind: u8 = self.kind.to();
        let body = match TxType::try_from(kind) {
            Ok(kind) => {
                let receipt = ReceiptWithBloom { receipt, logs_bloom: self.logs_bloom };
                ReceiptBody::Ethereum(ReceiptEnvelope::from_typed(kind, receipt))
            }
            Err(_) if kind == DEPOSIT_TX_TYPE_ID => {
                let receipt = OpDepositReceipt {
                    inner: receipt,
                    deposit_nonce: self.deposit_nonce.map(|nonce| nonce.to()),
                    deposit_receipt_version: self.deposit_receipt_version.map(|version| version.to()),
                };
                ReceiptBody::Deposit(ReceiptWithBloom { receipt, logs_bloom: self.logs_bloom })
            }
            Err(_) => ReceiptBody::Other(receipt.logs),
        };
        ChainReceipt { tx: self.transaction_hash, body }
    }
}

/// Refuses another block than the one that was asked for.
fn at_height(number: u64, header: Option<Header>) -> Result<Option<Header>, SourceError> {
    match header {
        Some(header) if header.number != number => {
            Err(RpcFault::nonsense(format!("asked for block {number}, it gave block {}", header.number)).into())
        }
        header => Ok(header),
    }
}

fn header(block: &Block) -> Header {
    let fields = &block.header.inner;
    let seal = Seal { state_root: fields.state_root, receipts_root: fields.receipts_root, bloom: fields.logs_bloom };
    let is_sealed = fields.hash_slow() == block.header.hash;
    Header {
        number: block.header.number,
        hash: block.header.hash,
        parent: block.header.parent_hash,
        time: block.header.timestamp,
        seal: is_sealed.then_some(seal),
    }
}

/// An account and words of its storage with their proofs; none where the node serves none: it declines, each in its own words.
pub(crate) async fn proof<P: Provider>(
    provider: &P,
    account: Address,
    slots: &[B256],
    at: BlockRef,
) -> Result<Option<AccountEvidence>, SourceError> {
    let asked = provider.get_proof(account, slots.to_vec()).block_id(BlockId::hash(at.hash)).await;
    match asked.map_err(source_error) {
        Ok(answer) => Ok(Some(evidence(answer))),
        Err(SourceError::Fault(RpcFault::Rejected { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a node proves of an account, with its words in the order of its answer.
fn evidence(answer: EIP1186AccountProofResponse) -> AccountEvidence {
    let EIP1186AccountProofResponse { balance, code_hash, nonce, storage_hash, account_proof, storage_proof, .. } =
        answer;
    let words = storage_proof.into_iter().map(|word| WordEvidence { value: word.value, proof: word.proof }).collect();
    AccountEvidence { nonce, balance, storage_root: storage_hash, code_hash, proof: account_proof, words }
}

fn contract_error(error: alloy::contract::Error) -> SourceError {
    match error {
        alloy::contract::Error::TransportError(error) => source_error(error),
        other => RpcFault::from(other).into(),
    }
}

/// A transport's error; for log queries it matters whether a smaller one would be answered.
pub(crate) fn source_error(error: TransportError) -> SourceError {
    let (later, is_too_large) = (later(&error), is_too_large(&error));
    let fault = RpcFault::from(error);
    match later {
        Some(Later::LessOften(wait)) => SourceError::TooOften { why: fault.to_string(), wait },
        _ if is_too_large => SourceError::TooLarge(fault.to_string()),
        _ => fault.into(),
    }
}

/// When a node that said this may answer the same question; none: never.
pub(crate) fn later(error: &TransportError) -> Option<Later> {
    const TOO_MANY_REQUESTS: u16 = 429;
    match error {
        RpcError::ErrorResp(payload) => {
            asks_for_patience(payload.code, &payload.message).then_some(Later::LessOften(None))
        }
        // A batch that is not whole is made up for by single questions.
        RpcError::Transport(TransportErrorKind::MissingBatchResponse(_)) => None,
        RpcError::Transport(_) if is_too_large(error) => None,
        RpcError::Transport(kind) => {
            let is_too_often = kind.as_http_error().is_some_and(|http| http.status == TOO_MANY_REQUESTS);
            let wait = kind.retry_after();
            Some(if is_too_often || wait.is_some() { Later::LessOften(wait) } else { Later::Soon })
        }
        _ => None,
    }
}

fn is_too_large(error: &TransportError) -> bool {
    const CONTENT_TOO_LARGE: u16 = 413;
    match error {
        RpcError::ErrorResp(payload) => asks_for_less(payload.code, &payload.message),
        RpcError::Transport(kind) => {
            AnswerTooLong::is_in(kind) || kind.as_http_error().is_some_and(|http| http.status == CONTENT_TOO_LARGE)
        }
        _ => false,
    }
}

/// Nodes say in many ways that a log query covers too much; none of them is a standard.
fn asks_for_less(code: i64, message: &str) -> bool {
    const LIMIT_EXCEEDED: i64 = -32005;
    const HINTS: [&str; 7] = [
        "block range",
        "too many",
        "query returned more",
        "response size",
        "too large",
        "limit exceeded",
        "max results",
    ];
    let message = message.to_lowercase();
    code == LIMIT_EXCEEDED || HINTS.iter().any(|hint| message.contains(hint))
}

/// Nodes say in several ways that they are asked too often.
pub(crate) fn asks_for_patience(code: i64, message: &str) -> bool {
    const TOO_MANY_REQUESTS: i64 = 429;
    const HINTS: [&str; 4] = ["rate limit", "too many requests", "requests per second", "throughput"];
    let message = message.to_lowercase();
    code == TOO_MANY_REQUESTS || HINTS.iter().any(|hint| message.contains(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_is_told_from_other_errors() {
        assert!(asks_for_patience(429, "anything"));
        assert!(asks_for_patience(-32005, "Your app has exceeded its compute units per second: rate limited"));
        assert!(asks_for_patience(-32000, "Too Many Requests"));
        assert!(!asks_for_patience(-32005, "query returned more than 10000 results"));
    }

    #[test]
    fn size_complaints_are_told_from_other_errors() {
        assert!(asks_for_less(-32005, "anything"));
        assert!(asks_for_less(-32602, "Block range is too wide"));
        assert!(asks_for_less(-32000, "query returned more than 10000 results"));
        assert!(!asks_for_less(-32000, "header not found"));
    }
}
