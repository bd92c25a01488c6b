//! A range of blocks with all logs of the factory and its vaults, checked before anything is believed.

use crate::commit::{Chunk, NewVault};
use crate::continuity::Continuity;
use crate::error::IndexError;
use crate::read::BlockRef;
use crate::source::{ChainLog, ChainSource, Header, SourceError, Span};
use alloy::primitives::{Address, Bytes, LogData};
use alloy::sol_types::SolEvent;
use futures::{StreamExt, TryStreamExt, stream};
use purse_protocol::abi::IVaultFactory::VaultCreated;
use purse_protocol::{VaultConfig, create2};
use std::collections::{BTreeMap, BTreeSet};

/// Requests under way at once: enough to hide the latency of a node, too few to be a nuisance to it.
const REQUESTS_AT_ONCE: usize = 8;
/// Contracts named in one log query: several providers refuse more than 1,000.
const ADDRESSES_PER_QUERY: usize = 500;

/// What is followed, and up to where it is known.
pub(crate) struct Fetcher<'a, S> {
    pub(crate) source: &'a S,
    pub(crate) chain_id: u64,
    pub(crate) factory: Address,
    pub(crate) creation_code: Option<&'a Bytes>,
}

/// Why a range could not be fetched.
pub(crate) enum FetchError {
    /// The chain changed meanwhile, or the node's answers are of two chains: look again.
    Moved(String),
    /// The range is more than the node answers at once.
    TooLarge(SourceError),
    /// No use to go on.
    Stop(IndexError),
}

impl From<SourceError> for FetchError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::TooLarge(_) => Self::TooLarge(error),
            other => Self::Stop(other.into()),
        }
    }
}

impl From<IndexError> for FetchError {
    fn from(error: IndexError) -> Self {
        Self::Stop(error)
    }
}

