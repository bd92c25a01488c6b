//! What a stolen session key could take (I17): the number that a lens on the chain told, against the fold's own, reckoned
//! here bucket by bucket from the trail's meters, with what the session's purses hold on top. Where a change waits that could take effect within the horizon, the
//! number is not compared.

use crate::observed::{Observed, ObservedOutflow};
use crate::report::{Check, Difference, Subject};
use crate::session::Session;
use crate::trail::Trail;
use alloy::primitives::{Address, U256};
use purse_protocol::meter::base_units;
use purse_protocol::{Scope, Window};

const TITLE: &str = "the most that a session's key can take is what maxOutflow tells";
/// Where 32-bit time ends.
const END_OF_TIME: u64 = 1 << 32;

pub(crate) fn check(trail: &Trail, observed: &Observed) -> Check {
    let now = observed.block.time;
    let waits = |asked: &ObservedOutflow| {
        let end = now.saturating_add(asked.horizon.into());
        observed.waiting.iter().any(|change| {
            !change.killed && u64::from(change.executableFrom) <= end && u64::from(change.executableUntil) > now
        })
    };
    let (open, compared): (Vec<&ObservedOutflow>, Vec<&ObservedOutflow>) =
        observed.outflows.iter().partition(|asked| waits(asked));
    if compared.is_empty() {
        let why = if open.is_empty() { "no lens was asked" } else { "changes wait that could take effect by then" };
        return Check::not_judged("max_outflow", "I17", TITLE, why.to_owned());
    }
    let differences = compared.iter().filter_map(|asked| {
        let Some(session) = trail.session(asked.session) else {
            let about = Subject::Session { session: asked.session };
            return Some(Difference::new(about, "the lens was asked about a session that the trail does not know"));
        };
        let units = most(trail, &session, asked.token, now, asked.horizon);
        let own = units.saturating_add(held(observed, trail, &session, asked.token, now, asked.horizon));
        let what = format!("the most of {} that can leave within {} s", asked.token, asked.horizon);
        Difference::between(Subject::Session { session: asked.session }, &what, &own, &asked.most)
    });
    let detail = format!("{} numbers compared, {} not, as changes wait", compared.len(), open.len());
    Check::new("max_outflow", "I17", TITLE, detail, differences.collect())
}

/// Base units that a thief of this session's key can take from `now` on, the last second of the horizon included.
fn most(trail: &Trail, session: &Session, token: Address, now: u64, horizon: u32) -> U256 {
    let word = session.word;
    let policy = trail.policies.get(&(Scope::Session(session.id), token)).copied().unwrap_or_default();
    if session.revoked || policy.per_payment_cap == 0 {
        return U256::ZERO;
    }
    let (from, until) = span(session, now, horizon);
    // The least of a scope's limits; none where it has none.
    let least = |scope| {
        let of_scope = trail.policies.get(&(scope, token)).copied().unwrap_or_default();
        let standing = Window::ALL.into_iter().filter(|window| of_scope.stands(*window));
        standing.map(|window| greedy(trail, scope, token, window, from, until)).min()
    };
    let Some(own) = least(Scope::Session(session.id)) else { return U256::ZERO };
    let categories = word.categories.iter().map(|category| least(Scope::Category(session.id, category)));
    let categories = categories.collect::<Option<Vec<_>>>().map(|bounds| bounds.into_iter().sum());
    let units = [least(Scope::Vault), categories].into_iter().flatten().fold(own, u64::min);
    base_units(units, policy.unit_bits)
}

/// Base units that the session's purses hold and may pay within the horizon: they were counted when they were put there.
fn held(observed: &Observed, trail: &Trail, session: &Session, token: Address, now: u64, horizon: u32) -> U256 {
    let policy = trail.policies.get(&(Scope::Session(session.id), token)).copied().unwrap_or_default();
    let (from, until) = span(session, now, horizon);
    if session.revoked || policy.per_payment_cap == 0 || from >= until {
        return U256::ZERO;
    }
    let its = observed.purses.iter().filter(|one| {
        trail.purses.get(&one.purse).is_some_and(|purse| {
            (purse.session, purse.token) == (session.id, token) && session.word.categories.contains(purse.category)
        })
    });
    its.fold(U256::ZERO, |sum, one| sum.saturating_add(one.balance))
}

/// From when on, and until when, the session may pay within the horizon.
fn span(session: &Session, now: u64, horizon: u32) -> (u64, u64) {
    let until = (now + u64::from(horizon) + 1).min(session.word.valid_until.into()).min(END_OF_TIME);
    (now.max(session.word.valid_from.into()), until)
}

/// Units that one limit lets out in [from, until) to whoever takes all there is as soon as there is any.
fn greedy(trail: &Trail, scope: Scope, token: Address, window: Window, from: u64, until: u64) -> u64 {
    let bucket = u64::from(window.seconds()) / 4;
    let mut meter = trail.meter(scope, token, window);
    let (mut time, mut taken) = (from, 0);
    while time < until {
        meter = meter.rolled(window, time);
        let left = meter.remaining_units();
        meter = meter.add(left);
        taken += left;
        time = (time / bucket + 1) * bucket;
    }
    taken
}
