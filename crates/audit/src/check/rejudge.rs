//! Every event judged again under the policy of its moment, by rules written from the promises and not from the
//! contract, with books of its own: nonces (I3), caps (I5), book, categories and tokens (I6), meters (I7), stops (I8).

use crate::books::{Books, Grant, PurseOf};
use crate::check::head::named;
use crate::check::refused::{self, Judged};
use crate::payment::{ApprovedPayment, TrailPayment};
use crate::refusal::TrailRefusal;
use crate::report::{Check, Difference, Subject};
use crate::session::SessionWord;
use crate::trail::{Trail, TrailEvent};
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::IVaultEvents;
use std::collections::{BTreeMap, BTreeSet};

/// What was found, by promise.
#[derive(Default)]
struct Findings {
    nonces: Vec<Difference>,
    approved: Vec<ApprovedPayment>,
    refills: Vec<Difference>,
    scope: Vec<Difference>,
    meters: Vec<Difference>,
    stops: Vec<Difference>,
    refused: Vec<Difference>,
    refusals_judged: usize,
}

#[derive(Default)]
struct Judge {
    books: Books,
    nonces: BTreeMap<Address, BTreeSet<u32>>,
    found: Findings,
}

/// The checks, and the payments that must have had the owner's approval.
pub(crate) fn check(trail: &Trail) -> (Vec<Check>, Vec<ApprovedPayment>) {
    let mut judge = Judge::default();
    let mut payments = trail.payments.iter();
    let mut refusals = trail.refusals.iter().peekable();
    for event in &trail.events {
        let at = (event.place.block, event.place.log_index);
        while let Some(refusal) = refusals.next_if(|refusal| (refusal.block, refusal.log_index) < at) {
            judge.refusal(refusal);
        }
        match &event.event {
            IVaultEvents::Paid(_) => {
                if let Some(payment) = payments.next() {
                    judge.payment(payment);
                }
            }
            IVaultEvents::LimitSet(e) => {
                let logged = U256::from(e.used);
                let counted = event.counted.unwrap_or_default();
                let what = "what the limit had counted when it was set";
                judge.found.meters.extend(Difference::between(named(event), what, &counted, &logged));
            }
            _ => {}
        }
        judge.change(event);
        judge.books.follow(&event.event);
    }
    refusals.for_each(|refusal| judge.refusal(refusal));
    let found = judge.found;
    let payments = format!("{} payments", trail.payments.len());
    let refused = format!(
        "{} refused items, {} of them for a reason that the trail can tell",
        trail.refusals.len(),
        found.refusals_judged
    );
    let changes = format!("{} changes", trail.events.len() - trail.payments.len());
    let check = |id, promise, title, differences| Check::new(id, promise, title, payments.clone(), differences);
    let checks = vec![
        check("nonces", "I3", "no nonce of a key paid twice or ran too far ahead", found.nonces),
        check("scope", "I6", "every payee was in the book, in a granted category, in a granted token", found.scope),
        check("stops", "I8", "nothing was paid while paused, revoked, expired or not yet valid", found.stops),
        Check::new("meters", "I7", "no change gave allowance back", changes, found.meters),
        Check::new(
            "refusals",
            "I11",
            "what a batch refused was refused for a reason that was so",
            refused,
            found.refused,
        ),
        check("refills", "I16", "every refill was of its session's own purse, within its target", found.refills),
    ];
    (checks, found.approved)
}

impl Judge {
    fn payment(&mut self, payment: &TrailPayment) {
        let say = |list: &mut Vec<Difference>, problem: String| {
            list.push(Difference::new(Subject::payment(payment), problem));
        };
        let (id, time) = (payment.session.get(), payment.place.time);
        let stops = &mut self.found.stops;
        if self.books.paused {
            say(stops, "was made while the vault was paused".into());
        }
        let Some(grant) = self.books.sessions.get(&id).copied() else {
            say(stops, "its session was never granted".into());
            return;
        };
        if grant.revoked || grant.epoch != self.books.epoch {
            say(stops, "its session was revoked".into());
        }
        if !(u64::from(grant.from)..u64::from(grant.until)).contains(&time) {
            say(stops, format!("its session was valid from {} until {}", grant.from, grant.until));
        }
        self.nonce(grant.key, payment);
        self.scope(&grant, payment);
        let cap = self.books.cap(id, payment.token);
        if let Some(&purse) = self.books.purses.get(&payment.payee) {
            self.refill(purse, cap, payment);
        } else if payment.total() > U256::from(cap) {
            let approved = ApprovedPayment { payment: payment.clone(), per_payment_cap: cap, owner: self.books.owner };
            self.found.approved.push(approved);
        }
    }

