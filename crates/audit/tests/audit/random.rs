//! Random histories of a vault, each act allowed by the fold's state: the checks, which keep books of their own, agree;
//! and their window sums equal a sum over the plain list of payments.

use crate::synthetic::{KEY, ONE, OWNER, PAYEE, RELAYER, Synthetic, TOKEN, TREASURY, VAULT, who};
use alloy::primitives::U256;
use alloy::sol_types::SolCall;
use proptest::prelude::*;
use purse_audit::{LimitUse, Session, Trail, compare};
use purse_protocol::abi::IVault::{
    AllRevoked, CategoriesSet, ChangeCancelled, KeyRotated, LimitRemoved, Paused, PayeeEntry, PayeeRemoved, PayeeSet,
    PerPaymentCapSet, Revoked, Unpaused, ValiditySet, Withdrawn, removeLimitCall, setCategoriesCall, setDelayCall,
    setLimitCall, setPayeesCall, setPerPaymentCapCall, setValidityCall, unpauseCall,
};
use purse_protocol::{Scope, SessionId, Window, meter};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Act {
    Pay { nonce: u32, amount: u128, fee: u128 },
    Wait(u64),
    Change(Change),
    Execute(usize),
    Cancel(usize),
    Pause,
    Revoke,
    RevokeAll,
    Rotate,
    RemovePayee,
    Withdraw(u128),
    Fund(u128),
}

/// What the owner may do at once, or must wait for.
#[derive(Debug, Clone, Copy)]
enum Change {
    Limit { scope: usize, window: usize, cap: u128 },
    RemoveLimit { scope: usize, window: usize },
    Cap(u128),
    Unpause,
    Categories(u64),
    Payee(u8),
    Validity { from: u32, until: u32 },
    Delay(u32),
}

/// Session and category of the scopes that get limits.
const SCOPES: [(u32, u8); 4] = [(0, 0), (1, 0), (1, 1), (1, 63)];

