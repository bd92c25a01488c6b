//! How well the blocks of the index are known.

use super::AsOf;
use crate::etag::Tag;
use crate::movement::{KnownRange, known};
use crate::problem::Problem;
use crate::server::Api;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// How well each block up to the last one is known: ranges that meet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RangeList {
    as_of: AsOf,
    ranges: Vec<KnownRange>,
}

/// What stands behind the events and transfers of every block of the index. What a node left out of a range that is not
/// proven, only the vaults' own hashes and the audit find.
#[utoipa::path(get, path = "/v1/ranges", tag = "vaults", responses(
    (status = 200, description = "The ranges; `ETag` tells whether they changed", body = RangeList),
    (status = 304, description = "As the client has it"),
    (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(api): State<Api>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let read = api.readers.read(|store| {
        let moment = store.moment().map_err(|error| Problem::from(&error))?;
        Ok((moment, store.ranges().map_err(|error| Problem::from(&error))?))
    });
    let (moment, ranges) = read.await?;
    let list = RangeList { as_of: (&moment).into(), ranges: known(&ranges, Some((0, u64::MAX))) };
    Ok(Tag::of(&moment, &api.tokens, &uri).answer(&headers, list))
}
