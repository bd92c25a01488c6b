//! Vaults: all of them, and one as it stands.

use super::{AsOf, page};
use crate::amount::Amount;
use crate::etag::Tag;
use crate::parameters::{Asked, Page, VaultPath, cursor, page_size};
use crate::problem::Problem;
use crate::server::Api;
use alloy::primitives::{Address, B256, U256};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use purse_indexer::{StoredVault, Sums};
use purse_protocol::time::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

/// The vaults of the factory, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VaultList {
    as_of: AsOf,
    vaults: Vec<VaultEntry>,
    /// The cursor of the next page; null = this is the last.
    next: Option<String>,
}

/// A vault, as it was created.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VaultEntry {
    /// Its address.
    #[schema(value_type = String)]
    vault: Address,
    /// Its first owner.
    #[schema(value_type = String)]
    first_owner: Address,
    /// Its first treasury.
    #[schema(value_type = String)]
    first_treasury: Address,
    /// Its first guardian; null = none.
    #[schema(value_type = Option<String>)]
    first_guardian: Option<Address>,
    /// What tells apart vaults of one configuration.
    #[schema(value_type = String)]
    salt: B256,
    /// The block that created it.
    block: u64,
    /// That block's hash.
    #[schema(value_type = String)]
    block_hash: B256,
    /// Whether its address was recomputed from the creation code (I14); if not, the factory is taken at its word.
    proven: bool,
}

/// A vault as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VaultState {
    as_of: AsOf,
    /// Chain and address (CAIP-10).
    #[schema(example = "eip155:31337:0x31c8000000000000000000000000000000000000")]
    account: String,
    /// Its address.
    #[schema(value_type = String)]
    vault: Address,
    /// Whether payments are stopped.
    paused: bool,
    /// Grants, changes, withdraws.
    #[schema(value_type = String)]
    owner: Address,
    /// Named as the next owner; null = nobody.
    #[schema(value_type = Option<String>)]
    pending_owner: Option<Address>,
    /// The only address that withdrawals go to.
    #[schema(value_type = String)]
    treasury: Address,
    /// May only stop things; null = nobody.
    #[schema(value_type = Option<String>)]
    guardian: Option<Address>,
    /// How long loosenings wait, in seconds.
    delay_seconds: u32,
    /// How often everything was revoked.
    epoch: u32,
    /// The nonce that the owner's or the guardian's next signature names.
    owner_nonce: u32,
    /// The number of its last event.
    sequence: u32,
    /// The hash over all its events (I13), recomputed here.
    #[schema(value_type = String)]
    running_hash: alloy::primitives::FixedBytes<21>,
    /// The tokens that it lists.
    tokens: Vec<TokenEntry>,
    /// Loosenings that wait, newest first.
    waiting: Vec<WaitingChange>,
}

/// A token that a vault lists.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenEntry {
    /// Its contract.
    #[schema(value_type = String)]
    token: Address,
    /// What it calls itself, at most 32 characters; null where it does not say. Not to be trusted.
    symbol: Option<String>,
    /// Digits after the point, as it says.
    decimals: Option<u8>,
    /// The vault counts it in units of 2^this base units.
    unit_bits: u8,
    /// What is left of what came, by the token's own logs from the block on that created the vault; null where more went than
    /// came, since some came before that.
    balance: Option<Amount>,
}

/// A loosening that waits (I9).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingChange {
    /// Its number.
    change: u32,
    /// From then on anyone may execute it (RFC 3339, UTC).
    executable_from: String,
    /// From then on nobody may.
    executable_until: String,
    /// Whether it is dead: it can only be cancelled.
    killed: bool,
    /// The verb and its arguments, as calldata.
    #[schema(value_type = String)]
    call: alloy::primitives::Bytes,
    /// Hash of the call.
    #[schema(value_type = String)]
    call_hash: B256,
}

