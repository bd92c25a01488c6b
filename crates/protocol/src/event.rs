//! A vault's logs, decoded, and the running hash that the vault keeps over them (I13).

use crate::abi::IVault::IVaultEvents;
use alloy::primitives::{B256, FixedBytes, LogData, keccak256};
use alloy::sol_types::SolEventInterface;

/// The running hash over a vault's events (I13): the first 23 bytes of a keccak256. All zero before the first event.
///
/// With every event it becomes `keccak256(previous as 32 bytes, left-padded with zeros ++ topics ++ data)[..23]`: the
/// topics as logged, 32 bytes each, the event's signature first; the data as logged, the sequence number last.
/// `head()` gives the 23 bytes right-aligned in 32: see [`running_hash_of_head`].
pub type RunningHash = FixedBytes<23>;

/// Zero bytes before the running hash in a word of 32.
const PADDING: usize = 9;

/// Decodes a log of a vault.
///
/// # Errors
/// When the log is none of the vault's events or its bytes do not fit the event.
pub fn decode(log: &LogData) -> alloy::sol_types::Result<IVaultEvents> {
    IVaultEvents::decode_raw_log(log.topics(), &log.data)
}

/// The running hash after one more event.
pub fn next_hash(previous: RunningHash, topics: &[B256], data: &[u8]) -> RunningHash {
    let mut bytes = Vec::with_capacity(32 + 32 * topics.len() + data.len());
    bytes.extend_from_slice(head_of_running_hash(previous).as_slice());
    for topic in topics {
        bytes.extend_from_slice(topic.as_slice());
    }
    bytes.extend_from_slice(data);
    FixedBytes::from_slice(&keccak256(bytes)[..RunningHash::len_bytes()])
}

/// The running hash in the 32 bytes that `head()` answers; `None` when the upper nine are not zero.
pub fn running_hash_of_head(head: B256) -> Option<RunningHash> {
    let (padding, hash) = head.split_at(PADDING);
    padding.iter().all(|&byte| byte == 0).then(|| FixedBytes::from_slice(hash))
}

/// A running hash as `head()` answers it: right-aligned in 32 bytes.
pub fn head_of_running_hash(hash: RunningHash) -> B256 {
    B256::left_padding_from(hash.as_slice())
}

/// The event's name, as in the Solidity interface.
pub fn name(event: &IVaultEvents) -> &'static str {
    match event {
        IVaultEvents::Paid(_) => "Paid",
        IVaultEvents::Withdrawn(_) => "Withdrawn",
        IVaultEvents::SessionGranted(_) => "SessionGranted",
        IVaultEvents::KeyRotated(_) => "KeyRotated",
        IVaultEvents::ValiditySet(_) => "ValiditySet",
        IVaultEvents::CategoriesSet(_) => "CategoriesSet",
        IVaultEvents::PerPaymentCapSet(_) => "PerPaymentCapSet",
        IVaultEvents::LimitSet(_) => "LimitSet",
        IVaultEvents::LimitRemoved(_) => "LimitRemoved",
        IVaultEvents::Revoked(_) => "Revoked",
        IVaultEvents::AllRevoked(_) => "AllRevoked",
        IVaultEvents::Paused(_) => "Paused",
        IVaultEvents::Unpaused(_) => "Unpaused",
        IVaultEvents::TokenAdded(_) => "TokenAdded",
        IVaultEvents::PayeeSet(_) => "PayeeSet",
        IVaultEvents::PayeeRemoved(_) => "PayeeRemoved",
        IVaultEvents::OwnershipTransferStarted(_) => "OwnershipTransferStarted",
        IVaultEvents::OwnershipTransferred(_) => "OwnershipTransferred",
        IVaultEvents::GuardianSet(_) => "GuardianSet",
        IVaultEvents::TreasurySet(_) => "TreasurySet",
    }
}
