//! A vault's logs, decoded, and the running hash that the vault keeps over them (I13).

use crate::abi::IVault::{ChangeCall, IVaultEvents, PaymentFailed};
use alloy::primitives::{B256, FixedBytes, IntoLogData, LogData, keccak256};
use alloy::sol_types::{SolEvent, SolEventInterface};

/// The running hash over a vault's events (I13): the first 21 bytes of a keccak256. All zero before the first event.
///
/// With every event it becomes `keccak256(previous as 32 bytes, left-padded with zeros ++ topics ++ data)[..21]`: the
/// topics as logged, 32 bytes each, the event's signature first; the data as logged, the sequence number last.
/// `head()` gives the 21 bytes right-aligned in 32: see [`running_hash_of_head`].
pub type RunningHash = FixedBytes<21>;

/// The signatures of the events without a sequence number.
const WITHOUT_SEQUENCE: [B256; 2] = [PaymentFailed::SIGNATURE_HASH, ChangeCall::SIGNATURE_HASH];

/// Zero bytes before the running hash in a word of 32.
const PADDING: usize = 11;

/// Decodes a log of a vault.
///
/// # Errors
/// When the log is none of the vault's events, or its bytes are not exactly those that the vault would log.
pub fn decode(log: &LogData) -> alloy::sol_types::Result<IVaultEvents> {
    decode_raw(log.topics(), &log.data)
}

/// Decodes a log of a vault, by its topics and data.
///
/// # Errors
/// As [`decode`].
pub fn decode_raw(topics: &[B256], data: &[u8]) -> alloy::sol_types::Result<IVaultEvents> {
    let event = IVaultEvents::decode_raw_log(topics, data)?;
    let again = event.to_log_data();
    if again.topics() == topics && again.data == *data {
        return Ok(event);
    }
    Err(alloy::sol_types::Error::custom("the log is not encoded as the vault encodes it"))
}

/// Whether the event has a sequence number and is in the running hash (I13): all but the two that change nothing of
/// the vault, `PaymentFailed` (a refusal within a batch) and `ChangeCall` (the call of the `ChangeWaiting` beside it,
/// which has its hash).
pub fn is_trail_event(event: &IVaultEvents) -> bool {
    !matches!(event, IVaultEvents::PaymentFailed(_) | IVaultEvents::ChangeCall(_))
}

/// The sequence number of a vault's log (I13): its last word, where the event has one. `None` for the two kinds that
/// have none (see [`is_trail_event`]), and where there is no such word or it exceeds 32 bits.
pub fn sequence_of(topics: &[B256], data: &[u8]) -> Option<u32> {
    if is_outside_trail(topics) {
        return None;
    }
    let (zeros, number) = data.last_chunk::<32>()?.split_last_chunk::<4>()?;
    zeros.iter().all(|&byte| byte == 0).then(|| u32::from_be_bytes(*number))
}

/// Whether a vault's log is of a kind without a sequence number, by its first topic (see [`is_trail_event`]).
pub fn is_outside_trail(topics: &[B256]) -> bool {
    topics.first().is_some_and(|topic| WITHOUT_SEQUENCE.contains(topic))
}

/// Whether the event adds one to the owner nonce (I9): all of the trail but payments and openings of purses, which anyone
/// can bring about.
pub fn is_act(event: &IVaultEvents) -> bool {
    is_trail_event(event) && !matches!(event, IVaultEvents::Paid(_) | IVaultEvents::PurseOpened(_))
}

/// The running hash after one more event of the trail (see [`is_trail_event`]).
pub fn next_hash(previous: RunningHash, topics: &[B256], data: &[u8]) -> RunningHash {
    let mut bytes = Vec::with_capacity(32 + 32 * topics.len() + data.len());
    bytes.extend_from_slice(head_of_running_hash(previous).as_slice());
    for topic in topics {
        bytes.extend_from_slice(topic.as_slice());
    }
    bytes.extend_from_slice(data);
    FixedBytes::from_slice(&keccak256(bytes)[..RunningHash::len_bytes()])
}

