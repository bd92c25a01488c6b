//! Blocks with all logs of the factory and its vaults, and what tokens say of vaults and purses, as a node gives them: each
//! answer is of what was asked.

use crate::decode::Factory;
use crate::error::IndexError;
use crate::interest::{Interest, Screen};
use crate::movement;
use crate::planner::{Answered, Plan};
use crate::receipts;
use crate::rows::BlockRef;
use crate::source::{ChainLog, ChainSource, Header, SourceError, Span, Wanted};
use crate::truth::Truth;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Requests of one range under way at once: enough to hide the latency of a node, too few to be a nuisance to it.
const REQUESTS_AT_ONCE: usize = 8;
/// Blocks whose receipts are in memory at once: those of one block can be megabytes.
pub(crate) const RECEIPTS_AT_ONCE: usize = 16;
/// Headers asked for in one request.
const HEADERS_PER_REQUEST: usize = 20;
/// Bytes of a log beside its data and topics: address, hashes, numbers.
const LOG_BYTES: usize = 116;

/// What is asked, and of whom.
#[derive(Debug)]
pub(crate) struct Fetcher<S> {
    pub(crate) source: Arc<S>,
    pub(crate) factory: Factory,
    pub(crate) patience: Duration,
    /// How well blocks that are final shall be known.
    pub(crate) asks_for: Truth,
    /// A block whose hash is known from elsewhere.
    pub(crate) checkpoint: Option<BlockRef>,
    /// Whether the chain's headers and receipts are known to be Ethereum's or the OP stack's: then a header that is
    /// not what its hash says is a lie, else nothing is known but what the node claims.
    pub(crate) format_is_known: bool,
    /// For blocks' receipts, whatever range they are of.
    pub(crate) turns: Semaphore,
}

/// What a node gave for some blocks.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) plan: Plan,
    /// Whose logs were asked for.
    pub(crate) asked: Interest,
    /// Ascending, the first and the last one included; the others are those that hold a log, or all.
    pub(crate) headers: Vec<Header>,
    /// What several questions brought may be there more than once.
    pub(crate) logs: Vec<ChainLog>,
    /// Whether all headers are there.
    pub(crate) is_whole: bool,
    /// How well the blocks are known, if they are what they seem.
    pub(crate) truth: Truth,
    /// How the log queries were answered.
    pub(crate) answered: Answered,
}

/// Logs, and how they came.
type Answer = (Vec<ChainLog>, Answered);

/// Why blocks could not be fetched, or were not believed.
pub(crate) enum FetchError {
    /// The chain changed meanwhile, or the node's answers are of two chains: look again.
    Moved(String),
    /// No use to go on.
    Stop(IndexError),
}

impl From<SourceError> for FetchError {
    fn from(error: SourceError) -> Self {
        Self::Stop(error.into())
    }
}

impl From<IndexError> for FetchError {
    fn from(error: IndexError) -> Self {
        Self::Stop(error)
    }
}

impl Fetched {
    /// Roughly what it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.logs.iter().map(|log| LOG_BYTES + 32 * log.topics.len() + log.data.len()).sum()
    }
}

impl<S: ChainSource> Fetcher<S> {
    /// The blocks of a plan with the logs of what is known, and of the vaults and purses that came to be in them.
    pub(crate) async fn fetch(&self, plan: Plan, known: Interest) -> Result<Fetched, FetchError> {
        let last = self.header(plan.to).await?;
        let truth = match (self.format_is_known, plan.linked) {
            (false, _) => Truth::Claimed,
            (true, false) => self.asks_for,
            (true, true) => self.asks_for.max(Truth::Linked),
        };
        let is_whole = plan.linked || truth >= Truth::Linked;
        let headers = if is_whole { self.headers(plan.from..=plan.to).await? } else { Vec::new() };
        let (asked, logs, answered) = (Interest::default(), Vec::new(), Answered::default());
        let mut fetched = Fetched { plan, asked, headers, logs, is_whole, truth, answered };
        self.add_all_logs(&mut fetched, known).await?;
        self.add_headers(&mut fetched, last).await?;
        self.cross_check(&fetched).await?;
        Ok(fetched)
    }

