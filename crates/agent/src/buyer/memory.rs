//! What a buyer has seen before, so that it need not wait for one answer to put the next question: under which category a
//! payee was paid, where the open purse of a category is, and which purses there are. Each time the book is asked again; a
//! purse that was opened stays where it is.

use super::Buyer;
use crate::purse::Purse;
use alloy::primitives::Address;
use alloy::providers::Provider;
use purse_protocol::RpcFault;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Payees that are remembered at once: a seller that names a new one each time fills no memory.
const MOST_PAYEES: usize = 1_000;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    categories: BTreeMap<Address, u8>,
    purses: BTreeMap<u8, Address>,
    /// The vault's list of purses in the token, as far as it was read: each with its session.
    opened: Vec<(Address, u32)>,
}

impl Memory {
    /// Forgets everything: something was not as it was.
    pub(super) fn clear(&self) {
        *self.seen() = Seen::default();
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Provider> Buyer<P> {
    /// Every purse that was ever opened for the session in its token.
    pub(super) async fn purses_opened(&self) -> Result<Vec<Address>, RpcFault> {
        let mut opened = self.memory.seen().opened.clone();
        let own = self.agent.purses_opened(&mut opened).await?;
        self.memory.seen().opened = opened;
        Ok(own)
    }

    /// The purse from which a payee is paid; `None` where it is not in the book.
    pub(super) async fn purse_for(&self, payee: Address) -> Result<Option<Purse>, RpcFault> {
        let (guess, at) = {
            let seen = self.memory.seen();
            let guess = seen.categories.get(&payee).copied();
            (guess, guess.and_then(|category| seen.purses.get(&category).copied()))
        };
        let guessed = async {
            match guess {
                Some(category) => Some(self.agent.purse_at(category, at).await),
                None => None,
            }
        };
        let (category, guessed) = tokio::join!(self.agent.category_of(payee), guessed);
        let category = category?;
        if category == 0 {
            return Ok(None);
        }
        let purse = match guessed.filter(|_| guess == Some(category)) {
            Some(guessed) => guessed?,
            None => self.agent.purse(category).await?,
        };
        let mut seen = self.memory.seen();
        if seen.categories.len() >= MOST_PAYEES {
            seen.categories.clear();
        }
        seen.categories.insert(payee, category);
        if purse.open {
            seen.purses.insert(category, purse.address);
        }
        Ok(Some(purse))
    }
}
