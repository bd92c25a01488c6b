//! What tokens say of vaults and purses, as rows and read from rows again. Pure.

use crate::contents::{Place, hex, long, text};
use crate::error::Flaw;
use crate::table::{Cell, Column, Kind, Table};
use alloy::primitives::Address;
use purse_indexer::{BlockRef, StoredAuthorization, StoredTransfer};
use std::collections::BTreeMap;

pub(crate) const TRANSFERS: &[Column] = &[
    ("block_number", Kind::Long),
    ("block_hash", Kind::Text),
    ("time", Kind::Long),
    ("log_index", Kind::Long),
    ("tx", Kind::Text),
    ("token", Kind::Text),
    ("from_account", Kind::Text),
    ("to_account", Kind::Text),
    ("amount", Kind::Text),
];
pub(crate) const AUTHORIZATIONS: &[Column] = &[
    ("block_number", Kind::Long),
    ("block_hash", Kind::Text),
    ("time", Kind::Long),
    ("log_index", Kind::Long),
    ("tx", Kind::Text),
    ("token", Kind::Text),
    ("purse", Kind::Text),
    ("nonce", Kind::Text),
];

/// What tokens say in some blocks, each row with the time of its block, in the order of the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Movements {
    pub(crate) transfers: Vec<(u64, StoredTransfer)>,
    pub(crate) authorizations: Vec<(u64, StoredAuthorization)>,
}

impl Movements {
    pub(crate) const fn len(&self) -> usize {
        self.transfers.len() + self.authorizations.len()
    }

    /// Forgets what is above a block.
    pub(crate) fn keep_to(&mut self, last: u64) {
        self.transfers.retain(|(_, moved)| moved.block.number <= last);
        self.authorizations.retain(|(_, used)| used.block.number <= last);
    }

    /// Where the rows of each table lie.
    pub(crate) fn places(&self) -> [Vec<Place>; 2] {
        let place = |block, time, log_index| Place { block, parent: None, time, log_index };
        let moved = self.transfers.iter().map(|(time, moved)| place(moved.block, *time, moved.log_index));
        let used = self.authorizations.iter().map(|(time, used)| place(used.block, *time, used.log_index));
        [moved.collect(), used.collect()]
    }

    /// Whether every row is about a vault or a purse, from the block on in which that came to be.
    pub(crate) fn are_of(&self, accounts: &BTreeMap<Address, u64>) -> Result<(), Flaw> {
        let moved =
            self.transfers.iter().map(|(_, moved)| (moved.block.number, moved.log_index, [moved.from, moved.to]));
        let used = self.authorizations.iter().map(|(_, used)| (used.block.number, used.log_index, [used.purse; 2]));
        let is_of = |block: u64, account: &Address| accounts.get(account).is_some_and(|since| *since <= block);
        let mut rows = moved.chain(used);
        match rows.find(|(block, _, about)| !about.iter().any(|account| is_of(*block, account))) {
            None => Ok(()),
            Some((block, log_index, _)) => {
                let text = format!("log {log_index} of block {block}, of a token, is about no vault and no purse");
                Err(Flaw::HistoryBroken(text))
            }
        }
    }

    pub(crate) fn tables(&self) -> [Table; 2] {
        let transfers = self.transfers.iter().map(|(time, moved)| {
            let StoredTransfer { block, log_index, tx, token, from, to, amount } = moved;
            let mut row = head(*block, *time, *log_index);
            row.extend([tx.to_string().into(), hex(token), hex(from), hex(to), amount.to_string().into()]);
            row
        });
        let authorizations = self.authorizations.iter().map(|(time, used)| {
            let StoredAuthorization { block, log_index, tx, token, purse, nonce } = used;
            let mut row = head(*block, *time, *log_index);
            row.extend([tx.to_string().into(), hex(token), hex(purse), nonce.to_string().into()]);
            row
        });
        let (transfers, authorizations) = (transfers.collect(), authorizations.collect());
        [
            Table { rows: transfers, ..Table::new("transfers", TRANSFERS) },
            Table { rows: authorizations, ..Table::new("authorizations", AUTHORIZATIONS) },
        ]
    }

