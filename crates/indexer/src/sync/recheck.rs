//! A second look at blocks that are in the index already, where they shall be known better than they are: piece by piece
//! from the last block down, so that each piece ends in a block that is trusted. What is stored is compared, never mended.

use super::{Indexer, LOOKS, View};
use crate::chunk::Rollback;
use crate::cursor::{Standing, settle};
use crate::error::IndexError;
use crate::fetch::{FetchError, Fetched, came_twice};
use crate::interest::Interest;
use crate::movement::{self, Movement};
use crate::planner::Plan;
use crate::rows::{BlockRef, StoredAuthorization, StoredRange, StoredTransfer};
use crate::source::{ChainLog, ChainSource, Header};
use crate::store::Store;
use crate::truth::Truth;
use crate::verify::{of_these, screened};
use alloy::primitives::{Address, B256};
use std::collections::{BTreeMap, BTreeSet};

/// Blocks that are looked at and relabelled together: a stop costs no more than these.
const BLOCKS_AT_ONCE: u64 = 200;

/// How far a second look has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// Blocks that were looked at.
    pub done: u64,
    /// Blocks that are known less well than was asked for.
    pub all: u64,
}

/// What a second look did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rechecked {
    /// How many blocks are known better now.
    pub blocks: u64,
    /// Reorganisations that were rolled back before it.
    pub rollbacks: Vec<Rollback>,
}

/// A row of the trail, by block and index.
type Rows = BTreeMap<(u64, u64), Row>;

#[derive(Debug, PartialEq, Eq)]
enum Row {
    Log(ChainLog),
    Transfer(StoredTransfer),
    Authorization(StoredAuthorization),
}

impl<S: ChainSource> Indexer<S> {
    /// Looks again at all stored blocks that are known less well than was asked for: their headers, and their logs as that
    /// asks for them. What is the same is relabelled, each piece in one transaction; the next call goes on where this one
    /// ended. Nothing is asked where nothing is to do, or the chain is none that the table of chains calls provable.
    ///
    /// # Errors
    /// By name, at the first block that is stored as something else than it is: nothing of its piece is changed.
    pub async fn recheck(&mut self, mut progress: impl FnMut(Looked) + Send) -> Result<Rechecked, IndexError> {
        let mut rechecked = Rechecked::default();
        let wanted = self.fetcher.asks_for;
        if !self.fetcher.format_is_known || self.store.ranges()?.iter().all(|range| range.truth >= wanted) {
            return Ok(rechecked);
        }
        let mut view = self.check_source().await?;
        for _ in 0..LOOKS {
            match settle(&self.fetcher, &mut *self.store, &view.head, self.from_block).await? {
                Standing::Ready => {}
                // It can't be asked about the last blocks, and what is below them hangs on them.
                Standing::Lagging => return Ok(rechecked),
                Standing::RolledBack(rollback) => rechecked.rollbacks.push(rollback),
            }
            match self.look_again(view, &mut progress, &mut rechecked.blocks).await {
                Ok(()) => return Ok(rechecked),
                Err(FetchError::Moved(_)) => view = self.view().await?,
                Err(FetchError::Stop(error)) => return Err(error),
            }
        }
        Err(IndexError::Inconsistent("its blocks changed again and again while they were looked at".into()))
    }

    /// Goes down from the cursor to the lowest block that is to be known better.
    async fn look_again(
        &mut self,
        view: View,
        progress: &mut (impl FnMut(Looked) + Send),
        raised: &mut u64,
    ) -> Result<(), FetchError> {
        let extent = self.store.extent().map_err(IndexError::from)?;
        let Some(cursor) = extent.cursor else { return Ok(()) };
        let finalized = view.finalized.max(extent.finalized);
        let wanted = self.fetcher.asks_for;
        let ranges = self.store.ranges().map_err(IndexError::from)?;
        let falls_short = |range: &StoredRange| range.truth < wanted;
        let Some(lowest) = ranges.iter().position(falls_short) else { return Ok(()) };
        let all = ranges.iter().copied().filter(falls_short).map(count).sum();
        let accounts = Accounts::of(&*self.store, self.fetcher.factory.address)?;
        let (mut done, mut hash) = (0, cursor.hash);
        for &range in ranges[lowest..].iter().rev() {
            if !falls_short(&range) {
                hash = self.below(range, hash).await?;
                continue;
            }
            for piece in pieces(range) {
                let (truth, parent) = self.look_at(piece, hash, finalized, &accounts).await?;
                if truth > piece.truth {
                    self.store.relabel(cursor, StoredRange { truth, ..piece }).map_err(IndexError::from)?;
                    *raised += count(piece);
                }
                hash = parent;
                done += count(piece);
                progress(Looked { done, all });
            }
        }
        Ok(())
    }

