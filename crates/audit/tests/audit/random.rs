//! Random histories of a vault, each act allowed by the fold's meters: the checks, which do not use them, agree; and
//! their window sums equal a sum over the plain list of payments.

use crate::synthetic::{KEY, ONE, OWNER, PAYEE, RELAYER, Synthetic, TOKEN, TREASURY, VAULT, who};
use alloy::primitives::U256;
use proptest::prelude::*;
use purse_audit::{LimitUse, Session, Trail, compare};
use purse_protocol::abi::IVault::{
    AllRevoked, CategoriesSet, KeyRotated, LimitRemoved, Paused, PayeeRemoved, PayeeSet, PerPaymentCapSet, Revoked,
    Unpaused, ValiditySet, Withdrawn,
};
use purse_protocol::{Scope, SessionId, Window, meter};

#[derive(Debug, Clone)]
enum Act {
    Pay { nonce: u32, amount: u128, fee: u128 },
    Wait(u64),
    SetLimit { window: usize, cap: u128 },
    RemoveLimit { window: usize },
    Cap(u128),
    Pause(bool),
    Revoke,
    RevokeAll,
    Rotate,
    Categories(bool),
    Payee(bool),
    Validity(u32),
    Withdraw(u128),
    Fund(u128),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => (0..40_u32, 1..12 * ONE, prop_oneof![Just(0), 1..ONE])
            .prop_map(|(nonce, amount, fee)| Act::Pay { nonce, amount, fee }),
        10 => prop_oneof![1..1_000_u64, 1..90_000_u64, 1..700_000_u64].prop_map(Act::Wait),
        3 => (0..4_usize, 0..60 * ONE).prop_map(|(window, cap)| Act::SetLimit { window, cap }),
        1 => (0..4_usize).prop_map(|window| Act::RemoveLimit { window }),
        1 => (ONE..12 * ONE).prop_map(Act::Cap),
        1 => any::<bool>().prop_map(Act::Pause),
        1 => any::<bool>().prop_map(Act::Categories),
        1 => any::<bool>().prop_map(Act::Payee),
        1 => (1..8_000_000_u32).prop_map(Act::Validity),
        1 => (1..ONE).prop_map(Act::Withdraw),
        1 => (1..50 * ONE).prop_map(Act::Fund),
        1 => Just(Act::Rotate),
    ]
}

/// A vault in the making, with the trail of what it has logged so far.
struct Play {
    vault: Synthetic,
    trail: Trail,
    folded: usize,
    keys: u8,
    unit_bits: u8,
}

impl Play {
    fn new(unit_bits: u8) -> Self {
        let vault = Synthetic::with_session(unit_bits);
        let (trail, folded) = (vault.trail(), vault.logs.len());
        Self { vault, trail, folded, keys: 100, unit_bits }
    }

    fn session(&self) -> Session {
        self.trail.session(SessionId::new(1).unwrap()).unwrap()
    }

