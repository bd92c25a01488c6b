//! How the rows of an index are read, whichever database they lie in. Columns that repeat what a log says are checked
//! against the log.

use crate::decode;
use crate::error::StoreError;
use crate::movement;
use crate::page::{PlacedPayment, PlacedTransfer};
use crate::rows::{
    BlockRef, StoredAuthorization, StoredHead, StoredLog, StoredPurse, StoredRange, StoredTransfer, StoredVault,
};
use crate::source::{ChainLog, Header};
use crate::state::{self, VaultState};
use crate::truth::Truth;
use alloy::primitives::{Address, B256, U256};
use purse_protocol::event::sequence_of;
use std::borrow::Cow;

/// A database whose rows are read. What each kind of row begins with, in this order, is said where it is read.
pub(crate) trait Columns {
    /// A row of the database.
    type Row<'r>;

    /// A whole number.
    fn integer(&self, row: &Self::Row<'_>, index: usize) -> Result<i64, StoreError>;
    /// A whole number below 2^32.
    fn count(&self, row: &Self::Row<'_>, index: usize) -> Result<u32, StoreError>;
    /// A whole number below 2^8.
    fn byte(&self, row: &Self::Row<'_>, index: usize) -> Result<u8, StoreError>;
    /// A vault's number of an event, or none.
    fn sequence(&self, row: &Self::Row<'_>, index: usize) -> Result<Option<i64>, StoreError>;
    /// Yes or no.
    fn flag(&self, row: &Self::Row<'_>, index: usize) -> Result<bool, StoreError>;
    /// Bytes.
    fn blob<'a>(&self, row: &'a Self::Row<'_>, index: usize) -> Result<Cow<'a, [u8]>, StoreError>;
    /// A word.
    fn text(&self, row: &Self::Row<'_>, index: usize) -> Result<String, StoreError>;
    /// The database is damaged.
    fn corrupt(&self, detail: String) -> StoreError;
    /// A column says something else than its log.
    fn altered(&self, block: u64, log_index: u64, column: &'static str) -> StoreError;

    fn number(&self, row: &Self::Row<'_>, index: usize) -> Result<u64, StoreError> {
        u64::try_from(self.integer(row, index)?).map_err(|_| self.corrupt("a negative number".into()))
    }

    /// A column of exactly `N` bytes: an address, a hash.
    fn bytes<const N: usize, T: From<[u8; N]>>(&self, row: &Self::Row<'_>, index: usize) -> Result<T, StoreError> {
        self.fixed(&self.blob(row, index)?)
    }

    fn words(&self, row: &Self::Row<'_>, index: usize) -> Result<Vec<B256>, StoreError> {
        self.blob(row, index)?.chunks(32).map(|word| self.fixed(word)).collect()
    }

    fn fixed<const N: usize, T: From<[u8; N]>>(&self, bytes: &[u8]) -> Result<T, StoreError> {
        let bytes: [u8; N] =
            bytes.try_into().map_err(|_| self.corrupt("an address or hash of another length".into()))?;
        Ok(bytes.into())
    }

    /// A block's height and hash, from `index` on.
    fn block(&self, row: &Self::Row<'_>, index: usize) -> Result<BlockRef, StoreError> {
        Ok(BlockRef { number: self.number(row, index)?, hash: self.bytes(row, index + 1)? })
    }

    /// A block's height, hash, parent and time; what its hash commits to is not stored.
    fn stored_header(&self, row: &Self::Row<'_>) -> Result<Header, StoreError> {
        let BlockRef { number, hash } = self.block(row, 0)?;
        Ok(Header { number, hash, parent: self.bytes(row, 2)?, time: self.number(row, 3)?, seal: None })
    }

    /// Address, owner, treasury, guardian, salt, block, proven, log index; topics and data of the factory's log.
    fn vault(&self, row: &Self::Row<'_>) -> Result<StoredVault, StoreError> {
        let vault = StoredVault {
            address: self.bytes(row, 0)?,
            owner: self.bytes(row, 1)?,
            treasury: self.bytes(row, 2)?,
            guardian: self.bytes(row, 3)?,
            salt: self.bytes(row, 4)?,
            block: self.block(row, 5)?,
            proven: self.flag(row, 7)?,
            log_index: self.number(row, 8)?,
        };
        let data = self.blob(row, 10)?.into_owned();
        match decode::altered_column(&vault, self.words(row, 9)?, data.into()) {
            Some(column) => Err(self.altered(vault.block.number, vault.log_index, column)),
            None => Ok(vault),
        }
    }

    /// Block, time, log index, transaction, topics, data, the block's parent, sequence.
    fn log(&self, row: &Self::Row<'_>) -> Result<StoredLog, StoreError> {
        let topics = self.words(row, 5)?;
        let data = self.blob(row, 6)?.into_owned();
        let (block_number, log_index) = (self.number(row, 0)?, self.number(row, 3)?);
        if self.sequence(row, 8)? != sequence_of(&topics, &data).map(i64::from) {
            return Err(self.altered(block_number, log_index, "sequence"));
        }
        Ok(StoredLog {
            block_number,
            block_hash: self.bytes(row, 1)?,
            parent_hash: self.bytes(row, 7)?,
            time: self.number(row, 2)?,
            log_index,
            tx: self.bytes(row, 4)?,
            topics,
            data: data.into(),
        })
    }

    /// Block, format, state of a vault; none in a format that this program does not write.
    fn state(&self, vault: Address, row: &Self::Row<'_>) -> Result<Option<(BlockRef, VaultState)>, StoreError> {
        let block = self.block(row, 0)?;
        if self.integer(row, 2)? != i64::from(state::FORMAT) {
            return Ok(None);
        }
        let altered =
            || self.corrupt(format!("the state of vault {vault} at block {} is not what was written", block.number));
        let state = VaultState::decode(&self.blob(row, 3)?).ok_or_else(altered)?;
        Ok(Some((block, state)))
    }

    /// A [`log`](Self::log) that is a payment.
    fn payment(&self, vault: Address, row: &Self::Row<'_>) -> Result<PlacedPayment, StoreError> {
        let log = self.log(row)?;
        decode::payment_of(vault, &log).ok_or_else(|| self.altered(log.block_number, log.log_index, "data"))
    }

    /// Vault, block, sequence, running hash.
    fn head(&self, row: &Self::Row<'_>) -> Result<StoredHead, StoreError> {
        Ok(StoredHead {
            vault: self.bytes(row, 0)?,
            block: self.block(row, 1)?,
            sequence: self.count(row, 3)?,
            running_hash: self.bytes(row, 4)?,
        })
    }

    /// First, last, truth.
    fn range(&self, row: &Self::Row<'_>) -> Result<StoredRange, StoreError> {
        let word = self.text(row, 2)?;
        let truth = Truth::of(&word).ok_or_else(|| self.corrupt(format!("no truth is called {word}")))?;
        Ok(StoredRange { first: self.number(row, 0)?, last: self.number(row, 1)?, truth })
    }

    /// Block, log index, address, vault, session, category, token; transaction, topics and data of the vault's log.
    fn purse(&self, row: &Self::Row<'_>) -> Result<StoredPurse, StoreError> {
        let purse = StoredPurse {
            block: self.block(row, 0)?,
            log_index: self.number(row, 2)?,
            address: self.bytes(row, 3)?,
            vault: self.bytes(row, 4)?,
            session: self.count(row, 5)?,
            category: self.byte(row, 6)?,
            token: self.bytes(row, 7)?,
        };
        let log = ChainLog {
            address: purse.vault,
            topics: self.words(row, 9)?,
            data: self.blob(row, 10)?.into_owned().into(),
            block_number: purse.block.number,
            block_hash: purse.block.hash,
            tx: self.bytes(row, 8)?,
            log_index: purse.log_index,
        };
        if movement::opened(&log).as_ref() == Some(&purse) {
            return Ok(purse);
        }
        Err(self.altered(purse.block.number, purse.log_index, "purse"))
    }

    /// Block, log index, transaction, token, sender, recipient, amount.
    fn transfer(&self, row: &Self::Row<'_>) -> Result<StoredTransfer, StoreError> {
        Ok(StoredTransfer {
            block: self.block(row, 0)?,
            log_index: self.number(row, 2)?,
            tx: self.bytes(row, 3)?,
            token: self.bytes(row, 4)?,
            from: self.bytes(row, 5)?,
            to: self.bytes(row, 6)?,
            amount: U256::from_be_bytes(self.bytes::<32, B256>(row, 7)?.0),
        })
    }

    /// A transfer, its block's time.
    fn placed_transfer(&self, row: &Self::Row<'_>) -> Result<PlacedTransfer, StoreError> {
        Ok(PlacedTransfer { transfer: self.transfer(row)?, time: self.number(row, 8)? })
    }

    /// Block, log index, transaction, token, purse, nonce.
    fn authorization(&self, row: &Self::Row<'_>) -> Result<StoredAuthorization, StoreError> {
        Ok(StoredAuthorization {
            block: self.block(row, 0)?,
            log_index: self.number(row, 2)?,
            tx: self.bytes(row, 3)?,
            token: self.bytes(row, 4)?,
            purse: self.bytes(row, 5)?,
            nonce: self.bytes(row, 6)?,
        })
    }
}
