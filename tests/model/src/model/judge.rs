//! Whether a payment may be made (I2, I3, I4, I5, I6).

use super::Vault;
use super::limits::{Scope, total};
use super::refusal::{Verdict, refuse};
use super::trail::wide;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::{self, Payment};
use std::collections::BTreeSet;

/// How far ahead of the highest nonce paid another may be.
pub(crate) const NONCE_LEAP: u32 = 1_024;
/// How far behind it.
pub(crate) const NONCE_WINDOW: u32 = 32;

impl Vault {
    /// Everything but the amounts, for a payment by `key`.
    ///
    /// Returns the payee's category, and the fee recipient's if there is a fee.
    pub(super) fn judge(&self, payment: &Payment, key: Address) -> Verdict<(u8, Option<u8>)> {
        self.judge_session(payment, key)?;
        self.judge_nonce(payment)?;
        let category = self.judge_payee(payment, payment.payee)?;
        let Payment { amount, fee, feeRecipient, .. } = *payment;
        if amount == 0 {
            return refuse(IVault::ZeroAmount {});
        }
        if fee == 0 && feeRecipient.is_zero() {
            return Ok((category, None));
        }
        if fee == 0 || feeRecipient.is_zero() {
            return refuse(IVault::FeeMismatch { fee, feeRecipient });
        }
        Ok((category, Some(self.judge_payee(payment, feeRecipient)?)))
    }

    fn judge_session(&self, payment: &Payment, key: Address) -> Verdict<()> {
        let Payment { session, deadline, .. } = *payment;
        let Some(known) = self.sessions.get(&session) else { return refuse(IVault::SessionUnknown { session }) };
        if self.keys.get(&key) != Some(&session) {
            return refuse(IVault::SignerNotSessionKey { session, signer: key });
        }
        if self.paused {
            return refuse(IVault::VaultPaused {});
        }
        if known.key != key {
            return refuse(IVault::KeyRetired { session, key });
        }
        if self.is_revoked(known) {
            return refuse(IVault::SessionRevoked { session });
        }
        let (from, until) = (known.valid_from, known.valid_until);
        if self.now < u64::from(from) {
            return refuse(IVault::SessionNotYetValid { session, validFrom: from });
        }
        if self.now >= u64::from(until) {
            return refuse(IVault::SessionExpired { session, validUntil: until });
        }
        if self.now >= u64::from(deadline) {
            return refuse(IVault::PaymentExpired { deadline, time: U256::from(self.now) });
        }
        Ok(())
    }

    fn judge_nonce(&self, payment: &Payment) -> Verdict<()> {
        let Payment { session, nonce, .. } = *payment;
        let nothing = BTreeSet::new();
        let paid = self.sessions.get(&session).map_or(&nothing, |session| &session.paid);
        let highest = paid.last().copied().unwrap_or_default();
        let furthest = u64::from(highest) + u64::from(NONCE_LEAP);
        if u64::from(nonce) > furthest {
            return refuse(IVault::NonceTooFar { session, nonce, furthest: U256::from(furthest) });
        }
        if u64::from(nonce) + u64::from(NONCE_WINDOW) <= u64::from(highest) {
            return refuse(IVault::NonceTooOld { session, nonce, oldest: highest + 1 - NONCE_WINDOW });
        }
        if paid.contains(&nonce) { refuse(IVault::NonceUsed { session, nonce }) } else { Ok(()) }
    }

    fn judge_payee(&self, payment: &Payment, payee: Address) -> Verdict<u8> {
        let session = payment.session;
        if let Some(of) = self.purses.get(&payee) {
            self.judge_refill(payment, payee, *of)?;
        } else if !self.payees.contains_key(&payee) {
            return refuse(IVault::PayeeNotInBook { payee });
        }
        let category = self.category(payee);
        let granted = self.sessions.get(&session).map_or(0, |session| session.categories);
        if granted >> category & 1 == 0 {
            return refuse(IVault::CategoryNotGranted { session, category });
        }
        Ok(category)
    }

    /// Whether the session has the payment's token at all, and whether the payment is above its per-payment cap.
    pub(super) fn is_above_cap(&self, payment: &Payment) -> Verdict<bool> {
        let Payment { session, token, .. } = *payment;
        if self.standing(Scope { session, category: 0, token }).next().is_none() {
            return refuse(IVault::TokenNotGranted { session, token });
        }
        Ok(total(payment) > self.per_payment_cap(session, token) && !self.is_purse(payment.payee))
    }

    /// How much a payment counts in which scopes: all of it for the session, the vault and the payee's category; the fee
    /// alone for the fee recipient's category, if that is another.
    pub(super) fn counts(payment: &Payment, category: u8, fee_category: Option<u8>) -> Vec<(Scope, U256)> {
        let Payment { session, token, fee, .. } = *payment;
        let all = total(payment);
        let mut counts = vec![
            (Scope { session, category: 0, token }, all),
            (Scope { session: 0, category: 0, token }, all),
            (Scope { session, category, token }, all),
        ];
        if let Some(other) = fee_category.filter(|other| *other != category) {
            counts.push((Scope { session, category: other, token }, wide(fee)));
        }
        counts
    }

    /// Whether the payment fits every limit there is.
    pub(super) fn judge_amounts(&self, counts: &[(Scope, U256)]) -> Verdict<()> {
        counts.iter().try_for_each(|(scope, amount)| self.fits(*scope, *amount))
    }

    pub(super) fn above_cap_error(&self, payment: &Payment) -> IVault::AbovePerPaymentCap {
        let cap = self.per_payment_cap(payment.session, payment.token);
        IVault::AbovePerPaymentCap { requested: total(payment), perPaymentCap: cap.saturating_to() }
    }
}