    /// A payment to a purse stays the owner's, so the per-payment cap binds its fee alone.
    fn refill(&mut self, purse: PurseOf, cap: u128, payment: &TrailPayment) {
        let Self { books, found, .. } = self;
        let mut say = |problem: String| found.refills.push(Difference::new(Subject::payment(payment), problem));
        if (purse.0, purse.2) != (payment.session.get(), payment.token) {
            say(format!("fills a purse of session {} in token {}", purse.0, purse.2));
        }
        let target = books.target(purse);
        if payment.amount > target {
            say(format!("puts {} into a purse whose target was {target}", payment.amount));
        }
        if payment.fee > cap {
            say(format!("has a fee of {}, above the per-payment cap of {cap}", payment.fee));
        }
    }

    fn refusal(&mut self, refusal: &TrailRefusal) {
        let judged = refused::judge(&self.books, &self.nonces, refusal);
        self.found.refusals_judged += usize::from(!matches!(judged, Judged::Unknown));
        if let Judged::NotSo(what) = judged {
            let problem = format!("a batch in block {} refused {what}, which was not so then", refusal.block);
            self.found.refused.push(Difference::new(Subject::Session { session: refusal.session }, problem));
        }
    }

    fn nonce(&mut self, key: Address, payment: &TrailPayment) {
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
        self.found.nonces.extend(problem.map(|problem| Difference::new(Subject::payment(payment), problem)));
        used.insert(nonce);
    }

    fn scope(&mut self, grant: &Grant, payment: &TrailPayment) {
        let Self { books, found, .. } = self;
        let mut say = |problem: String| found.scope.push(Difference::new(Subject::payment(payment), problem));
        if payment.amount == 0 {
            say("pays nothing".into());
        }
        if (payment.fee == 0) != payment.fee_recipient.is_zero() {
            say("has a fee without a recipient, or a recipient without a fee".into());
        }
        let granted = |category: u8| category != 0 && grant.categories >> category & 1 == 1;
        let by_book = books.category(payment.payee);
        if by_book != payment.category.number() {
            say(format!("says category {}, the payee book says {by_book}", payment.category.number()));
        }
        if !granted(by_book) {
            say(format!("its payee {} was not in the book under a granted category", payment.payee));
        }
        let of_fee = if payment.fee == 0 { 0 } else { books.category(payment.fee_recipient) };
        if payment.fee != 0 && !granted(of_fee) {
            say(format!("its fee recipient {} was not in the book under a granted category", payment.fee_recipient));
        }
        if books.purses.contains_key(&payment.fee_recipient) {
            say(format!("its fee goes to the purse {}", payment.fee_recipient));
        }
        let counted = payment.fee_category.map_or(0, |category| category.number());
        if counted != of_fee {
            say(format!("its fee counts in category {counted}, the payee book says {of_fee}"));
        }
        let limited = books.limits_of(payment.session.get(), 0, payment.token) != 0;
        if !books.tokens.contains_key(&payment.token) || !limited {
            say(format!("its session had no limit in token {}", payment.token));
        }
    }

    /// A revoked session never comes back, an id is granted once, a key serves once.
    fn change(&mut self, event: &TrailEvent) {
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
        let Self { books, found, .. } = self;
        let mut say = |problem: String| found.stops.push(Difference::new(named(event), problem));
        let grant = session.and_then(|session| books.sessions.get(&session));
        if grant.is_some_and(|grant| grant.revoked || grant.epoch != books.epoch) {
            say("changes a session that was revoked".into());
        }
        if key.is_some_and(|key| books.keys.contains(&key)) {
            say("gives a session a key that served before".into());
        }
        if grant.is_some() && matches!(event.event, IVaultEvents::SessionGranted(_)) {
            say("grants an id that was granted before".into());
        }
    }
}
