//! Loosenings, by the words of I9 (and not of the contract): whatever lets some key move more money, to more places, for
//! longer, or leaves fewer able to stop it. Each must have waited the delay, and nothing takes effect whose subject was
//! stopped or set meanwhile.

use crate::books::Books;
use crate::change::{ChangeSubject, EXECUTION_WINDOW, call_within};
use crate::check::head::named;
use crate::effects::{Effect, Moment, effects};
use crate::report::{Check, Difference, Subject};
use crate::trail::{Trail, TrailEvent};
use alloy::primitives::B256;
use purse_protocol::abi::IVault::{self, IVaultEvents};
use purse_protocol::event::name;
use purse_protocol::time::span;
use std::collections::{BTreeMap, VecDeque};

/// The longest delay, in seconds: 30 days.
const LONGEST_DELAY: u32 = 2_592_000;

/// A change that waits, as the events tell.
struct Held {
    call: Vec<u8>,
    subject: Option<ChangeSubject>,
    executable_from: u32,
    /// The event that killed it.
    killed_by: Option<String>,
}

/// What a change that is being executed still has to do.
struct Executing {
    change: u32,
    tx: B256,
    effects: VecDeque<Effect>,
}

#[derive(Default)]
struct Watch {
    books: Books,
    held: BTreeMap<u32, Held>,
    executing: Option<Executing>,
    found: Vec<Difference>,
}

pub(crate) fn check(trail: &Trail) -> Check {
    let mut watch = Watch::default();
    let (mut waited, mut executed) = (0, 0);
    for event in &trail.events {
        waited += usize::from(matches!(event.event, IVaultEvents::ChangeWaiting(_)));
        executed += usize::from(matches!(event.event, IVaultEvents::ChangeExecuted(_)));
        watch.see(event, trail);
    }
    watch.unfinished(None);
    if let Some((call, place)) = &trail.going.call {
        let problem = format!("the call of change {} was logged in {}, without the change", call.change, place.tx);
        watch.found.push(Difference::new(Subject::Change { change: call.change }, problem));
    }
    let title = "every loosening waited the delay, and none that was killed meanwhile took effect";
    let detail = format!("{waited} changes waited, {executed} took effect, the delay is {}", span(trail.delay.into()));
    Check::new("waiting", "I9", title, detail, watch.found)
}

impl Watch {
    fn see(&mut self, event: &TrailEvent, trail: &Trail) {
        self.unfinished(Some(event.place.tx));
        match &event.event {
            IVaultEvents::ChangeWaiting(e) => self.begins(e, event, trail),
            IVaultEvents::ChangeExecuted(e) => self.executed(e.change, event),
            IVaultEvents::ChangeCancelled(e) => self.cancelled(e, event),
            other if self.is_executed(other) => {}
            other => self.took_effect(other, event),
        }
        self.books.follow(&event.event);
    }

    fn say(&mut self, event: &TrailEvent, problem: impl Into<String>) {
        self.found.push(Difference::new(named(event), problem));
    }

    fn begins(&mut self, e: &IVault::ChangeWaiting, event: &TrailEvent, trail: &Trail) {
        let (delay, from) = (self.books.delay, e.executableFrom);
        if u64::from(from) < event.place.time.saturating_add(delay.into()).min(u32::MAX.into()) {
            let waits = span(u64::from(from).saturating_sub(event.place.time));
            self.say(event, format!("waits {waits}, and the delay is {}", span(delay.into())));
        }
        let call = trail.calls.get(&e.change).map(|call| call.to_vec()).unwrap_or_default();
        let subject = call_within(&call).as_ref().and_then(ChangeSubject::of);
        self.held.insert(e.change, Held { call, subject, executable_from: from, killed_by: None });
    }

    fn executed(&mut self, change: u32, event: &TrailEvent) {
        let Some(held) = self.held.remove(&change) else {
            return self.say(event, format!("executes change {change}, which did not wait"));
        };
        let (from, time) = (u64::from(held.executable_from), event.place.time);
        if time < from {
            self.say(event, format!("executes change {change} {} too early", span(from - time)));
        }
        if time >= from.saturating_add(EXECUTION_WINDOW.into()) {
            self.say(event, format!("executes change {change}, whose time was over"));
        }
        if let Some(killed_by) = held.killed_by {
            self.say(event, format!("executes change {change}, which {killed_by} had killed"));
        }
        let Books { owner, epoch, paused, ref tokens, .. } = self.books;
        let effects = effects(&held.call, &Moment { owner, epoch, paused, unit_bits: tokens }).unwrap_or_default();
        self.executing = Some(Executing { change, tx: event.place.tx, effects });
    }

