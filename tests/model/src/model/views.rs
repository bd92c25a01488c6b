//! What each view answers, by the model.

use super::judge::NONCE_WINDOW;
use super::limits::Scope;
use super::{Limit, Vault};
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVaultLens::{LimitView, SessionView, WaitingChange};

impl Vault {
    pub(crate) fn session_view(&self, session: u32) -> SessionView {
        let Some(known) = self.sessions.get(&session) else {
            return SessionView {
                key: Address::ZERO,
                validFrom: 0,
                validUntil: 0,
                categories: 0,
                nonceHighest: 0,
                nonceWindow: 0,
                epoch: 0,
                revoked: false,
            };
        };
        let highest = known.paid.last().copied().unwrap_or_default();
        let bits = known.paid.iter().map(|nonce| highest - nonce).filter(|behind| *behind < NONCE_WINDOW);
        SessionView {
            key: known.key,
            validFrom: known.valid_from,
            validUntil: known.valid_until,
            categories: known.categories,
            nonceHighest: highest,
            nonceWindow: bits.fold(0, |window, behind| window | 1 << behind),
            epoch: known.epoch,
            revoked: self.is_revoked(known),
        }
    }

    pub(crate) fn session_of_key(&self, key: Address) -> u32 {
        self.keys.get(&key).copied().unwrap_or_default()
    }

    /// The newest first.
    pub(crate) fn waiting_view(&self) -> Vec<WaitingChange> {
        let view = |change: &super::Waiting| WaitingChange {
            change: change.number,
            executableFrom: change.executable_from,
            executableUntil: change.executable_until(),
            killed: change.killed,
            callHash: change.call_hash(),
        };
        self.waiting.iter().rev().map(view).collect()
    }

    /// Only a session has a per-payment cap.
    pub(crate) fn remaining_view(&self, scope: Scope, now: u64) -> (u128, Vec<LimitView>) {
        let amount = |units| self.amount(scope.token, units).saturating_to();
        let view = |(window, limit): (u32, &Limit)| LimitView {
            window,
            cap: amount(limit.cap_units),
            used: amount(limit.used(window, now)),
            remaining: amount(limit.left(window, now)),
            meter: meter(window, limit),
        };
        let cap = if scope.category == 0 { self.per_payment_cap(scope.session, scope.token) } else { U256::ZERO };
        (cap.saturating_to(), self.standing(scope).map(view).collect())
    }

    pub(crate) fn meter_view(&self, scope: Scope, window: u32) -> U256 {
        self.limits.get(&(scope, window)).map(|limit| meter(window, limit)).unwrap_or_default()
    }
}

/// The word of libraries/SlidingCap.sol, as it was last written: bits 0..154 five counts of 31 bits, newest lowest; bits
/// 155..185 the cap; bits 186..208 the number of the newest quarter window.
fn meter(window: u32, limit: &Limit) -> U256 {
    let quarter = Limit::quarter(window);
    let newest = limit.latest / quarter;
    let counted = limit.counted.iter().map(|(time, units)| (newest - time / quarter, units));
    let counts = counted.filter(|(age, _)| *age < 5).fold(U256::ZERO, |word, (age, units)| {
        let place = usize::try_from(age).unwrap_or_default() * 31;
        word + (U256::from(*units) << place)
    });
    counts | (U256::from(limit.cap_units) << 155) | (U256::from(newest) << 186)
}
