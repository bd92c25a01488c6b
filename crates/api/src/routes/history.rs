//! The history of a vault's policy: everything that happened and was no payment.

use super::{AsOf, page};
use crate::etag::Tag;
use crate::event::{Change, Told, token_of};
use crate::parameters::{Asked, Page, VaultPath, invalid_cursor, page_size};
use crate::problem::Problem;
use crate::server::Api;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// What happened and was no payment, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyHistory {
    as_of: AsOf,
    changes: Vec<Change>,
    /// The cursor of the next page, of older changes; null = this is the last.
    next: Option<String>,
}

/// Grants, limits, payees, stops, changes that waited: all that is no payment, the newest first.
#[utoipa::path(get, path = "/v1/vaults/{vault}/policy-history", tag = "vaults",
    params(("vault" = String, Path, description = "The vault's address"), Page),
    responses(
        (status = 200, description = "The changes; `ETag` tells whether there are new ones", body = PolicyHistory),
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
    let before = asked.cursor.as_deref().map(|text| text.parse::<u32>().map_err(|_| invalid_cursor(text)));
    let before = before.transpose()?;
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let look = api.vaults.look(&api.readers, vault, move |folded, moment| {
        let newest = folded.history.iter().rev();
        let older = newest.filter(|happened| before.is_none_or(|before| happened.place.sequence < before));
        (moment, older.take(size as usize + 1).cloned().collect::<Vec<_>>())
    });
    let (moment, taken) = look.await?;
    let (taken, next) = page(taken, size, |last| last.place.sequence.to_string());
    let words = api.tokens.words(taken.iter().filter_map(token_of)).await;
    let told = taken.iter().map(|happened| Told::new(happened, moment.extent.finalized, &words));
    let changes = told.filter_map(|told| match told {
        Told::Change(change) => Some(*change),
        Told::Payment(_) => None,
    });
    let history = PolicyHistory { as_of: (&moment).into(), changes: changes.collect(), next };
    Ok(Tag::of(&moment, &api.tokens, &uri).answer(&headers, history))
}
