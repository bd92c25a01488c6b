//! Chance, from a seed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Dice that always fall the same for one seed.
#[derive(Debug)]
pub(crate) struct Dice {
    rng: StdRng,
    /// Whether this step may err: else it is meant to succeed.
    careless: bool,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), careless: false }
    }

    /// Begins a step: about a third may err.
    pub(crate) fn begin(&mut self) {
        self.careless = self.chance(0.3);
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// Whether something is to go wrong here.
    pub(crate) fn slip(&mut self) -> bool {
        self.careless && self.chance(0.12)
    }

    /// From `low` to `high`, both possible.
    pub(crate) fn between<T>(&mut self, low: T, high: T) -> T
    where
        T: rand::distr::uniform::SampleUniform + PartialOrd + Copy,
    {
        if low >= high { low } else { self.rng.random_range(low..=high) }
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.between(0, end.saturating_sub(1))
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let place = self.below(from.len());
        from.get(place).copied()
    }

    /// One of them; the default of nothing.
    pub(crate) fn one<T: Copy + Default>(&mut self, from: &[T]) -> T {
        self.pick(from).unwrap_or_default()
    }

    /// One of them, each as often as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, from: &[(u32, T)]) -> Option<T> {
        let all: u32 = from.iter().map(|(weight, _)| weight).sum();
        let mut place = self.between(0, all.saturating_sub(1));
        for (weight, value) in from {
            if place < *weight {
                return Some(*value);
            }
            place -= weight;
        }
        None
    }

    /// Some of them, in order, at least one if there is any.
    pub(crate) fn some<T: Copy>(&mut self, from: &[T], most: usize) -> Vec<T> {
        let wanted = self.between(1, most.min(from.len()).max(1));
        let mut left: Vec<(usize, T)> = from.iter().copied().enumerate().collect();
        let mut taken = Vec::new();
        while taken.len() < wanted && !left.is_empty() {
            taken.push(left.swap_remove(self.below(left.len())));
        }
        taken.sort_by_key(|(place, _)| *place);
        taken.into_iter().map(|(_, value)| value).collect()
    }

    pub(crate) fn word(&mut self) -> [u8; 32] {
        self.rng.random()
    }
}