fn change() -> impl Strategy<Value = Change> {
    let start = crate::synthetic::START as u32;
    prop_oneof![
        6 => (0..4_usize, 0..5_usize, 0..60 * ONE)
            .prop_map(|(scope, window, cap)| Change::Limit { scope, window, cap }),
        2 => (0..4_usize, 0..5_usize).prop_map(|(scope, window)| Change::RemoveLimit { scope, window }),
        1 => (ONE..12 * ONE).prop_map(Change::Cap),
        2 => Just(Change::Unpause),
        1 => prop_oneof![Just(1 << 1 | 1 << 63), Just(1 << 1)].prop_map(Change::Categories),
        2 => (1..3_u8).prop_map(Change::Payee),
        1 => (0..2_000_u32, 5_000_000..8_000_000_u32)
            .prop_map(move |(from, until)| Change::Validity { from: start - from, until: start + until }),
        3 => prop_oneof![Just(0), 60..100_000_u32, 60..100_000_u32].prop_map(Change::Delay),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => (0..40_u32, 1..12 * ONE, prop_oneof![Just(0), 1..ONE])
            .prop_map(|(nonce, amount, fee)| Act::Pay { nonce, amount, fee }),
        10 => prop_oneof![1..1_000_u64, 1..90_000_u64, 1..700_000_u64].prop_map(Act::Wait),
        12 => change().prop_map(Act::Change),
        5 => (0..10_usize).prop_map(Act::Execute),
        1 => (0..10_usize).prop_map(Act::Cancel),
        1 => Just(Act::Pause),
        1 => Just(Act::RemovePayee),
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
    /// What waits, by its number.
    waiting: BTreeMap<u32, Change>,
}

impl Play {
    fn new(unit_bits: u8) -> Self {
        let vault = Synthetic::with_session(unit_bits);
        let (trail, folded) = (vault.trail(), vault.logs.len());
        Self { vault, trail, folded, keys: 100, unit_bits, waiting: BTreeMap::new() }
    }

    fn session(&self) -> Session {
        self.trail.session(SessionId::new(1).unwrap()).unwrap()
    }

    fn down(&self, amount: u128) -> u128 {
        amount >> self.unit_bits << self.unit_bits
    }

    fn act(&mut self, act: Act) {
        let live = !self.session().revoked;
        match act {
            Act::Pay { nonce, amount, fee } => self.pay(nonce, amount, fee),
            Act::Wait(seconds) => self.vault.next_block(seconds),
            Act::Change(change) if !self.is_possible(change) => {}
            Act::Change(change) if self.trail.delay != 0 && self.loosens(change) => {
                if self.trail.waiting.len() < 10 {
                    let number = self.vault.put_by_bytes(call_of(change));
                    self.waiting.insert(number, change);
                }
            }
            Act::Change(change) => self.take_effect(change),
            Act::Execute(place) => self.execute(place),
            Act::Cancel(place) => {
                if let Some(change) = self.trail.waiting.get(place).map(|change| change.number) {
                    self.vault.emit(|sequence| ChangeCancelled { change, by: OWNER, sequence });
                }
            }
            Act::Pause => self.vault.emit(|sequence| Paused { by: OWNER, sequence }),
            Act::Revoke if live => self.vault.emit(|sequence| Revoked { session: 1, by: OWNER, sequence }),
            Act::RevokeAll => {
                let epoch = self.trail.epoch + 1;
                self.vault.emit(|sequence| AllRevoked { epoch, by: OWNER, sequence });
            }
            Act::Rotate if live => {
                self.keys += 1;
                let (oldKey, newKey) = (self.session().key, who(self.keys));
                self.vault.emit(|sequence| KeyRotated { session: 1, oldKey, newKey, sequence });
            }
            Act::RemovePayee => self.vault.emit(|sequence| PayeeRemoved { payee: PAYEE, by: OWNER, sequence }),
            Act::Withdraw(amount) => {
                let amount = U256::from(amount);
                self.vault.emit(|sequence| Withdrawn { token: TOKEN, treasury: TREASURY, amount, sequence });
                self.vault.transfer(VAULT, TREASURY, amount);
                self.vault.transfer(TREASURY, VAULT, amount);
            }
            Act::Fund(amount) => self.vault.transfer(KEY, VAULT, U256::from(amount)),
            Act::Revoke | Act::Rotate => {}
        }
        // Every act is a transaction of its own.
        self.vault.next_block(0);
        for log in &self.vault.logs[self.folded..] {
            self.trail.push(log).expect("an allowed act folds");
        }
        self.folded = self.vault.logs.len();
    }

    fn policy(&self, scope: usize) -> purse_audit::Policy {
        let (session, category) = SCOPES[scope];
        let policy = self.trail.policies.get(&(Scope::new(session, category).unwrap(), TOKEN));
        policy.copied().unwrap_or_default()
    }

    /// Whether the vault would not refuse it.
    fn is_possible(&self, change: Change) -> bool {
        let live = !self.session().revoked;
        match change {
            Change::Limit { scope, .. } => live || scope == 0,
            Change::RemoveLimit { scope, window } => {
                (live || scope == 0) && self.policy(scope).stands(Window::ALL[window])
            }
            Change::Cap(_) | Change::Categories(_) => live,
            Change::Validity { until, .. } => live && u64::from(until) > self.vault.time,
            Change::Unpause => self.trail.paused,
            Change::Payee(_) | Change::Delay(_) => true,
        }
    }

    fn loosens(&self, change: Change) -> bool {
        let word = self.session().word;
        match change {
            Change::Limit { scope, window, cap } => {
                let (session, category) = SCOPES[scope];
                let limits = self.trail.limits(Scope::new(session, category).unwrap(), TOKEN, self.vault.time);
                match limits.iter().find(|limit| limit.window == Window::ALL[window]) {
                    Some(limit) => U256::from(self.down(cap)) > limit.cap,
                    None => SCOPES[scope] == (1, 0) && limits.is_empty(),
                }
            }
            Change::RemoveLimit { scope, .. } => SCOPES[scope] != (1, 0) || self.policy(scope).windows.count_ones() > 1,
            Change::Cap(cap) => self.down(cap) > self.policy(1).per_payment_cap,
            Change::Unpause => true,
            Change::Categories(mask) => mask & !word.categories.bits() != 0,
            Change::Payee(category) => self.trail.payees[&PAYEE].is_none_or(|now| now.number() != category),
            Change::Validity { from, until } => from < word.valid_from || until > word.valid_until,
            Change::Delay(delay) => delay < self.trail.delay,
        }
    }

    /// Waits for a change and executes it; what no longer can is refused by the vault and leaves no trace.
    fn execute(&mut self, place: usize) {
        let Some(waiting) = self.trail.waiting.get(place) else { return };
        let (number, from) = (waiting.number, u64::from(waiting.executable_from));
        let change = self.waiting[&number];
        self.vault.next_block(from.saturating_sub(self.vault.time));
        if self.vault.time >= waiting.executable_until.into()
            || waiting.killed
            || !self.is_possible(change) && !matches!(change, Change::Unpause)
        {
            return;
        }
        self.vault.execute(number);
        if self.is_possible(change) {
            self.take_effect(change);
        }
    }

    fn take_effect(&mut self, change: Change) {
        let time = self.vault.time;
        match change {
            Change::Limit { scope, window, cap } => {
                let ((session, category), window, cap) = (SCOPES[scope], Window::ALL[window], self.down(cap));
                let meter =
                    self.trail.meter(Scope::new(session, category).unwrap(), TOKEN, window).rolled(window, time);
                let used = meter::base_units(meter.used_units(), self.unit_bits).to();
                self.vault.limit(session, category, window.seconds(), cap, used);
            }
            Change::RemoveLimit { scope, window } => {
                let ((session, category), window) = (SCOPES[scope], Window::ALL[window].seconds());
                self.vault.emit(|sequence| LimitRemoved { session, token: TOKEN, category, window, sequence });
            }
            Change::Cap(cap) => {
                let perPaymentCap = self.down(cap);
                self.vault.emit(|sequence| PerPaymentCapSet { session: 1, token: TOKEN, perPaymentCap, sequence });
            }
            Change::Unpause => self.vault.emit(|sequence| Unpaused { by: OWNER, sequence }),
            Change::Categories(categories) => {
                self.vault.emit(|sequence| CategoriesSet { session: 1, categories, sequence });
            }
            Change::Payee(category) => self.vault.emit(|sequence| PayeeSet { payee: PAYEE, category, sequence }),
            Change::Validity { from, until } => {
                let (validFrom, validUntil) = (from, until);
                self.vault.emit(|sequence| ValiditySet { session: 1, validFrom, validUntil, sequence });
            }
            Change::Delay(delay) => self.vault.set_delay(delay),
        }
    }

    /// Pays where the meters allow it; the nonce counts from a little below the highest one paid.
    fn pay(&mut self, offset: u32, amount: u128, fee: u128) {
        let (session, time) = (self.session(), self.vault.time);
        let nonce = session.word.nonce_highest.saturating_sub(20) + offset;
        let used = nonce <= session.word.nonce_highest
            && session.word.nonce_window >> (session.word.nonce_highest - nonce) & 1 == 1;
        let total = U256::from(amount + fee);
        let fits = |scope: (u32, u8), total: U256| {
            let units = meter::base_units(meter::units_up(total, self.unit_bits), self.unit_bits);
            let limits = self.trail.limits(Scope::new(scope.0, scope.1).unwrap(), TOKEN, time);
            limits.iter().all(|limit| units <= limit.remaining)
        };
        let category = self.trail.payees[&PAYEE].map_or(0, |category| category.number());
        let allowed = category == 1
            && !(self.trail.paused || session.revoked || used || self.policy(1).windows == 0)
            && (u64::from(session.word.valid_from)..u64::from(session.word.valid_until)).contains(&time)
            && (fee == 0 || session.word.categories.bits() >> 63 == 1 && self.trail.payees[&RELAYER].is_some())
            && [(0, 0), (1, 0), (1, 1)].into_iter().all(|scope| fits(scope, total))
            && (fee == 0 || fits((1, 63), U256::from(fee)));
        if allowed {
            self.vault.pay(nonce, amount, fee);
        }
    }
}

fn call_of(change: Change) -> Vec<u8> {
    match change {
        Change::Limit { scope, window, cap } => {
            let ((session, category), window) = (SCOPES[scope], Window::ALL[window].seconds());
            setLimitCall { session, category, token: TOKEN, window, cap }.abi_encode()
        }
        Change::RemoveLimit { scope, window } => {
            let ((session, category), window) = (SCOPES[scope], Window::ALL[window].seconds());
            removeLimitCall { session, category, token: TOKEN, window }.abi_encode()
        }
        Change::Cap(perPaymentCap) => setPerPaymentCapCall { session: 1, token: TOKEN, perPaymentCap }.abi_encode(),
        Change::Unpause => unpauseCall {}.abi_encode(),
        Change::Categories(categories) => setCategoriesCall { session: 1, categories }.abi_encode(),
        Change::Payee(category) => setPayeesCall { entries: vec![PayeeEntry { payee: PAYEE, category }] }.abi_encode(),
        Change::Validity { from, until } => {
            setValidityCall { session: 1, validFrom: from, validUntil: until }.abi_encode()
        }
        Change::Delay(newDelay) => setDelayCall { newDelay }.abi_encode(),
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

    /// I3 to I9, I12: what the fold's state allows passes the checks, which know nothing of meters and marks.
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
        vault.limit(0, 0, u32::MAX, 1_000 * ONE, 0);
        let mut trail = vault.trail();
        for (nonce, (amount, wait)) in payments.into_iter().enumerate() {
            vault.pay(nonce as u32, amount, 0);
            vault.next_block(wait);
            trail.push(vault.logs.last().unwrap()).unwrap();
        }
        let report = compare(&trail, &vault.observed());
        for window in [Window::Day, Window::Month, Window::Lifetime] {
            prop_assert_eq!(by_window(&report.limits, window).unwrap().used, fullest(&trail, window));
        }
    }
}
