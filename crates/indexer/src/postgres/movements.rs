//! What tokens say of vaults and purses, in PostgreSQL: read, compared, and a page at a time.

use super::PostgresStore;
use super::page::{LOG_COLUMNS, select};
use super::read::Value;
use crate::chunk::Chunk;
use crate::columns::Columns;
use crate::error::StoreError;
use crate::page::{Beside, TransferPage, TransferQuery, cut, to_read};
use crate::rows::{StoredAuthorization, StoredPurse, StoredTransfer};
use crate::source::Header;
use crate::store::to_sql;
use alloy::primitives::{Address, B256};
use postgres::Transaction;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const PURSES: &str = "SELECT b.number, hash, p.log_index, p.address, vault, session, category, token, tx, topics, data
     FROM purses p JOIN blocks b ON b.chain_id = p.chain_id AND b.id = p.block AND NOT orphaned
     JOIN logs l ON l.chain_id = p.chain_id AND l.time = b.time AND l.block = p.block AND l.log_index = p.log_index
     WHERE p.chain_id = $1 ORDER BY b.number, p.log_index";
const TRANSFERS: &str = "SELECT b.number, hash, log_index, tx, token, sender, recipient, amount
     FROM transfers t JOIN blocks b ON b.chain_id = t.chain_id AND b.id = t.block AND NOT orphaned
     WHERE t.chain_id = $1 AND (sender = $2 OR recipient = $2) ORDER BY b.number, log_index";
const AUTHORIZATIONS: &str = "SELECT b.number, hash, log_index, tx, token, purse, nonce
     FROM authorizations a JOIN blocks b ON b.chain_id = a.chain_id AND b.id = a.block AND NOT orphaned
     WHERE a.chain_id = $1 AND purse = $2 ORDER BY b.number, log_index";
/// The newest of every account and side through its index, and of these the newest.
const PAGE: &str = "SELECT DISTINCT ON (id, log_index)
            number, hash, log_index, tx, token, sender, recipient, amount, time, id
     FROM unnest($2::bytea[]) AS of (account), LATERAL (
       (SELECT b.number, hash, log_index, tx, token, sender, recipient, amount, b.time, b.id
        FROM transfers t JOIN blocks b ON b.chain_id = t.chain_id AND b.id = t.block AND NOT orphaned
        WHERE t.chain_id = $1 AND sender = account AND (NOT $3 OR recipient <> $11) AND token = ANY($4)
          AND t.time >= $5 AND t.time < $6 AND (b.number, log_index) < ($7, $8) AND amount <> $9
          AND t.block <= (SELECT id FROM blocks WHERE chain_id = $1 AND NOT orphaned AND number <= $7
                          ORDER BY number DESC LIMIT 1)
        ORDER BY t.block DESC, log_index DESC LIMIT $10)
       UNION ALL
       (SELECT b.number, hash, log_index, tx, token, sender, recipient, amount, b.time, b.id
        FROM transfers t JOIN blocks b ON b.chain_id = t.chain_id AND b.id = t.block AND NOT orphaned
        WHERE t.chain_id = $1 AND NOT $3 AND recipient = account AND token = ANY($4)
          AND t.time >= $5 AND t.time < $6 AND (b.number, log_index) < ($7, $8) AND amount <> $9
          AND t.block <= (SELECT id FROM blocks WHERE chain_id = $1 AND NOT orphaned AND number <= $7
                          ORDER BY number DESC LIMIT 1)
        ORDER BY t.block DESC, log_index DESC LIMIT $10)) AS side
     ORDER BY id DESC, log_index DESC LIMIT $10";
const TRANSFERS_BESIDE: &str = "SELECT b.number, hash, log_index, tx, token, sender, recipient, amount
     FROM transfers t JOIN blocks b ON b.chain_id = t.chain_id AND b.id = t.block
     WHERE t.chain_id = $1 AND t.block = ANY($2) AND t.time = ANY($3) ORDER BY b.number, log_index";
const AUTHORIZATIONS_BESIDE: &str = "SELECT b.number, hash, log_index, tx, token, purse, nonce
     FROM authorizations a JOIN blocks b ON b.chain_id = a.chain_id AND b.id = a.block
     WHERE a.chain_id = $1 AND a.block = ANY($2) AND a.time = ANY($3) ORDER BY b.number, log_index";

impl PostgresStore {
    pub(super) fn read_purses(&self) -> Result<Vec<StoredPurse>, StoreError> {
        self.rows(PURSES, Vec::new(), Self::purse)
    }

    pub(super) fn read_transfers(&self, account: Address) -> Result<Vec<StoredTransfer>, StoreError> {
        self.rows(TRANSFERS, vec![Box::new(account.to_vec())], Self::transfer)
    }

    pub(super) fn read_authorizations(&self, purse: Address) -> Result<Vec<StoredAuthorization>, StoreError> {
        self.rows(AUTHORIZATIONS, vec![Box::new(purse.to_vec())], Self::authorization)
    }

