//! Calldata that no encoder writes: cut, grown, or with a word that is another.

use super::Generator;
use alloy::primitives::U256;

/// Words that borders of Solidity's decoder are made of.
fn edges() -> [U256; 14] {
    let one = U256::from(1);
    [
        U256::ZERO,
        one,
        U256::from(31),
        U256::from(32),
        U256::from(64),
        U256::from(96),
        U256::from(160),
        U256::from(288),
        one << 32,
        U256::from(u64::MAX),
        one << 64,
        one << 128,
        one << 160,
        U256::MAX,
    ]
}

impl Generator<'_> {
    pub(super) fn damage(&mut self, mut data: Vec<u8>) -> Vec<u8> {
        let words = data.len().saturating_sub(4) / 32;
        let at = 4 + 32 * self.dice.below(words.max(1));
        match self.dice.below(6) {
            0 => data.truncate(self.dice.below(data.len().max(1))),
            1 => data.truncate(data.len().saturating_sub(self.dice.between(1, 40))),
            // What follows the end is nobody's business
            2 => data.extend(self.dice.word()),
            3 => self.overwrite(&mut data, at),
            4 => {
                let byte = self.dice.below(data.len());
                let bit = self.dice.below(8);
                if let Some(byte) = data.get_mut(byte) {
                    *byte ^= 1 << bit;
                }
            }
            // Offsets and lengths are mostly among the first words
            _ => self.overwrite(&mut data, 4 + 32 * (at % 13)),
        }
        data
    }

    fn overwrite(&mut self, data: &mut [u8], at: usize) {
        let edges = edges();
        let word = self.dice.one(&edges);
        if let Some(place) = data.get_mut(at..at + 32) {
            place.copy_from_slice(&word.to_be_bytes::<32>());
        }
    }
}
