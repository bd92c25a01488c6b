//! What a change changed, before and after, as the vault's own views show it.

use alloy::primitives::{Address, U256};
use purse_owner::state::Allowance;
use purse_owner::{Change, State, Verb};
use purse_protocol::abi::IVaultLens::SessionView;
use purse_protocol::time::{rfc3339, span};
use purse_protocol::{Category, CategoryMask, RefusalContext, Scope, Window};

/// One thing before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What it is.
    pub(crate) what: String,
    /// What it was.
    pub(crate) before: String,
    /// What it is now.
    pub(crate) after: String,
}

/// What differs between before and after; of a limit both cap and used, whether they differ or not.
pub(crate) fn differences(verb: &Verb, change: &Change, names: &RefusalContext) -> Vec<Difference> {
    let done = verb.inner();
    let verb = done.as_ref().unwrap_or(verb);
    let mut rows = Vec::new();
    match (&change.before, &change.after) {
        (State::Session { session: before, allowances: old }, State::Session { session: after, allowances: new })
            if !before.key.is_zero() =>
        {
            session(before, after, &mut rows);
            for (old, new) in old.iter().zip(new) {
                allowance(verb, old, new, names, &mut rows);
            }
        }
        (State::Vault(before), State::Vault(after)) => allowance(verb, before, after, names, &mut rows),
        (State::Purse { open: o0, target: t0, .. }, State::Purse { open: o1, target: t1, .. }) => {
            let show = |amount: &u128| names.amount(verb.token(), U256::from(*amount));
            push(&mut rows, "open", &yes(*o0), &yes(*o1));
            push(&mut rows, "refilled to", &show(t0), &show(t1));
        }
        (State::Delay(before), State::Delay(after)) => push(&mut rows, "delay", &wait(*before), &wait(*after)),
        (State::Waiting(before), State::Waiting(after)) => push(&mut rows, "waiting", &yes(*before), &yes(*after)),
        (State::Token { listed: before, .. }, State::Token { listed: after, .. }) => {
            push(&mut rows, "listed", &yes(*before), &yes(*after));
        }
        (State::Payees(before), State::Payees(after)) => {
            for ((payee, old), (_, new)) in before.iter().zip(after) {
                push(&mut rows, &names.payee_name(*payee), &category(*old), &category(*new));
            }
        }
        (State::Paused(before), State::Paused(after)) => push(&mut rows, "paused", &yes(*before), &yes(*after)),
        (State::Epoch(before), State::Epoch(after)) => push(&mut rows, "epoch", before, after),
        (State::Balances { vault: v0, treasury: t0 }, State::Balances { vault: v1, treasury: t1 }) => {
            let show = |amount: &U256| names.amount(verb.token(), *amount);
            push(&mut rows, "vault", &show(v0), &show(v1));
            push(&mut rows, "treasury", &show(t0), &show(t1));
        }
        (State::Owner { owner: o0, pending: p0 }, State::Owner { owner: o1, pending: p1 }) => {
            push(&mut rows, "owner", &account(*o0), &account(*o1));
            push(&mut rows, "next owner", &account(*p0), &account(*p1));
        }
        (State::Guardian(before), State::Guardian(after)) => {
            push(&mut rows, "guardian", &account(*before), &account(*after));
        }
        (State::Treasury(before), State::Treasury(after)) => {
            push(&mut rows, "treasury", &account(*before), &account(*after));
        }
        _ => {}
    }
    rows
}

fn session(before: &SessionView, after: &SessionView, rows: &mut Vec<Difference>) {
    push(rows, "key", &before.key, &after.key);
    push(rows, "from", &rfc3339(before.validFrom.into()), &rfc3339(after.validFrom.into()));
    push(rows, "until", &end(before), &end(after));
    push(rows, "categories", &categories(before.categories), &categories(after.categories));
    push(rows, "revoked", &yes(before.revoked), &yes(after.revoked));
}

fn allowance(verb: &Verb, old: &Allowance, new: &Allowance, names: &RefusalContext, rows: &mut Vec<Difference>) {
    let show = |amount: u128| names.amount(Some(new.token), U256::from(amount));
    push(rows, "per payment", &show(old.per_payment_cap), &show(new.per_payment_cap));
    for window in Window::ALL {
        let touched = matches!(verb, Verb::SetLimit { window: set, .. } | Verb::RemoveLimit { window: set, .. } if *set == window);
        let line = |state: &Allowance| {
            state.limit(window).map_or_else(
                || "no limit".to_owned(),
                |limit| format!("{}, {} used", show(limit.cap), show(limit.used)),
            )
        };
        let (before, after) = (line(old), line(new));
        let what = match new.scope {
            Scope::Category(_, category) => format!("{} under {category}", window.phrase()),
            Scope::Vault => format!("{} by all agents", window.phrase()),
            Scope::Session(_) => window.phrase().to_owned(),
        };
        if touched {
            rows.push(Difference { what, before, after });
        } else {
            push(rows, &what, &before, &after);
        }
    }
}

fn push<T: PartialEq + ToString>(rows: &mut Vec<Difference>, what: &str, before: &T, after: &T) {
    if before != after {
        rows.push(Difference { what: what.to_owned(), before: before.to_string(), after: after.to_string() });
    }
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn end(session: &SessionView) -> String {
    if session.validUntil == 0 { "over".to_owned() } else { rfc3339(session.validUntil.into()) }
}

fn wait(seconds: u32) -> String {
    if seconds == 0 { "none".to_owned() } else { span(seconds.into()) }
}

fn account(address: Address) -> String {
    if address.is_zero() { "nobody".to_owned() } else { address.to_string() }
}

fn category(number: u8) -> String {
    Category::new(number).map_or_else(|| "not in the book".to_owned(), |category| category.to_string())
}

fn categories(bits: u64) -> String {
    CategoryMask::from_bits(bits).map_or_else(|_| format!("{bits:#x}"), crate::policy::show_categories)
}
