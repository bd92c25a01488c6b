//! Events, their sequence number and the running hash over them (I13), and the owner nonce (I9).

use super::Vault;
use super::refusal::{Expected, Refusal};
use alloy::primitives::{B256, LogData, U256, keccak256};
use alloy::sol_types::SolEvent;
use purse_protocol::abi::IVault::{ChangeCall, Payment};

/// The owner nonce stays where it has no successor.
pub(crate) const NONCE_END: u32 = (1 << 24) - 1;
/// Of the hash that a vault keeps.
const HASH_BYTES: usize = 21;

/// What a vault says, and what it keeps of what it has said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
    pub(crate) sequence: u32,
    pub(crate) hash: [u8; HASH_BYTES],
    pub(crate) owner_nonce: u32,
    said: Vec<Expected>,
}

impl Trail {
    /// The events since the last time.
    pub(crate) fn take(&mut self) -> Vec<Expected> {
        std::mem::take(&mut self.said)
    }

    /// The running hash as `head` gives it: in the low bytes of a word.
    pub(crate) fn running_hash(&self) -> B256 {
        B256::left_padding_from(&self.hash)
    }

    /// hash' = first 21 bytes of keccak256(uint256(hash) ++ topics ++ data)
    fn fold(&mut self, log: LogData) {
        let topics: Vec<u8> = log.topics().iter().flat_map(|topic| topic.0).collect();
        let digest = keccak256([self.running_hash().as_slice(), &topics, &log.data].concat());
        self.hash.copy_from_slice(&digest[..HASH_BYTES]);
        self.said.push(Expected::Log(log));
    }

    fn next(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }
}

impl Vault {
    /// Logs an act of the owner or guardian; `event` gets its sequence number.
    pub(super) fn log<E: SolEvent>(&mut self, event: impl FnOnce(u32) -> E) {
        let sequence = self.trail.next();
        self.trail.fold(event(sequence).encode_log_data());
        self.trail.owner_nonce = (self.trail.owner_nonce + 1).min(NONCE_END);
    }

    /// Logs a payment or the opening of a purse: the owner nonce does not count what anyone can bring about.
    pub(super) fn log_by_anyone<E: SolEvent>(&mut self, event: impl FnOnce(u32) -> E) {
        let sequence = self.trail.next();
        self.trail.fold(event(sequence).encode_log_data());
    }

    /// Says what a change's call is, outside the trail.
    pub(super) fn tell_call(&mut self, change: u32, call: &[u8]) {
        let event = ChangeCall { change, call: call.to_vec().into() };
        self.trail.said.push(Expected::Log(event.encode_log_data()));
    }

    /// Says why an item did not pay, outside the trail.
    pub(super) fn tell_failure(&mut self, payment: &Payment, refusal: Refusal) {
        self.trail.said.push(Expected::PaymentFailed {
            session: payment.session,
            payee: payment.payee,
            reference: payment.r#ref,
            nonce: payment.nonce,
            refusal,
        });
    }

    /// The number that the next change to wait would have, if there can be one.
    pub(super) fn next_change(&self) -> Option<u32> {
        (self.trail.owner_nonce < NONCE_END).then(|| self.trail.owner_nonce + 1)
    }
}

/// A number of the interface as Solidity widens it.
pub(super) fn wide(value: impl Into<u128>) -> U256 {
    U256::from(value.into())
}
