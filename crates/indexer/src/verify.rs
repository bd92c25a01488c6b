//! What a node gave, checked and decoded before it is believed: blocks, order, numbers without gaps. Pure.

use crate::chunk::Chunk;
use crate::decode::Factory;
use crate::error::IndexError;
use crate::fetch::{FetchError, Fetched, came_twice};
use crate::known::Known;
use crate::movement::{self, Movement};
use crate::rows::{BlockRef, StoredAuthorization, StoredHead, StoredPurse, StoredRange, StoredTransfer, StoredVault};
use crate::source::{ChainLog, Header};
use crate::truth::Truth;
use alloy::primitives::{Address, B256};
use purse_protocol::event::RunningHash;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What was fetched, believed so far.
pub(crate) struct Verified {
    pub(crate) chunk: Chunk,
    /// The vaults after it.
    pub(crate) known: Known,
}

/// Puts the logs in order and checks that they are of these blocks, that the blocks follow `cursor`, and that no event
/// is missing between the logs.
pub(crate) fn verify(
    fetched: Fetched,
    cursor: Option<BlockRef>,
    factory: &Factory,
    known: &Known,
) -> Result<Verified, FetchError> {
    let Fetched { plan, mut headers, mut logs, is_whole, truth, .. } = fetched;
    let mut before = cursor;
    for header in headers.iter().take(if is_whole { headers.len() } else { 1 }) {
        follows(before, header)?;
        before = Some(header.into());
    }
    if headers.windows(2).any(|pair| pair[1].time < pair[0].time) {
        return Err(IndexError::Inconsistent("a block is older than the one before it".into()).into());
    }
    of_these(&headers, &logs)?;
    if truth == Truth::Linked {
        screened(&headers, &logs)?;
    }
    logs.sort_by_key(position);
    // What moved between two accounts came in two answers, the same.
    logs.dedup_by(|next, log| position(next) == position(log) && next == log);
    if let Some(pair) = logs.windows(2).find(|pair| position(&pair[0]) == position(&pair[1])) {
        return Err(came_twice(&pair[0]).into());
    }
    transactions(&logs)?;
    let before = known;
    let mut known = known.clone();
    let vaults = factory.created(&logs)?;
    for vault in &vaults {
        if !known.begin(vault.address) {
            let text = format!("vault {} was created twice", vault.address);
            return Err(IndexError::Inconsistent(text).into());
        }
    }
    let is_contract = |log: &ChainLog| log.address == factory.address || known.head(log.address).is_some();
    let (mut of_tokens, all) = (Vec::with_capacity(logs.len()), logs);
    let mut logs = Vec::with_capacity(all.len());
    all.into_iter().for_each(|log| if is_contract(&log) { logs.push(log) } else { of_tokens.push(log) });
    let (heads, hashes) = follow(&logs, &mut known)?;
    for vault in &vaults {
        if known.head(vault.address).is_some_and(|head| head.sequence == 0) {
            return Err(IndexError::VaultWithoutEvents { vault: vault.address, block: vault.block.number }.into());
        }
    }
    let purses: Vec<_> =
        logs.iter().filter(|log| log.address != factory.address).filter_map(movement::opened).collect();
    purses.iter().for_each(|purse| known.open(purse.address));
    let (transfers, authorizations) = movements(&of_tokens, before, &known, &vaults, &purses);
    if !plan.linked {
        let of_logs = logs.iter().map(|log| log.block_number);
        let of_moves = transfers.iter().map(|moved| moved.block.number);
        let of_uses = authorizations.iter().map(|used| used.block.number);
        let with_logs: BTreeSet<_> = of_logs.chain(of_moves).chain(of_uses).collect();
        headers.retain(|header| header.number == plan.to || with_logs.contains(&header.number));
    }
    let range = Some(StoredRange { first: plan.from, last: plan.to, truth });
    let (finalized, confirmed) = (0, false);
    let states = Vec::new();
    let chunk = Chunk {
        headers,
        logs,
        hashes,
        transfers,
        authorizations,
        vaults,
        purses,
        heads,
        states,
        range,
        finalized,
        confirmed,
    };
    Ok(Verified { chunk, known })
}

