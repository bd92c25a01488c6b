//! How much of a purse's balance is promised to sellers already. A purchase holds its price from the moment it is
//! reserved until a balance shows what became of it: a balance read in a block whose time is past `valid_before` does,
//! and so does one of the block that paid it, or a later one. Both are told from the journal alone, so a purchase whose
//! process died holds nothing for longer than its authorisation can live.

use super::State;
use crate::PurchaseId;
use alloy::primitives::Address;
use rusqlite::{Transaction, params};

/// What a purse holds, and when that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// Base units.
    pub balance: u128,
    /// The block's number.
    pub block: u64,
    /// The block's time.
    pub time: u64,
}

/// A purse that has not enough left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// What is left beside what is promised, in base units.
    pub available: u128,
    /// What is promised to other sellers, in base units.
    pub held: u128,
}

/// What purchases other than `purchase` hold of the purse.
pub(super) fn held(
    tx: &Transaction<'_>,
    purse: Address,
    purchase: &PurchaseId,
    funds: Funds,
) -> rusqlite::Result<u128> {
    sum(tx, purse, purchase.as_str(), funds)
}

/// What all purchases hold of the purse.
pub(super) fn held_by_all(tx: &Transaction<'_>, purse: Address, funds: Funds) -> rusqlite::Result<u128> {
    sum(tx, purse, "", funds)
}

fn sum(tx: &Transaction<'_>, purse: Address, but: &str, funds: Funds) -> rusqlite::Result<u128> {
    let mut statement = tx.prepare_cached(
        "SELECT amount FROM purchases
         WHERE purse = ?1 AND purchase <> ?2 AND valid_before > ?3 AND state <> ?4
           AND NOT (state = ?5 AND block IS NOT NULL AND block <= ?6)",
    )?;
    let (refused, settled) = (State::Refused.name(), State::Settled.name());
    let (time, block) = (funds.time.cast_signed(), funds.block.cast_signed());
    let rows = statement
        .query_map(params![purse.as_slice(), but, time, refused, settled, block], |row| row.get::<_, String>(0))?;
    let mut sum = 0_u128;
    for amount in rows {
        sum = sum.saturating_add(amount?.parse().unwrap_or(u128::MAX));
    }
    Ok(sum)
}
