//! What tokens say of a vault and its purses, in JSON: each movement with the cause that the double entry finds.

use crate::amount::Amount;
use crate::event::category;
use crate::tokens::Words;
use alloy::primitives::{Address, B256, LogData};
use purse_audit::entry::{Cause, announced, entries};
use purse_audit::observed::{ObservedAuthorization, ObservedTransfer};
use purse_audit::{Trail, TrailPurse};
use purse_indexer::{PlacedTransfer, StoredRange, TransferPage, Truth};
use purse_protocol::event::decode;
use purse_protocol::time::rfc3339;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Why something moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Why {
    /// The vault paid somebody: its event has the number `sequence`.
    Payment,
    /// The fee of that payment.
    Fee,
    /// The vault filled one of its purses, by a payment.
    Refill,
    /// The vault gave the treasury what its event says.
    Withdrawal,
    /// A purse paid a seller, by the authorization with that `nonce`.
    Purchase,
    /// A purse gave back to the vault.
    Sweep,
    /// It came from anyone else.
    Received,
    /// It left, and nothing says why: ask the audit.
    Unexplained,
}

/// A `Transfer` of a token from or to a vault or one of its purses.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Transfer {
    /// The block's time (RFC 3339, UTC).
    #[schema(example = "2026-11-22T14:22:00Z")]
    time: String,
    /// The block's height.
    block: u64,
    /// The block's hash.
    #[schema(value_type = String)]
    block_hash: B256,
    /// The log's number within the block.
    log_index: u64,
    /// The transaction.
    #[schema(value_type = String)]
    tx: B256,
    /// Whether no reorganisation can take it back any more.
    #[serde(rename = "final")]
    is_final: bool,
    /// Who gave.
    #[schema(value_type = String)]
    from: Address,
    /// Who got.
    #[schema(value_type = String)]
    to: Address,
    /// How much.
    amount: Amount,
    /// Why.
    why: Why,
    /// The number of the vault's event that announced it; null where none did.
    sequence: Option<u32>,
    /// The nonce of the authorization that moved it; null where none did.
    #[schema(value_type = Option<String>)]
    nonce: Option<B256>,
}

/// A purse's payment to a seller.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Purchase {
    /// The block's time (RFC 3339, UTC).
    time: String,
    /// The block's height.
    block: u64,
    /// The block's hash.
    #[schema(value_type = String)]
    block_hash: B256,
    /// The number of the transfer's log within the block.
    log_index: u64,
    /// The transaction.
    #[schema(value_type = String)]
    tx: B256,
    /// Whether no reorganisation can take it back any more.
    #[serde(rename = "final")]
    is_final: bool,
    /// The purse that paid.
    #[schema(value_type = String)]
    purse: Address,
    /// The session whose key pays from it.
    session: u32,
    /// The purse's category: its name, or its number where it has none.
    #[schema(example = "data")]
    category: String,
    /// Who was paid.
    #[schema(value_type = String)]
    payee: Address,
    /// How much.
    amount: Amount,
    /// The nonce of the authorization, which commits to the purchase; null where the token logged none that was used.
    #[schema(value_type = Option<String>)]
    nonce: Option<B256>,
}

/// Blocks that are known equally well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct KnownRange {
    /// The first one.
    first: u64,
    /// The last one.
    last: u64,
    /// On a node's word (claimed), by the chain of their headers (linked), or by their receipts (proven).
    #[schema(value_type = String, example = "proven")]
    truth: Truth,
}

impl From<&StoredRange> for KnownRange {
    fn from(&StoredRange { first, last, truth }: &StoredRange) -> Self {
        Self { first, last, truth }
    }
}

/// How well the blocks from one to another are known, as the chain of headers anchors it.
pub(crate) fn known(ranges: &[StoredRange], blocks: Option<(u64, u64)>) -> Vec<KnownRange> {
    let Some((from, to)) = blocks else { return Vec::new() };
    let worth = purse_indexer::truth::anchored(ranges, None);
    let within = worth.iter().filter(|range| range.first <= to && range.last >= from);
    let cut = |range: &StoredRange| StoredRange { first: range.first.max(from), last: range.last.min(to), ..*range };
    within.map(cut).map(|range| KnownRange::from(&range)).collect()
}

