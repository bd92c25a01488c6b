//! Whether what was asked for stands: the vault's state after the act, compared with the act. Pure.

use crate::state::Allowance;
use crate::{State, Verb};
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::{Grant, IVaultEvents};
use purse_protocol::abi::IVaultLens::SessionView;
use purse_protocol::{Scope, Window};

/// Says what does not stand as asked, if anything. `events` are the vault's own in the act's transaction.
pub(crate) fn missing(verb: &Verb, sender: Address, after: &State, events: &[IVaultEvents]) -> Option<String> {
    match (verb, after) {
        (Verb::Grant(grant), State::Session { session, allowances }) => granted(grant, session, allowances),
        (Verb::RotateKey { new_key, .. }, State::Session { session, .. }) => differs("the key", session.key, *new_key),
        (Verb::SetValidity { valid_from, valid_until, .. }, State::Session { session, .. }) => {
            differs("the span's begin", session.validFrom, *valid_from)
                .or_else(|| differs("the span's end", session.validUntil, *valid_until))
        }
        (Verb::SetCategories { categories, .. }, State::Session { session, .. }) => {
            differs("the category mask", session.categories, categories.bits())
        }
        (Verb::Revoke { .. }, State::Session { session, .. }) => differs("revoked", session.revoked, true),
        (Verb::SetPerPaymentCap { cap, .. }, State::Session { allowances, .. }) => {
            let own = allowances.first()?;
            differs("the per-payment cap", own.per_payment_cap, binding(*cap, own.unit_bits))
        }
        (Verb::SetLimit { window, cap, .. }, State::Session { allowances, .. }) => {
            limit_missing(allowances.first()?, *window, *cap)
        }
        (Verb::SetLimit { window, cap, .. }, State::Vault(allowance)) => limit_missing(allowance, *window, *cap),
        (Verb::RemoveLimit { window, .. }, State::Session { allowances, .. }) => {
            limit_stands(allowances.first()?, *window)
        }
        (Verb::RemoveLimit { window, .. }, State::Vault(allowance)) => limit_stands(allowance, *window),
        (Verb::AddToken { unit_bits, .. }, State::Token { listed, unit_bits: actual }) => {
            differs("listed", *listed, true).or_else(|| differs("the unit's bits", *actual, *unit_bits))
        }
        (Verb::SetPayees(payees), State::Payees(book)) => {
            payees.iter().zip(book).find_map(|((payee, category), (_, actual))| {
                differs(&format!("the category of {payee}"), *actual, category.number())
            })
        }
        (Verb::RemovePayee { payee }, State::Payees(book)) => {
            book.iter().find_map(|(_, actual)| differs(&format!("the category of {payee}"), *actual, 0))
        }
        (Verb::Pause, State::Paused(paused)) => differs("paused", *paused, true),
        (Verb::Unpause, State::Paused(paused)) => differs("paused", *paused, false),
        (Verb::RevokeAll, State::Epoch(epoch)) => all_revoked(*epoch, events),
        (Verb::Withdraw { token, amount }, State::Balances { .. }) => withdrawn(*token, *amount, events),
        (Verb::TransferOwnership { new_owner }, State::Owner { pending, .. }) => {
            differs("the next owner", *pending, *new_owner)
        }
        (Verb::AcceptOwnership, State::Owner { owner, .. }) => differs("the owner", *owner, sender),
        (Verb::SetGuardian { guardian }, State::Guardian(actual)) => differs("the guardian", *actual, *guardian),
        (Verb::SetTreasury { treasury }, State::Treasury(actual)) => differs("the treasury", *actual, *treasury),
        (Verb::SetDelay { seconds }, State::Delay(actual)) => differs("the delay", *actual, *seconds),
        (Verb::OpenPurse { .. }, State::Purse { open, .. }) => differs("opened", *open, true),
        (Verb::SetPurseTarget { target, .. }, State::Purse { target: actual, unit_bits, .. }) => {
            differs("the purse's target", *actual, binding(*target, *unit_bits))
        }
        (Verb::Cancel { .. }, State::Waiting(waits)) => differs("waiting", *waits, false),
        (Verb::Execute { .. } | Verb::Replace { .. } | Verb::Lodge(_), after) => match verb.inner() {
            Some(inner) => missing(&inner, sender, after, events),
            None => Some("the call is none of the vault's verbs".to_owned()),
        },
        _ => Some("something else was read back".to_owned()),
    }
}

fn granted(grant: &Grant, session: &SessionView, allowances: &[Allowance]) -> Option<String> {
    differs("the key", session.key, grant.key)
        .or_else(|| differs("the span's begin", session.validFrom, grant.validFrom))
        .or_else(|| differs("the span's end", session.validUntil, grant.validUntil))
        .or_else(|| differs("the category mask", session.categories, grant.categories))
        .or_else(|| differs("revoked", session.revoked, false))
        .or_else(|| {
            grant.tokens.iter().find_map(|asked| {
                let of = |category| {
                    let scope = Scope::new(grant.session, category);
                    allowances.iter().find(|one| one.token == asked.token && Some(one.scope) == scope)
                };
                let Some(own) = of(0) else { return Some(format!("{} was not read back", asked.token)) };
                let standing = allowances.iter().filter(|one| one.token == asked.token);
                let standing: usize = standing.map(|one| one.limits.len()).sum();
                differs("the per-payment cap", own.per_payment_cap, binding(asked.perPaymentCap, own.unit_bits))
                    .or_else(|| differs("the number of limits", standing, asked.limits.len()))
                    .or_else(|| {
                        asked.limits.iter().find_map(|limit| {
                            match (of(limit.category), Window::from_seconds(limit.window)) {
                                (Some(allowance), Some(window)) => limit_missing(allowance, window, limit.cap),
                                _ => Some(format!("there is no limit of {} seconds", limit.window)),
                            }
                        })
                    })
            })
        })
}

