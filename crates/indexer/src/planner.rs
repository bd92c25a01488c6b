//! Which blocks to ask for next, and how many at once. Pure.

use std::time::Duration;

/// Blocks in one log query at most: what public nodes commonly allow.
const MOST_BLOCKS: u64 = 2_000;
/// Blocks in the first log query: nobody knows yet how dense they are.
const FIRST_BLOCKS: u64 = 25;
/// Blocks that are not final, fetched, linked and committed at once.
const LINKED_BLOCKS: u64 = 64;
/// Bytes of logs that one query should bring: its JSON is some four times that.
const BYTES_PER_QUERY: usize = 2 << 20;

/// An answer that takes longer is of too many blocks: many nodes give a question up after 10 s.
const SLOW: Duration = Duration::from_secs(3);

/// The node's chain as it was when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The first block that is not in the database.
    pub(crate) next: u64,
    /// Blocks up to this one are final.
    pub(crate) finalized: u64,
    /// The last block.
    pub(crate) head: u64,
}

/// Blocks that are asked for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Not final yet: every header is fetched, each the child of the one before, and logs by the block's hash.
    pub(crate) linked: bool,
}

/// How answers to the log queries of a range came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Answered {
    /// Whether the node wanted to be asked for less.
    pub(crate) was_split: bool,
    /// How long the slowest of them took, without what was waited before it was asked again.
    pub(crate) took: Duration,
}

impl Answered {
    /// These and others.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { was_split: self.was_split || other.was_split, took: self.took.max(other.took) }
    }
}

/// How many blocks one query covers: dense chains and slow nodes get short ranges, sparse chains long ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    blocks: u64,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { blocks: FIRST_BLOCKS }
    }

    /// How many blocks the next query should cover.
    pub(crate) const fn blocks(self) -> u64 {
        self.blocks
    }

    /// What a query over `blocks` blocks brought: at most doubled, and half of it where the node wanted to be asked for less or
    /// took long. Several that were under way together say so once: each is measured by itself.
    pub(crate) fn learn(&mut self, blocks: u64, bytes: usize, answered: Answered) {
        if answered.was_split || answered.took > SLOW {
            self.blocks = self.blocks.min(blocks / 2).max(1);
            return;
        }
        let most = if answered.took > SLOW / 2 { self.blocks } else { self.blocks.max(blocks * 2) };
        let fitting = (BYTES_PER_QUERY as u64).saturating_mul(blocks) / (bytes as u64).max(1);
        self.blocks = fitting.clamp(1, most).min(MOST_BLOCKS);
    }
}

impl Reach {
    /// The next blocks to ask for; none when there are no more.
    pub(crate) fn plan(&mut self, pace: Pace) -> Option<Plan> {
        if self.next > self.head {
            return None;
        }
        let from = self.next;
        let linked = from > self.finalized;
        let to = if linked {
            (from + LINKED_BLOCKS - 1).min(self.head)
        } else {
            (from + pace.blocks - 1).min(self.finalized)
        };
        self.next = to + 1;
        Some(Plan { from, to, linked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_blocks_by_range_the_others_linked_without_a_seam() {
        let mut reach = Reach { next: 5, finalized: 60, head: 130 };
        let plans: Vec<_> = std::iter::from_fn(|| reach.plan(Pace::new())).collect();
        let spans: Vec<_> = plans.iter().map(|plan| (plan.from, plan.to, plan.linked)).collect();
        assert_eq!(spans, [(5, 29, false), (30, 54, false), (55, 60, false), (61, 124, true), (125, 130, true)]);
    }

    const AT_ONCE: Answered = Answered { was_split: false, took: Duration::ZERO };
    const SPLIT: Answered = Answered { was_split: true, ..AT_ONCE };

    fn after(took: Duration) -> Answered {
        Answered { took, ..AT_ONCE }
    }

    #[test]
    fn dense_ranges_shrink_at_once_and_sparse_ones_double() {
        let mut pace = Pace::new();
        pace.learn(100, 0, AT_ONCE);
        assert_eq!(pace.blocks, 200);
        pace.learn(200, 64 * BYTES_PER_QUERY, AT_ONCE);
        assert_eq!(pace.blocks, 3);
        pace.learn(3, 100 * BYTES_PER_QUERY, AT_ONCE);
        assert_eq!(pace.blocks, 1);
        for _ in 0..20 {
            pace.learn(pace.blocks, 10, AT_ONCE);
        }
        assert_eq!(pace.blocks, MOST_BLOCKS);
        pace.learn(2_000, 10, SPLIT);
        assert_eq!(pace.blocks, 1_000);
    }

    #[test]
    fn a_slow_answer_halves_the_range_and_a_leisurely_one_does_not_double_it() {
        let slow = after(SLOW + Duration::from_millis(1));
        let mut pace = Pace { blocks: 800 };
        pace.learn(800, 10, after(SLOW));
        assert_eq!(pace.blocks, 800, "neither more nor less");
        pace.learn(800, 10, slow);
        assert_eq!(pace.blocks, 400);
        // Those that were asked for together with it are as slow for the same reason.
        for _ in 0..5 {
            pace.learn(800, 10, slow);
        }
        assert_eq!(pace.blocks, 400);
        for _ in 0..20 {
            pace.learn(pace.blocks, 10, slow);
        }
        assert_eq!(pace.blocks, 1, "there is always a next block");
        pace.learn(1, 10, after(SLOW / 2));
        assert_eq!(pace.blocks, 2, "quick again");
        // A leisurely answer of a dense range: what it weighs still counts.
        pace.learn(2, 4 * BYTES_PER_QUERY, after(SLOW));
        assert_eq!(pace.blocks, 1);
    }

    #[test]
    fn of_several_answers_the_worst_counts() {
        let (quick, slow) = (after(Duration::from_millis(5)), after(SLOW));
        assert_eq!(quick.and(slow), slow);
        assert_eq!(slow.and(SPLIT), Answered { was_split: true, took: SLOW });
    }
}
