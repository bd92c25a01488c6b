//! The folded state against the contract's views at the same block (I12).

use crate::observed::{Observed, ObservedPolicy};
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use purse_protocol::abi::IVaultLens::{SessionView, WaitingChange};
use purse_protocol::{Meter, SessionId, Window};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn check(trail: &Trail, observed: &Observed) -> Check {
    let mut found = Vec::new();
    vault(trail, observed, &mut found);
    waiting(trail, &observed.waiting, &mut found);
    sessions(trail, observed, &mut found);
    policies(trail, observed, &mut found);
    book(trail, observed, &mut found);
    let detail = format!(
        "{} sessions, {} keys, {} limits, {} payees, {} tokens, {} waiting changes",
        trail.session_keys.len(),
        trail.keys.len(),
        trail.policies.values().map(|policy| policy.windows.count_ones()).sum::<u32>(),
        trail.payees.values().flatten().count(),
        trail.tokens.len(),
        trail.waiting.len()
    );
    Check::new("state", "I12", "the trail's state is what the contract says", detail, found)
}

fn vault(trail: &Trail, observed: &Observed, found: &mut Vec<Difference>) {
    let about = || Subject::Vault;
    found.extend(Difference::between(about(), "the chain", &trail.chain_id, &observed.chain_id));
    found.extend(Difference::between(about(), "the vault", &trail.vault, &observed.vault));
    found.extend(Difference::between(about(), "paused", &trail.paused, &observed.paused));
    found.extend(Difference::between(about(), "the revoke-all count", &trail.epoch, &observed.epoch));
    found.extend(Difference::between(about(), "the owner nonce", &trail.owner_nonce, &observed.owner_nonce));
    found.extend(Difference::between(about(), "the delay", &trail.delay, &observed.delay));
    found.extend(Difference::between(about(), "the owner", &trail.owner, &observed.owner));
    found.extend(Difference::between(about(), "the pending owner", &trail.pending_owner, &observed.pending_owner));
    found.extend(Difference::between(about(), "the treasury", &trail.treasury, &observed.treasury));
    found.extend(Difference::between(about(), "the guardian", &trail.guardian, &observed.guardian));
}

/// The changes that wait, in the contract's order: the newest first.
fn waiting(trail: &Trail, chain: &[WaitingChange], found: &mut Vec<Difference>) {
    let numbers: (Vec<_>, Vec<_>) = (
        trail.waiting.iter().map(|change| change.number.to_string()).collect(),
        chain.iter().map(|change| change.change.to_string()).collect(),
    );
    if numbers.0 != numbers.1 {
        let (trail, chain) = (numbers.0.join(", "), numbers.1.join(", "));
        found.extend(Difference::between(Subject::Vault, "the changes that wait", &trail, &chain));
        return;
    }
    for (change, view) in trail.waiting.iter().zip(chain) {
        let about = || Subject::Change { change: change.number };
        let (from, until) = (change.executable_from, change.executable_until);
        found.extend(Difference::between(about(), "executable from", &from, &view.executableFrom));
        found.extend(Difference::between(about(), "executable until", &until, &view.executableUntil));
        found.extend(Difference::between(about(), "the hash of its call", &change.call_hash, &view.callHash));
        found.extend(Difference::between(about(), "killed", &change.killed, &view.killed));
    }
}

fn sessions(trail: &Trail, observed: &Observed, found: &mut Vec<Difference>) {
    let views: BTreeMap<_, _> = observed.sessions.iter().map(|(session, view)| (*session, view)).collect();
    for session in trail.session_keys.keys().chain(views.keys()).collect::<BTreeSet<_>>() {
        let about = || Subject::Session { session: *session };
        match views.get(session) {
            Some(view) => session_fields(trail, *session, view, found),
            None => found.push(Difference::new(about(), "the contract was not asked about this session")),
        }
    }
    let asked: BTreeSet<_> = observed.keys.iter().map(|(key, _)| *key).collect();
    for &key in trail.keys.keys().filter(|&key| !asked.contains(key)) {
        found.push(Difference::new(Subject::Key { key }, "the contract was not asked about this key"));
    }
    for &(key, session) in &observed.keys {
        let by_trail = trail.keys.get(&key).map_or(0, |word| word.session.get());
        found.extend(Difference::between(Subject::Key { key }, "the session of the key", &by_trail, &session));
    }
}

