//! The purses of a vault: whose they are, what they may pay, and what came and went.

use super::AsOf;
use crate::amount::Amount;
use crate::etag::Tag;
use crate::event::category;
use crate::parameters::VaultPath;
use crate::problem::Problem;
use crate::server::Api;
use alloy::primitives::{Address, U256};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use purse_audit::TrailPurse;
use purse_indexer::Sums;
use purse_protocol::time::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

/// The purses of a vault, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PurseList {
    as_of: AsOf,
    purses: Vec<PurseEntry>,
}

/// A purse, and what its token says that came and went: refilled + received = paid + swept + balance (I13).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PurseEntry {
    /// Its address.
    #[schema(value_type = String)]
    purse: Address,
    /// The session whose key pays from it.
    session: u32,
    /// Of the sellers that it pays: the name, or the number where there is none.
    #[schema(example = "data")]
    category: String,
    /// When it was opened (RFC 3339, UTC).
    opened: String,
    /// The block that opened it.
    block: u64,
    /// What the vault put in; its limits counted that. Null, as the others: more than 256 bits hold.
    refilled: Option<Amount>,
    /// What anyone else gave, from the block on that opened it.
    received: Option<Amount>,
    /// What sellers got.
    paid: Option<Amount>,
    /// What the vault got back.
    swept: Option<Amount>,
    /// What is left of that; null where more went than came, since some came before it was opened.
    balance: Option<Amount>,
}

/// Every purse that was opened.
#[utoipa::path(get, path = "/v1/vaults/{vault}/purses", tag = "vaults",
    params(("vault" = String, Path, description = "The vault's address")),
    responses(
        (status = 200, description = "The purses; `ETag` tells whether they changed", body = PurseList),
        (status = 304, description = "As the client has it"),
        (status = "4XX", description = "No such vault", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    VaultPath(vault): VaultPath,
) -> Result<Response, Problem> {
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let look = api.vaults.state(&api.readers, vault, |state, moment| {
        let purses = state.trail.purses.iter();
        let sums = |purse, token| state.sums.get(&(purse, token)).copied().unwrap_or_default();
        let mut purses: Vec<_> = purses.map(|(&purse, &of)| (purse, of, sums(purse, of.token))).collect();
        purses.sort_by_key(|(_, of, _)| of.place.sequence);
        (moment, purses)
    });
    let (moment, purses) = look.await?;
    let words = api.tokens.words(purses.iter().map(|(_, of, _)| of.token)).await;
    let entry = |(purse, of, sums): (Address, TrailPurse, Sums)| {
        let amount = |base: U256| Amount::new(of.token, base, &words);
        PurseEntry {
            purse,
            session: of.session.get(),
            category: category(of.category.number()),
            opened: rfc3339(of.place.time),
            block: of.place.block,
            refilled: sums.came_within.map(amount),
            received: sums.came.map(amount),
            paid: sums.went.map(amount),
            swept: sums.went_within.map(amount),
            balance: sums.balance().map(amount),
        }
    };
    let list = PurseList { as_of: (&moment).into(), purses: purses.into_iter().map(entry).collect() };
    Ok(Tag::of(&moment, &api.tokens, &uri).answer(&headers, list))
}
