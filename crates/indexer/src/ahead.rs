//! The next chunk, made ready while the one before is being written.

use crate::error::IndexError;
use crate::fetch::{FetchError, Fetcher};
use crate::known::Known;
use crate::pipeline::Pipeline;
use crate::planner::{Pace, Reach};
use crate::rows::BlockRef;
use crate::source::ChainSource;
use crate::verify::{Verified, verify};
use std::sync::Arc;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinHandle;

/// Chunks that wait for the writer beside the one that is being made.
const WAITING: usize = 1;
/// Logs that are written in one transaction if that many wait: half of what a transaction of one range costs is its own.
const TOGETHER: usize = 16_000;

/// A range of blocks, verified and ready to be written: one that was fetched, or several.
pub(crate) struct Ready {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) verified: Verified,
    /// How fast to go on, by what was learned.
    pub(crate) pace: Pace,
}

impl Ready {
    fn may_take(&self, next: &Self, finalized: u64) -> bool {
        let truth = |ready: &Self| ready.verified.chunk.range.map(|range| range.truth);
        let logs = self.verified.chunk.log_count() + next.verified.chunk.log_count();
        next.to <= finalized && truth(self) == truth(next) && logs <= TOGETHER
    }

    fn take(&mut self, next: Self) {
        self.verified.chunk.extend(next.verified.chunk);
        self.verified.known = next.verified.known;
        (self.to, self.pace) = (next.to, next.pace);
    }
}

/// Chunks in the order of the chain. Dropped, it stops asking.
pub(crate) struct Ahead {
    inbox: Receiver<Result<Ready, FetchError>>,
    /// What came and is to be written by itself.
    held: Option<Result<Ready, FetchError>>,
    finalized: u64,
    task: JoinHandle<()>,
}

impl Ahead {
    /// Begins after `cursor`, where the vaults are as `known` has them.
    pub(crate) fn start<S: ChainSource>(
        fetcher: &Arc<Fetcher<S>>,
        reach: Reach,
        pace: Pace,
        cursor: Option<BlockRef>,
        known: Known,
    ) -> Self {
        let (outbox, inbox) = mpsc::channel(WAITING);
        let fetcher = fetcher.clone();
        let finalized = reach.finalized;
        let mut maker = Maker { pipeline: Pipeline::new(fetcher.clone(), reach), fetcher, pace, cursor, known };
        let task = tokio::spawn(async move {
            while let Some(made) = maker.next().await {
                let failed = made.is_err();
                if outbox.send(made).await.is_err() || failed {
                    break;
                }
            }
        });
        Self { inbox, held: None, finalized, task }
    }

    /// The next chunk, with those that wait behind it if they are final; none after the last one, or after an error.
    pub(crate) async fn next(&mut self) -> Option<Result<Ready, FetchError>> {
        let made = match self.held.take() {
            Some(held) => held,
            None => match self.inbox.recv().await {
                Some(made) => made,
                None => return self.ended().await,
            },
        };
        let Ok(mut ready) = made else { return Some(made) };
        while let Ok(next) = self.inbox.try_recv() {
            match next {
                Ok(next) if ready.may_take(&next, self.finalized) => ready.take(next),
                other => {
                    self.held = Some(other);
                    break;
                }
            }
        }
        Some(Ok(ready))
    }

    /// After the last chunk: whether the task ended well.
    async fn ended(&mut self) -> Option<Result<Ready, FetchError>> {
        match (&mut self.task).await {
            Ok(()) => None,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Some(Err(FetchError::Stop(IndexError::Interrupted))),
            },
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Maker<S> {
    pipeline: Pipeline<S>,
    fetcher: Arc<Fetcher<S>>,
    pace: Pace,
    cursor: Option<BlockRef>,
    known: Known,
}

impl<S: ChainSource> Maker<S> {
    async fn next(&mut self) -> Option<Result<Ready, FetchError>> {
        let factory = &self.fetcher.factory;
        match self.pipeline.next(&mut self.pace, &self.known.interest(factory.address)).await? {
            Ok(mut fetched) => {
                let new = self.known.interest(factory.address).without(&fetched.asked);
                if !new.is_empty()
                    && let Err(error) = self.fetcher.complete(&mut fetched, new).await
                {
                    return Some(Err(error));
                }
                let (from, to) = (fetched.plan.from, fetched.plan.to);
                Some(verify(fetched, self.cursor, factory, &self.known).map(|verified| {
                    self.cursor = verified.chunk.end();
                    self.known = verified.known.clone();
                    Ready { from, to, verified, pace: self.pace }
                }))
            }
            Err(error) => Some(Err(error)),
        }
    }
}
