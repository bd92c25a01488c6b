//! What the indexer asks of a chain, behind a small trait, so that tests can reorganise it and lie.

pub mod patience;

pub use patience::Later;

use crate::interest::{is_from, is_to};
use crate::receipts::ChainReceipt;
use crate::rows::BlockRef;
use alloy::primitives::{Address, B256, Bloom, Bytes};
use purse_audit::AccountEvidence;
use purse_protocol::RpcFault;
use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

/// A block's header, as far as the indexer needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Height.
    pub number: u64,
    /// The block's hash.
    pub hash: B256,
    /// The hash of the block before it.
    pub parent: B256,
    /// Seconds since 1970.
    pub time: u64,
    /// What the hash commits to; none where it could not be recomputed from the header's fields.
    pub seal: Option<Seal>,
}

/// What a header commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// The root over all accounts after the block.
    pub state_root: B256,
    /// The root over all receipts of the block.
    pub receipts_root: B256,
    /// The filter over the contracts and topics of all logs of the block.
    pub bloom: Bloom,
}

impl From<&Header> for BlockRef {
    fn from(header: &Header) -> Self {
        Self { number: header.number, hash: header.hash }
    }
}

/// A log as the node gave it. The indexer checks each field against what it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLog {
    /// The contract that emitted it.
    pub address: Address,
    /// Its topics, the event's signature first.
    pub topics: Vec<B256>,
    /// Its other words.
    pub data: Bytes,
    /// The block's height.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
    /// The transaction's hash.
    pub tx: B256,
    /// The log's number within the block.
    pub log_index: u64,
}

/// Which blocks a log query covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// From the first to the last block, both included, of whatever chain the node follows now.
    Range(u64, u64),
    /// Exactly the block of this hash.
    Block(B256),
}

/// Which logs a query asks for: filters that any node has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Every log of these contracts.
    Of(BTreeSet<Address>),
    /// What any token logs of these accounts as the giving side: `Transfer` from them, `AuthorizationUsed` of theirs.
    From(BTreeSet<Address>),
    /// Every `Transfer` of any token to these accounts.
    To(BTreeSet<Address>),
}

impl Wanted {
    /// Whether a log is one that is asked for.
    pub fn fits(&self, contract: Address, topics: &[B256]) -> bool {
        match self {
            Self::Of(contracts) => contracts.contains(&contract),
            Self::From(accounts) => is_from(topics, |account| accounts.contains(account)),
            Self::To(accounts) => is_to(topics, |account| accounts.contains(account)),
        }
    }
}

/// A vault's own count of its events and its hash over them, as `head()` answers (I13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaultHead {
    /// The number of the last event.
    pub sequence: u32,
    /// The running hash, right-aligned in 32 bytes.
    pub running_hash: B256,
}

/// What a node says to prove of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountProof {
    /// The node, without what may be a key.
    pub node: String,
    /// The account and words of its storage, in the order of the question.
    pub account: AccountEvidence,
}

/// What one of several nodes did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The node, without what may be a key.
    pub name: String,
    /// How many questions it answered.
    pub answers: u64,
    /// How many it did not.
    pub failures: u64,
}