    fn act(&mut self, act: Act) {
        let live = !self.session().revoked;
        let (time, id) = (self.vault.time, SessionId::new(1).unwrap());
        let down = |amount: u128| amount >> self.unit_bits << self.unit_bits;
        let (stands, in_book) = (Window::ALL.map(|window| self.stands(window)), self.in_book());
        let pays = match act {
            Act::Pay { nonce, amount, fee } if self.may_pay(nonce, amount, fee) => Some(self.nonce(nonce)),
            _ => None,
        };
        let vault = &mut self.vault;
        match act {
            Act::Pay { amount, fee, .. } if let Some(nonce) = pays => vault.pay(nonce, amount, fee),
            Act::Wait(seconds) => vault.next_block(seconds),
            Act::SetLimit { window, cap } if live => {
                let (window, cap) = (Window::ALL[window], down(cap));
                let meter = self.trail.meter(Scope::Session(id), TOKEN, window).rolled(window, time);
                let used = meter::base_units(meter.used_units(), self.unit_bits).to();
                let window = window.seconds();
                vault.limit(1, 0, window, cap, used);
            }
            Act::RemoveLimit { window } if live && stands[window] => {
                let window = Window::ALL[window].seconds();
                vault.emit(|sequence| LimitRemoved { session: 1, token: TOKEN, category: 0, window, sequence });
            }
            Act::Cap(cap) if live => {
                let perPaymentCap = down(cap);
                vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap, sequence });
            }
            Act::Pause(true) if !self.trail.paused => vault.emit(|sequence| Paused { by: OWNER, sequence }),
            Act::Pause(false) if self.trail.paused => vault.emit(|sequence| Unpaused { by: OWNER, sequence }),
            Act::Revoke if live => vault.emit(|sequence| Revoked { session: 1, by: OWNER, sequence }),
            Act::RevokeAll => {
                let epoch = self.trail.epoch + 1;
                vault.emit(|sequence| AllRevoked { epoch, by: OWNER, sequence });
            }
            Act::Rotate if live => {
                self.keys += 1;
                let (oldKey, newKey) = (self.session().key, who(self.keys));
                self.vault.emit(|sequence| KeyRotated { session: 1, oldKey, newKey, sequence });
            }
            Act::Categories(all) if live => {
                let categories = if all { 1 << 1 | 1 << 63 } else { 1 << 1 };
                vault.emit(|sequence| CategoriesSet { session: 1, categories, sequence });
            }
            Act::Payee(true) => vault.emit(|sequence| PayeeSet { payee: PAYEE, category: 1, sequence }),
            Act::Payee(false) if in_book => {
                vault.emit(|sequence| PayeeRemoved { payee: PAYEE, by: OWNER, sequence });
            }
            Act::Validity(length) if live => {
                let (validFrom, validUntil) = (time as u32 - 1, time as u32 + length);
                vault.emit(|sequence| ValiditySet { session: 1, validFrom, validUntil, sequence });
            }
            Act::Withdraw(amount) => {
                let amount = U256::from(amount);
                vault.emit(|sequence| Withdrawn { token: TOKEN, treasury: TREASURY, amount, sequence });
                vault.transfer(VAULT, TREASURY, amount);
                vault.transfer(TREASURY, VAULT, amount);
            }
            Act::Fund(amount) => vault.transfer(KEY, VAULT, U256::from(amount)),
            _ => {}
        }
        for log in &self.vault.logs[self.folded..] {
            self.trail.push(log).expect("an allowed act folds");
        }
        self.folded = self.vault.logs.len();
    }

    /// Nonces count from a little below the highest one paid.
    fn nonce(&self, offset: u32) -> u32 {
        self.session().word.nonce_highest.saturating_sub(20) + offset
    }

    fn stands(&self, window: Window) -> bool {
        self.trail.policies[&(Scope::new(1, 0).unwrap(), TOKEN)].stands(window)
    }

    fn in_book(&self) -> bool {
        self.trail.payees[&PAYEE].is_some()
    }

    fn may_pay(&self, offset: u32, amount: u128, fee: u128) -> bool {
        let (session, nonce) = (self.session(), self.nonce(offset));
        let used = nonce <= session.word.nonce_highest
            && session.word.nonce_window >> (session.word.nonce_highest - nonce) & 1 == 1;
        let policy = self.trail.policies[&(Scope::Session(session.id), TOKEN)];
        let (total, time) = (U256::from(amount + fee), self.vault.time);
        let limits = self.trail.limits(Scope::Session(session.id), TOKEN, time);
        let fits = meter::base_units(meter::units_up(total, self.unit_bits), self.unit_bits);
        !(self.trail.paused || session.revoked || used || limits.is_empty() || !self.in_book())
            && (u64::from(session.word.valid_from)..u64::from(session.word.valid_until)).contains(&time)
            && (fee == 0 || session.word.categories.bits() >> 63 == 1 && self.trail.payees[&RELAYER].is_some())
            && total <= U256::from(policy.per_payment_cap)
            && limits.iter().all(|limit| fits <= limit.remaining)
    }
}

/// The fullest window of a limit that stood unchanged all along, by a sum over all pairs of payments.
fn fullest(trail: &Trail, window: Window) -> U256 {
    let sums = trail.payments.iter().enumerate().map(|(last, payment)| {
        let from = payment.place.time.saturating_sub(window.seconds().into());
        trail.payments[..=last]
            .iter()
            .filter(|earlier| earlier.place.time > from)
            .fold(U256::ZERO, |sum, earlier| sum + earlier.total())
    });
    sums.max().unwrap_or_default()
}

fn by_window(uses: &[LimitUse], window: Window) -> Option<&LimitUse> {
    uses.iter().find(|limit| limit.window == window)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// I3 to I8, I12: what the meters allow passes the checks that know nothing of meters.
    #[test]
    fn allowed_histories_pass(
        unit_bits in prop_oneof![Just(0_u8), Just(7), Just(13)],
        acts in proptest::collection::vec(act(), 1..120),
        end in prop_oneof![4 => Just(None), 1 => Just(Some(Act::Revoke)), 1 => Just(Some(Act::RevokeAll))],
    ) {
        let mut play = Play::new(unit_bits);
        for act in acts.into_iter().chain(end) {
            play.act(act);
        }
        let report = compare(&play.trail, &play.vault.observed());
        prop_assert!(report.holds(), "{:#?}", report.differences().collect::<Vec<_>>());
        prop_assert_eq!(&play.trail, &play.vault.trail());
    }

    /// I4: the sliding sum of the check is the sum over the plain list.
    #[test]
    fn window_sums_are_those_of_the_list(
        payments in proptest::collection::vec((1..10 * ONE, 0..50_000_u64), 1..60)
    ) {
        let mut vault = Synthetic::with_session(0);
        let mut trail = vault.trail();
        for (nonce, (amount, wait)) in payments.into_iter().enumerate() {
            vault.pay(nonce as u32, amount, 0);
            vault.next_block(wait);
            trail.push(vault.logs.last().unwrap()).unwrap();
        }
        let report = compare(&trail, &vault.observed());
        for window in [Window::Day, Window::Month] {
            prop_assert_eq!(by_window(&report.limits, window).unwrap().used, fullest(&trail, window));
        }
    }
}
