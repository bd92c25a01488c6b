//! The words of x402, versions 1 and 2, and nothing else: no network, no chain, no clock.
//!
//! - [`offer`]: what a seller asks for in one entry of `accepts`
//! - [`demand`]: a whole 402 answer
//! - [`choice`]: which of its offers this session could pay
//! - [`authorization`]: what the session key signs, and the blob that a purse's hook reads
//! - [`answer`]: the header that pays, and the seller's word on what became of it
//!
//! The types are our own: a server compares the offer that the client echoes with its own, member by member, so an
//! offer is kept as it was written, unknown members and all, which the crates with fixed types (`x402-types`, `r402`)
//! do not; and one entry that nobody understands must not spoil the others.

pub mod answer;
pub mod authorization;
pub mod choice;
pub mod demand;
pub mod offer;

pub use answer::{Receipt, payment_header};
pub use authorization::{Authorization, purse_blob};
pub use choice::{Wanted, choose};
pub use demand::{Demand, DemandError};
pub use offer::{Offer, OfferError};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Version {
    /// `X-PAYMENT`, the 402's body, networks by name.
    V1,
    /// `PAYMENT-REQUIRED` and `PAYMENT-SIGNATURE`, networks by CAIP-2.
    V2,
}

impl Version {
    /// The header in which a payment goes to the seller.
    pub const fn payment_header(self) -> &'static str {
        match self {
            Self::V1 => "X-PAYMENT",
            Self::V2 => "PAYMENT-SIGNATURE",
        }
    }

    /// The header in which the seller tells what became of it.
    pub const fn answer_header(self) -> &'static str {
        match self {
            Self::V1 => "X-PAYMENT-RESPONSE",
            Self::V2 => "PAYMENT-RESPONSE",
        }
    }

    /// The number on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

impl From<Version> for u8 {
    fn from(version: Version) -> Self {
        version.number()
    }
}

impl TryFrom<u8> for Version {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            1 => Ok(Self::V1),
            2 => Ok(Self::V2),
            other => Err(format!("there is no version {other} of x402 here")),
        }
    }
}