/// What tokens say of vaults and purses, from the blocks on in which they came to be: the same however the blocks were
/// asked for.
fn movements(
    logs: &[ChainLog],
    before: &Known,
    known: &Known,
    vaults: &[StoredVault],
    purses: &[StoredPurse],
) -> (Vec<StoredTransfer>, Vec<StoredAuthorization>) {
    let created = vaults.iter().map(|vault| (vault.address, vault.block.number));
    let opened = purses.iter().map(|purse| (purse.address, purse.block.number));
    let since = created.chain(opened).collect();
    let (mut transfers, mut authorizations) = (Vec::new(), Vec::new());
    for log in logs {
        let read = movement::read(log);
        let is_older = |account: &Address| before.has_account(account);
        match read.filter(|read| movement::belongs(read, log.block_number, &since, is_older)) {
            Some(Movement::Transfer(moved)) => transfers.push(moved),
            Some(Movement::Authorization(used)) if known.has_purse(&used.purse) => authorizations.push(used),
            _ => {}
        }
    }
    (transfers, authorizations)
}

/// Follows every log and notes each vault after each block, and the running hash after each log that moved it.
fn follow(logs: &[ChainLog], known: &mut Known) -> Result<(Vec<StoredHead>, Vec<Option<RunningHash>>), IndexError> {
    let (mut heads, mut hashes) = (Vec::new(), Vec::with_capacity(logs.len()));
    for of_block in logs.chunk_by(|a, b| a.block_number == b.block_number) {
        let mut moved = BTreeSet::new();
        for log in of_block {
            let hash = known.follow(log)?;
            if hash.is_some() {
                moved.insert(log.address);
            }
            hashes.push(hash);
        }
        let block = BlockRef { number: of_block[0].block_number, hash: of_block[0].block_hash };
        let after = |vault: Address| {
            let head = known.head(vault)?;
            Some(StoredHead { vault, block, sequence: head.sequence, running_hash: head.running_hash })
        };
        heads.extend(moved.into_iter().filter_map(after));
    }
    Ok((heads, hashes))
}

/// Every log is of one of these blocks.
pub(crate) fn of_these(headers: &[Header], logs: &[ChainLog]) -> Result<(), FetchError> {
    let hashes: HashMap<_, _> = headers.iter().map(|header| (header.number, header.hash)).collect();
    let mut of_blocks = logs.chunk_by(|a, b| (a.block_number, a.block_hash) == (b.block_number, b.block_hash));
    let strange =
        of_blocks.find_map(|logs| logs.first().filter(|log| hashes.get(&log.block_number) != Some(&log.block_hash)));
    strange.map_or(Ok(()), |log| {
        let text = format!("a log of block {} names another hash than the block has", log.block_number);
        Err(FetchError::Moved(text))
    })
}

/// No log is excluded by its block's bloom filter.
pub(crate) fn screened(headers: &[Header], logs: &[ChainLog]) -> Result<(), IndexError> {
    let blooms: HashMap<_, _> =
        headers.iter().filter_map(|header| Some((header.hash, header.seal.as_ref()?.bloom))).collect();
    let excluded = logs
        .iter()
        .find(|log| blooms.get(&log.block_hash).is_some_and(|bloom| !bloom.contains_raw_log(log.address, &log.topics)));
    excluded.map_or(Ok(()), |log| Err(IndexError::LogForged { block: log.block_number, log_index: log.log_index }))
}

/// Logs of one transaction stand together, and a transaction is in one block.
fn transactions(logs: &[ChainLog]) -> Result<(), IndexError> {
    let mut blocks: BTreeMap<B256, u64> = BTreeMap::new();
    for of_one in logs.chunk_by(|a, b| a.tx == b.tx) {
        let (tx, block) = (of_one[0].tx, of_one[0].block_number);
        if of_one.iter().any(|log| log.block_number != block) || blocks.insert(tx, block).is_some() {
            return Err(IndexError::Inconsistent(format!("logs of transaction {tx} do not stand together")));
        }
    }
    Ok(())
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