    /// Asks the other nodes, where there are some, about the first and the last block. Near the head they may still be
    /// about to agree.
    async fn cross_check(&self, fetched: &Fetched) -> Result<(), FetchError> {
        let (Some(first), Some(last)) = (fetched.headers.first(), fetched.headers.last()) else { return Ok(()) };
        let wanted = fetched.asked.queries();
        for header in [first, last].into_iter().take(if first == last { 1 } else { 2 }) {
            let logs = fetched.logs.iter().filter(|log| log.block_hash == header.hash).cloned();
            match self.source.cross_check(header, &wanted, &logs.collect::<Vec<_>>()).await {
                Err(error @ SourceError::Disagree { .. }) if fetched.plan.linked => {
                    return Err(FetchError::Moved(error.to_string()));
                }
                checked => checked?,
            }
        }
        Ok(())
    }

    /// Adds the logs of what was not known when the blocks were asked for.
    pub(crate) async fn complete(&self, fetched: &mut Fetched, new: Interest) -> Result<(), FetchError> {
        let Some(last) = fetched.headers.last().copied() else { return Ok(()) };
        self.add_all_logs(fetched, new).await?;
        self.add_headers(fetched, last).await?;
        self.cross_check(fetched).await
    }

    /// The headers that the logs need. The logs are of the chain that has `last` before and after they were asked for.
    async fn add_headers(&self, fetched: &mut Fetched, last: Header) -> Result<(), FetchError> {
        if !fetched.is_whole {
            let numbers: BTreeSet<_> =
                fetched.logs.iter().map(|log| log.block_number).chain([fetched.plan.from, fetched.plan.to]).collect();
            fetched.headers = self.headers(numbers).await?;
        }
        if fetched.headers.last() == Some(&last) {
            return Ok(());
        }
        Err(FetchError::Moved(format!("block {} changed while its logs were fetched", fetched.plan.to)))
    }

    /// Adds the logs of all that is new, and of the vaults and purses that these logs tell of, until they tell of no more.
    async fn add_all_logs(&self, fetched: &mut Fetched, mut new: Interest) -> Result<(), FetchError> {
        while !new.is_empty() {
            let before = fetched.logs.len();
            self.add_logs(fetched, &new).await?;
            fetched.asked.extend(&new);
            self.learn_code(&fetched.logs[before..]).await?;
            new = self.told_of(&fetched.logs[before..], &fetched.asked)?.without(&fetched.asked);
        }
        Ok(())
    }

    /// Learns the vaults' code from whoever created one. A node that does not have the transaction leaves them unproven.
    async fn learn_code(&self, logs: &[ChainLog]) -> Result<(), FetchError> {
        for tx in self.factory.telling(logs) {
            if let Some(input) = self.patiently(|| self.source.input(tx)).await? {
                self.factory.learn(&input);
            }
        }
        Ok(())
    }

    /// The vaults that the factory created and the purses that vaults opened in these logs.
    fn told_of(&self, logs: &[ChainLog], asked: &Interest) -> Result<Interest, IndexError> {
        let mut told = Interest::default();
        self.factory.created(logs)?.iter().for_each(|vault| told.vault(vault.address));
        let of_vaults = logs.iter().filter(|log| asked.contracts.contains(&log.address));
        told.accounts.extend(of_vaults.filter_map(movement::opened).map(|purse| purse.address));
        Ok(told)
    }

