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

/// A range of blocks, verified and ready to be written.
pub(crate) struct Ready {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) verified: Verified,
    /// How fast to go on, by what was learned.
    pub(crate) pace: Pace,
}

/// Chunks in the order of the chain. Dropped, it stops asking.
pub(crate) struct Ahead {
    inbox: Receiver<Result<Ready, FetchError>>,
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
        let mut maker = Maker { pipeline: Pipeline::new(fetcher.clone(), reach), fetcher, pace, cursor, known };
        let task = tokio::spawn(async move {
            while let Some(made) = maker.next().await {
                let failed = made.is_err();
                if outbox.send(made).await.is_err() || failed {
                    break;
                }
            }
        });
        Self { inbox, task }
    }

    /// The next chunk; none after the last one, or after an error.
    pub(crate) async fn next(&mut self) -> Option<Result<Ready, FetchError>> {
        if let Some(made) = self.inbox.recv().await {
            return Some(made);
        }
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
