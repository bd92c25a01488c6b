//! What tokens say of vaults and purses, in the SQLite file: written, read, and a page at a time.

use super::SqliteStore;
use crate::columns::Columns;
use crate::error::StoreError;
use crate::page::{Beside, PlacedTransfer, TransferPage, TransferQuery, cut, to_read};
use crate::rows::{BlockRef, StoredAuthorization, StoredPurse, StoredTransfer};
use crate::store::to_sql;
use alloy::primitives::Address;
use rusqlite::types::Value;
use rusqlite::{Transaction, params, params_from_iter};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What [`Columns::transfer`] reads.
pub(super) const TRANSFER: &str = "number, hash, log_index, tx, token, sender, recipient, amount";
/// What [`Columns::authorization`] reads.
pub(super) const AUTHORIZATION: &str = "number, hash, log_index, tx, token, purse, nonce";

/// Which transfers of an account.
#[derive(Debug, Clone, Copy)]
enum Side {
    From,
    To,
    /// From it to anyone but the vault.
    Out,
}

impl Side {
    /// The newest transfers of an account, through its index: blocks were numbered in the order of every chain, so that nothing is
    /// sorted.
    fn newest(self, tokens: usize) -> String {
        let touching = match self {
            Self::From => "sender = ?8",
            Self::To => "recipient = ?8",
            Self::Out => "sender = ?8 AND recipient <> ?7",
        };
        let tokens: Vec<_> = (10..10 + tokens).map(|number| format!("?{number}")).collect();
        format!(
            "SELECT {TRANSFER}, time FROM transfers CROSS JOIN blocks ON blocks.id = block
             WHERE {touching} AND orphaned = 0 AND token IN ({})
               AND time >= ?1 AND time < ?2 AND (number, log_index) < (?3, ?4) AND amount <> ?5
               AND block >= (SELECT id FROM blocks WHERE orphaned = 0 AND number >= ?9 ORDER BY number LIMIT 1)
               AND block <= (SELECT id FROM blocks WHERE orphaned = 0 AND number <= ?3 ORDER BY number DESC LIMIT 1)
             ORDER BY block DESC, log_index DESC LIMIT ?6",
            tokens.join(", ")
        )
    }
}