    pub(super) fn read_transfer_page(&self, query: &TransferQuery) -> Result<TransferPage, StoreError> {
        let seconds = |time: Option<u64>, none| time.map_or(Ok(none), |time| to_sql("time", time));
        let list = |of: &[Address]| of.iter().map(|address| address.to_vec()).collect::<Vec<_>>();
        let mark = query.before.map_or(Ok((i64::MAX, i64::MAX)), |mark| {
            Ok((to_sql("block", mark.block)?, to_sql("log index", mark.log_index)?))
        })?;
        let values: Vec<Value> = vec![
            Box::new(list(&query.accounts)),
            Box::new(query.outgoing),
            Box::new(list(&query.tokens)),
            Box::new(seconds(query.from, 0)?),
            Box::new(seconds(query.until, i64::MAX)?),
            Box::new(mark.0),
            Box::new(mark.1),
            Box::new(vec![0_u8; 32]),
            Box::new(i64::from(to_read(query.limit))),
            Box::new(query.vault.to_vec()),
        ];
        let (vault, limit) = (query.vault.to_vec(), query.limit);
        let logs_beside = format!(
            "SELECT {LOG_COLUMNS} FROM logs l JOIN blocks b ON b.chain_id = l.chain_id AND b.id = l.block
             WHERE l.chain_id = $1 AND l.block = ANY($2) AND l.time = ANY($3) AND address = $4
             ORDER BY b.number, log_index"
        );
        let (moment, (page, more, transfers, authorizations, logs, ranges)) =
            self.at_one_moment(move |tx, chain| {
                let mut page = select(tx, PAGE, chain, &values)?;
                let more = cut(&mut page, limit);
                let (mut blocks, mut times) = (BTreeSet::new(), BTreeSet::new());
                for row in &page {
                    blocks.insert(row.try_get::<_, i64>(9)?);
                    times.insert(row.try_get::<_, i64>(8)?);
                }
                let (blocks, times): (Vec<_>, Vec<_>) = (blocks.into_iter().collect(), times.into_iter().collect());
                let of: [Value; 2] = [Box::new(blocks.clone()), Box::new(times.clone())];
                let transfers = select(tx, TRANSFERS_BESIDE, chain, &of)?;
                let authorizations = select(tx, AUTHORIZATIONS_BESIDE, chain, &of)?;
                let of: [Value; 3] = [Box::new(blocks), Box::new(times), Box::new(vault)];
                let logs = select(tx, &logs_beside, chain, &of)?;
                Ok((page, more, transfers, authorizations, logs, select(tx, super::read::RANGES, chain, &[])?))
            })?;
        let transfers = transfers.iter().map(|row| self.transfer(row)).collect::<Result<Vec<_>, StoreError>>()?;
        let used = authorizations.iter().map(|row| self.authorization(row)).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(TransferPage {
            moment,
            transfers: page.iter().map(|row| self.placed_transfer(row)).collect::<Result<_, StoreError>>()?,
            beside: Beside {
                transfers: transfers.into_iter().filter(|moved| query.touches(moved)).collect(),
                authorizations: used.into_iter().filter(|used| query.accounts.contains(&used.purse)).collect(),
                logs: logs.iter().map(|row| self.log(row)).collect::<Result<_, StoreError>>()?,
            },
            ranges: ranges.iter().map(|row| self.range(row)).collect::<Result<_, StoreError>>()?,
            more,
        })
    }
}

/// Whether the blocks that come back have the movements that they had. `times` are theirs.
pub(super) fn came_back(
    tx: &mut Transaction<'_>,
    chain: i64,
    chunk: &Chunk,
    known: &BTreeMap<B256, i64>,
    times: &[i64],
) -> Result<Option<Header>, postgres::Error> {
    let blocks: Vec<_> = known.values().collect();
    let mut stored: HashMap<(i64, u64), Vec<u8>> = HashMap::new();
    for sql in [
        "SELECT block, log_index, tx || token || sender || recipient || amount FROM transfers
         WHERE chain_id = $1 AND time = ANY($2) AND block = ANY($3)",
        "SELECT block, log_index, tx || token || purse || nonce FROM authorizations
         WHERE chain_id = $1 AND time = ANY($2) AND block = ANY($3)",
    ] {
        for row in tx.query(sql, &[&chain, &times, &blocks])? {
            let place = (row.try_get(0)?, row.try_get::<_, i64>(1)?.unsigned_abs());
            stored.insert(place, row.try_get(2)?);
        }
    }
    let mut given: HashMap<(i64, u64), Vec<u8>> = HashMap::new();
    for of in &chunk.transfers {
        let Some(&block) = known.get(&of.block.hash) else { continue };
        let amount = of.amount.to_be_bytes::<32>();
        let parts = [of.tx.as_slice(), of.token.as_slice(), of.from.as_slice(), of.to.as_slice(), &amount];
        given.insert((block, of.log_index), parts.concat());
    }
    for of in &chunk.authorizations {
        let Some(&block) = known.get(&of.block.hash) else { continue };
        let parts = [of.tx.as_slice(), of.token.as_slice(), of.purse.as_slice(), of.nonce.as_slice()];
        given.insert((block, of.log_index), parts.concat());
    }
    let differs = |place: &(i64, u64)| stored.get(place) != given.get(place);
    let block = stored.keys().chain(given.keys()).find(|place| differs(place)).map(|place| place.0);
    Ok(chunk.headers.iter().find(|header| block.is_some() && known.get(&header.hash).copied() == block).copied())
}
