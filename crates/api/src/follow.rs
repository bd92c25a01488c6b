//! Keeps an index at the head of its chain: asks for the head, indexes, tells everybody, waits.

use crate::health::{Alarm, Health};
use purse_indexer::{ChainSource, IndexError, Indexer, Progress, StoreError, Synced};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

/// What happens while an index is followed.
#[derive(Debug)]
pub enum Told {
    /// A range was committed, or a reorganisation rolled back.
    Progress(Progress),
    /// The index is at the head.
    Synced(Synced),
    /// A poll failed; the next one may not.
    Failed(IndexError),
    /// A stall begins or ends.
    Alarm(Alarm),
}

/// Polls every `interval`, and whenever `bell` is rung, until what is found needs somebody to decide. Cancelling it at any point leaves the last
/// committed range.
///
/// # Errors
/// Whatever does not pass by itself: a contradiction, another chain, a database that fails.
pub async fn follow<S: ChainSource>(
    indexer: &mut Indexer<S>,
    health: &Health,
    interval: Duration,
    bell: &Notify,
    mut told: impl FnMut(Told) + Send,
) -> Result<Infallible, IndexError> {
    let mut clock = tokio::time::interval(interval);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            () = bell.notified() => {}
        }
        let synced = indexer.sync_to_head(|progress| {
            match &progress {
                Progress::Committed { to, head, logs, .. } => health.committed(*to, *head, *logs),
                Progress::RolledBack(rollback) => health.rolled_back(rollback),
            }
            told(Told::Progress(progress));
        });
        let alarm = match synced.await {
            Ok(synced) => {
                let moment = indexer.store().moment()?;
                let head = synced.lagging_head.or_else(|| synced.block.map(|block| block.number)).unwrap_or(0);
                let alarm = health.polled(moment, head);
                told(Told::Synced(synced));
                alarm
            }
            Err(error) if passes(&error) => {
                let alarm = health.failed(&error.to_string());
                told(Told::Failed(error));
                alarm
            }
            Err(error) => return Err(error),
        };
        if let Some(alarm) = alarm {
            told(Told::Alarm(alarm));
        }
    }
}

/// Whether the same question may have another answer in a while.
fn passes(error: &IndexError) -> bool {
    // Another process may have written: in the next poll it goes on from there, or waits until the other ends.
    let another_wrote = matches!(error, IndexError::Store(StoreError::MovedByAnother));
    another_wrote
        || matches!(error, IndexError::Source(_) | IndexError::Inconsistent(_) | IndexError::StartAfterHead { .. })
}
