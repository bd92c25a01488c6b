//! What moved from and to a vault and its purses, and what the purses bought, a page at a time, straight from the index.

use super::AsOf;
use crate::etag::Tag;
use crate::movement::{self, KnownRange, Purchase, Transfer, known};
use crate::parameters::{Asked, VaultPath, address_or_none, cursor, page_size, session, time};
use crate::problem::Problem;
use crate::server::Api;
use alloy::primitives::Address;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use purse_audit::TrailPurse;
use purse_indexer::{TransferMark, TransferPage, TransferQuery};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Which transfers.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TransferFilter {
    /// From or to this one only: the vault, or one of its purses.
    account: Option<String>,
    /// In this token, whether the vault lists it or not; if not said, in those that it lists or has withdrawn.
    token: Option<String>,
    /// From this time on: RFC 3339, or seconds since 1970.
    from: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// How many at most, 1 to 1,000; 100 if not said.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Which purchases.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PurchaseFilter {
    /// Of this session.
    session: Option<u32>,
    /// From this time on: RFC 3339, or seconds since 1970.
    from: Option<String>,
    /// Before this time.
    until: Option<String>,
    /// How many at most, 1 to 1,000; 100 if not said.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Transfers, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransferList {
    as_of: AsOf,
    transfers: Vec<Transfer>,
    /// How well the blocks of these transfers are known.
    known: Vec<KnownRange>,
    /// The cursor of the next page, of older ones; null = this is the last.
    next: Option<String>,
}

/// Purchases, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PurchaseList {
    as_of: AsOf,
    purchases: Vec<Purchase>,
    /// How well the blocks of these purchases are known.
    known: Vec<KnownRange>,
    /// The cursor of the next page, of older ones; null = this is the last.
    next: Option<String>,
}

/// What its tokens say that moved from and to a vault and its purses, each with the event or the authorization that moved it,
/// from the block on that created the vault or opened the purse. The newest first.
#[utoipa::path(get, path = "/v1/vaults/{vault}/transfers", tag = "payments",
    params(("vault" = String, Path, description = "The vault's address"), TransferFilter),
    responses(
        (status = 200, description = "The transfers; `ETag` tells whether they changed", body = TransferList),
        (status = 304, description = "As the client has it"),
        (status = "4XX", description = "No such vault, or the request cannot be understood", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    VaultPath(vault): VaultPath,
    Asked(asked): Asked<TransferFilter>,
) -> Result<Response, Problem> {
    let (account, token) = (address_or_none(asked.account.as_deref())?, address_or_none(asked.token.as_deref())?);
    let range = Range::new(asked.limit, asked.from.as_deref(), asked.until.as_deref(), asked.cursor.as_deref())?;
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let look = api.vaults.state(&api.readers, vault, |state, _| {
        let tokens: BTreeSet<_> = state.trail.tokens.keys().chain(&state.trail.withdrawn).copied().collect();
        (tokens, movement::purse_tokens(&state.trail))
    });
    let (tokens, purses) = look.await?;
    let accounts: Vec<_> = [vault].into_iter().chain(purses.keys().copied()).collect();
    if let Some(other) = account.filter(|account| !accounts.contains(account)) {
        let cause = format!("{other} is neither the vault nor one of its purses");
        return Err(Problem::asked("AccountUnknown", cause, "see /v1/vaults/{vault}/purses, or leave account out"));
    }
    let query = TransferQuery {
        vault,
        accounts: account.map_or(accounts, |account| vec![account]),
        tokens: token.map_or_else(|| tokens.into_iter().collect(), |token| vec![token]),
        ..TransferQuery::default()
    };
    let (page, next) = range.read(&api, query).await?;
    let words = api.tokens.words(page.transfers.iter().map(|placed| placed.transfer.token)).await;
    let transfers = movement::transfers(vault, &purses, &page, &words);
    let list = TransferList { as_of: (&page.moment).into(), transfers, known: known(&page.ranges, ends(&page)), next };
    Ok(Tag::of(&page.moment, &api.tokens, &uri).answer(&headers, list))
}

/// What a vault's purses paid to sellers: who, how much, for which session and category. The newest first.
#[utoipa::path(get, path = "/v1/vaults/{vault}/purchases", tag = "payments",
    params(("vault" = String, Path, description = "The vault's address"), PurchaseFilter),
    responses(
        (status = 200, description = "The purchases; `ETag` tells whether they changed", body = PurchaseList),
        (status = 304, description = "As the client has it"),
        (status = "4XX", description = "No such vault, or the request cannot be understood", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn purchases(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    VaultPath(vault): VaultPath,
    Asked(asked): Asked<PurchaseFilter>,
) -> Result<Response, Problem> {
    let wanted = session(asked.session)?;
    let range = Range::new(asked.limit, asked.from.as_deref(), asked.until.as_deref(), asked.cursor.as_deref())?;
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let look = api.vaults.state(&api.readers, vault, |state, _| state.trail.purses.clone());
    let purses: BTreeMap<Address, TrailPurse> = look.await?;
    let asked: BTreeMap<_, _> =
        purses.iter().filter(|(_, of)| wanted.is_none_or(|session| of.session == session)).collect();
    let query = TransferQuery {
        vault,
        accounts: asked.keys().map(|purse| **purse).collect(),
        outgoing: true,
        tokens: asked.values().map(|of| of.token).collect::<BTreeSet<_>>().into_iter().collect(),
        ..TransferQuery::default()
    };
    let (page, next) = range.read(&api, query).await?;
    let words = api.tokens.words(page.transfers.iter().map(|placed| placed.transfer.token)).await;
    let purchases = movement::purchases(vault, &purses, &page, &words);
    let list = PurchaseList { as_of: (&page.moment).into(), purchases, known: known(&page.ranges, ends(&page)), next };
    Ok(Tag::of(&page.moment, &api.tokens, &uri).answer(&headers, list))
}

/// Which part of a list.
struct Range {
    from: Option<u64>,
    until: Option<u64>,
    before: Option<TransferMark>,
    size: u32,
}

impl Range {
    fn new(limit: Option<u32>, from: Option<&str>, until: Option<&str>, mark: Option<&str>) -> Result<Self, Problem> {
        let before = cursor(mark)?.map(|(block, log_index)| TransferMark { block, log_index });
        Ok(Self { from: time(from)?, until: time(until)?, before, size: page_size(limit)? })
    }

    /// A page of a query, and the cursor of the next one where there is more.
    async fn read(self, api: &Api, query: TransferQuery) -> Result<(TransferPage, Option<String>), Problem> {
        let query =
            TransferQuery { from: self.from, until: self.until, before: self.before, limit: self.size, ..query };
        let read = api.readers.read(move |store| store.transfer_page(&query).map_err(|error| Problem::from(&error)));
        let page = read.await?;
        let last = page.transfers.last().filter(|_| page.more).map(|last| &last.transfer);
        let next = last.map(|last| format!("{}.{}", last.block.number, last.log_index));
        Ok((page, next))
    }
}

/// The first and the last block of a page.
fn ends(page: &TransferPage) -> Option<(u64, u64)> {
    let height = |placed: &purse_indexer::PlacedTransfer| placed.transfer.block.number;
    Some((page.transfers.last().map(height)?, page.transfers.first().map(height)?))
}