/// Every vault that the factory has created.
#[utoipa::path(get, path = "/v1/vaults", tag = "vaults", params(Page), responses(
    (status = 200, description = "The vaults; `ETag` tells whether they changed", body = VaultList),
    (status = 304, description = "As the client has it"),
    (status = "4XX", description = "The request cannot be understood", body = Problem, content_type = "application/problem+json"),
    (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    Asked(asked): Asked<Page>,
) -> Result<Response, Problem> {
    let size = page_size(asked.limit)?;
    let after: Option<(u64, u64)> = cursor(asked.cursor.as_deref())?;
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let read = api.readers.read(|store| {
        let moment = store.moment().map_err(|error| Problem::from(&error))?;
        Ok((moment, store.vaults().map_err(|error| Problem::from(&error))?))
    });
    let (moment, vaults) = read.await?;
    let place = |vault: &StoredVault| (vault.block.number, vault.log_index);
    let later = vaults.into_iter().filter(|vault| after.is_none_or(|after| place(vault) > after));
    let taken: Vec<_> = later.take(size as usize + 1).collect();
    let (vaults, next) = page(taken, size, |last| format!("{}.{}", last.block.number, last.log_index));
    let vaults = vaults.iter().map(|vault| VaultEntry {
        vault: vault.address,
        first_owner: vault.owner,
        first_treasury: vault.treasury,
        first_guardian: somebody(vault.guardian),
        salt: vault.salt,
        block: vault.block.number,
        block_hash: vault.block.hash,
        proven: vault.proven,
    });
    let list = VaultList { as_of: (&moment).into(), vaults: vaults.collect(), next };
    Ok(Tag::of(&moment, &api.tokens, &uri).answer(&headers, list))
}

/// A vault as its events leave it.
#[utoipa::path(get, path = "/v1/vaults/{vault}", tag = "vaults",
    params(("vault" = String, Path, description = "The vault's address")),
    responses(
        (status = 200, description = "The vault; `ETag` tells whether it changed", body = VaultState),
        (status = 304, description = "As the client has it"),
        (status = "4XX", description = "No such vault", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "The index cannot be read, or the server is busy", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    VaultPath(vault): VaultPath,
) -> Result<Response, Problem> {
    if let Some(unchanged) = api.unchanged(&uri, &headers).await? {
        return Ok(unchanged);
    }
    let look = api.vaults.state(&api.readers, vault, |state, moment| {
        let (trail, sums) = (&state.trail, &state.sums);
        let waiting = trail.waiting.iter().map(|change| WaitingChange {
            change: change.number,
            executable_from: rfc3339(change.executable_from.into()),
            executable_until: rfc3339(change.executable_until.into()),
            killed: change.killed,
            call: change.call.clone(),
            call_hash: change.call_hash,
        });
        let listed = trail.tokens.iter().map(|(&token, &unit_bits)| {
            let balance = sums.get(&(trail.vault, token)).and_then(Sums::balance);
            (token, unit_bits, balance)
        });
        let listed: Vec<_> = listed.collect();
        let state = VaultState {
            as_of: (&moment).into(),
            account: format!("eip155:{}:{}", trail.chain_id, trail.vault),
            vault: trail.vault,
            paused: trail.paused,
            owner: trail.owner,
            pending_owner: somebody(trail.pending_owner),
            treasury: trail.treasury,
            guardian: somebody(trail.guardian),
            delay_seconds: trail.delay,
            epoch: trail.epoch,
            owner_nonce: trail.owner_nonce,
            sequence: trail.sequence,
            running_hash: trail.running_hash,
            tokens: Vec::new(),
            waiting: waiting.collect(),
        };
        (moment, state, listed)
    });
    let (moment, mut state, listed) = look.await?;
    let words = api.tokens.words(listed.iter().map(|(token, ..)| *token)).await;
    let entry = |(token, unit_bits, balance): (Address, u8, Option<U256>)| {
        let of = words.get(&token);
        let (symbol, decimals) = (of.map(|of| of.symbol.clone()), of.map(|of| of.decimals));
        let balance = balance.map(|balance| Amount::new(token, balance, &words));
        TokenEntry { token, symbol, decimals, unit_bits, balance }
    };
    state.tokens = listed.into_iter().map(entry).collect();
    Ok(Tag::of(&moment, &api.tokens, &uri).answer(&headers, state))
}

/// An address, or null for nobody.
pub(crate) fn somebody(address: Address) -> Option<Address> {
    (!address.is_zero()).then_some(address)
}