fn session_fields(trail: &Trail, id: SessionId, chain: &SessionView, found: &mut Vec<Difference>) {
    let about = || Subject::Session { session: id };
    let Some(session) = trail.session(id) else {
        found.push(Difference::new(about(), "the contract knows a session that the trail does not"));
        return;
    };
    let word = session.word;
    let mut number = |what: &str, trail: u64, chain: u64| {
        found.extend(Difference::between(about(), what, &trail, &chain));
    };
    number("valid from", word.valid_from.into(), chain.validFrom.into());
    number("valid until", word.valid_until.into(), chain.validUntil.into());
    number("the category mask", word.categories.bits(), chain.categories);
    number("the highest nonce", word.nonce_highest.into(), chain.nonceHighest.into());
    number("the nonce window", word.nonce_window.into(), chain.nonceWindow.into());
    number("the revoke-all count at the grant", word.epoch.into(), chain.epoch.into());
    found.extend(Difference::between(about(), "the key", &session.key, &chain.key));
    found.extend(Difference::between(about(), "revoked", &session.revoked, &chain.revoked));
}

fn policies(trail: &Trail, observed: &Observed, found: &mut Vec<Difference>) {
    for policy in &observed.policies {
        policy_fields(trail, policy, observed.block.time, found);
    }
    for meter in &observed.meters {
        let about = Subject::Limit { scope: meter.scope, token: meter.token, window: Some(meter.window) };
        let by_trail = trail.meter(meter.scope, meter.token, meter.window).to_word();
        found.extend(Difference::between(about, "the meter's storage word", &by_trail, &meter.word));
    }
    let asked: BTreeSet<_> = observed.policies.iter().map(|policy| (policy.scope, policy.token)).collect();
    let metered: BTreeSet<_> = observed.meters.iter().map(|meter| (meter.scope, meter.token, meter.window)).collect();
    for &(scope, token) in trail.policies.keys() {
        let missed = Window::ALL.into_iter().find(|&window| !metered.contains(&(scope, token, window)));
        if missed.is_some() || !asked.contains(&(scope, token)) {
            let about = Subject::Limit { scope, token, window: missed };
            found.push(Difference::new(about, "the contract was not asked about this limit"));
        }
    }
}

fn policy_fields(trail: &Trail, chain: &ObservedPolicy, time: u64, found: &mut Vec<Difference>) {
    let (scope, token) = (chain.scope, chain.token);
    let about = |window| Subject::Limit { scope, token, window };
    let cap = trail.policies.get(&(scope, token)).map_or(0, |policy| policy.per_payment_cap);
    found.extend(Difference::between(about(None), "the per-payment cap", &cap, &chain.per_payment_cap));
    let limits = trail.limits(scope, token, time);
    if limits.len() != chain.limits.len() {
        found.extend(Difference::between(about(None), "the number of limits", &limits.len(), &chain.limits.len()));
        return;
    }
    for (limit, view) in limits.iter().zip(&chain.limits) {
        let about = || about(Some(limit.window));
        let mut number = |what: &str, trail: String, chain: String| {
            found.extend(Difference::between(about(), what, &trail, &chain));
        };
        number("the window", limit.window.seconds().to_string(), view.window.to_string());
        number("the cap", limit.cap.to_string(), view.cap.to_string());
        number("what is used", limit.used.to_string(), view.used.to_string());
        number("what is left", limit.remaining.to_string(), view.remaining.to_string());
        found.extend(Difference::between(
            about(),
            "the meter",
            &limit.meter.to_word(),
            &Meter::from_word(view.meter).to_word(),
        ));
    }
}

fn book(trail: &Trail, observed: &Observed, found: &mut Vec<Difference>) {
    let payees: BTreeMap<_, _> = observed.payees.iter().copied().collect();
    for payee in trail.payees.keys().chain(payees.keys()).copied().collect::<BTreeSet<_>>() {
        let about = || Subject::Payee { payee };
        let by_trail = trail.payees.get(&payee).copied().flatten().map_or(0, |category| category.number());
        match payees.get(&payee) {
            Some(category) => found.extend(Difference::between(about(), "the category", &by_trail, category)),
            None => found.push(Difference::new(about(), "the contract was not asked about this payee")),
        }
    }
    let tokens: BTreeMap<_, _> = observed.tokens.iter().map(|token| (token.token, token)).collect();
    for token in trail.tokens.keys().chain(tokens.keys()).copied().collect::<BTreeSet<_>>() {
        let about = || Subject::Token { token };
        let Some(chain) = tokens.get(&token) else {
            found.push(Difference::new(about(), "the contract was not asked about this token"));
            continue;
        };
        let by_trail = trail.tokens.get(&token);
        found.extend(Difference::between(about(), "listed", &by_trail.is_some(), &chain.listed));
        let unit_bits = by_trail.copied().unwrap_or(0);
        found.extend(Difference::between(about(), "the unit", &unit_bits, &chain.unit_bits));
    }
}
