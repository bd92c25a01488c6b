//! Which blocks to ask for next, and how many at once. Pure.

/// Blocks in one log query at most: what public nodes commonly allow.
const MOST_BLOCKS: u64 = 2_000;
/// Blocks in the first log query: nobody knows yet how dense they are.
const FIRST_BLOCKS: u64 = 25;
/// Blocks that are not final, fetched, linked and committed at once.
const LINKED_BLOCKS: u64 = 64;
/// Bytes of logs that one query should bring: its JSON is some four times that.
const BYTES_PER_QUERY: usize = 1 << 20;

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

/// How many blocks one query covers: dense chains get short ranges, sparse ones long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    blocks: u64,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { blocks: FIRST_BLOCKS }
    }

    /// What a query over `blocks` blocks brought: at most doubled, and halved where a node wanted to be asked for less.
    pub(crate) fn learn(&mut self, blocks: u64, bytes: usize, was_split: bool) {
        if was_split {
            self.blocks = (self.blocks / 2).max(1);
            return;
        }
        let fitting = (BYTES_PER_QUERY as u64).saturating_mul(blocks) / (bytes as u64).max(1);
        self.blocks = fitting.clamp(1, (blocks * 2).max(self.blocks)).min(MOST_BLOCKS);
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

    #[test]
    fn dense_ranges_shrink_at_once_and_sparse_ones_double() {
        let mut pace = Pace::new();
        pace.learn(100, 0, false);
        assert_eq!(pace.blocks, 200);
        pace.learn(200, 64 * BYTES_PER_QUERY, false);
        assert_eq!(pace.blocks, 3);
        pace.learn(3, 100 * BYTES_PER_QUERY, false);
        assert_eq!(pace.blocks, 1);
        for _ in 0..20 {
            pace.learn(pace.blocks, 10, false);
        }
        assert_eq!(pace.blocks, MOST_BLOCKS);
        pace.learn(2_000, 10, true);
        assert_eq!(pace.blocks, 1_000);
    }
}
