//! One step of a test: what happens around the vault, then one call of it.

use crate::cast::Cast;
use crate::model::Counters;
use crate::model::tokens::{Answer, Mood};
use crate::words;
use alloy::primitives::{Address, B256, Bytes, U256};
use std::fmt::Write as _;

/// What happens around the vault.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Around {
    /// The vault gets tokens.
    Mint { token: Address, amount: U256 },
    /// A purse holds so much, as if it had paid or was given.
    Hold { token: Address, account: Address, amount: U256 },
    /// A facilitator asks a purse about an authorization (I15).
    Ask { purse: Address, hash: B256, blob: Bytes },
    /// Somebody sweeps a token out of a purse.
    Sweep { purse: Address, token: Address, from: Address },
    /// A token changes its mood.
    SetMood { token: Address, mood: Mood },
    /// A token begins or ceases to shun a receiver.
    Shun { token: Address, account: Address, shunned: bool },
    /// An ERC-1271 account will answer so about a digest.
    Answer { wallet: Address, digest: B256, answer: Answer },
    /// The vault's counters become those of an old one.
    Age(Counters),
    /// Tokens leave the vault, and the model is not told: for the test of this test.
    #[cfg(test)]
    Leak { token: Address, amount: U256 },
}

/// What happens around the vault, and a call of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// The block's time.
    pub(crate) time: u64,
    pub(crate) around: Vec<Around>,
    pub(crate) from: Address,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    pub(crate) gas: u64,
}

impl Step {
    /// The step in words, under the names of the cast.
    pub(crate) fn describe(&self, cast: &Cast) -> String {
        let mut text = String::new();
        for around in &self.around {
            // Writing to a string cannot fail
            let _ = write!(text, "{around:?}; ");
        }
        let _ = write!(text, "t={} from={} ", self.time, self.from);
        if !self.value.is_zero() {
            let _ = write!(text, "value={} ", self.value);
        }
        if self.gas != crate::chain::GAS_LIMIT {
            let _ = write!(text, "gas={} ", self.gas);
        }
        text.push_str(&words::call(&self.data));
        cast.named(&text)
    }
}
