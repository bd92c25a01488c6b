//! What each event changes in the vault's storage: the fold's step, twin of the verbs in `contracts/src`.
//!
//! - `spending`: limits and payments
//! - `waiting`: changes that wait, and what kills them

mod spending;
mod waiting;

pub(crate) use waiting::Going;

use crate::place::Place;
use crate::purse::TrailPurse;
use crate::session::SessionWord;
use crate::trail::Trail;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::{self, IVaultEvents};
use purse_protocol::{Category, CategoryMask, Scope, SessionId};

impl Trail {
    /// Changes the state as the event says; for `LimitSet` gives what was counted by then. An event that cannot be
    /// changes nothing and says why.
    fn apply(&mut self, event: &IVaultEvents, place: Place) -> Result<Option<U256>, String> {
        match event {
            IVaultEvents::Paid(e) => self.paid(e, place)?,
            IVaultEvents::SessionGranted(e) => self.granted(e)?,
            IVaultEvents::KeyRotated(e) => self.rotated(e)?,
            IVaultEvents::ValiditySet(e) => {
                let word = self.word(e.session)?;
                (word.valid_from, word.valid_until) = (e.validFrom, e.validUntil);
            }
            IVaultEvents::CategoriesSet(e) => self.word(e.session)?.categories = categories(e.categories)?,
            IVaultEvents::PerPaymentCapSet(e) => self.cap_set(e)?,
            IVaultEvents::LimitSet(e) => return self.limit_set(e, place.time).map(Some),
            IVaultEvents::LimitRemoved(e) => self.limit_removed(e)?,
            IVaultEvents::Revoked(e) => {
                let word = self.word(e.session)?;
                *word = word.ended();
            }
            IVaultEvents::AllRevoked(e) => self.epoch = e.epoch,
            IVaultEvents::Paused(_) => self.paused = true,
            IVaultEvents::Unpaused(_) => self.paused = false,
            IVaultEvents::TokenAdded(e) => {
                if self.tokens.contains_key(&e.token) {
                    return Err(format!("token {} is listed already", e.token));
                }
                self.tokens.insert(e.token, e.unitBits);
            }
            IVaultEvents::PayeeSet(e) => {
                self.payees.insert(e.payee, Some(category(e.category)?));
            }
            // A refill is a payment to the purse, under its category
            IVaultEvents::PurseOpened(e) => {
                let (session, category) = (self.granted_session(e.session)?, category(e.category)?);
                self.payees.insert(e.purse, Some(category));
                self.purses.insert(e.purse, TrailPurse { session, category, token: e.token, place });
            }
            IVaultEvents::PurseTargetSet(e) => self.purse_target_set(e)?,
            IVaultEvents::PayeeRemoved(e) => {
                self.payees.insert(e.payee, None);
            }
            IVaultEvents::OwnershipTransferStarted(e) => self.pending_owner = e.pendingOwner,
            IVaultEvents::OwnershipTransferred(e) => {
                (self.owner, self.pending_owner) = (e.newOwner, Address::ZERO);
            }
            IVaultEvents::GuardianSet(e) => self.guardian = e.guardian,
            IVaultEvents::TreasurySet(e) => self.treasury = e.treasury,
            IVaultEvents::DelaySet(e) => self.delay = e.delay,
            IVaultEvents::ChangeWaiting(e) => self.change_waits(e, place)?,
            IVaultEvents::ChangeExecuted(e) => self.change_executed(e.change)?,
            IVaultEvents::ChangeCancelled(e) => {
                self.take_off(e.change)?;
            }
            // How much left is the double entry's
            IVaultEvents::Withdrawn(e) => drop(self.withdrawn.insert(e.token)),
            // No events of the trail
            IVaultEvents::PaymentFailed(_) | IVaultEvents::ChangeCall(_) => {}
        }
        Ok(None)
    }

    fn granted(&mut self, e: &IVault::SessionGranted) -> Result<(), String> {
        let session = session(e.session)?;
        if self.session_keys.contains_key(&session) || self.keys.contains_key(&e.key) {
            return Err(format!("session {session} or key {} was granted before", e.key));
        }
        let word = SessionWord {
            session,
            epoch: e.epoch,
            valid_from: e.validFrom,
            valid_until: e.validUntil,
            nonce_highest: 0,
            nonce_window: 0,
            categories: categories(e.categories)?,
        };
        self.session_keys.insert(session, e.key);
        self.keys.insert(e.key, word);
        Ok(())
    }

    fn rotated(&mut self, e: &IVault::KeyRotated) -> Result<(), String> {
        let session = self.granted_session(e.session)?;
        let word = *self.word(e.session)?;
        if self.session_keys.get(&session) != Some(&e.oldKey) || self.keys.contains_key(&e.newKey) {
            return Err(format!("{} is not the session's key, or {} served before", e.oldKey, e.newKey));
        }
        self.keys.insert(e.oldKey, word.ended());
        self.keys.insert(e.newKey, word.with_fresh_nonces());
        self.session_keys.insert(session, e.newKey);
        Ok(())
    }

    fn granted_session(&self, id: u32) -> Result<SessionId, String> {
        let session = session(id)?;
        if self.session_keys.contains_key(&session) {
            return Ok(session);
        }
        Err(format!("session {id} was never granted"))
    }

    /// A scope of the vault, or of a session that was granted.
    fn scope(&self, session: u32, category: u8) -> Result<Scope, String> {
        let scope =
            Scope::new(session, category).ok_or_else(|| format!("session {session} has no category {category}"));
        if session != 0 {
            self.granted_session(session)?;
        }
        scope
    }

    /// The word of the key that a session has now.
    fn word(&mut self, id: u32) -> Result<&mut SessionWord, String> {
        let key = self.session_keys.get(&session(id)?);
        let word = key.and_then(|key| self.keys.get_mut(key));
        word.ok_or_else(|| format!("session {id} was never granted"))
    }

    fn unit_bits(&self, token: Address) -> Result<u8, String> {
        self.tokens.get(&token).copied().ok_or_else(|| format!("token {token} was never listed"))
    }
}

fn session(id: u32) -> Result<SessionId, String> {
    SessionId::new(id).ok_or_else(|| "session 0 does not exist".into())
}

fn category(number: u8) -> Result<Category, String> {
    Category::new(number).ok_or_else(|| format!("category {number} does not exist"))
}

fn categories(bits: u64) -> Result<CategoryMask, String> {
    CategoryMask::from_bits(bits).map_err(|error| error.to_string())
}
