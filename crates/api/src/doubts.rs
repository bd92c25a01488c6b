//! Vaults of which it is not known that their state is what the chain holds. Pure.

use alloy::primitives::Address;
use purse_indexer::Compared;
use std::collections::BTreeMap;

const OF_INDEX: &str = "check the index with purse audit verify, and begin it anew with purse index --rebuild";
const OF_NODE: &str = "a node that forges proofs may forge more: leave it out, and name another one with --rpc-url";

/// Of a vault, it begins or ends to be unknown whether its state is what the chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// It begins.
    Raised {
        /// Why.
        cause: String,
        /// What to do about that.
        fix: &'static str,
    },
    /// Its state was proven.
    Over,
    /// There is nothing to compare any more: a reorganisation removed the vault, or it logged what this program cannot read.
    Gone,
}

/// One doubt of a vault at a time, the last: why, and what to do about it.
#[derive(Debug, Default)]
pub(crate) struct Doubts(BTreeMap<Address, (String, &'static str)>);

impl Doubts {
    /// A vault's state was held against the chain's own.
    pub(crate) fn compared(&mut self, vault: Address, compared: &Compared) -> Option<Doubt> {
        let block = compared.block.number;
        match compared.differences.first() {
            None => self.0.remove(&vault).map(|_| Doubt::Over),
            Some(first) => self.raise(
                vault,
                format!("the state of vault {vault} at block {block} is not the chain's: {first}"),
                OF_INDEX,
            ),
        }
    }

    /// What was given as a proof of a vault's state proves nothing: why.
    pub(crate) fn forged(&mut self, vault: Address, why: &str) -> Option<Doubt> {
        self.raise(vault, format!("the state of vault {vault} is not proven: {why}"), OF_NODE)
    }

    /// Of a vault there is no state to compare.
    pub(crate) fn gone(&mut self, vault: Address) -> Option<Doubt> {
        self.0.remove(&vault).map(|_| Doubt::Gone)
    }

    pub(crate) fn vaults(&self) -> Vec<Address> {
        self.0.keys().copied().collect()
    }

    pub(crate) fn first(&self) -> Option<&(String, &'static str)> {
        self.0.values().next()
    }

    /// It is news if it is the first of its kind.
    fn raise(&mut self, vault: Address, cause: String, fix: &'static str) -> Option<Doubt> {
        let before = self.0.insert(vault, (cause.clone(), fix));
        let is_news = before.is_none_or(|(_, before)| before != fix);
        is_news.then_some(Doubt::Raised { cause, fix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::B256;
    use purse_audit::{Difference, Subject};
    use purse_indexer::BlockRef;

    const VAULT: Address = Address::repeat_byte(1);

    fn held(differences: Option<Difference>) -> Compared {
        let block = BlockRef { number: 7, hash: B256::repeat_byte(7) };
        Compared { block, words: 20, balances: 1, differences: differences.into_iter().collect() }
    }

    fn differing() -> Compared {
        held(Difference::between(Subject::Vault, "paused", &true, &false))
    }

    #[test]
    fn a_difference_is_told_once_and_ends_when_the_state_is_proven() {
        let mut doubts = Doubts::default();
        assert_eq!(doubts.compared(VAULT, &held(None)), None);
        let Some(Doubt::Raised { cause, fix }) = doubts.compared(VAULT, &differing()) else {
            unreachable!("it differs")
        };
        assert!(cause.contains("paused differs (trail: true; chain: false)") && fix.contains("--rebuild"), "{cause}");
        assert_eq!(doubts.compared(VAULT, &differing()), None);
        assert_eq!((doubts.first(), doubts.vaults()), (Some(&(cause, fix)), vec![VAULT]));
        assert_eq!(doubts.compared(VAULT, &held(None)), Some(Doubt::Over));
        assert_eq!(doubts.first(), None);
    }

    #[test]
    fn the_doubt_of_a_vault_that_is_gone_ends() {
        let mut doubts = Doubts::default();
        assert_eq!(doubts.gone(VAULT), None);
        doubts.compared(VAULT, &differing());
        assert_eq!(doubts.gone(VAULT), Some(Doubt::Gone));
        assert_eq!(doubts.first(), None);
    }

    #[test]
    fn a_forged_proof_is_told_once_until_one_proves() {
        let mut doubts = Doubts::default();
        let Some(Doubt::Raised { cause, fix }) = doubts.forged(VAULT, "what n gave is none") else {
            unreachable!("it is forged")
        };
        assert!(cause.contains("what n gave is none") && fix.contains("--rpc-url"), "{cause}");
        assert_eq!(doubts.forged(VAULT, "what n gave is none"), None);
        assert!(matches!(doubts.compared(VAULT, &differing()), Some(Doubt::Raised { .. })), "another kind");
        assert_eq!(doubts.compared(VAULT, &held(None)), Some(Doubt::Over));
    }
}
