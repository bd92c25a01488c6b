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
use purse_indexer::StoredTransfer;
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
    /// What the vault put in; its limits counted that.
    refilled: Amount,
    /// What anyone else gave, from the block on that opened it.
    received: Amount,
    /// What sellers got.
    paid: Amount,
    /// What the vault got back.
    swept: Amount,
    /// What is left of that.
    balance: Amount,
}

/// The sums of what came and went.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    refilled: U256,
    received: U256,
    paid: U256,
    swept: U256,
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
    let look = api.vaults.look(&api.readers, vault, |folded, _| {
        let mut purses: Vec<_> = folded.trail.purses.iter().map(|(&purse, &of)| (purse, of)).collect();
        purses.sort_by_key(|(_, of)| of.place.sequence);
        purses
    });
    let purses = look.await?;
    let read = api.readers.read(move |store| {
        let moment = store.moment().map_err(|error| Problem::from(&error))?;
        let sums = purses.into_iter().map(|(purse, of)| {
            let transfers = store.transfers(purse).map_err(|error| Problem::from(&error))?;
            Ok((purse, of, sums(vault, purse, of.token, &transfers)))
        });
        Ok((moment, sums.collect::<Result<Vec<_>, Problem>>()?))
    });
    let (moment, purses) = read.await?;
    let words = api.tokens.words(purses.iter().map(|(_, of, _)| of.token)).await;
    let entry = |(purse, of, sums): (Address, TrailPurse, Sums)| {
        let amount = |base: U256| Amount::new(of.token, base, &words);
        let came = sums.refilled.saturating_add(sums.received);
        PurseEntry {
            purse,
            session: of.session.get(),
            category: category(of.category.number()),
            opened: rfc3339(of.place.time),
            block: of.place.block,
            refilled: amount(sums.refilled),
            received: amount(sums.received),
            paid: amount(sums.paid),
            swept: amount(sums.swept),
            balance: amount(came.saturating_sub(sums.paid.saturating_add(sums.swept))),
        }
    };
    let list = PurseList { as_of: (&moment).into(), purses: purses.into_iter().map(entry).collect() };
    Ok(Tag::of(&moment, &api.tokens, &uri).answer(&headers, list))
}

fn sums(vault: Address, purse: Address, token: Address, transfers: &[StoredTransfer]) -> Sums {
    let mut sums = Sums::default();
    for moved in transfers.iter().filter(|moved| moved.token == token) {
        if moved.to == purse {
            let field = if moved.from == vault { &mut sums.refilled } else { &mut sums.received };
            *field = field.saturating_add(moved.amount);
        }
        if moved.from == purse {
            let field = if moved.to == vault { &mut sums.swept } else { &mut sums.paid };
            *field = field.saturating_add(moved.amount);
        }
    }
    sums
}