impl SqliteStore {
    pub(super) fn put_purse(&self, tx: &Transaction<'_>, block: i64, purse: &StoredPurse) -> Result<(), StoreError> {
        self.run(
            tx,
            "INSERT INTO purses (block, log_index, address, vault, session, category, token)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                block,
                to_sql("log index", purse.log_index)?,
                purse.address.as_slice(),
                purse.vault.as_slice(),
                purse.session,
                purse.category,
                purse.token.as_slice()
            ],
        )?;
        Ok(())
    }

    pub(super) fn put_transfer(&self, tx: &Transaction<'_>, block: i64, of: &StoredTransfer) -> Result<(), StoreError> {
        self.run(
            tx,
            "INSERT INTO transfers (block, log_index, tx, token, sender, recipient, amount)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                block,
                to_sql("log index", of.log_index)?,
                of.tx.as_slice(),
                of.token.as_slice(),
                of.from.as_slice(),
                of.to.as_slice(),
                of.amount.to_be_bytes::<32>().as_slice()
            ],
        )?;
        Ok(())
    }

    pub(super) fn put_authorization(
        &self,
        tx: &Transaction<'_>,
        block: i64,
        used: &StoredAuthorization,
    ) -> Result<(), StoreError> {
        self.run(
            tx,
            "INSERT INTO authorizations (block, log_index, tx, token, purse, nonce) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                block,
                to_sql("log index", used.log_index)?,
                used.tx.as_slice(),
                used.token.as_slice(),
                used.purse.as_slice(),
                used.nonce.as_slice()
            ],
        )?;
        Ok(())
    }

    pub(super) fn read_purses(&self) -> Result<Vec<StoredPurse>, StoreError> {
        self.rows(
            "SELECT number, hash, log_index, purses.address, vault, session, category, token, tx, topics, data
             FROM purses JOIN logs USING (block, log_index) JOIN blocks ON blocks.id = block AND orphaned = 0
             ORDER BY number, log_index",
            [],
            Self::purse,
        )
    }

    pub(super) fn read_transfers(&self, account: Address) -> Result<Vec<StoredTransfer>, StoreError> {
        let sql = format!(
            "SELECT {TRANSFER} FROM transfers JOIN blocks ON blocks.id = block
             WHERE orphaned = 0 AND (sender = ?1 OR recipient = ?1) ORDER BY number, log_index"
        );
        self.rows(&sql, [account.as_slice()], Self::transfer)
    }

    pub(super) fn read_authorizations(&self, purse: Address) -> Result<Vec<StoredAuthorization>, StoreError> {
        let sql = format!(
            "SELECT {AUTHORIZATION} FROM authorizations JOIN blocks ON blocks.id = block
             WHERE orphaned = 0 AND purse = ?1 ORDER BY number, log_index"
        );
        self.rows(&sql, [purse.as_slice()], Self::authorization)
    }

    pub(super) fn read_transfer_page(&self, query: &TransferQuery) -> Result<TransferPage, StoreError> {
        let read = |store: &Self| {
            let mut transfers = store.select_transfers(query)?;
            let more = cut(&mut transfers, query.limit);
            let beside = store.beside(query, &transfers)?;
            Ok((transfers, more, beside, store.read_ranges()?))
        };
        self.at_one_moment(read, |moment, (transfers, more, beside, ranges)| TransferPage {
            moment,
            transfers,
            beside,
            ranges,
            more,
        })
    }

    /// The newest of every account, merged. Each is read only as far as it can still be on the page.
    fn select_transfers(&self, query: &TransferQuery) -> Result<Vec<PlacedTransfer>, StoreError> {
        let bound = |time: Option<u64>, none| time.map_or(Ok(none), |time| to_sql("time", time));
        let mark = query.before.map_or(Ok((i64::MAX, i64::MAX)), |mark| {
            Ok((to_sql("block", mark.block)?, to_sql("log index", mark.log_index)?))
        })?;
        let (length, nothing) = (to_read(query.limit), [0_u8; 32]);
        let place = |placed: &PlacedTransfer| Reverse((placed.transfer.block.number, placed.transfer.log_index));
        let sides = if query.outgoing { &[Side::Out][..] } else { &[Side::From, Side::To] };
        let mut newest: Vec<PlacedTransfer> = Vec::new();
        for (account, side) in query.accounts.iter().flat_map(|account| sides.iter().map(move |side| (account, side))) {
            let oldest = newest.last().filter(|_| newest.len() == length as usize);
            let mut values: Vec<Value> = vec![
                bound(query.from, 0)?.into(),
                bound(query.until, i64::MAX)?.into(),
                mark.0.into(),
                mark.1.into(),
                nothing.to_vec().into(),
                length.into(),
                query.vault.to_vec().into(),
                account.to_vec().into(),
                to_sql("block", oldest.map_or(0, |oldest| oldest.transfer.block.number))?.into(),
            ];
            values.extend(query.tokens.iter().map(|token| Value::from(token.to_vec())));
            let found = self.rows(&side.newest(query.tokens.len()), params_from_iter(values), Self::placed_transfer)?;
            newest.extend(found);
            newest.sort_by_key(place);
            newest.dedup();
            newest.truncate(length as usize);
        }
        Ok(newest)
    }

    /// All that the accounts did, and what the vault logged, in the blocks of a page.
    fn beside(&self, query: &TransferQuery, page: &[PlacedTransfer]) -> Result<Beside, StoreError> {
        let mut beside = Beside::default();
        let blocks: BTreeSet<BlockRef> = page.iter().map(|placed| placed.transfer.block).collect();
        for block in blocks {
            let of = block.hash.as_slice();
            let sql = format!(
                "SELECT {TRANSFER} FROM transfers JOIN blocks ON blocks.id = block WHERE hash = ?1 ORDER BY log_index"
            );
            let transfers: Vec<_> = self.rows(&sql, [of], Self::transfer)?;
            beside.transfers.extend(transfers.into_iter().filter(|moved| query.touches(moved)));
            let sql = format!(
                "SELECT {AUTHORIZATION} FROM authorizations JOIN blocks ON blocks.id = block
                 WHERE hash = ?1 ORDER BY log_index"
            );
            let used: Vec<_> = self.rows(&sql, [of], Self::authorization)?;
            beside.authorizations.extend(used.into_iter().filter(|used| query.accounts.contains(&used.purse)));
            let sql = format!(
                "SELECT {} FROM logs JOIN blocks ON blocks.id = logs.block
                 WHERE hash = ?1 AND address = ?2 ORDER BY log_index",
                super::read::LOG_COLUMNS
            );
            beside.logs.extend(self.rows(&sql, params![of, query.vault.as_slice()], Self::log)?);
        }
        Ok(beside)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// Of an account with a million transfers a page reads as many as it lists.
    #[test]
    fn a_page_is_read_through_the_index_in_its_order() {
        let store = SqliteStore::open(":memory:", 1).unwrap();
        for (side, index) in [(Side::From, "sender"), (Side::Out, "sender"), (Side::To, "recipient")] {
            let explained = format!("EXPLAIN QUERY PLAN {}", side.newest(2));
            let mut statement = store.connection.prepare(&explained).unwrap();
            let plan: Vec<String> = statement.raw_query().mapped(|row| row.get(3)).map(Result::unwrap).collect();
            let search =
                format!("SEARCH transfers USING INDEX transfers_by_{index} ({index}=? AND block>? AND block<?)");
            assert!(plan.contains(&search), "{plan:#?}");
            assert!(
                !plan.iter().any(|step| step.contains("TEMP B-TREE") || step.contains("SCAN transfers")),
                "{plan:#?}"
            );
        }
    }
}
