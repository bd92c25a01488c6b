//! How a call ends by the model: with events, or refused.

use alloy::hex;
use alloy::primitives::{Address, B256, Bytes, LogData};
use alloy::sol_types::{SolError, SolEvent};
use purse_protocol::abi::IVault::PaymentFailed;
use std::fmt;

use crate::calldata::Malformed;

/// Why a call is refused.
#[derive(Clone, PartialEq)]
pub(crate) enum Refusal {
    /// With an error of the interface, and its values; with any of these where the interface does not say which of
    /// several is named.
    Named(Vec<Bytes>),
    /// By Solidity's own decoder: with nothing, or with its panic on an absurd length.
    Malformed,
    /// By Solidity's checked arithmetic.
    Overflow,
}

/// What a step of the model results in.
pub(crate) type Verdict<T> = Result<T, Refusal>;

/// Refuses with one error.
pub(crate) fn refuse<T>(error: impl SolError) -> Verdict<T> {
    Err(Refusal::Named(vec![error.abi_encode().into()]))
}

/// Two conditions, of which the interface does not say which is looked at first.
pub(crate) fn either(one: Verdict<()>, other: Verdict<()>) -> Verdict<()> {
    match (one, other) {
        (Err(Refusal::Named(one)), Err(Refusal::Named(other))) => Err(Refusal::Named([one, other].concat())),
        (one, other) => one.and(other),
    }
}

impl From<Malformed> for Refusal {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// What Solidity reverts with: `Panic(uint256)` of this code.
fn panic(code: u8) -> Bytes {
    let mut bytes = hex!("4e487b71").to_vec();
    bytes.extend([0; 31]);
    bytes.push(code);
    bytes.into()
}

impl Refusal {
    /// Whether the contract's revert bytes are this refusal.
    pub(crate) fn is(&self, reason: &[u8]) -> bool {
        match self {
            Self::Named(errors) => errors.iter().any(|error| error == reason),
            Self::Malformed => reason.is_empty() || reason == *panic(0x41),
            Self::Overflow => reason == *panic(0x11),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(errors) => {
                let errors: Vec<String> = errors.iter().map(|error| crate::words::reason(error)).collect();
                f.write_str(&errors.join(" or "))
            }
            Self::Malformed => f.write_str("a revert by Solidity's decoder"),
            Self::Overflow => f.write_str("Panic(0x11)"),
        }
    }
}

/// An event that the model expects.
#[derive(Clone, PartialEq)]
pub(crate) enum Expected {
    /// Exactly this log.
    Log(LogData),
    /// `PaymentFailed`, with a reason that may have more than one true name.
    PaymentFailed {
        /// As in the event.
        session: u32,
        /// As in the event.
        payee: Address,
        /// As in the event.
        reference: B256,
        /// As in the event.
        nonce: u32,
        /// Why the item did not pay.
        refusal: Refusal,
    },
}

impl Expected {
    /// Whether a log of the contract is this event.
    pub(crate) fn is(&self, log: &LogData) -> bool {
        match self {
            Self::Log(expected) => expected == log,
            Self::PaymentFailed { session, payee, reference, nonce, refusal } => {
                let Ok(got) = PaymentFailed::decode_log_data(log) else { return false };
                let same = (got.session, got.payee, got.r#ref, got.nonce) == (*session, *payee, *reference, *nonce);
                same && refusal.is(&got.reason) && got.encode_log_data() == *log
            }
        }
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(log) => f.write_str(&crate::words::event(log)),
            Self::PaymentFailed { session, payee, reference, nonce, refusal } => f
                .debug_struct("PaymentFailed")
                .field("session", session)
                .field("payee", payee)
                .field("ref", reference)
                .field("nonce", nonce)
                .field("reason", refusal)
                .finish(),
        }
    }
}
