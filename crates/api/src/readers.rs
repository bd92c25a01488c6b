//! Connections to the index, a few at once, used again. One that failed is thrown away: the next request opens another.

use crate::problem::Problem;
use purse_indexer::{Store, StoreError};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Connections at once: reads are short, and a database shared by many should not be filled by one.
const CONNECTIONS: usize = 4;

type Open = dyn Fn() -> Result<Box<dyn Store>, StoreError> + Send + Sync;

/// Reads an index, from any thread.
#[derive(Clone)]
pub struct Readers(Arc<Pool>);

struct Pool {
    open: Box<Open>,
    idle: Mutex<Vec<Box<dyn Store>>>,
    permits: Arc<Semaphore>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Readers").finish_non_exhaustive()
    }
}

impl Readers {
    /// Connections by `open`, as they are needed.
    pub fn new(open: impl Fn() -> Result<Box<dyn Store>, StoreError> + Send + Sync + 'static) -> Self {
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        Self(Arc::new(Pool { open: Box::new(open), idle: Mutex::default(), permits }))
    }

    /// Reads on a thread that may block.
    ///
    /// # Errors
    /// What `read` gives, or that the index cannot be opened.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let closed = |_| Problem::busy("the server is ending");
        let permit = self.0.permits.clone().acquire_owned().await.map_err(closed)?;
        let pool = self.0.clone();
        let work = move || {
            let _permit = permit;
            let idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let store = match idle {
                Some(store) => store,
                None => (pool.open)().map_err(|error| Problem::from(&error))?,
            };
            let answer = read(&*store);
            if answer.as_ref().map_or_else(|problem| problem.status < 500, |_| true) {
                pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(store);
            }
            answer
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Problem::busy("the reading thread ended")))
    }
}
