//! The fold of limits and of payments, which count in every scope that has limits (I4).

use super::category;
use crate::payment::TrailPayment;
use crate::place::Place;
use crate::trail::Trail;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault;
use purse_protocol::{Meter, Scope, Window, meter};

/// Meters to be stored, by scope and window.
type Meters = Vec<((Scope, Address, Window), Meter)>;

impl Trail {
    pub(super) fn cap_set(&mut self, e: &IVault::PerPaymentCapSet) -> Result<(), String> {
        let (session, unit_bits) = (self.granted_session(e.session)?, self.unit_bits(e.token)?);
        let policy = self.policies.entry((Scope::Session(session), e.token)).or_default();
        (policy.per_payment_cap, policy.unit_bits) = (e.perPaymentCap, unit_bits);
        Ok(())
    }

    pub(super) fn purse_target_set(&mut self, e: &IVault::PurseTargetSet) -> Result<(), String> {
        let (scope, unit_bits) = (self.scope(e.session, e.category)?, self.unit_bits(e.token)?);
        let policy = self.policies.entry((scope, e.token)).or_default();
        (policy.purse_target, policy.unit_bits) = (Some(e.target), unit_bits);
        Ok(())
    }

    pub(super) fn limit_set(&mut self, e: &IVault::LimitSet, time: u64) -> Result<U256, String> {
        let (scope, window) = (self.scope(e.session, e.category)?, window(e.window)?);
        let unit_bits = self.unit_bits(e.token)?;
        let units = meter::units_down(U256::from(e.cap), unit_bits);
        if units > meter::MAX_UNITS {
            return Err(format!("a cap of {} does not fit", e.cap));
        }
        let meter = self.meter(scope, e.token, window).rolled(window, time).with_cap(units);
        self.meters.insert((scope, e.token, window), meter);
        let policy = self.policies.entry((scope, e.token)).or_default();
        policy.unit_bits = unit_bits;
        *policy = policy.with_window(window);
        Ok(meter::base_units(meter.used_units(), unit_bits))
    }

    pub(super) fn limit_removed(&mut self, e: &IVault::LimitRemoved) -> Result<(), String> {
        let (scope, window) = (self.scope(e.session, e.category)?, window(e.window)?);
        let policy = self.policies.get_mut(&(scope, e.token)).filter(|policy| policy.stands(window));
        let policy = policy.ok_or_else(|| format!("the {scope} has no limit over {window} in the token"))?;
        *policy = policy.without_window(window);
        let meter = self.meter(scope, e.token, window).with_cap(0);
        self.meters.insert((scope, e.token, window), meter);
        Ok(())
    }

    pub(super) fn paid(&mut self, e: &IVault::Paid, place: Place) -> Result<(), String> {
        let session = self.granted_session(e.session)?;
        if !self.policies.contains_key(&(Scope::Session(session), e.token)) {
            return Err("the session has no limit in the token".into());
        }
        let of_fee = self.payees.get(&e.feeRecipient).copied().flatten();
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
            fee_category: of_fee.filter(|_| e.fee != 0),
            reference: e.r#ref,
            place,
        };
        let word = self.word(e.session)?;
        let after = word.with_nonce(e.nonce).ok_or_else(|| format!("nonce {} is too old", e.nonce))?;
        let meters = self.counted(&payment)?;
        *self.word(e.session)? = after;
        self.meters.extend(meters);
        self.payments.push(payment);
        Ok(())
    }

    /// The meters of all limits that stand, in every scope that a payment counts in, with the payment counted.
    fn counted(&self, payment: &TrailPayment) -> Result<Meters, String> {
        let mut meters = Vec::new();
        for (scope, total) in payment.counts() {
            let policy = self.policies.get(&(scope, payment.token)).copied().unwrap_or_default();
            let units = meter::units_up(total, policy.unit_bits);
            for window in Window::ALL.into_iter().filter(|&window| policy.stands(window)) {
                let meter = self.meter(scope, payment.token, window).rolled(window, payment.place.time);
                // More would spill from one count into the next; no cap is so high. Whether the cap held: see `windows`.
                if meter.used_units().saturating_add(units) > meter::MAX_UNITS {
                    let (session, nonce) = (payment.session, payment.nonce);
                    return Err(format!("session {session} paid {total} with nonce {nonce}, more than any limit"));
                }
                meters.push(((scope, payment.token, window), meter.add(units)));
            }
        }
        Ok(meters)
    }
}

fn window(seconds: u32) -> Result<Window, String> {
    Window::from_seconds(seconds).ok_or_else(|| format!("no limit has a window of {seconds} seconds"))
}
