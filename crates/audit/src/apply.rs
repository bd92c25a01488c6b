//! What each event changes in the vault's storage: the fold's step, twin of the verbs in `contracts/src`.

use crate::payment::TrailPayment;
use crate::place::Place;
use crate::session::SessionWord;
use crate::trail::Trail;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::{self, IVaultEvents};
use purse_protocol::{Category, CategoryMask, SessionId, Window, meter};

impl Trail {
    /// Changes the state as the event says; for `LimitSet` gives what was counted by then. An event that cannot be
    /// changes nothing and says why.
    pub(crate) fn apply(&mut self, event: &IVaultEvents, place: Place) -> Result<Option<U256>, String> {
        match event {
            IVaultEvents::Paid(e) => self.paid(e, place)?,
            IVaultEvents::Withdrawn(_) => {}
            IVaultEvents::SessionGranted(e) => self.granted(e)?,
            IVaultEvents::KeyRotated(e) => self.rotated(e)?,
            IVaultEvents::ValiditySet(e) => {
                let word = self.word(e.session)?;
                (word.valid_from, word.valid_until) = (e.validFrom, e.validUntil);
            }
            IVaultEvents::CategoriesSet(e) => self.word(e.session)?.categories = categories(e.categories)?,
            IVaultEvents::PerPaymentCapSet(e) => {
                let (session, unit_bits) = (self.granted_session(e.session)?, self.unit_bits(e.token)?);
                let policy = self.policies.entry((session, e.token)).or_default();
                (policy.per_payment_cap, policy.unit_bits) = (e.perPaymentCap, unit_bits);
            }
            IVaultEvents::LimitSet(e) => return self.limit_set(e, place.time).map(Some),
            IVaultEvents::LimitRemoved(e) => {
                let (session, window) = (self.granted_session(e.session)?, window(e.window)?);
                let policy =
                    self.policies.get_mut(&(session, e.token)).ok_or("the session has no limit in the token")?;
                *policy = policy.without_window(window);
                let meter = self.meter(session, e.token, window).with_cap(0);
                self.meters.insert((session, e.token, window), meter);
            }
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
            IVaultEvents::PayeeRemoved(e) => {
                self.payees.insert(e.payee, None);
            }
            IVaultEvents::OwnershipTransferStarted(e) => self.pending_owner = e.pendingOwner,
            IVaultEvents::OwnershipTransferred(e) => {
                (self.owner, self.pending_owner) = (e.newOwner, Address::ZERO);
            }
            IVaultEvents::GuardianSet(e) => self.guardian = e.guardian,
            IVaultEvents::TreasurySet(e) => self.treasury = e.treasury,
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

    fn limit_set(&mut self, e: &IVault::LimitSet, time: u64) -> Result<U256, String> {
        let (session, window) = (self.granted_session(e.session)?, window(e.window)?);
        let unit_bits = self.unit_bits(e.token)?;
        let units = meter::units_down(U256::from(e.cap), unit_bits);
        if units > meter::MAX_UNITS {
            return Err(format!("a cap of {} does not fit", e.cap));
        }
        let meter = self.meter(session, e.token, window).rolled(window, time).with_cap(units);
        self.meters.insert((session, e.token, window), meter);
        let policy = self.policies.entry((session, e.token)).or_default();
        policy.unit_bits = unit_bits;
        *policy = policy.with_window(window);
        Ok(meter::base_units(meter.used_units(), unit_bits))
    }

    fn paid(&mut self, e: &IVault::Paid, place: Place) -> Result<(), String> {
        let session = self.granted_session(e.session)?;
        let policy = *self.policies.get(&(session, e.token)).ok_or("the session has no limit in the token")?;
        let payment = TrailPayment {
            session,
            key: *self.session_keys.get(&session).ok_or("the session was never granted")?,
            nonce: e.nonce,
            payee: e.payee,
            category: category(e.category)?,
            token: e.token,
            amount: e.amount,
            fee: e.fee,
            fee_recipient: e.feeRecipient,
            reference: e.r#ref,
            place,
        };
        let word = self.word(e.session)?;
        let after = word.with_nonce(e.nonce).ok_or_else(|| format!("nonce {} is too old", e.nonce))?;
        let units = meter::units_up(payment.total(), policy.unit_bits);
        let mut meters = Vec::new();
        for window in Window::ALL.into_iter().filter(|&window| policy.stands(window)) {
            let meter = self.meter(session, e.token, window).rolled(window, place.time);
            // More would spill from one count into the next; no cap is so high. Whether the cap held: see `windows`.
            if meter.used_units().saturating_add(units) > meter::MAX_UNITS {
                let total = payment.total();
                return Err(format!("session {session} paid {total} with nonce {}, more than any limit", e.nonce));
            }
            meters.push((window, meter.add(units)));
        }
        *self.word(e.session)? = after;
        self.meters.extend(meters.into_iter().map(|(window, meter)| ((session, e.token, window), meter)));
        self.payments.push(payment);
        Ok(())
    }

    fn granted_session(&self, id: u32) -> Result<SessionId, String> {
        let session = session(id)?;
        if self.session_keys.contains_key(&session) {
            return Ok(session);
        }
        Err(format!("session {id} was never granted"))
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

fn window(seconds: u32) -> Result<Window, String> {
    Window::from_seconds(seconds).ok_or_else(|| format!("no limit has a window of {seconds} seconds"))
}

fn category(number: u8) -> Result<Category, String> {
    Category::new(number).ok_or_else(|| format!("category {number} does not exist"))
}

fn categories(bits: u64) -> Result<CategoryMask, String> {
    CategoryMask::from_bits(bits).map_err(|error| error.to_string())
}