impl<S: ChainSource> Fetcher<'_, S> {
    /// A range far below the head: logs by range; headers of the blocks that hold one, of the first and the last.
    pub(crate) async fn range(
        &self,
        after: Option<BlockRef>,
        (from, to): (u64, u64),
        known: &mut Continuity,
    ) -> Result<Chunk, FetchError> {
        let first = self.header(from).await?;
        follows(after, &first)?;
        let last = self.header(to).await?;
        let logs = self.logs(Span::Range(from, to), known).await?;
        let numbers: BTreeSet<u64> = logs.iter().map(|log| log.block_number).chain([to]).collect();
        let headers = self.headers(numbers).await?;
        // The logs are of the chain that has this last block before and after they were asked for.
        if headers.last() != Some(&last) {
            return Err(FetchError::Moved(format!("block {to} changed while its logs were fetched")));
        }
        self.chunk(headers, logs, known)
    }

    /// Blocks near the head: every header, each the child of the one before, and the logs of exactly these blocks.
    pub(crate) async fn linked(
        &self,
        after: Option<BlockRef>,
        (from, to): (u64, u64),
        known: &mut Continuity,
    ) -> Result<Chunk, FetchError> {
        let headers = self.headers(from..=to).await?;
        let mut before = after;
        for header in &headers {
            follows(before, header)?;
            before = Some(header.into());
        }
        let by_block = stream::iter(headers.iter().map(|header| Span::Block(header.hash)))
            .map(|span| self.query(span, [self.factory].into_iter().chain(known.vaults()).collect()))
            .buffered(REQUESTS_AT_ONCE)
            .try_collect::<Vec<_>>();
        let mut logs = by_block.await?.concat();
        let created = self.created(&logs)?;
        let addresses: Vec<_> = created.iter().map(|vault| vault.address).collect();
        if let Some(first) = created.first() {
            let spans = headers.iter().map(|header| header.hash).skip_while(|&hash| hash != first.block_hash);
            let of_new = stream::iter(spans.map(Span::Block))
                .map(|span| self.query(span, addresses.clone()))
                .buffered(REQUESTS_AT_ONCE)
                .try_collect::<Vec<_>>();
            logs.extend(of_new.await?.concat());
        }
        self.chunk(headers, logs, known)
    }

    /// Logs of a span: of the factory and the known vaults, then of the vaults that were created in it.
    async fn logs(&self, span: Span, known: &Continuity) -> Result<Vec<ChainLog>, FetchError> {
        let known = [self.factory].into_iter().chain(known.vaults()).collect();
        let mut logs = self.query(span, known).await?;
        let created = self.created(&logs)?.iter().map(|vault| vault.address).collect::<Vec<_>>();
        if !created.is_empty() {
            logs.extend(self.query(span, created).await?);
        }
        Ok(logs)
    }

    /// Logs of some contracts in a span, each of them asked for.
    async fn query(&self, span: Span, addresses: Vec<Address>) -> Result<Vec<ChainLog>, FetchError> {
        let mut logs = Vec::new();
        for addresses in addresses.chunks(ADDRESSES_PER_QUERY) {
            let answer = self.source.logs(span, addresses).await?;
            let asked: BTreeSet<_> = addresses.iter().collect();
            for log in &answer {
                let in_span = match span {
                    Span::Range(from, to) => (from..=to).contains(&log.block_number),
                    Span::Block(hash) => log.block_hash == hash,
                };
                if !in_span || !asked.contains(&log.address) {
                    let text = format!("a log of {} in block {} was not asked for", log.address, log.block_number);
                    return Err(IndexError::Inconsistent(text).into());
                }
            }
            logs.extend(answer);
        }
        Ok(logs)
    }

    async fn header(&self, number: u64) -> Result<Header, FetchError> {
        let header = self.source.header(number).await?;
        header.ok_or_else(|| FetchError::Moved(format!("block {number} is below the head, but the node has none")))
    }

    async fn headers(&self, numbers: impl IntoIterator<Item = u64>) -> Result<Vec<Header>, FetchError> {
        stream::iter(numbers).map(|number| self.header(number)).buffered(REQUESTS_AT_ONCE).try_collect().await
    }

    /// The vaults that the factory announced in these logs, each at the address that its configuration leads to.
    fn created(&self, logs: &[ChainLog]) -> Result<Vec<NewVault>, IndexError> {
        let announced =
            |log: &&ChainLog| log.address == self.factory && log.topics.first() == Some(&VaultCreated::SIGNATURE_HASH);
        logs.iter().filter(announced).map(|log| self.new_vault(log)).collect()
    }

    fn new_vault(&self, log: &ChainLog) -> Result<NewVault, IndexError> {
        let data = LogData::new_unchecked(log.topics.clone(), log.data.clone());
        let event = VaultCreated::decode_log_data(&data).map_err(|_| {
            IndexError::Inconsistent(format!("log {} of block {} is no VaultCreated", log.log_index, log.block_number))
        })?;
        let VaultCreated { vault, owner, treasury, guardian, salt } = event;
        if let Some(code) = self.creation_code {
            let config = VaultConfig { owner, treasury, guardian };
            let expected = create2::vault_address(self.factory, self.chain_id, code, &config, salt);
            if expected != vault {
                return Err(IndexError::VaultNotFromFactory { vault, expected, block: log.block_number });
            }
        }
        Ok(NewVault {
            address: vault,
            owner,
            treasury,
            guardian,
            salt,
            block_hash: log.block_hash,
            log_index: log.log_index,
            proven: self.creation_code.is_some(),
        })
    }

    /// Puts the logs in order and checks that they are of these blocks and that no event is missing between them.
    fn chunk(
        &self,
        headers: Vec<Header>,
        mut logs: Vec<ChainLog>,
        known: &mut Continuity,
    ) -> Result<Chunk, FetchError> {
        let hashes: BTreeMap<_, _> = headers.iter().map(|header| (header.number, header.hash)).collect();
        if let Some(log) = logs.iter().find(|log| hashes.get(&log.block_number) != Some(&log.block_hash)) {
            let text = format!("a log of block {} names another hash than the block has", log.block_number);
            return Err(FetchError::Moved(text));
        }
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        if let Some(pair) = logs.windows(2).find(|pair| position(&pair[0]) == position(&pair[1])) {
            let text = format!("log {} of block {} came twice", pair[0].log_index, pair[0].block_number);
            return Err(IndexError::Inconsistent(text).into());
        }
        let vaults = self.created(&logs)?;
        let mut next = known.clone();
        for vault in &vaults {
            if next.knows(vault.address) {
                let text = format!("vault {} was created twice", vault.address);
                return Err(IndexError::Inconsistent(text).into());
            }
            next.begin(vault.address);
        }
        for log in &logs {
            next.follow(log)?;
        }
        for vault in &vaults {
            if next.is_silent(vault.address) {
                let block =
                    logs.iter().find(|log| log.block_hash == vault.block_hash).map_or(0, |log| log.block_number);
                return Err(IndexError::VaultWithoutEvents { vault: vault.address, block }.into());
            }
        }
        *known = next;
        Ok(Chunk { headers, logs, vaults, keep_from: 0 })
    }
}

const fn position(log: &ChainLog) -> (u64, u64) {
    (log.block_number, log.log_index)
}

/// Whether a block is the child of the one before it; any block may follow nothing.
fn follows(before: Option<BlockRef>, block: &Header) -> Result<(), FetchError> {
    match before {
        Some(before) if block.parent != before.hash => {
            Err(FetchError::Moved(format!("the parent of block {} is not the block before it", block.number)))
        }
        _ => Ok(()),
    }
}