    fn cancelled(&mut self, e: &IVault::ChangeCancelled, event: &TrailEvent) {
        let Some(held) = self.held.remove(&e.change) else {
            return self.say(event, format!("cancels change {}, which did not wait", e.change));
        };
        if e.by != self.books.owner && e.by != self.books.guardian {
            self.say(event, format!("cancels change {} by {}, neither owner nor guardian", e.change, e.by));
        } else if e.by != self.books.owner && held.subject == Some(ChangeSubject::Guardian) {
            self.say(event, format!("the guardian cancels change {}, which is of the guardian", e.change));
        }
    }

    /// Whether the event is what the change that is being executed does next.
    fn is_executed(&mut self, event: &IVaultEvents) -> bool {
        let next = self.executing.as_mut().map(|executing| &mut executing.effects);
        match next {
            Some(effects) if effects.front() == Some(&Effect::of(event)) => effects.pop_front().is_some(),
            _ => false,
        }
    }

    /// A change that has not done all that its call says, once its transaction is over or something else was done.
    fn unfinished(&mut self, still_in: Option<B256>) {
        let over = |executing: &mut Executing| Some(executing.tx) != still_in;
        if let Some(executing) = self.executing.take_if(over)
            && !executing.effects.is_empty()
        {
            let change = executing.change;
            self.found.push(Difference::new(Subject::Change { change }, "did not do what its call says"));
        }
    }

    /// An act that took effect at once.
    fn took_effect(&mut self, act: &IVaultEvents, event: &TrailEvent) {
        self.unfinished(None);
        if let IVaultEvents::DelaySet(e) = act
            && e.delay > LONGEST_DELAY
        {
            self.say(event, format!("a delay of {} is longer than 30 days", span(e.delay.into())));
        }
        if self.books.delay != 0
            && let Some(what) = loosening(&self.books, act)
        {
            let delay = span(self.books.delay.into());
            self.say(event, format!("{what} at once, and the delay was {delay}"));
        }
        // Whatever takes effect at once kills what waits on its subject, so that nothing older undoes it later.
        let killed_by = format!("{} (#{})", name(act), event.place.sequence);
        for held in self.held.values_mut().filter(|held| held.subject.is_some_and(|subject| subject.is_killed_by(act)))
        {
            held.killed_by.get_or_insert_with(|| killed_by.clone());
        }
    }
}

/// What an event loosens, by the books before it; none where it does not.
fn loosening(books: &Books, event: &IVaultEvents) -> Option<&'static str> {
    use IVaultEvents as E;
    let grant = |session| books.sessions.get(session);
    let (what, loosens) = match event {
        E::SessionGranted(_) => ("grants a session", true),
        E::ValiditySet(e) => (
            "lets a session pay longer",
            grant(&e.session).is_none_or(|grant| e.validFrom < grant.from || e.validUntil > grant.until),
        ),
        E::CategoriesSet(e) => (
            "lets a session pay more categories",
            grant(&e.session).is_none_or(|grant| e.categories & !grant.categories != 0),
        ),
        E::PerPaymentCapSet(e) => ("raises a per-payment cap", e.perPaymentCap > books.cap(e.session, e.token)),
        E::LimitSet(e) => match books.limits.get(&(e.session, e.category, e.token, e.window)) {
            Some(cap) => ("raises a limit", e.cap > *cap),
            None => {
                let first = books.limits_of(e.session, 0, e.token) == 0;
                ("lets a session pay a token", e.session != 0 && e.category == 0 && first)
            }
        },
        E::LimitRemoved(e) => {
            let last = e.session != 0 && e.category == 0 && books.limits_of(e.session, 0, e.token) == 1;
            ("removes a limit", !last)
        }
        E::PurseTargetSet(e) => ("raises a purse's target", e.target > books.target((e.session, e.category, e.token))),
        E::PayeeSet(e) => ("adds or moves a payee", books.category(e.payee) != e.category),
        E::Unpaused(_) => ("resumes payments", true),
        E::TreasurySet(e) => ("changes the treasury", e.treasury != books.treasury),
        E::GuardianSet(e) => ("changes the guardian", e.guardian != books.guardian),
        E::OwnershipTransferStarted(e) => ("names a next owner", !e.pendingOwner.is_zero()),
        E::OwnershipTransferred(e) => ("makes someone owner who was not named", e.newOwner != books.pending_owner),
        E::DelaySet(e) => ("shortens the delay", e.delay < books.delay),
        _ => return None,
    };
    loosens.then_some(what)
}
