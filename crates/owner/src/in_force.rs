//! Whether what was asked for stands: the vault's state after the act, compared with the act. Pure.

use crate::state::TokenState;
use crate::{State, Verb};
use alloy::primitives::{Address, U256};
use purse_protocol::Window;
use purse_protocol::abi::IVault::{Grant, IVaultEvents, SessionView};

/// Says what does not stand as asked, if anything. `events` are the vault's own in the act's transaction.
pub(crate) fn missing(verb: &Verb, sender: Address, after: &State, events: &[IVaultEvents]) -> Option<String> {
    match (verb, after) {
        (Verb::Grant(grant), State::Session { session, tokens }) => granted(grant, session, tokens),
        (Verb::RotateKey { new_key, .. }, State::Session { session, .. }) => differs("the key", session.key, *new_key),
        (Verb::SetValidity { valid_from, valid_until, .. }, State::Session { session, .. }) => {
            differs("the span's begin", session.validFrom, *valid_from)
                .or_else(|| differs("the span's end", session.validUntil, *valid_until))
        }
        (Verb::SetCategories { categories, .. }, State::Session { session, .. }) => {
            differs("the category mask", session.categories, categories.bits())
        }
        (Verb::Revoke { .. }, State::Session { session, .. }) => differs("revoked", session.revoked, true),
        (Verb::SetPerPaymentCap { cap, .. }, State::Session { tokens, .. }) => {
            let token = tokens.first()?;
            differs("the per-payment cap", token.per_payment_cap, *cap)
        }
        (Verb::SetLimit { window, cap, .. }, State::Session { tokens, .. }) => {
            limit_missing(tokens.first()?, *window, *cap)
        }
        (Verb::RemoveLimit { window, .. }, State::Session { tokens, .. }) => {
            tokens.first()?.limit(*window).map(|limit| format!("the limit still stands, with cap {}", limit.cap))
        }
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
        _ => Some("something else was read back".to_owned()),
    }
}

fn granted(grant: &Grant, session: &SessionView, tokens: &[TokenState]) -> Option<String> {
    differs("the key", session.key, grant.key)
        .or_else(|| differs("the span's begin", session.validFrom, grant.validFrom))
        .or_else(|| differs("the span's end", session.validUntil, grant.validUntil))
        .or_else(|| differs("the category mask", session.categories, grant.categories))
        .or_else(|| differs("revoked", session.revoked, false))
        .or_else(|| {
            grant.tokens.iter().zip(tokens).find_map(|(asked, token)| {
                differs("the per-payment cap", token.per_payment_cap, asked.perPaymentCap)
                    .or_else(|| differs("the number of limits", token.limits.len(), asked.limits.len()))
                    .or_else(|| {
                        asked.limits.iter().find_map(|limit| match Window::from_seconds(limit.window) {
                            Some(window) => limit_missing(token, window, limit.cap),
                            None => Some(format!("there is no window of {} seconds", limit.window)),
                        })
                    })
            })
        })
}

/// A cap binds as the vault counts it: rounded down to the token's unit.
fn limit_missing(token: &TokenState, window: Window, cap: u128) -> Option<String> {
    let binding = cap.checked_shr(token.unit_bits.into()).unwrap_or(0) << token.unit_bits;
    match token.limit(window) {
        Some(limit) => differs(&format!("the cap over {window}"), limit.cap, binding),
        None => Some(format!("no limit over {window} stands")),
    }
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

    fn token(cap: u128, unit_bits: u8) -> TokenState {
        let limits = vec![LimitState { window: Window::Day, cap, used: 3, remaining: cap.saturating_sub(3) }];
        TokenState { token: Address::repeat_byte(0x70), unit_bits, per_payment_cap: 2, limits }
    }

    fn session(tokens: Vec<TokenState>) -> State {
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
        State::Session { session: view, tokens }
    }

    #[test]
    fn a_cap_counts_as_the_vault_rounds_it() {
        let Some(id) = SessionId::new(1) else { return };
        let set = |cap| Verb::SetLimit { session: id, token: Address::repeat_byte(0x70), window: Window::Day, cap };
        let after = session(vec![token(256, 7)]);
        assert_eq!(missing(&set(256), Address::ZERO, &after, &[]), None);
        assert_eq!(missing(&set(383), Address::ZERO, &after, &[]), None);
        assert_eq!(missing(&set(384), Address::ZERO, &after, &[]).as_deref(), Some("the cap over 24h is 256, not 384"));
        let none = session(vec![TokenState { limits: vec![], ..token(0, 0) }]);
        assert_eq!(missing(&set(1), Address::ZERO, &none, &[]).as_deref(), Some("no limit over 24h stands"));
    }

    /// A state that shows nothing of what was asked is never taken for success.
    #[test]
    fn an_untouched_vault_satisfies_no_verb() {
        for verb in crate::verb::tests::all() {
            let after = match &verb {
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
                _ => session(vec![token(1, 0)]),
            };
            let sender = Address::repeat_byte(9);
            assert!(missing(&verb, sender, &after, &[]).is_some(), "{}", verb.name());
            if verb != Verb::Pause && verb != Verb::Unpause {
                assert!(missing(&verb, sender, &State::Paused(true), &[]).is_some(), "{}", verb.name());
            }
        }
    }
}
