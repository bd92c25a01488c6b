//! A chain source over JSON-RPC.

use crate::source::{ChainLog, ChainSource, Header, SourceError, Span};
use alloy::eips::BlockNumberOrTag;
use alloy::primitives::Address;
use alloy::providers::Provider;
use alloy::rpc::types::{Block, Filter, Log};
use alloy::transports::{RpcError, TransportError, TransportErrorKind};

/// As much of a node's error message as an operator can read.
const MESSAGE_CHARS: usize = 300;

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
        let block = self.provider.get_block_by_number(at).await.map_err(|error| source_error(&error))?;
        Ok(block.map(|block| header(&block)))
    }
}

impl<P: Provider> ChainSource for RpcSource<P> {
    async fn chain_id(&self) -> Result<u64, SourceError> {
        self.provider.get_chain_id().await.map_err(|error| source_error(&error))
    }

    async fn head(&self) -> Result<Header, SourceError> {
        let head = self.block(BlockNumberOrTag::Latest).await?;
        head.ok_or_else(|| SourceError::Nonsense("it has no latest block".into()))
    }

    async fn header(&self, number: u64) -> Result<Option<Header>, SourceError> {
        let header = self.block(BlockNumberOrTag::Number(number)).await?;
        match header {
            Some(header) if header.number != number => {
                Err(SourceError::Nonsense(format!("asked for block {number}, it gave block {}", header.number)))
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
        let logs = self.provider.get_logs(&filter).await.map_err(|error| source_error(&error))?;
        logs.into_iter().map(chain_log).collect()
    }

    async fn has_code(&self, address: Address) -> Result<bool, SourceError> {
        let code = self.provider.get_code_at(address).await.map_err(|error| source_error(&error))?;
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
        return Err(SourceError::Nonsense("it gave a removed log".into()));
    }
    let (Some(block_number), Some(block_hash), Some(tx), Some(log_index)) =
        (log.block_number, log.block_hash, log.transaction_hash, log.log_index)
    else {
        return Err(SourceError::Nonsense("it gave a log without its block, transaction or index".into()));
    };
    let (topics, data) = log.inner.data.split();
    Ok(ChainLog { address: log.inner.address, topics, data, block_number, block_hash, tx, log_index })
}

/// A transport's error in the indexer's words, without the node's address (it may hold an access key).
pub(crate) fn source_error(error: &TransportError) -> SourceError {
    match error {
        RpcError::ErrorResp(payload) if asks_for_less(payload.code, &payload.message) => {
            SourceError::TooLarge(readable(&payload.message))
        }
        RpcError::ErrorResp(payload) => {
            SourceError::Refused(format!("{} (code {})", readable(&payload.message), payload.code))
        }
        RpcError::DeserError { err, .. } => SourceError::Nonsense(readable(&err.to_string())),
        RpcError::NullResp => SourceError::Nonsense("an empty answer".into()),
        RpcError::Transport(TransportErrorKind::HttpError(http)) if http.status == 413 => {
            SourceError::TooLarge("HTTP 413".into())
        }
        RpcError::Transport(TransportErrorKind::HttpError(http)) => {
            SourceError::Refused(format!("HTTP {}", http.status))
        }
        other => SourceError::Unreachable(readable(&other.to_string())),
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

/// A message cut to a readable length, without control characters, without the URL that reqwest puts in.
fn readable(message: &str) -> String {
    let message = match message.split_once(" for url (") {
        Some((before, after)) => format!("{before}{}", after.split_once(')').map_or("", |(_, rest)| rest)),
        None => message.to_owned(),
    };
    message.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodes_address_stays_out_of_messages() {
        let text = readable("error sending request for url (https://node.example/v3/SECRET): refused\n\u{1b}[31m");
        assert_eq!(text, "error sending request: refused[31m");
    }

    #[test]
    fn size_complaints_are_told_from_other_errors() {
        assert!(asks_for_less(-32005, "anything"));
        assert!(asks_for_less(-32602, "Block range is too wide"));
        assert!(asks_for_less(-32000, "query returned more than 10000 results"));
        assert!(!asks_for_less(-32000, "header not found"));
    }
}
