//! Every event judged again under the policy of its moment, by rules written from the promises and not from the
//! contract, with books of its own: nonces (I3), caps (I5), book, categories and tokens (I6), meters (I7), stops (I8).

use crate::head::named;
use crate::payment::TrailPayment;
use crate::report::{Check, Difference, Subject};
use crate::session::SessionWord;
use crate::trail::{Trail, TrailEvent};
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::IVaultEvents;
use std::collections::{BTreeMap, BTreeSet};

/// The policy in force, as the events up to now made it.
#[derive(Default)]
struct Policy {
    paused: bool,
    epoch: u32,
    sessions: BTreeMap<u32, Grant>,
    keys: BTreeSet<Address>,
    nonces: BTreeMap<Address, BTreeSet<u32>>,
    payees: BTreeMap<Address, u8>,
    tokens: BTreeSet<Address>,
    caps: BTreeMap<(u32, Address), u128>,
    limits: BTreeSet<(u32, Address, u32)>,
}

#[derive(Clone, Copy)]
struct Grant {
    key: Address,
    epoch: u32,
    from: u32,
    until: u32,
    categories: u64,
    revoked: bool,
}

/// What was found, by promise.
#[derive(Default)]
struct Findings {
    nonces: Vec<Difference>,
    caps: Vec<Difference>,
    scope: Vec<Difference>,
    meters: Vec<Difference>,
    stops: Vec<Difference>,
}

pub(crate) fn check(trail: &Trail) -> Vec<Check> {
    let mut policy = Policy::default();
    let mut found = Findings::default();
    let mut payments = trail.payments.iter();
    for event in &trail.events {
        match &event.event {
            IVaultEvents::Paid(_) => {
                if let Some(payment) = payments.next() {
                    policy.judge(payment, &mut found);
                }
            }
            IVaultEvents::LimitSet(e) => {
                let logged = U256::from(e.used);
                let counted = event.counted.unwrap_or_default();
                let what = "what the limit had counted when it was set";
                found.meters.extend(Difference::between(named(event), what, &counted, &logged));
            }
            _ => {}
        }
        policy.judge_change(event, &mut found);
        policy.follow(&event.event);
    }
    let payments = format!("{} payments", trail.payments.len());
    let changes = trail.events.len() - trail.payments.len();
    let check = |id, promise, title, differences| Check::new(id, promise, title, payments.clone(), differences);
    vec![
        check("nonces", "I3", "no nonce of a key paid twice or ran too far ahead", found.nonces),
        check("per_payment_cap", "I5", "no payment was above its per-payment cap", found.caps),
        check("scope", "I6", "every payee was in the book, in a granted category, in a granted token", found.scope),
        check("stops", "I8", "nothing was paid while paused, revoked, expired or not yet valid", found.stops),
        Check::new("meters", "I7", "no change gave allowance back", format!("{changes} changes"), found.meters),
    ]
}

impl Policy {
    fn judge(&mut self, payment: &TrailPayment, found: &mut Findings) {
        let say = |list: &mut Vec<Difference>, problem: String| {
            list.push(Difference::new(Subject::payment(payment), problem));
        };
        let (id, time) = (payment.session.get(), payment.place.time);
        if self.paused {
            say(&mut found.stops, "was made while the vault was paused".into());
        }
        let Some(grant) = self.sessions.get(&id).copied() else {
            say(&mut found.stops, "its session was never granted".into());
            return;
        };
        if grant.revoked || grant.epoch != self.epoch {
            say(&mut found.stops, "its session was revoked".into());
        }
        if !(u64::from(grant.from)..u64::from(grant.until)).contains(&time) {
            say(&mut found.stops, format!("its session was valid from {} until {}", grant.from, grant.until));
        }
        self.judge_nonce(grant.key, payment, found);
        self.judge_scope(&grant, payment, found);
        let cap = self.caps.get(&(id, payment.token)).copied().unwrap_or(0);
        if payment.total() > U256::from(cap) {
            say(&mut found.caps, format!("amount and fee are {}, the per-payment cap was {cap}", payment.total()));
        }
    }

    fn judge_nonce(&mut self, key: Address, payment: &TrailPayment, found: &mut Findings) {
        let used = self.nonces.entry(key).or_default();
        let (nonce, highest) = (payment.nonce, used.last().copied().unwrap_or(0));
        let problem = if used.contains(&nonce) {
            Some(format!("nonce {nonce} of key {key} had paid before"))
        } else if nonce > highest.saturating_add(SessionWord::NONCE_LEAP) {
            Some(format!("nonce {nonce} is more than 1,024 ahead of {highest}"))
        } else if nonce.saturating_add(SessionWord::NONCE_WINDOW) <= highest {
            Some(format!("nonce {nonce} is more than 31 behind {highest}"))
        } else {
            None
        };
        found.nonces.extend(problem.map(|problem| Difference::new(Subject::payment(payment), problem)));
        used.insert(nonce);
    }