/// The running hash in the 32 bytes that `head()` answers; `None` when the upper eleven are not zero.
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
        IVaultEvents::PaymentFailed(_) => "PaymentFailed",
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
        IVaultEvents::DelaySet(_) => "DelaySet",
        IVaultEvents::ChangeWaiting(_) => "ChangeWaiting",
        IVaultEvents::ChangeCall(_) => "ChangeCall",
        IVaultEvents::ChangeExecuted(_) => "ChangeExecuted",
        IVaultEvents::ChangeCancelled(_) => "ChangeCancelled",
        IVaultEvents::PurseOpened(_) => "PurseOpened",
        IVaultEvents::PurseTargetSet(_) => "PurseTargetSet",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::{Address, Bytes, U256};
    use serde::Deserialize;

    /// A vector of `scripts/vectors.mjs`.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        topics: Vec<B256>,
        data: Bytes,
        head: B256,
    }

    /// I13: the running hash over logs as viem encodes and hashes them.
    #[test]
    fn the_running_hash_is_that_of_viem() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../../tests/vectors/running_hash.json")).unwrap();
        let (mut hash, mut sequence) = (RunningHash::ZERO, 0);
        for vector in vectors {
            hash = next_hash(hash, &vector.topics, &vector.data);
            assert_eq!(head_of_running_hash(hash), vector.head);
            assert_eq!(running_hash_of_head(vector.head), Some(hash));
            let log = LogData::new(vector.topics, vector.data).unwrap();
            let event = decode(&log).unwrap();
            assert_eq!(name(&event), vector.name);
            assert_eq!(event.to_log_data(), log);
            sequence += 1;
            assert_eq!(sequence_of(log.topics(), &log.data), Some(sequence));
        }
    }

    #[test]
    fn a_head_with_more_than_21_bytes_is_none() {
        assert_eq!(running_hash_of_head(B256::ZERO), Some(RunningHash::ZERO));
        let mut head = B256::ZERO;
        head[PADDING - 1] = 1;
        assert_eq!(running_hash_of_head(head), None);
    }

    #[test]
    fn every_event_has_its_name() {
        for (topic, signature) in IVaultEvents::SELECTORS.iter().zip(IVaultEvents::SIGNATURES) {
            let topics = [B256::from(*topic), B256::ZERO, B256::ZERO, B256::ZERO];
            // As many topics as the event has; all its words are zero.
            let event = (1..=topics.len())
                .find_map(|count| IVaultEvents::decode_raw_log(&topics[..count], &[0; 32 * 8]).ok())
                .unwrap();
            assert_eq!(Some(name(&event)), signature.split('(').next());
            let numbered = signature.ends_with(",uint32)");
            let log = event.to_log_data();
            assert_eq!(is_trail_event(&event), numbered, "{signature}");
            assert_eq!(is_outside_trail(log.topics()), !numbered, "{signature}");
            assert_eq!(sequence_of(log.topics(), &log.data), numbered.then_some(0), "{signature}");
            let anyones = signature.starts_with("Paid(") || signature.starts_with("PurseOpened(");
            assert_eq!(is_act(&event), numbered && !anyones, "{signature}");
        }
    }

    /// I13: what ends like a sequence number is none where the event has none, and a longer number is none either.
    #[test]
    fn a_sequence_number_is_a_last_word_of_32_bits() {
        let call = ChangeCall { change: 7, call: U256::from(9).to_be_bytes::<32>().into() }.encode_log_data();
        assert_eq!(sequence_of(call.topics(), &call.data), None);
        let paused = [B256::repeat_byte(1)];
        assert_eq!(sequence_of(&paused, &U256::from(u32::MAX).to_be_bytes::<32>()), Some(u32::MAX));
        assert_eq!(sequence_of(&paused, &U256::from(1_u64 << 32).to_be_bytes::<32>()), None);
        assert_eq!(sequence_of(&paused, &[0; 31]), None);
    }

    #[test]
    fn a_foreign_log_is_refused() {
        let transfer = crate::abi::IErc20::Transfer { from: Address::ZERO, to: Address::ZERO, value: U256::ONE };
        assert!(decode(&transfer.encode_log_data()).is_err());
        assert!(decode(&LogData::new_unchecked(Vec::new(), Bytes::new())).is_err());
        // A call padded with anything but zeros says the same, and is not what the vault logged.
        let call = ChangeCall { change: 7, call: vec![1, 2, 3].into() }.encode_log_data();
        assert!(decode(&call).is_ok());
        let mut padded = call.data.to_vec();
        padded[95] = 1;
        assert!(decode(&LogData::new_unchecked(call.topics().to_vec(), padded.into())).is_err());
    }
}
