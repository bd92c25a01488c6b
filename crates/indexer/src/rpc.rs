//! A chain source over JSON-RPC.

use crate::rows::BlockRef;
use crate::source::{ChainLog, ChainSource, Header, SourceError, Span, VaultHead};
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::Address;
use alloy::providers::Provider;
use alloy::rpc::types::{Block, Filter, Log};
use alloy::transports::{RpcError, TransportError};
use purse_protocol::RpcFault;
use purse_protocol::abi::IVault;

/// A node, reached by an alloy provider.
#[derive(Debug, Clone)]
pub struct RpcSource<P> {
    provider: P,
}

impl<P: Provider> RpcSource<P> {
    /// A source that asks this provider.
    pub const fn new(provider: P) -> Self {
        Self { provider }
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
        let header = self.block(BlockNumberOrTag::Number(number)).await?;
        match header {
            Some(header) if header.number != number => {
                Err(RpcFault::nonsense(format!("asked for block {number}, it gave block {}", header.number)).into())
            }
            header => Ok(header),
        }
    }

    async fn logs(&self, span: Span, addresses: &[Address]) -> Result<Vec<ChainLog>, SourceError> {
        let filter = Filter::new().address(addresses.to_vec());
        let filter = match span {
            Span::Range(from, to) => filter.from_block(from).to_block(to),
            Span::Block(hash) => filter.at_block_hash(hash),
        };
        let logs = self.provider.get_logs(&filter).await.map_err(source_error)?;
        logs.into_iter().map(chain_log).collect()
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

    async fn has_code(&self, address: Address) -> Result<bool, SourceError> {
        let code = self.provider.get_code_at(address).await.map_err(source_error)?;
        Ok(!code.is_empty())
    }
}

fn header(block: &Block) -> Header {
    Header {
        number: block.header.number,
        hash: block.header.hash,
        parent: block.header.parent_hash,
        time: block.header.timestamp,
    }
}

fn chain_log(log: Log) -> Result<ChainLog, SourceError> {
    if log.removed {
        return Err(RpcFault::nonsense("it gave a removed log").into());
    }
    let (Some(block_number), Some(block_hash), Some(tx), Some(log_index)) =
        (log.block_number, log.block_hash, log.transaction_hash, log.log_index)
    else {
        return Err(RpcFault::nonsense("it gave a log without its block, transaction or index").into());
    };
    let (topics, data) = log.inner.data.split();
    Ok(ChainLog { address: log.inner.address, topics, data, block_number, block_hash, tx, log_index })
}

fn contract_error(error: alloy::contract::Error) -> SourceError {
    match error {
        alloy::contract::Error::TransportError(error) => source_error(error),
        other => RpcFault::from(other).into(),
    }
}

/// A transport's error; for log queries it matters whether a smaller one would be answered.
pub(crate) fn source_error(error: TransportError) -> SourceError {
    const CONTENT_TOO_LARGE: u16 = 413;
    const TOO_MANY_REQUESTS: u16 = 429;
    let too_large = match &error {
        RpcError::ErrorResp(payload) => asks_for_less(payload.code, &payload.message),
        RpcError::Transport(kind) => kind.as_http_error().is_some_and(|http| http.status == CONTENT_TOO_LARGE),
        _ => false,
    };
    let too_often = match &error {
        RpcError::ErrorResp(payload) => asks_for_patience(payload.code, &payload.message),
        RpcError::Transport(kind) => kind.as_http_error().is_some_and(|http| http.status == TOO_MANY_REQUESTS),
        _ => false,
    };
    let fault = RpcFault::from(error);
    if too_often {
        return SourceError::TooOften(fault.to_string());
    }
    if too_large { SourceError::TooLarge(fault.to_string()) } else { fault.into() }
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
fn asks_for_patience(code: i64, message: &str) -> bool {
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
