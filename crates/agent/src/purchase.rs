//! The identity of a purchase: one id, one nonce of the token, one payment.

use alloy::primitives::{B256, hex, keccak256};
use alloy::sol_types::SolValue;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest id of a purchase, in bytes: an order number, a UUID or a hash is far shorter.
pub const MAX_PURCHASE_ID: usize = 128;
/// How ids begin that this program made up.
const DERIVED: &str = "auto-";

/// What an agent calls a purchase. Under one id at most one payment is ever made, on whichever machine, also after the
/// journal is lost: the token's nonce follows from the id and the session's salt.
///
/// ```
/// use purse_agent::PurchaseId;
/// let id: PurchaseId = "order-7781".parse()?;
/// assert_eq!(id.as_str(), "order-7781");
/// assert!("".parse::<PurchaseId>().is_err());
/// # Ok::<(), purse_agent::PurchaseIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PurchaseId(String);

/// A text that is no id of a purchase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PurchaseIdError {
    /// Nothing, or more than [`MAX_PURCHASE_ID`] bytes.
    #[error("a purchase id has 1 to {MAX_PURCHASE_ID} bytes, this one {0}")]
    Length(usize),
    /// Something else than printable ASCII.
    #[error("a purchase id has printable ASCII characters only")]
    Character,
}

impl PurchaseId {
    /// A new id, for one invocation and its retries.
    pub fn generate() -> Self {
        let mut bytes = [0; 16];
        rand::rng().fill_bytes(&mut bytes);
        Self(format!("{DERIVED}{}", hex::encode(bytes)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nonce under which the token takes this purchase's payment, once:
    /// `keccak256(abi.encode(uint32 session, bytes32 salt, string purchase, uint32 ordinal))`. Without the salt nobody
    /// can guess it. `ordinal` counts authorisations whose nonce was used for something else than a payment; a purse's
    /// hook allows nothing else, so it is 0.
    pub fn nonce(&self, session: u32, salt: B256, ordinal: u32) -> B256 {
        keccak256((session, salt, self.0.clone(), ordinal).abi_encode_params())
    }

    /// By which the seller may recognise the purchase when it is asked for again (`payment-identifier`). It follows
    /// from the nonce, so it tells a stranger nothing more.
    pub fn payment_identifier(nonce: B256) -> String {
        format!("pay_{}", hex::encode(&keccak256(nonce)[..16]))
    }
}

impl FromStr for PurchaseId {
    type Err = PurchaseIdError;

    fn from_str(text: &str) -> Result<Self, PurchaseIdError> {
        if text.is_empty() || text.len() > MAX_PURCHASE_ID {
            return Err(PurchaseIdError::Length(text.len()));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(PurchaseIdError::Character);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for PurchaseId {
    type Error = PurchaseIdError;

    fn try_from(text: String) -> Result<Self, PurchaseIdError> {
        text.parse()
    }
}

impl From<PurchaseId> for String {
    fn from(id: PurchaseId) -> Self {
        id.0
    }
}

impl fmt::Display for PurchaseId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::b256;
    use std::collections::BTreeSet;

    const SALT: B256 = B256::repeat_byte(7);

    fn id(text: &str) -> PurchaseId {
        text.parse().unwrap()
    }

    /// `cast keccak $(cast abi-encode "f(uint32,bytes32,string,uint32)" 1 0x07..07 order-7781 0)`
    #[test]
    fn the_nonce_is_what_cast_computes() {
        let expected = b256!("a6c946dec1f8c80c8973ae69e3d169019ffc3c7a52524affb40cc5efed336308");
        assert_eq!(id("order-7781").nonce(1, SALT, 0), expected);
    }

    #[test]
    fn everything_that_makes_a_purchase_makes_its_nonce() {
        let nonces = BTreeSet::from([
            id("a").nonce(1, SALT, 0),
            id("b").nonce(1, SALT, 0),
            id("a").nonce(2, SALT, 0),
            id("a").nonce(1, B256::repeat_byte(8), 0),
            id("a").nonce(1, SALT, 1),
        ]);
        assert_eq!(nonces.len(), 5);
        assert_eq!(id("a").nonce(1, SALT, 0), id("a").nonce(1, SALT, 0));
    }

    #[test]
    fn ids_are_short_and_printable() {
        for bad in ["", "a\nb", "a\u{1b}", "é", &"x".repeat(MAX_PURCHASE_ID + 1)] {
            assert!(bad.parse::<PurchaseId>().is_err(), "{bad:?}");
        }
        for good in ["order 7781", "a", &"x".repeat(MAX_PURCHASE_ID)] {
            assert!(good.parse::<PurchaseId>().is_ok(), "{good:?}");
        }
        assert_ne!(PurchaseId::generate(), PurchaseId::generate());
        assert!(PurchaseId::generate().as_str().parse::<PurchaseId>().is_ok());
    }

    #[test]
    fn the_payment_identifier_has_the_form_that_x402_wants() {
        let identifier = PurchaseId::payment_identifier(id("a").nonce(1, SALT, 0));
        assert!((16..=128).contains(&identifier.len()));
        assert!(identifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
    }
}
