//! Sessions and their keys, and the verbs that stop them (I8).

use super::Vault;
use super::refusal::{Refusal, Verdict, refuse};
use super::trail::wide;
use super::waiting::{Act, Subject};
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault;
use std::collections::BTreeSet;

/// `revokeAll` can be counted no further.
pub(crate) const LAST_EPOCH: u32 = (1 << 24) - 1;

/// A session that was granted.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) key: Address,
    pub(crate) valid_from: u32,
    /// 0 = revoked by `revoke`.
    pub(crate) valid_until: u32,
    pub(crate) categories: u64,
    /// The vault's when granted.
    pub(crate) epoch: u32,
    /// Nonces that the present key has paid.
    pub(crate) paid: BTreeSet<u32>,
}

impl Vault {
    pub(crate) fn is_revoked(&self, session: &Session) -> bool {
        session.valid_until == 0 || session.epoch < self.epoch
    }

    /// A session that exists and is not revoked; an expired one may be changed, so extended.
    pub(super) fn live(&self, session: u32) -> Verdict<Session> {
        match self.sessions.get(&session) {
            None => refuse(IVault::SessionUnknown { session }),
            Some(known) if self.is_revoked(known) => refuse(IVault::SessionRevoked { session }),
            Some(known) => Ok(known.clone()),
        }
    }

    fn change(&mut self, session: u32, change: impl FnOnce(&mut Session)) {
        if let Some(known) = self.sessions.get_mut(&session) {
            change(known);
        }
    }

    /// A session key has no other role, and never served before.
    pub(super) fn check_new_key(&self, key: Address) -> Verdict<()> {
        if key.is_zero() {
            return refuse(IVault::ZeroAddress {});
        }
        if self.keys.contains_key(&key) {
            return refuse(IVault::KeyUsedBefore { key });
        }
        let roles = [self.owner, self.guardian, self.treasury, self.address];
        if roles.contains(&key) || self.is_in_book(key) || self.tokens.contains_key(&key) {
            return refuse(IVault::RoleConflict { account: key });
        }
        Ok(())
    }

    pub(super) fn check_validity(&self, from: u32, until: u32) -> Verdict<()> {
        if from >= until || u64::from(until) <= self.now {
            return refuse(IVault::ValidityInvalid { validFrom: from, validUntil: until });
        }
        Ok(())
    }

    pub(super) fn check_categories(categories: u64) -> Verdict<()> {
        if categories & 1 == 1 { refuse(IVault::CategoryMaskInvalid { categories }) } else { Ok(()) }
    }

    /// Who the key is loosens nothing: this never waits, and kills nothing.
    pub(super) fn rotate_key(&mut self, act: &Act<'_>, session: u32, new: Address) -> Verdict<()> {
        let old = self.live(session)?.key;
        act.expect(U256::from_be_slice(old.as_slice()))?;
        self.check_new_key(new)?;
        self.keys.insert(new, session);
        self.change(session, |known| {
            known.key = new;
            known.paid.clear();
        });
        self.log(|sequence| IVault::KeyRotated { session, oldKey: old, newKey: new, sequence });
        Ok(())
    }

    pub(super) fn set_validity(&mut self, act: &Act<'_>, session: u32, from: u32, until: u32) -> Verdict<()> {
        let known = self.live(session)?;
        self.check_validity(from, until)?;
        act.expect((wide(known.valid_from) << 32) | wide(known.valid_until))?;
        let loosens = from < known.valid_from || until > known.valid_until;
        if self.must_wait(act, Subject::Session(session), loosens)? {
            return Ok(());
        }
        self.change(session, |known| (known.valid_from, known.valid_until) = (from, until));
        self.log(|sequence| IVault::ValiditySet { session, validFrom: from, validUntil: until, sequence });
        Ok(())
    }

    pub(super) fn set_categories(&mut self, act: &Act<'_>, session: u32, categories: u64) -> Verdict<()> {
        let known = self.live(session)?;
        Self::check_categories(categories)?;
        act.expect(wide(known.categories))?;
        let loosens = categories & !known.categories != 0;
        if self.must_wait(act, Subject::Session(session), loosens)? {
            return Ok(());
        }
        self.change(session, |known| known.categories = categories);
        self.log(|sequence| IVault::CategoriesSet { session, categories, sequence });
        Ok(())
    }

    pub(super) fn revoke(&mut self, by: Address, session: u32) -> Verdict<()> {
        let Some(known) = self.sessions.get(&session) else { return refuse(IVault::SessionUnknown { session }) };
        if self.is_revoked(known) {
            return Ok(());
        }
        self.change(session, |known| known.valid_until = 0);
        self.kill(Subject::Session(session));
        self.log(|sequence| IVault::Revoked { session, by, sequence });
        Ok(())
    }

    pub(super) fn revoke_all(&mut self, by: Address) -> Verdict<()> {
        if !self.granted && !self.newly_waits(Subject::Everything) {
            return Ok(());
        }
        self.kill(Subject::Everything);
        if self.epoch == LAST_EPOCH {
            return Err(Refusal::Overflow);
        }
        self.granted = false;
        self.epoch += 1;
        let epoch = self.epoch;
        self.log(|sequence| IVault::AllRevoked { epoch, by, sequence });
        Ok(())
    }

    pub(super) fn pause(&mut self, by: Address) -> Verdict<()> {
        if self.paused && !self.newly_waits(Subject::Pause) {
            return Ok(());
        }
        self.kill(Subject::Pause);
        self.paused = true;
        self.log(|sequence| IVault::Paused { by, sequence });
        Ok(())
    }

    pub(super) fn unpause(&mut self, act: &Act<'_>) -> Verdict<()> {
        if !self.paused || self.must_wait(act, Subject::Pause, true)? {
            return Ok(());
        }
        self.paused = false;
        let by = act.by;
        self.log(|sequence| IVault::Unpaused { by, sequence });
        Ok(())
    }
}