    /// How well a piece is known, now that what is stored of it was found to be the same, and the parent of its first block.
    /// `hash` is that of its last one.
    async fn look_at(
        &self,
        piece: StoredRange,
        hash: B256,
        finalized: u64,
        accounts: &Accounts,
    ) -> Result<(Truth, B256), FetchError> {
        let plan = Plan { from: piece.first, to: piece.last, linked: piece.last > finalized };
        let fetched = self.fetcher.fetch(plan, accounts.interest.clone()).await?;
        let parent = chained(&fetched.headers, piece, hash)?;
        of_these(&fetched.headers, &fetched.logs)?;
        if fetched.truth == Truth::Linked {
            screened(&fetched.headers, &fetched.logs)?;
        }
        let truth = fetched.truth;
        self.same_blocks(piece, &fetched.headers)?;
        compare(&accounts.due(fetched)?, &stored(&*self.store, piece)?, truth)?;
        Ok((truth, parent))
    }

    /// The parent of the first block of a range that is known well enough, whose last one has this hash: by the headers up to
    /// the first block of it that is stored.
    async fn below(&self, range: StoredRange, hash: B256) -> Result<B256, FetchError> {
        let stored = self.store.headers_between(range.first..=range.last, 1).map_err(IndexError::from)?;
        let last = stored.first().map_or(BlockRef { number: range.last, hash }, BlockRef::from);
        let mut hash = last.hash;
        for piece in pieces(StoredRange { last: last.number, ..range }) {
            let headers = self.fetcher.headers(piece.first..=piece.last).await?;
            self.same_blocks(piece, &headers)?;
            hash = chained(&headers, piece, hash)?;
        }
        Ok(hash)
    }

    /// Whether the stored blocks of a piece are these.
    fn same_blocks(&self, piece: StoredRange, headers: &[Header]) -> Result<(), IndexError> {
        let stored = self.store.headers_between(piece.first..=piece.last, u32::MAX)?;
        let fields = |header: &Header| (header.hash, header.parent, header.time);
        let altered = stored.iter().find_map(|stored| {
            let found = headers.get(usize::try_from(stored.number.checked_sub(piece.first)?).ok()?)?;
            (fields(stored) != fields(found)).then_some((stored, found))
        });
        altered.map_or(Ok(()), |(stored, found)| {
            Err(IndexError::BlockAltered { block: stored.number, stored: stored.hash, found: found.hash })
        })
    }
}

/// Who is known, and since when.
struct Accounts {
    interest: Interest,
    since: BTreeMap<Address, u64>,
    purses: BTreeSet<Address>,
}

impl Accounts {
    fn of(store: &dyn Store, factory: Address) -> Result<Self, IndexError> {
        let (vaults, purses) = (store.vaults()?, store.purses()?);
        let mut interest = Interest::of(factory);
        vaults.iter().for_each(|vault| interest.vault(vault.address));
        interest.accounts.extend(purses.iter().map(|purse| purse.address));
        let created = vaults.iter().map(|vault| (vault.address, vault.block.number));
        let since = created.chain(purses.iter().map(|purse| (purse.address, purse.block.number))).collect();
        Ok(Self { interest, since, purses: purses.iter().map(|purse| purse.address).collect() })
    }

    /// The rows that these logs make.
    fn due(&self, fetched: Fetched) -> Result<Rows, IndexError> {
        let mut rows = Rows::new();
        for log in fetched.logs {
            let place = (log.block_number, log.log_index);
            let row = if fetched.asked.contracts.contains(&log.address) {
                Row::Log(log.clone())
            } else {
                let read = movement::read(&log);
                match read.filter(|read| movement::belongs(read, log.block_number, &self.since, |_| false)) {
                    Some(Movement::Transfer(moved)) => Row::Transfer(moved),
                    Some(Movement::Authorization(used)) if self.purses.contains(&used.purse) => {
                        Row::Authorization(used)
                    }
                    _ => continue,
                }
            };
            // What moved between two accounts came in two answers, the same.
            if rows.get(&place).is_some_and(|before| *before != row) {
                return Err(came_twice(&log));
            }
            rows.insert(place, row);
        }
        Ok(rows)
    }
}

