//! Drawn numbers: a chain of keccak256 from a seed, so that a history can be repeated anywhere.

use alloy::primitives::{B256, keccak256};

pub(super) struct Draw(B256);

impl Draw {
    pub(super) fn new(seed: &str) -> Self {
        Self(keccak256(seed))
    }

    /// A number below `end`, which is not zero.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = keccak256(self.0);
        self.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) % end
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of some, of which there is one at least.
    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// Some of them, in order.
    pub(super) fn some<T: Copy>(&mut self, choices: &[T]) -> Vec<T> {
        choices.iter().copied().filter(|_| self.chance(50)).collect()
    }
}