    async fn add_logs(&self, fetched: &mut Fetched, interest: &Interest) -> Result<(), FetchError> {
        let screen = Screen::new(interest);
        // Without a seal there is nothing to go by.
        let lets_through = |header: &&Header| header.seal.is_none_or(|seal| screen.lets_through(&seal.bloom));
        let screened = fetched.headers.iter().filter(lets_through);
        if self.asks_for == Truth::Proven && self.format_is_known {
            let blocks: Vec<_> = screened.copied().collect();
            return self.add_proven_logs(fetched, blocks, interest).await;
        }
        let spans: Vec<_> = if fetched.plan.linked {
            screened.map(|header| Span::Block(header.hash)).collect()
        } else {
            vec![Span::Range(fetched.plan.from, fetched.plan.to)]
        };
        let wanted = interest.queries();
        let queries: Vec<_> =
            spans.iter().flat_map(|&span| wanted.iter().map(move |wanted| self.query(span, wanted))).collect();
        let answers: Vec<_> = stream::iter(queries).buffered(REQUESTS_AT_ONCE).try_collect().await?;
        for (logs, answered) in answers {
            fetched.logs.extend(logs);
            fetched.answered = fetched.answered.and(answered);
        }
        Ok(())
    }

    /// The logs that are wanted by the receipts of blocks.
    async fn add_proven_logs(
        &self,
        fetched: &mut Fetched,
        blocks: Vec<Header>,
        interest: &Interest,
    ) -> Result<(), FetchError> {
        let answers = stream::iter(blocks).map(|header| async move {
            let _turn = self.turns.acquire().await;
            let receipts = self.patiently(|| self.source.receipts(header.hash)).await;
            let receipts = receipts.map_err(|error| of_block(error, header.number))?;
            let receipts = receipts.ok_or_else(|| {
                FetchError::Moved(format!("the node has block {}, but not its receipts", header.number))
            })?;
            Ok::<_, FetchError>(receipts::prove(&header, receipts, interest)?)
        });
        let answers: Vec<_> = answers.buffered(REQUESTS_AT_ONCE).try_collect().await?;
        for (logs, is_proven) in answers {
            fetched.logs.extend(logs);
            if !is_proven {
                fetched.truth = Truth::Claimed;
            }
        }
        Ok(())
    }

    /// The logs in a span that are wanted, in halves where the node wants to be asked for less.
    fn query<'a>(&'a self, span: Span, wanted: &'a Wanted) -> BoxFuture<'a, Result<Answer, FetchError>> {
        Box::pin(async move {
            let ask = || async {
                let asked = Instant::now();
                self.source.logs(span, wanted).await.map(|logs| (logs, asked.elapsed()))
            };
            match (self.patiently(ask).await, span) {
                (Ok((logs, took)), _) => {
                    asked_for(span, wanted, &logs)?;
                    Ok((logs, Answered { was_split: false, took }))
                }
                (Err(SourceError::TooLarge(_)), Span::Range(from, to)) if from < to => {
                    let middle = from + (to - from) / 2;
                    let (mut logs, _) = self.query(Span::Range(from, middle), wanted).await?;
                    logs.extend(self.query(Span::Range(middle + 1, to), wanted).await?.0);
                    // A refusal says more than the time of what came instead.
                    Ok((logs, Answered { was_split: true, took: Duration::ZERO }))
                }
                (Err(error), Span::Range(block, _)) => Err(of_block(error, block).into()),
                (Err(error), Span::Block(hash)) => Err(of_block(error, hash).into()),
            }
        })
    }

    /// Asks again, a little later each time, while the node is away or wants to be asked less often.
    pub(crate) async fn patiently<T, F>(&self, ask: impl Fn() -> F) -> Result<T, SourceError>
    where
        F: Future<Output = Result<T, SourceError>>,
    {
        let mut time = 0;
        loop {
            let answer = ask().await;
            let later = answer.as_ref().err().and_then(SourceError::later);
            let Some(pause) = later.and_then(|later| later.pause(self.patience, time)) else { return answer };
            tokio::time::sleep(pause).await;
            time += 1;
        }
    }

    async fn header(&self, number: u64) -> Result<Header, FetchError> {
        self.there(number, self.patiently(|| self.source.header(number)).await?)
    }

