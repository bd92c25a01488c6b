//! A chain source over JSON-RPC.

use crate::source::{ChainLog, ChainSource, Header, SourceError, Span};
use alloy::eips::BlockNumberOrTag;
use alloy::primitives::Address;
use alloy::providers::Provider;
use alloy::rpc::types::{Block, Filter, Log};
use alloy::transports::{RpcError, TransportError};
use purse_protocol::RpcFault;

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

impl<P: Provider> ChainSource for RpcSource<P> {
    async fn chain_id(&self) -> Result<u64, SourceError> {
        self.provider.get_chain_id().await.map_err(source_error)
    }

    async fn head(&self) -> Result<Header, SourceError> {
        let head = self.block(BlockNumberOrTag::Latest).await?;
        head.ok_or_else(|| RpcFault::nonsense("it has no latest block").into())
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

/// A transport's error; for log queries it matters whether a smaller one would be answered.
pub(crate) fn source_error(error: TransportError) -> SourceError {
    const CONTENT_TOO_LARGE: u16 = 413;
    let too_large = match &error {
        RpcError::ErrorResp(payload) => asks_for_less(payload.code, &payload.message),
        RpcError::Transport(kind) => kind.as_http_error().is_some_and(|http| http.status == CONTENT_TOO_LARGE),
        _ => false,
    };
    let fault = RpcFault::from(error);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_complaints_are_told_from_other_errors() {
        assert!(asks_for_less(-32005, "anything"));
        assert!(asks_for_less(-32602, "Block range is too wide"));
        assert!(asks_for_less(-32000, "query returned more than 10000 results"));
        assert!(!asks_for_less(-32000, "header not found"));
    }
}