/// A cap binds as the vault counts it: rounded down to the token's unit.
fn binding(cap: u128, unit_bits: u8) -> u128 {
    cap.checked_shr(unit_bits.into()).unwrap_or(0) << unit_bits
}

fn limit_missing(allowance: &Allowance, window: Window, cap: u128) -> Option<String> {
    match allowance.limit(window) {
        Some(limit) => differs(&format!("the cap over {window}"), limit.cap, binding(cap, allowance.unit_bits)),
        None => Some(format!("no limit over {window} stands")),
    }
}

fn limit_stands(allowance: &Allowance, window: Window) -> Option<String> {
    allowance.limit(window).map(|limit| format!("the limit still stands, with cap {}", limit.cap))
}

fn withdrawn(token: Address, amount: Option<U256>, events: &[IVaultEvents]) -> Option<String> {
    let logged = events.iter().find_map(|event| match event {
        IVaultEvents::Withdrawn(log) if log.token == token => Some(log.amount),
        _ => None,
    });
    match (logged, amount) {
        (None, _) => Some("the vault logged no withdrawal of this token".to_owned()),
        (Some(logged), Some(asked)) => differs("the amount withdrawn", logged, asked),
        (Some(_), None) => None,
    }
}

fn all_revoked(epoch: u32, events: &[IVaultEvents]) -> Option<String> {
    let logged = events.iter().find_map(|event| match event {
        IVaultEvents::AllRevoked(log) => Some(log.epoch),
        _ => None,
    });
    match logged {
        Some(logged) if epoch >= logged => None,
        Some(logged) => Some(format!("the epoch is {epoch}, not {logged}")),
        None => Some("the vault logged no revocation".to_owned()),
    }
}

fn differs<T: PartialEq + std::fmt::Display>(what: &str, actual: T, asked: T) -> Option<String> {
    (actual != asked).then(|| format!("{what} is {actual}, not {asked}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::LimitState;
    use purse_protocol::SessionId;

    fn allowance(cap: u128, unit_bits: u8) -> Allowance {
        let limits = vec![LimitState { window: Window::Day, cap, used: 3, remaining: cap.saturating_sub(3) }];
        Allowance { scope: Scope::Vault, token: Address::repeat_byte(0x70), unit_bits, per_payment_cap: 2, limits }
    }

    fn session(allowances: Vec<Allowance>) -> State {
        let view = SessionView {
            key: Address::ZERO,
            validFrom: 0,
            validUntil: 0,
            categories: 0,
            nonceHighest: 0,
            nonceWindow: 0,
            epoch: 0,
            revoked: false,
        };
        State::Session { session: view, allowances }
    }

    #[test]
    fn a_cap_counts_as_the_vault_rounds_it() {
        let Some(id) = SessionId::new(1) else { return };
        let token = Address::repeat_byte(0x70);
        let set = |cap| Verb::SetLimit { scope: Scope::Session(id), token, window: Window::Day, cap };
        let after = session(vec![allowance(256, 7)]);
        assert_eq!(missing(&set(256), Address::ZERO, &after, &[]), None);
        assert_eq!(missing(&set(383), Address::ZERO, &after, &[]), None);
        assert_eq!(missing(&set(384), Address::ZERO, &after, &[]).as_deref(), Some("the cap over 24h is 256, not 384"));
        let none = session(vec![Allowance { limits: vec![], ..allowance(0, 0) }]);
        assert_eq!(missing(&set(1), Address::ZERO, &none, &[]).as_deref(), Some("no limit over 24h stands"));
    }

    /// A state that shows nothing of what was asked is never taken for success.
    #[test]
    fn an_untouched_vault_satisfies_no_verb() {
        for verb in crate::verb::tests::all() {
            let done = verb.inner().unwrap_or_else(|| verb.clone());
            let after = match &done {
                Verb::AddToken { .. } => State::Token { listed: false, unit_bits: 0 },
                Verb::SetPayees(_) => State::Payees(vec![(Address::ZERO, 0)]),
                Verb::RemovePayee { .. } => State::Payees(vec![(Address::ZERO, 1)]),
                Verb::Pause => State::Paused(false),
                Verb::Unpause => State::Paused(true),
                Verb::RevokeAll => State::Epoch(0),
                Verb::Withdraw { .. } => State::Balances { vault: U256::ZERO, treasury: U256::ZERO },
                Verb::TransferOwnership { .. } | Verb::AcceptOwnership => {
                    State::Owner { owner: Address::ZERO, pending: Address::ZERO }
                }
                Verb::SetGuardian { .. } => State::Guardian(Address::ZERO),
                Verb::SetTreasury { .. } => State::Treasury(Address::ZERO),
                Verb::SetDelay { .. } => State::Delay(0),
                Verb::Cancel { .. } => State::Waiting(true),
                Verb::OpenPurse { .. } | Verb::SetPurseTarget { .. } => {
                    State::Purse { purse: Address::ZERO, open: false, target: 1, largest: 2, unit_bits: 0 }
                }
                Verb::SetLimit { scope: Scope::Vault, .. } => State::Vault(allowance(1, 0)),
                _ => session(vec![allowance(1, 0)]),
            };
            let sender = Address::repeat_byte(9);
            assert!(missing(&verb, sender, &after, &[]).is_some(), "{}", verb.name());
            if done != Verb::Pause && done != Verb::Unpause {
                assert!(missing(&verb, sender, &State::Paused(true), &[]).is_some(), "{}", verb.name());
            }
        }
    }
}