/// The purses of a vault, each with its token.
pub(crate) fn purse_tokens(trail: &Trail) -> BTreeMap<Address, Address> {
    trail.purses.iter().map(|(&purse, of)| (purse, of.token)).collect()
}

/// The transfers of a page, each with its cause.
fn causes(vault: Address, purses: &BTreeMap<Address, Address>, page: &TransferPage) -> BTreeMap<(u64, u64), Cause> {
    let beside = &page.beside;
    let mut open = Vec::new();
    for log in &beside.logs {
        if let Ok(event) = decode(&LogData::new_unchecked(log.topics.clone(), log.data.clone())) {
            // Blocks have their own numbers of logs, transactions their own hashes: together they tell all apart.
            open.extend(announced(&event, log.tx, log.log_index, purses));
        }
    }
    let transfers = beside.transfers.iter().filter(|moved| !moved.amount.is_zero()).cloned();
    let transfers: Vec<_> = transfers.map(ObservedTransfer::from).collect();
    let used: Vec<_> = beside.authorizations.iter().cloned().map(ObservedAuthorization::from).collect();
    let found = entries(vault, purses, open, &used, &transfers);
    transfers.iter().map(|moved| (moved.block, moved.log_index)).zip(found.causes).collect()
}

/// The transfers of a page.
pub(crate) fn transfers(
    vault: Address,
    purses: &BTreeMap<Address, Address>,
    page: &TransferPage,
    words: &Words,
) -> Vec<Transfer> {
    let causes = causes(vault, purses, page);
    let finalized = page.moment.extent.finalized;
    let told = page.transfers.iter().map(|PlacedTransfer { transfer: of, time }| {
        let cause = causes.get(&(of.block.number, of.log_index)).copied().unwrap_or(Cause::Unexplained);
        let (why, sequence, nonce) = match cause {
            Cause::Payment(sequence) => (Why::Payment, Some(sequence), None),
            Cause::Fee(sequence) => (Why::Fee, Some(sequence), None),
            Cause::Refill(sequence) => (Why::Refill, Some(sequence), None),
            Cause::Withdrawal(sequence) => (Why::Withdrawal, Some(sequence), None),
            Cause::Purchase(nonce) => (Why::Purchase, None, Some(nonce)),
            Cause::Sweep => (Why::Sweep, None, None),
            Cause::Received => (Why::Received, None, None),
            Cause::Unexplained => (Why::Unexplained, None, None),
        };
        Transfer {
            time: rfc3339(*time),
            block: of.block.number,
            block_hash: of.block.hash,
            log_index: of.log_index,
            tx: of.tx,
            is_final: of.block.number <= finalized,
            from: of.from,
            to: of.to,
            amount: Amount::new(of.token, of.amount, words),
            why,
            sequence,
            nonce,
        }
    });
    told.collect()
}

/// The purchases of a page of what left purses.
pub(crate) fn purchases(
    vault: Address,
    purses: &BTreeMap<Address, TrailPurse>,
    page: &TransferPage,
    words: &Words,
) -> Vec<Purchase> {
    let tokens = purses.iter().map(|(&purse, of)| (purse, of.token)).collect();
    let told = transfers(vault, &tokens, page, words).into_iter().filter_map(|moved| {
        let of = purses.get(&moved.from)?;
        Some(Purchase {
            time: moved.time,
            block: moved.block,
            block_hash: moved.block_hash,
            log_index: moved.log_index,
            tx: moved.tx,
            is_final: moved.is_final,
            purse: moved.from,
            session: of.session.get(),
            category: category(of.category.number()),
            payee: moved.to,
            amount: moved.amount,
            nonce: moved.nonce,
        })
    });
    told.collect()
}