    /// Adds the rows of a table: of `transfers`, or else of `authorizations`.
    pub(crate) fn read(&mut self, table: &Table) -> Result<(), String> {
        for row in &table.rows {
            let [number, hash, time, log_index, tx, token, said @ ..] = &row[..] else {
                return Err("a row has too few columns".into());
            };
            let block = BlockRef { number: long(number)?, hash: text(hash)? };
            let (time, log_index, tx, token) = (long(time)?, long(log_index)?, text(tx)?, text(token)?);
            match said {
                [from, to, amount] => {
                    let (from, to, amount) = (text(from)?, text(to)?, text(amount)?);
                    self.transfers.push((time, StoredTransfer { block, log_index, tx, token, from, to, amount }));
                }
                [purse, nonce] => {
                    let (purse, nonce) = (text(purse)?, text(nonce)?);
                    self.authorizations.push((time, StoredAuthorization { block, log_index, tx, token, purse, nonce }));
                }
                _ => return Err("a row has other columns".into()),
            }
        }
        Ok(())
    }
}

/// The columns that both tables begin with.
fn head(block: BlockRef, time: u64, log_index: u64) -> Vec<Cell> {
    vec![block.number.into(), block.hash.to_string().into(), time.into(), log_index.into()]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::contents::{Known, contents};
    use alloy::primitives::{B256, U256};

    const PURSE: Address = Address::repeat_byte(1);

    /// A transfer and an authorization of a purse that came to be in block 5.
    fn movements() -> Movements {
        let block = BlockRef { number: 5, hash: B256::repeat_byte(5) };
        let (tx, token, to) = (B256::repeat_byte(9), Address::repeat_byte(7), Address::repeat_byte(2));
        let moved = StoredTransfer { block, log_index: 3, tx, token, from: PURSE, to, amount: U256::MAX };
        let used = StoredAuthorization { block, log_index: 2, tx, token, purse: PURSE, nonce: B256::repeat_byte(8) };
        Movements { transfers: vec![(100, moved)], authorizations: vec![(100, used)] }
    }

    fn judged(movements: &Movements) -> Result<(), Flaw> {
        let mut known = Known { accounts: Some([(PURSE, 5)].into()), ..Known::default() };
        contents(Address::ZERO, &mut known, &[], movements).map(drop)
    }

    #[test]
    fn rows_say_what_they_were_made_of() {
        let mut read = Movements::default();
        movements().tables().iter().for_each(|table| read.read(table).unwrap());
        assert_eq!(read, movements());
        for (column, (name, _)) in AUTHORIZATIONS.iter().enumerate() {
            let mut table = movements().tables()[1].clone();
            table.rows[0][column] = Cell::Text("0x".to_owned());
            assert!(Movements::default().read(&table).is_err(), "{name}");
        }
    }

    #[test]
    fn what_makes_no_history_is_refused() {
        assert_eq!(judged(&movements()), Ok(()));
        type Edit = fn(&mut Movements);
        let edits: [(&str, Edit); 7] = [
            ("no vault and no purse", |edited| edited.transfers[0].1.from = Address::ZERO),
            ("no vault and no purse", |edited| edited.authorizations[0].1.purse = Address::ZERO),
            ("no vault and no purse", |edited| {
                edited.transfers[0].1.block.number = 4;
                edited.authorizations.clear();
            }),
            ("out of order", |edited| edited.transfers.push(edited.transfers[0].clone())),
            ("out of order", |edited| edited.authorizations[0].1.log_index = 3),
            ("another block", |edited| edited.transfers[0].1.block.hash = B256::ZERO),
            ("another block", |edited| edited.transfers[0].0 += 1),
        ];
        for (why, edit) in edits {
            let mut edited = movements();
            edit(&mut edited);
            let error = judged(&edited).unwrap_err().to_string();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
