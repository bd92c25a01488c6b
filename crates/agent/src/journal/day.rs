//! How much was bought within any 24 hours, for whoever caps it: everything that was not refused, from the moment that it
//! was reserved.

use super::State;
use rusqlite::{Connection, params};

/// The span that is capped, in seconds.
const DAY: u64 = 86_400;

/// The cap does not hold that much more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayFull {
    /// The cap, in base units.
    pub cap: u128,
    /// What was bought within the last 24 hours, in base units.
    pub spent: u128,
    /// When it fits, if nothing else is bought until then; `None` where it is more than the cap itself.
    pub fits_at: Option<u64>,
}

/// Judges one more purchase of that amount at a time of this machine's clock. What lies in its future counts.
pub(super) fn full(connection: &Connection, amount: u128, cap: u128, now: u64) -> rusqlite::Result<Option<DayFull>> {
    let bought = bought(connection, now)?;
    let spent = sum(&bought);
    if spent.saturating_add(amount) <= cap {
        return Ok(None);
    }
    let (mut left, mut fits_at) = (spent, None);
    if amount <= cap {
        for (gone, created) in bought {
            left = left.saturating_sub(gone);
            if left.saturating_add(amount) <= cap {
                fits_at = Some(created.saturating_add(DAY));
                break;
            }
        }
    }
    Ok(Some(DayFull { cap, spent, fits_at }))
}

/// What was bought within 24 hours.
pub(super) fn spent(connection: &Connection, now: u64) -> rusqlite::Result<u128> {
    Ok(sum(&bought(connection, now)?))
}

/// Amounts and times, the oldest first.
fn bought(connection: &Connection, now: u64) -> rusqlite::Result<Vec<(u128, u64)>> {
    let sql = "SELECT amount, created FROM purchases WHERE state <> ?1 AND created > ?2 ORDER BY created";
    let mut statement = connection.prepare_cached(sql)?;
    let since = now.saturating_sub(DAY).cast_signed();
    let rows = statement.query_map(params![State::Refused.name(), since], |row| {
        Ok((row.get::<_, String>(0)?.parse().unwrap_or(u128::MAX), row.get::<_, i64>(1)?.cast_unsigned()))
    })?;
    rows.collect()
}

fn sum(bought: &[(u128, u64)]) -> u128 {
    bought.iter().fold(0, |sum, (amount, _)| sum.saturating_add(*amount))
}
