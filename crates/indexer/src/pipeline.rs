//! Fetches under way: several at once, handed on in order, bounded in bytes.

use crate::error::IndexError;
use crate::fetch::{FetchError, Fetched, Fetcher};
use crate::interest::Interest;
use crate::planner::{Pace, Plan, Reach};
use crate::source::ChainSource;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::task::JoinHandle;

/// Ranges that are fetched at once.
const AT_ONCE: usize = 4;
/// Bytes of logs that may wait for the writer. What is under way counts as the last range did.
const BYTES_WAITING: usize = 12 << 20;

/// Ranges being fetched, in the order of the chain. Dropped, it stops asking.
pub(crate) struct Pipeline<S> {
    fetcher: Arc<Fetcher<S>>,
    reach: Reach,
    flying: FuturesOrdered<Task>,
    /// Bytes that were fetched and not handed on.
    waiting: Arc<AtomicUsize>,
    /// Bytes of the range that was handed on last; none before the first.
    usual: Option<usize>,
}

impl<S: ChainSource> Pipeline<S> {
    pub(crate) fn new(fetcher: Arc<Fetcher<S>>, reach: Reach) -> Self {
        Self { fetcher, reach, flying: FuturesOrdered::new(), waiting: Arc::default(), usual: None }
    }

    /// The next range, when it is there. `interest` is asked for from now on.
    pub(crate) async fn next(&mut self, pace: &mut Pace, interest: &Interest) -> Option<Result<Fetched, FetchError>> {
        while self.has_room()
            && let Some(plan) = self.reach.plan(*pace)
        {
            self.launch(plan, interest.clone());
        }
        let fetched = match self.flying.next().await? {
            Ok(fetched) => fetched,
            Err(error) => return Some(Err(error)),
        };
        let bytes = fetched.bytes();
        self.usual = Some(bytes);
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        if !fetched.plan.linked {
            pace.learn(fetched.plan.to - fetched.plan.from + 1, bytes, fetched.answered);
        }
        Some(Ok(fetched))
    }

    /// One at a time until it is known how much a range brings.
    fn has_room(&self) -> bool {
        let Some(usual) = self.usual else { return self.flying.is_empty() };
        let expected = self.waiting.load(Ordering::Relaxed) + usual * self.flying.len();
        self.flying.is_empty() || self.flying.len() < AT_ONCE && expected < BYTES_WAITING
    }

    fn launch(&mut self, plan: Plan, interest: Interest) {
        let (fetcher, waiting) = (self.fetcher.clone(), self.waiting.clone());
        self.flying.push_back(Task(tokio::spawn(async move {
            let fetched = fetcher.fetch(plan, interest).await?;
            waiting.fetch_add(fetched.bytes(), Ordering::Relaxed);
            Ok(fetched)
        })));
    }
}

/// A fetch on the runtime, ended when nobody waits for it any more.
struct Task(JoinHandle<Result<Fetched, FetchError>>);

impl Future for Task {
    type Output = Result<Fetched, FetchError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|ended| match ended {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(FetchError::Stop(IndexError::Interrupted)),
            },
        })
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
