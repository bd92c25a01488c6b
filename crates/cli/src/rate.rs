//! How often nodes are asked: at most so many questions a second, evenly.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The turns of all who ask; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Rate {
    /// From one question to the next; none = as they come.
    gap: Option<Duration>,
    /// When the next may be asked.
    next: Arc<Mutex<Option<Instant>>>,
}

impl Rate {
    /// So many questions a second; none = as they come.
    pub(crate) fn new(per_second: Option<NonZeroU32>) -> Self {
        Self { gap: per_second.map(|number| Duration::from_secs(1) / number.get()), next: Arc::default() }
    }

    /// Waits until so many more may be asked.
    pub(crate) async fn turn(&self, questions: usize) {
        if let Some(turn) = self.claim(questions, Instant::now()) {
            tokio::time::sleep_until(turn).await;
        }
    }

    /// When whoever asks now may go on; none = at once, always.
    fn claim(&self, questions: usize, now: Instant) -> Option<Instant> {
        let gap = self.gap?;
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + gap * u32::try_from(questions).unwrap_or(u32::MAX));
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each may go on, in milliseconds, if all ask at once `since` the first time anybody did.
    fn turns(rate: &Rate, start: Instant, since: u64, questions: &[usize]) -> Vec<Option<u128>> {
        let now = start + Duration::from_millis(since);
        let turn = |&number: &usize| rate.claim(number, now).map(|turn| turn.duration_since(start).as_millis());
        questions.iter().map(turn).collect()
    }

    #[test]
    fn questions_are_spread_and_each_of_a_batch_counts() {
        let (rate, start) = (Rate::new(NonZeroU32::new(10)), Instant::now());
        let spread = [0, 100, 200, 2_200, 2_300].map(Some);
        assert_eq!(turns(&rate, start, 0, &[1, 1, 20, 1, 1]), spread);
        let later = [60_000, 60_100].map(Some);
        assert_eq!(turns(&rate.clone(), start, 60_000, &[1, 1]), later, "what was not asked is not made up for");
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        assert_eq!(turns(&Rate::new(None), Instant::now(), 0, &[1, 1_000, 1]), [None; 3]);
    }
}