    fn there(&self, number: u64, header: Option<Header>) -> Result<Header, FetchError> {
        let header = header
            .ok_or_else(|| FetchError::Moved(format!("block {number} is below the head, but the node has none")))?;
        Ok(self.sealed(header)?)
    }

    /// Whether the node's chain has the checkpoint, if it is that long.
    pub(crate) async fn meets_checkpoint(&self, head: &Header) -> Result<(), IndexError> {
        match self.checkpoint {
            Some(checkpoint) if checkpoint.number == head.number => self.pinned(head),
            Some(checkpoint) if checkpoint.number < head.number => {
                match self.patiently(|| self.source.header(checkpoint.number)).await? {
                    Some(header) => self.pinned(&self.sealed(header)?),
                    None => Err(IndexError::Inconsistent(format!(
                        "its head is {}, but it has no block {}",
                        head.number, checkpoint.number
                    ))),
                }
            }
            _ => Ok(()),
        }
    }

    /// Refuses another block at the checkpoint's height.
    fn pinned(&self, header: &Header) -> Result<(), IndexError> {
        match self.checkpoint {
            Some(BlockRef { number, hash }) if number == header.number && hash != header.hash => {
                Err(IndexError::CheckpointMissed { block: number, expected: hash, found: header.hash })
            }
            _ => Ok(()),
        }
    }

    /// On a chain whose format is known a header is what its hash says.
    pub(crate) fn sealed(&self, header: Header) -> Result<Header, IndexError> {
        if self.format_is_known && header.seal.is_none() {
            return Err(IndexError::HeaderForged { block: header.number, hash: header.hash });
        }
        self.pinned(&header)?;
        Ok(header)
    }

    pub(crate) async fn headers(&self, numbers: impl IntoIterator<Item = u64>) -> Result<Vec<Header>, FetchError> {
        let numbers: Vec<_> = numbers.into_iter().collect();
        let batches = numbers.chunks(HEADERS_PER_REQUEST).map(|numbers| self.batch(numbers.to_vec()));
        let batches: Vec<_> = batches.collect();
        let found: Vec<Vec<Header>> = stream::iter(batches).buffered(REQUESTS_AT_ONCE).try_collect().await?;
        Ok(found.concat())
    }

    async fn batch(&self, numbers: Vec<u64>) -> Result<Vec<Header>, FetchError> {
        let found = self.patiently(|| self.source.headers(&numbers)).await?;
        numbers.iter().zip(found).map(|(&number, header)| self.there(number, header)).collect()
    }
}

/// Refuses logs that nobody asked for, and one that is there twice.
fn asked_for(span: Span, wanted: &Wanted, logs: &[ChainLog]) -> Result<(), IndexError> {
    let place = |log: &ChainLog| (log.block_number, log.log_index);
    if !logs.is_sorted_by(|a, b| place(a) < place(b)) {
        let mut seen = BTreeSet::new();
        if let Some(log) = logs.iter().find(|log| !seen.insert(place(log))) {
            return Err(came_twice(log));
        }
    }
    let strange = logs.iter().find(|log| {
        let in_span = match span {
            Span::Range(from, to) => (from..=to).contains(&log.block_number),
            Span::Block(hash) => log.block_hash == hash,
        };
        !in_span || !wanted.fits(log.address, &log.topics)
    });
    strange.map_or(Ok(()), |log| {
        let text = format!("a log of {} in block {} was not asked for", log.address, log.block_number);
        Err(IndexError::Inconsistent(text))
    })
}

/// A block that there is too much of is named.
fn of_block(error: SourceError, block: impl Display) -> SourceError {
    match error {
        SourceError::TooLarge(why) => SourceError::TooLarge(format!("of block {block}: {why}")),
        other => other,
    }
}

pub(crate) fn came_twice(log: &ChainLog) -> IndexError {
    IndexError::Inconsistent(format!("log {} of block {} came twice", log.log_index, log.block_number))
}
