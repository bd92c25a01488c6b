//! A vault's logs, decoded, and the running hash that the vault keeps over them (I13).

use crate::abi::IVault::IVaultEvents;
use alloy::primitives::{B256, FixedBytes, LogData, keccak256};
use alloy::sol_types::SolEventInterface;

/// The running hash over a vault's events: the first 23 bytes of a keccak256. All zero before the first event.
pub type RunningHash = FixedBytes<23>;

/// Decodes a log of a vault.
///
/// # Errors
/// When the log is none of the vault's events or its bytes do not fit the event.
pub fn decode(log: &LogData) -> alloy::sol_types::Result<IVaultEvents> {
    IVaultEvents::decode_raw_log(log.topics(), &log.data)
}

/// The running hash after one more event: `first 23 bytes of keccak256(uint256(previous) ++ topics ++ data)`.
pub fn next_hash(previous: RunningHash, topics: &[B256], data: &[u8]) -> RunningHash {
    let mut bytes = Vec::with_capacity(32 + 32 * topics.len() + data.len());
    bytes.extend_from_slice(&[0; 9]);
    bytes.extend_from_slice(previous.as_slice());
    for topic in topics {
        bytes.extend_from_slice(topic.as_slice());
    }
    bytes.extend_from_slice(data);
    FixedBytes::from_slice(&keccak256(bytes)[..23])
}
