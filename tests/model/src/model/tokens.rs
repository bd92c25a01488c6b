//! What stands around the vault: tokens, and accounts that answer for their signatures (ERC-1271). The contracts that
//! do the same in the EVM are in `bytecode`.

use super::Purse;
use alloy::primitives::{Address, B256, U256};
use std::collections::{BTreeMap, BTreeSet};

/// How a token behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum Mood {
    /// Moves what there is and answers true; reverts where there is too little.
    #[default]
    Plain = 0,
    /// Moves nothing and answers false.
    Refusing = 1,
    /// Moves and answers nothing, as USDT does.
    Silent = 2,
    /// Moves and answers false.
    Lying = 3,
    /// Reverts.
    Frozen = 4,
    /// Moves, but does not tell balances, nor a domain to sign authorizations in.
    Discreet = 5,
}

/// What an ERC-1271 account answers when asked about a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Answer {
    /// The magic value.
    Yes = 1,
    /// It reverts.
    Revert = 2,
    /// The magic value, cut short of a word.
    Short = 3,
    /// It never ends.
    Endless = 4,
    /// The magic value with more behind it in the same word.
    Dirty = 5,
    /// The magic value, and more words.
    Long = 6,
}

/// A token and who holds what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Token {
    pub(crate) mood: Mood,
    pub(crate) balances: BTreeMap<Address, U256>,
    /// To whom it answers false and moves nothing.
    pub(crate) shunned: BTreeSet<Address>,
}

/// How a transfer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// Money moved and the token said so, or said nothing.
    Done,
    /// The token reverted or said no.
    Failed,
}

impl Token {
    pub(crate) fn balance(&self, account: Address) -> U256 {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    /// A balance as a contract hears of it.
    pub(crate) fn told(&self, account: Address) -> Option<U256> {
        (self.mood != Mood::Discreet).then(|| self.balance(account))
    }

    /// The separator of the domain that authorizations are signed in.
    pub(crate) fn separator(&self) -> Option<B256> {
        self.keeps_authorizations().then(|| B256::with_last_byte(1))
    }

    /// Whether it can be paid by signed authorization (EIP-3009).
    pub(crate) fn keeps_authorizations(&self) -> bool {
        self.mood != Mood::Discreet
    }

    pub(crate) fn transfer(&mut self, from: Address, to: Address, amount: U256) -> Transfer {
        let held = self.balance(from);
        if matches!(self.mood, Mood::Refusing | Mood::Frozen) || self.shunned.contains(&to) || held < amount {
            return Transfer::Failed;
        }
        self.balances.insert(from, held - amount);
        *self.balances.entry(to).or_default() += amount;
        if self.mood == Mood::Lying { Transfer::Failed } else { Transfer::Done }
    }
}

/// Tokens and ERC-1271 accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) tokens: BTreeMap<Address, Token>,
    /// By account, what it answers about which digest; about others it answers no.
    pub(crate) wallets: BTreeMap<Address, BTreeMap<B256, Answer>>,
    /// Where purses will be.
    pub(crate) purse_places: BTreeMap<Purse, Address>,
}

impl World {
    /// Whether there is code at an address, the vault's aside.
    pub(crate) fn has_code(&self, account: Address) -> bool {
        self.tokens.contains_key(&account) || self.wallets.contains_key(&account)
    }

    /// Whether an account says, in a way that counts, that it signed.
    pub(crate) fn confirms(&self, account: Address, digest: B256) -> bool {
        let answer = self.wallets.get(&account).and_then(|answers| answers.get(&digest));
        matches!(answer, Some(Answer::Yes | Answer::Long))
    }
}