/// Where blocks and logs come from.
pub trait ChainSource: Send + Sync + 'static {
    /// The chain's id.
    fn chain_id(&self) -> impl Future<Output = Result<u64, SourceError>> + Send;
    /// The newest block.
    fn head(&self) -> impl Future<Output = Result<Header, SourceError>> + Send;
    /// The height of the newest final block; none when the node does not tell.
    fn finalized(&self) -> impl Future<Output = Result<Option<u64>, SourceError>> + Send;
    /// The block at a height; none when the node has none.
    fn header(&self, number: u64) -> impl Future<Output = Result<Option<Header>, SourceError>> + Send;
    /// The blocks at these heights, in this order; none in the place of each that the node does not have.
    fn headers(&self, numbers: &[u64]) -> impl Future<Output = Result<Vec<Option<Header>>, SourceError>> + Send {
        one_by_one(self, numbers)
    }
    /// Every log in these blocks that is asked for.
    fn logs(&self, span: Span, wanted: &Wanted) -> impl Future<Output = Result<Vec<ChainLog>, SourceError>> + Send;
    /// Every receipt of a block; none when the node has no such block.
    fn receipts(&self, block: B256) -> impl Future<Output = Result<Option<Vec<ChainReceipt>>, SourceError>> + Send;
    /// What a transaction calls with; none when the node does not have it any more.
    fn input(&self, _tx: B256) -> impl Future<Output = Result<Option<Bytes>, SourceError>> + Send {
        async { Ok(None) }
    }
    /// What a vault says of itself at a block; none when the node has no state of that block any more.
    fn vault_head(
        &self,
        vault: Address,
        at: BlockRef,
    ) -> impl Future<Output = Result<Option<VaultHead>, SourceError>> + Send;
    /// An account and these words of its storage at a block, with their proofs (`eth_getProof`); none when the node serves none, or
    /// has no state of that block any more.
    fn storage(
        &self,
        _account: Address,
        _slots: &[B256],
        _at: BlockRef,
    ) -> impl Future<Output = Result<Option<AccountProof>, SourceError>> + Send {
        async { Ok(None) }
    }
    /// Whether there is a contract at an address.
    fn has_code(&self, address: Address) -> impl Future<Output = Result<bool, SourceError>> + Send;
    /// Whether whoever else can be asked has this block too, and answers these questions with these logs.
    fn cross_check(
        &self,
        _block: &Header,
        _wanted: &[Wanted],
        _logs: &[ChainLog],
    ) -> impl Future<Output = Result<(), SourceError>> + Send {
        async { Ok(()) }
    }
    /// Who answered how often, where there are several.
    fn served(&self) -> Vec<Served> {
        Vec::new()
    }
}

/// Why a chain source did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The node wants a smaller log query, or answered with more than is read. The indexer halves the range.
    #[error("a question of this size is not answered: {0}")]
    TooLarge(String),
    /// The node wants to be asked later. The indexer waits and asks again.
    #[error("the node asks to be asked less often: {why}")]
    TooOften {
        /// Its words.
        why: String,
        /// For how long it wants to be left alone, where it says so.
        wait: Option<Duration>,
    },
    /// Two nodes say different things about the same block, or are of different chains.
    #[error("two nodes disagree: {what}")]
    Disagree {
        /// About what, and both by name.
        what: String,
    },
    /// None of several nodes gave a usable answer.
    #[error("no node answers: {each}")]
    NoneAnswers {
        /// What each of them said.
        each: String,
        /// When one of them may answer.
        later: Option<Later>,
    },
    /// No usable answer.
    #[error(transparent)]
    Fault(#[from] RpcFault),
}

impl SourceError {
    /// What the operator can do about it, in one sentence.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "use a node that answers what is asked of a single block",
            Self::TooOften { .. } => "wait, ask it less often (--rate), or use a node with a higher rate limit",
            Self::Disagree { .. } => {
                "one of them is wrong: compare both with a block explorer, and leave the wrong one out"
            }
            Self::NoneAnswers { .. } => "check each --rpc, or use other nodes",
            Self::Fault(fault) => fault.fix(),
        }
    }

    /// When the same question may be answered; none: never.
    pub(crate) const fn later(&self) -> Option<Later> {
        match self {
            Self::TooOften { wait, .. } => Some(Later::LessOften(*wait)),
            Self::Fault(RpcFault::Unreachable { .. }) => Some(Later::Soon),
            Self::NoneAnswers { later, .. } => *later,
            _ => None,
        }
    }
}

/// The blocks at these heights, each by a question of its own.
pub(crate) async fn one_by_one<S: ChainSource + ?Sized>(
    source: &S,
    numbers: &[u64],
) -> Result<Vec<Option<Header>>, SourceError> {
    let mut headers = Vec::with_capacity(numbers.len());
    for &number in numbers {
        headers.push(source.header(number).await?);
    }
    Ok(headers)
}
