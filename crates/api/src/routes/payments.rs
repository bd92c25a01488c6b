//! The payments of a vault, a page at a time, straight from the index.

use super::AsOf;
use crate::etag::Tag;
use crate::event::Payment;
use crate::movement::{KnownRange, known as ranges_of};
use crate::parameters::{Asked, VaultPath, address_or_none, cursor, page_size, session, time};
use crate::problem::Problem;
use crate::server::Api;
use crate::vaults::unknown;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use purse_indexer::{PageMark, PaymentQuery};
use purse_protocol::Category;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which payments.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Of this session.
    session: Option<u32>,
    /// To this payee.
    payee: Option<String>,
    /// Under this category: its name, its number, or an MCC such as mcc:7375.
    category: Option<String>,
    /// In this token.
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

/// Payments, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentList {
    as_of: AsOf,
    payments: Vec<Payment>,
    /// How well the blocks of these payments are known.
    known: Vec<KnownRange>,
    /// The cursor of the next page, of older payments; null = this is the last.
    next: Option<String>,
}

/// Payments, the newest first. A page stays right while payments are added.
#[utoipa::path(get, path = "/v1/vaults/{vault}/payments", tag = "payments",
    params(("vault" = String, Path, description = "The vault's address"), Filter),
    responses(
        (status = 200, description = "The payments; `ETag` tells whether they changed", body = PaymentList),
        (status = 304, description = "As the client has it"),
        (status = "4XX", description = "No such vault, or the request cannot be understood", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    VaultPath(vault): VaultPath,
    Asked(asked): Asked<Filter>,
) -> Result<Response, Problem> {
    let size = page_size(asked.limit)?;
    let mark = cursor(asked.cursor.as_deref())?.map(|(block, sequence)| PageMark { block, sequence });
    let category = asked.category.as_deref().map(|text| {
        text.parse::<Category>().map_err(|error| Problem::asked("CategoryUnknown", error.to_string(), error.fix()))
    });
    let query = PaymentQuery {
        vault,
        session: session(asked.session)?.map(|session| session.get()),
        payee: address_or_none(asked.payee.as_deref())?,
        category: category.transpose()?.map(|category| category.number()),
        token: address_or_none(asked.token.as_deref())?,
        from: time(asked.from.as_deref())?,
        until: time(asked.until.as_deref())?,
        before: mark,
        limit: size,
    };
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let read = api.readers.read(move |store| {
        let found = store.payment_page(&query).map_err(|error| Problem::from(&error))?;
        let known = !found.payments.is_empty() || {
            let vaults = store.vaults().map_err(|error| Problem::from(&error))?;
            vaults.iter().any(|known| known.address == vault)
        };
        Ok((found, known))
    });
    let (found, known) = read.await?;
    if !known {
        return Err(unknown(vault));
    }
    let moment = found.moment;
    let words = api.tokens.words(found.payments.iter().map(|placed| placed.payment.token)).await;
    let payments = found.payments.iter().map(|placed| Payment::listed(placed, moment.extent.finalized, &words));
    let last = found.payments.last().filter(|_| found.more);
    let next = last.map(|last| format!("{}.{}", last.block, last.payment.sequence));
    let ends = found.payments.last().zip(found.payments.first()).map(|(last, first)| (last.block, first.block));
    let known = ranges_of(&found.ranges, ends);
    let list = PaymentList { as_of: (&moment).into(), payments: payments.collect(), known, next };
    Ok(Tag::of(&moment, &api.tokens, &uri).answer(&headers, list))
}
