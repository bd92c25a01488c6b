//! The limits of a vault, its sessions and their categories, with what is left of each.

use super::{AsOf, page};
use crate::amount::Amount;
use crate::event::category;
use crate::parameters::{Asked, VaultPath, address_or_none, invalid_cursor, page_size, session};
use crate::problem::Problem;
use crate::server::Api;
use alloy::primitives::Address;
use axum::Json;
use axum::extract::State;
use purse_audit::{LimitState, Trail};
use purse_protocol::time::rfc3339;
use purse_protocol::{Scope, Window};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which limits.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of this session, its categories included.
    session: Option<u32>,
    /// In this token.
    token: Option<String>,
    /// How many at most, 1 to 1,000; 100 if not said.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// The limits that stand: the vault's own, then by session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LimitList {
    as_of: AsOf,
    /// The time that `used` and `left` are of: now, or the last block's where that is later (RFC 3339, UTC).
    at: String,
    limits: Vec<LimitEntry>,
    /// The cursor of the next page; null = this is the last.
    next: Option<String>,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Counts {
    /// Everything that is paid from the vault.
    Vault,
    /// Everything that a session pays.
    Session,
    /// What a session pays under a category.
    Category,
}

/// A limit: a payment needs room in each one that counts it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LimitEntry {
    counts: Counts,
    /// The session; null for the vault's own.
    session: Option<u32>,
    /// The category; null where all count.
    category: Option<String>,
    /// The sliding window: 1h, 24h, 7d, 30d or lifetime.
    #[schema(example = "24h")]
    window: String,
    /// The cap.
    cap: Amount,
    /// What counts now: spending stays counted for up to 1.25 windows, rounded up to the token's unit (I4).
    used: Amount,
    /// What is left now.
    left: Amount,
}

/// A limit's key: the order of the list.
type Key = (Scope, Address, Window);

/// Limits with what is left of them now, as the vault would count.
#[utoipa::path(get, path = "/v1/vaults/{vault}/limits", tag = "vaults",
    params(("vault" = String, Path, description = "The vault's address"), Filter),
    responses(
        (status = 200, description = "The limits", body = LimitList),
        (status = "4XX", description = "No such vault, or the request cannot be understood", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(api): State<Api>,
    VaultPath(vault): VaultPath,
    Asked(asked): Asked<Filter>,
) -> Result<Json<LimitList>, Problem> {
    let size = page_size(asked.limit)?;
    let (of, token) = (session(asked.session)?, address_or_none(asked.token.as_deref())?);
    let after = asked.cursor.as_deref().map(|text| key(text).ok_or_else(|| invalid_cursor(text))).transpose()?;
    let clock = (api.clock)();
    let look = api.vaults.state(&api.readers, vault, move |state, moment| {
        let now = clock.max(moment.time);
        let wanted = |key: &Key| {
            of.is_none_or(|of| key.0.session() == of.get())
                && token.is_none_or(|token| key.1 == token)
                && after.is_none_or(|after| *key > after)
        };
        let taken = standing(&state.trail, now).filter(|(key, _)| wanted(key)).take(size as usize + 1);
        (moment, now, taken.collect::<Vec<_>>())
    });
    let (moment, now, taken) = look.await?;
    let (limits, next) = page(taken, size, |(last, _)| written(last));
    let words = api.tokens.words(limits.iter().map(|((_, token, _), _)| *token)).await;
    let limits = limits.into_iter().map(|((scope, token, window), state)| LimitEntry {
        counts: match scope {
            Scope::Vault => Counts::Vault,
            Scope::Session(_) => Counts::Session,
            Scope::Category(..) => Counts::Category,
        },
        session: Some(scope.session()).filter(|session| *session != 0),
        category: Some(scope.category()).filter(|number| *number != 0).map(category),
        window: window.to_string(),
        cap: Amount::new(token, state.cap, &words),
        used: Amount::new(token, state.used, &words),
        left: Amount::new(token, state.remaining, &words),
    });
    Ok(Json(LimitList { as_of: (&moment).into(), at: rfc3339(now), limits: limits.collect(), next }))
}

/// Every limit that stands, in the order of their keys.
fn standing(trail: &Trail, now: u64) -> impl Iterator<Item = (Key, LimitState)> {
    trail.policies.keys().flat_map(move |&(scope, token)| {
        trail.limits(scope, token, now).into_iter().map(move |state| ((scope, token, state.window), state))
    })
}

/// `1.5.0x8335….24h`
fn written((scope, token, window): &Key) -> String {
    format!("{}.{}.{token:#x}.{window}", scope.session(), scope.category())
}

fn key(text: &str) -> Option<Key> {
    let mut parts = text.split('.');
    let scope = Scope::new(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?)?;
    let (token, window) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some((scope, token, window))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        for (session, category) in [(0, 0), (1, 0), (u32::MAX, 63)] {
            let limit = (Scope::new(session, category).unwrap(), Address::repeat_byte(7), Window::Lifetime);
            assert_eq!(key(&written(&limit)), Some(limit));
        }
        for bad in ["", "1", "0.5.0x12.24h", "1.0.0x0707070707070707070707070707070707070707.24h.1"] {
            assert_eq!(key(bad), None, "{bad}");
        }
    }
}
