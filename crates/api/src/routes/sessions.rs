//! The sessions of a vault: who may pay, for what, until when.

use super::{AsOf, page};
use crate::amount::Amount;
use crate::event::categories;
use crate::parameters::{Asked, Page, VaultPath, invalid_cursor, page_size};
use crate::problem::Problem;
use crate::server::Api;
use crate::tokens::Words;
use alloy::primitives::Address;
use axum::Json;
use axum::extract::State;
use purse_audit::{Session, Trail};
use purse_protocol::Scope;
use purse_protocol::time::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

/// The sessions of a vault, by number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    as_of: AsOf,
    /// The time that each `status` is of: now, or the last block's where that is later (RFC 3339, UTC).
    at: String,
    /// Whether the vault's payments are stopped, whatever a session's status.
    vault_paused: bool,
    sessions: Vec<SessionEntry>,
    /// The cursor of the next page; null = this is the last.
    next: Option<String>,
}

/// Whether a session may pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Within its limits.
    Active,
    /// Not before its time.
    NotYet,
    /// Not any more: its time is over.
    Expired,
    /// Never again.
    Revoked,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionEntry {
    /// Its number, which outlives its key.
    session: u32,
    status: Status,
    /// The key that it has now.
    #[schema(value_type = String)]
    key: Address,
    /// From then on it may pay (RFC 3339, UTC).
    valid_from: String,
    /// From then on it may not; null = it was revoked by itself.
    valid_until: Option<String>,
    /// What it may pay for.
    categories: Vec<String>,
    /// The largest payment (with fee) without the owner's approval, for each token in which it may pay.
    per_payment_caps: Vec<Amount>,
    /// The highest nonce that its key has paid with.
    highest_nonce: u32,
}

/// Every session that was ever granted.
#[utoipa::path(get, path = "/v1/vaults/{vault}/sessions", tag = "vaults",
    params(("vault" = String, Path, description = "The vault's address"), Page),
    responses(
        (status = 200, description = "The sessions", body = SessionList),
        (status = "4XX", description = "No such vault, or the request cannot be understood", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(api): State<Api>,
    VaultPath(vault): VaultPath,
    Asked(asked): Asked<Page>,
) -> Result<Json<SessionList>, Problem> {
    let size = page_size(asked.limit)?;
    let after = asked.cursor.as_deref().map(|text| text.parse::<u32>().map_err(|_| invalid_cursor(text)));
    let after = after.transpose()?.unwrap_or(0);
    let clock = (api.clock)();
    let look = api.vaults.state(&api.readers, vault, move |state, moment| {
        let now = clock.max(moment.time);
        let later = state.trail.sessions().filter(|session| session.id.get() > after);
        let taken: Vec<_> =
            later.take(size as usize + 1).map(|session| (session, caps(&state.trail, &session))).collect();
        (moment, now, state.trail.paused, taken)
    });
    let (moment, now, vault_paused, taken) = look.await?;
    let (sessions, next) = page(taken, size, |(last, _)| last.id.to_string());
    let mut tokens = Vec::new();
    for (_, caps) in &sessions {
        tokens.extend(caps.iter().map(|(token, _)| *token));
    }
    let words = api.tokens.words(tokens).await;
    Ok(Json(SessionList {
        as_of: (&moment).into(),
        at: rfc3339(now),
        vault_paused,
        sessions: sessions.iter().map(|(session, caps)| entry(session, caps, now, &words)).collect(),
        next,
    }))
}

fn caps(trail: &Trail, session: &Session) -> Vec<(Address, u128)> {
    let scope = Scope::Session(session.id);
    let of_scope = trail.policies.range((scope, Address::ZERO)..=(scope, Address::repeat_byte(0xff)));
    of_scope.map(|((_, token), policy)| (*token, policy.per_payment_cap)).collect()
}

fn entry(session: &Session, caps: &[(Address, u128)], now: u64, words: &Words) -> SessionEntry {
    let word = &session.word;
    SessionEntry {
        session: session.id.get(),
        status: status(session, now),
        key: session.key,
        valid_from: rfc3339(word.valid_from.into()),
        valid_until: (word.valid_until != 0).then(|| rfc3339(word.valid_until.into())),
        categories: categories(word.categories),
        per_payment_caps: caps.iter().map(|&(token, cap)| Amount::new(token, cap, words)).collect(),
        highest_nonce: word.nonce_highest,
    }
}

fn status(session: &Session, now: u64) -> Status {
    match session {
        Session { revoked: true, .. } => Status::Revoked,
        Session { word, .. } if now >= word.valid_until.into() => Status::Expired,
        Session { word, .. } if now < word.valid_from.into() => Status::NotYet,
        _ => Status::Active,
    }
}