    fn judge_scope(&self, grant: &Grant, payment: &TrailPayment, found: &mut Findings) {
        let mut say = |problem: String| found.scope.push(Difference::new(Subject::payment(payment), problem));
        if payment.amount == 0 {
            say("pays nothing".into());
        }
        if (payment.fee == 0) != payment.fee_recipient.is_zero() {
            say("has a fee without a recipient, or a recipient without a fee".into());
        }
        let book = |payee: Address| self.payees.get(&payee).copied().unwrap_or(0);
        let granted = |category: u8| category != 0 && grant.categories >> category & 1 == 1;
        if book(payment.payee) != payment.category.number() {
            let by_book = book(payment.payee);
            say(format!("says category {}, the payee book says {by_book}", payment.category.number()));
        }
        if !granted(book(payment.payee)) {
            say(format!("its payee {} was not in the book under a granted category", payment.payee));
        }
        if payment.fee != 0 && !granted(book(payment.fee_recipient)) {
            say(format!("its fee recipient {} was not in the book under a granted category", payment.fee_recipient));
        }
        let (id, token) = (payment.session.get(), payment.token);
        let limited = self.limits.range((id, token, 0)..=(id, token, u32::MAX)).next().is_some();
        if !self.tokens.contains(&token) || !limited {
            say(format!("its session had no limit in token {token}"));
        }
    }

    /// A revoked session never comes back, an id is granted once, a key serves once.
    fn judge_change(&self, event: &TrailEvent, found: &mut Findings) {
        let (session, key) = match &event.event {
            IVaultEvents::SessionGranted(e) => (Some(e.session), Some(e.key)),
            IVaultEvents::KeyRotated(e) => (Some(e.session), Some(e.newKey)),
            IVaultEvents::ValiditySet(e) => (Some(e.session), None),
            IVaultEvents::CategoriesSet(e) => (Some(e.session), None),
            IVaultEvents::PerPaymentCapSet(e) => (Some(e.session), None),
            IVaultEvents::LimitSet(e) => (Some(e.session), None),
            IVaultEvents::LimitRemoved(e) => (Some(e.session), None),
            _ => (None, None),
        };
        let mut say = |problem: String| found.stops.push(Difference::new(named(event), problem));
        let grant = session.and_then(|session| self.sessions.get(&session));
        if grant.is_some_and(|grant| grant.revoked || grant.epoch != self.epoch) {
            say("changes a session that was revoked".into());
        }
        if key.is_some_and(|key| self.keys.contains(&key)) {
            say("gives a session a key that served before".into());
        }
        if grant.is_some() && matches!(event.event, IVaultEvents::SessionGranted(_)) {
            say("grants an id that was granted before".into());
        }
    }

    /// The event takes effect.
    fn follow(&mut self, event: &IVaultEvents) {
        match event {
            IVaultEvents::SessionGranted(e) => {
                let (from, until, categories) = (e.validFrom, e.validUntil, e.categories);
                let grant = Grant { key: e.key, epoch: e.epoch, from, until, categories, revoked: false };
                self.sessions.insert(e.session, grant);
                self.keys.insert(e.key);
            }
            IVaultEvents::KeyRotated(e) => {
                self.keys.insert(e.newKey);
                self.change(e.session, |grant| grant.key = e.newKey);
            }
            IVaultEvents::ValiditySet(e) => {
                self.change(e.session, |grant| (grant.from, grant.until) = (e.validFrom, e.validUntil));
            }
            IVaultEvents::CategoriesSet(e) => self.change(e.session, |grant| grant.categories = e.categories),
            IVaultEvents::Revoked(e) => self.change(e.session, |grant| grant.revoked = true),
            IVaultEvents::AllRevoked(e) => self.epoch = e.epoch,
            IVaultEvents::Paused(_) => self.paused = true,
            IVaultEvents::Unpaused(_) => self.paused = false,
            IVaultEvents::TokenAdded(e) => {
                self.tokens.insert(e.token);
            }
            IVaultEvents::PayeeSet(e) => {
                self.payees.insert(e.payee, e.category);
            }
            IVaultEvents::PayeeRemoved(e) => {
                self.payees.remove(&e.payee);
            }
            IVaultEvents::PerPaymentCapSet(e) => {
                self.caps.insert((e.session, e.token), e.perPaymentCap);
            }
            IVaultEvents::LimitSet(e) => {
                self.limits.insert((e.session, e.token, e.window));
            }
            IVaultEvents::LimitRemoved(e) => {
                self.limits.remove(&(e.session, e.token, e.window));
            }
            IVaultEvents::Paid(_)
            | IVaultEvents::Withdrawn(_)
            | IVaultEvents::OwnershipTransferStarted(_)
            | IVaultEvents::OwnershipTransferred(_)
            | IVaultEvents::GuardianSet(_)
            | IVaultEvents::TreasurySet(_) => {}
        }
    }

    fn change(&mut self, session: u32, change: impl FnOnce(&mut Grant)) {
        if let Some(grant) = self.sessions.get_mut(&session) {
            change(grant);
        }
    }
}