/// The rows that are in the index.
fn stored(store: &dyn Store, piece: StoredRange) -> Result<Rows, IndexError> {
    let mut rows = Rows::new();
    for placed in store.logs_between(piece.first..=piece.last, u32::MAX)? {
        let log = placed.log;
        let row = ChainLog {
            address: placed.address,
            topics: log.topics,
            data: log.data,
            block_number: log.block_number,
            block_hash: log.block_hash,
            tx: log.tx,
            log_index: log.log_index,
        };
        rows.insert((row.block_number, row.log_index), Row::Log(row));
    }
    let (transfers, authorizations) = store.movements_between(piece.first..=piece.last)?;
    rows.extend(transfers.into_iter().map(|row| ((row.block.number, row.log_index), Row::Transfer(row))));
    rows.extend(authorizations.into_iter().map(|row| ((row.block.number, row.log_index), Row::Authorization(row))));
    Ok(rows)
}

/// Refuses the first row that is not as it is due.
fn compare(due: &Rows, stored: &Rows, truth: Truth) -> Result<(), IndexError> {
    let by = if truth == Truth::Proven { "its block's receipts" } else { "what the node says now" };
    let places: BTreeSet<_> = due.keys().chain(stored.keys()).copied().collect();
    for (block, log_index) in places {
        let place = (block, log_index);
        match (due.get(&place), stored.get(&place)) {
            (Some(due), None) => {
                return Err(IndexError::RowMissing { block, log_index, contract: due.contract(), by });
            }
            (None, Some(_)) => return Err(IndexError::RowAdded { block, log_index, by }),
            (Some(due), Some(stored)) if due != stored => {
                return Err(IndexError::RowAltered { block, log_index, what: due.difference(stored), by });
            }
            _ => {}
        }
    }
    Ok(())
}

impl Row {
    const fn contract(&self) -> Address {
        match self {
            Self::Log(log) => log.address,
            Self::Transfer(moved) => moved.token,
            Self::Authorization(used) => used.token,
        }
    }

    /// In what the stored row differs from this one, in a word.
    fn difference(&self, stored: &Self) -> &'static str {
        match (self, stored) {
            _ if self.contract() != stored.contract() => "the contract",
            (Self::Log(due), Self::Log(stored)) if due.topics != stored.topics => "the topics",
            (Self::Log(due), Self::Log(stored)) if due.data != stored.data => "the data",
            (Self::Transfer(due), Self::Transfer(stored)) if due.amount != stored.amount => "the amount",
            (Self::Transfer(due), Self::Transfer(stored)) if (due.from, due.to) != (stored.from, stored.to) => {
                "who gave and who got"
            }
            (Self::Authorization(due), Self::Authorization(stored)) if due.nonce != stored.nonce => "the nonce",
            (Self::Authorization(due), Self::Authorization(stored)) if due.purse != stored.purse => "the purse",
            (Self::Log(due), Self::Log(stored)) if due.tx != stored.tx => "the transaction",
            (Self::Transfer(due), Self::Transfer(stored)) if due.tx != stored.tx => "the transaction",
            (Self::Authorization(due), Self::Authorization(stored)) if due.tx != stored.tx => "the transaction",
            _ => "what kind of log it is",
        }
    }
}

/// The parent of the first of these headers, each being the child of the one before and the last one having this hash.
fn chained(headers: &[Header], piece: StoredRange, hash: B256) -> Result<B256, FetchError> {
    let mut next = hash;
    for header in headers.iter().rev() {
        if header.hash != next {
            return Err(FetchError::Moved(format!("block {} is not the parent of the next one", header.number)));
        }
        next = header.parent;
    }
    if headers.len() as u64 == count(piece) {
        return Ok(next);
    }
    Err(FetchError::Moved(format!("not all headers of blocks {} to {} are there", piece.first, piece.last)))
}

const fn count(range: StoredRange) -> u64 {
    range.last + 1 - range.first
}

/// A range in pieces, the last one first.
fn pieces(range: StoredRange) -> impl Iterator<Item = StoredRange> {
    let mut rest = Some(range.last);
    std::iter::from_fn(move || {
        let last = rest?;
        let first = range.first.max((last + 1).saturating_sub(BLOCKS_AT_ONCE));
        rest = (first > range.first).then(|| first - 1);
        Some(StoredRange { first, last, ..range })
    })
}
