//! How well blocks are known: on a node's word, by the chain of their headers, by their receipts. Pure.

use crate::rows::StoredRange;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands behind the events of a range of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// A node said so.
    #[default]
    Claimed,
    /// Every header's hash was recomputed from its fields, and every header is the child of the one before it.
    Linked,
    /// Linked, and every event follows from its block: the blocks whose bloom filter excludes the contracts hold none,
    /// and the receipts of the others lead to the root in their header.
    Proven,
}

impl Truth {
    /// From the least to the most.
    pub const ALL: [Self; 3] = [Self::Claimed, Self::Linked, Self::Proven];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Linked => "linked",
            Self::Proven => "proven",
        }
    }

    /// The one of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|truth| truth.word() == word)
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The ranges of an index as they are worth: a chain of headers says something only where it ends in a block that is
/// trusted, which is the index's last block or the checkpoint. What lies below a gap in it is only claimed.
///
/// `ranges` are ascending and meet, as an index gives them.
pub fn anchored(ranges: &[StoredRange], checkpoint: Option<u64>) -> Vec<StoredRange> {
    let mut worth = Vec::with_capacity(ranges.len());
    let mut is_anchored = true;
    for &range in ranges.iter().rev() {
        let pinned = checkpoint.filter(|block| (range.first..=range.last).contains(block));
        match (range.truth, is_anchored, pinned) {
            (Truth::Claimed, ..) => {
                is_anchored = false;
                worth.push(range);
            }
            (_, true, _) => worth.push(range),
            (_, false, Some(block)) => {
                if block < range.last {
                    worth.push(StoredRange { first: block + 1, truth: Truth::Claimed, ..range });
                }
                worth.push(StoredRange { last: block, ..range });
                is_anchored = true;
            }
            (_, false, None) => worth.push(StoredRange { truth: Truth::Claimed, ..range }),
        }
        // A claimed block's own hash may be pinned: the headers below it lead to its parent.
        is_anchored |= range.truth == Truth::Claimed && pinned == Some(range.first);
    }
    worth.reverse();
    worth
}

#[cfg(test)]
mod tests {
    use super::Truth::{Claimed, Linked, Proven};
    use super::*;

    fn ranges(ranges: &[(u64, u64, Truth)]) -> Vec<StoredRange> {
        ranges.iter().map(|&(first, last, truth)| StoredRange { first, last, truth }).collect()
    }

    #[test]
    fn headers_below_a_gap_are_only_claimed() {
        let stored = ranges(&[(5, 10, Proven), (11, 20, Claimed), (21, 30, Proven), (31, 40, Linked)]);
        let worth = ranges(&[(5, 10, Claimed), (11, 20, Claimed), (21, 30, Proven), (31, 40, Linked)]);
        assert_eq!(anchored(&stored, None), worth);
    }

    #[test]
    fn a_checkpoint_anchors_what_leads_to_it() {
        let stored = ranges(&[(5, 10, Proven), (11, 20, Claimed), (21, 30, Linked)]);
        let to = |last| {
            let mut worth = vec![(5, last, Proven)];
            worth.extend((last < 10).then_some((last + 1, 10, Claimed)));
            worth.extend([(11, 20, Claimed), (21, 30, Linked)]);
            ranges(&worth)
        };
        assert_eq!(anchored(&stored, Some(7)), to(7));
        assert_eq!(anchored(&stored, Some(10)), to(10));
        assert_eq!(anchored(&stored, Some(11)), to(10));
        assert_eq!(anchored(&stored, Some(15))[0].truth, Claimed);
        assert_eq!(anchored(&stored, Some(25)), anchored(&stored, None));
    }
}
