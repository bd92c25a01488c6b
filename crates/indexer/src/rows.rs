//! The rows of an index, as they are read.

use crate::truth::Truth;
use alloy::primitives::{Address, B256, Bytes, U256};
use purse_audit::TrailLog;
use purse_audit::observed::{ObservedAuthorization, ObservedTransfer};
use purse_protocol::event::RunningHash;
use serde::{Deserialize, Serialize};

/// A block by height and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlockRef {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
}

/// How far an index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// The last block that is in it; none before the first sync.
    pub cursor: Option<BlockRef>,
    /// Blocks up to this height are final, by all that the nodes ever said: nothing rolls back below it.
    pub finalized: u64,
    /// Up to this height the vaults' own heads were compared with the events (I13).
    pub confirmed: u64,
}

/// Blocks that are known equally well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRange {
    /// The first one.
    pub first: u64,
    /// The last one.
    pub last: u64,
    /// What stands behind them.
    pub truth: Truth,
}

/// A vault that the factory created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredVault {
    /// Its address.
    pub address: Address,
    /// Its first owner.
    pub owner: Address,
    /// Its first treasury.
    pub treasury: Address,
    /// Its first guardian; zero = none.
    pub guardian: Address,
    /// What tells apart vaults of one configuration.
    pub salt: B256,
    /// The block that created it.
    pub block: BlockRef,
    /// The number of the factory's log within the block.
    pub log_index: u64,
    /// Whether its address was recomputed from the vault's creation code (I14).
    pub proven: bool,
}

/// A log of a vault with the time of its block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLog {
    /// The block's height.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
    /// The hash of the block before it.
    pub parent_hash: B256,
    /// The block's time, seconds since 1970.
    pub time: u64,
    /// The log's number within the block.
    pub log_index: u64,
    /// The transaction's hash.
    pub tx: B256,
    /// The log's topics.
    pub topics: Vec<B256>,
    /// The log's other words.
    pub data: Bytes,
}

/// A log of any contract that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedLog {
    /// The contract.
    pub address: Address,
    /// The log.
    pub log: StoredLog,
}

/// A payment, decoded from its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPayment {
    /// The vault that paid.
    pub vault: Address,
    /// The block's hash.
    pub block_hash: B256,
    /// The log's number within the block.
    pub log_index: u64,
    /// The vault's number of the event.
    pub sequence: u32,
    /// Who had it paid.
    pub session: u32,
    /// Unique within the session's key.
    pub nonce: u32,
    /// Who was paid.
    pub payee: Address,
    /// The payee's category then.
    pub category: u8,
    /// In what.
    pub token: Address,
    /// How much, in base units of the token.
    pub amount: u128,
    /// How much on top went to the fee's recipient, in base units.
    pub fee: u128,
    /// Who got the fee.
    pub fee_recipient: Address,
    /// What it was for: a commitment to the purchase.
    pub reference: B256,
}

/// A purse that a vault opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPurse {
    /// Its address.
    pub address: Address,
    /// The vault that fills it.
    pub vault: Address,
    /// Whose key pays from it.
    pub session: u32,
    /// Of the sellers that it pays.
    pub category: u8,
    /// What it holds.
    pub token: Address,
    /// The block that opened it.
    pub block: BlockRef,
    /// The number of the vault's log within the block.
    pub log_index: u64,
}

/// A token's `Transfer` from or to a vault or a purse, from the block on in which that came to be. Whatever contract logs
/// one: which are tokens of the vault, its events say. It holds all that the log says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTransfer {
    /// The block.
    pub block: BlockRef,
    /// The log's number within the block.
    pub log_index: u64,
    /// The transaction's hash.
    pub tx: B256,
    /// Who logged it.
    pub token: Address,
    /// Who gave.
    pub from: Address,
    /// Who got.
    pub to: Address,
    /// How much, in base units.
    pub amount: U256,
}

/// A token's `AuthorizationUsed` of a purse: somebody settled what the purse's agent signed. It holds all that the log says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAuthorization {
    /// The block.
    pub block: BlockRef,
    /// The log's number within the block.
    pub log_index: u64,
    /// The transaction's hash.
    pub tx: B256,
    /// Who logged it.
    pub token: Address,
    /// Whose it was.
    pub purse: Address,
    /// Its nonce, which commits to the purchase.
    pub nonce: B256,
}

/// A vault after a block in which it logged something: derived from its events, kept for every such block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredHead {
    /// The vault.
    pub vault: Address,
    /// The block.
    pub block: BlockRef,
    /// The number of its last event.
    pub sequence: u32,
    /// The running hash over all its events up to there, recomputed here (I13).
    pub running_hash: RunningHash,
}

impl From<StoredTransfer> for ObservedTransfer {
    fn from(of: StoredTransfer) -> Self {
        let StoredTransfer { block, log_index, tx, token, from, to, amount } = of;
        Self { token, from, to, value: amount, block: block.number, tx, log_index }
    }
}

impl From<StoredAuthorization> for ObservedAuthorization {
    fn from(of: StoredAuthorization) -> Self {
        let StoredAuthorization { block, log_index, tx, token, purse, nonce } = of;
        Self { token, purse, nonce, block: block.number, tx, log_index }
    }
}

impl From<StoredLog> for TrailLog {
    fn from(log: StoredLog) -> Self {
        Self {
            block_number: log.block_number,
            block_hash: log.block_hash,
            parent_hash: log.parent_hash,
            time: log.time,
            tx: log.tx,
            log_index: log.log_index,
            topics: log.topics,
            data: log.data,
        }
    }
}
