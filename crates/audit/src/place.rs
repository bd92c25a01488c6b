//! Where an event stands.

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

/// Where an event stands, in the vault's own count and on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its sequence number in the vault.
    pub sequence: u32,
    /// Its block's height.
    pub block: u64,
    /// Its block's time, seconds since 1970.
    pub time: u64,
    /// Its transaction's hash.
    pub tx: B256,
    /// Its number within the block.
    pub log_index: u64,
}
