//! What the vault itself refused, in batches, and logged. What relayers refused before it came to the chain is in no log.

use super::{AsOf, page};
use crate::etag::Tag;
use crate::parameters::{Asked, Page, VaultPath, cursor, page_size};
use crate::problem::Problem;
use crate::server::Api;
use alloy::primitives::{Address, B256, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use purse_audit::TrailRefusal;
use purse_protocol::time::rfc3339;
use purse_protocol::{Refusal, RefusalContext};
use serde::Serialize;
use utoipa::ToSchema;

/// Refused items of batches, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusalList {
    as_of: AsOf,
    refusals: Vec<RefusedItem>,
    /// The cursor of the next page, of older ones; null = this is the last.
    next: Option<String>,
}

/// A signed payment that the vault refused within a batch. It moved nothing. It has no sequence number, so nothing proves
/// that the list is whole.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedItem {
    /// The block's time (RFC 3339, UTC).
    time: String,
    /// The block's height.
    block: u64,
    /// The log's number within the block.
    log_index: u64,
    /// The transaction.
    #[schema(value_type = String)]
    tx: B256,
    /// The session whose key signed it.
    session: u32,
    /// Its nonce, unused by this.
    nonce: u32,
    /// Who would have been paid.
    #[schema(value_type = String)]
    payee: Address,
    /// What it was for.
    #[schema(value_type = String)]
    reference: B256,
    /// The error's name in docs/reference/errors.md.
    #[schema(example = "LimitExceeded")]
    error: String,
    /// The cause.
    cause: String,
    /// What to do about it.
    fix: String,
    /// What `pay` would have reverted with.
    #[schema(value_type = String)]
    reason: Bytes,
}

/// Items of batches that the vault refused and logged.
#[utoipa::path(get, path = "/v1/vaults/{vault}/refusals", tag = "payments",
    params(("vault" = String, Path, description = "The vault's address"), Page),
    responses(
        (status = 200, description = "The refusals; `ETag` tells whether there are new ones", body = RefusalList),
        (status = 304, description = "As the client has it"),
        (status = "4XX", description = "No such vault, or the request cannot be understood", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    VaultPath(vault): VaultPath,
    Asked(asked): Asked<Page>,
) -> Result<Response, Problem> {
    let size = page_size(asked.limit)?;
    let before: Option<(u64, u64)> = cursor(asked.cursor.as_deref())?;
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let look = api.vaults.look(&api.readers, vault, move |folded, moment| {
        let newest = folded.trail.refusals.iter().rev();
        let older = newest.filter(|refusal| before.is_none_or(|before| place(refusal) < before));
        (moment, older.take(size as usize + 1).cloned().collect::<Vec<_>>())
    });
    let (moment, taken) = look.await?;
    let (taken, next) = page(taken, size, |last| format!("{}.{}", last.block, last.log_index));
    let list = RefusalList { as_of: (&moment).into(), refusals: taken.into_iter().map(item).collect(), next };
    Ok(Tag::of(&moment, &api.tokens, &uri).answer(&headers, list))
}

const fn place(refusal: &TrailRefusal) -> (u64, u64) {
    (refusal.block, refusal.log_index)
}

fn item(refusal: TrailRefusal) -> RefusedItem {
    let words = Refusal::decode(&refusal.reason, &RefusalContext::default());
    RefusedItem {
        time: rfc3339(refusal.time),
        block: refusal.block,
        log_index: refusal.log_index,
        tx: refusal.tx,
        session: refusal.session.get(),
        nonce: refusal.nonce,
        payee: refusal.payee,
        reference: refusal.reference,
        error: refusal.error,
        cause: words.cause,
        fix: words.fix,
        reason: refusal.reason,
    }
}
