//! The session's key in memory: it signs, and shows itself to nobody.

use alloy::primitives::{Address, B256, Signature};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use std::fmt;
use zeroize::Zeroizing;

/// A key that signs payments. It has no `Display`, no serialisation and a `Debug` that tells only the address; its
/// memory is overwritten when it is dropped.
///
/// ```
/// use purse_agent::SessionKey;
/// let key = SessionKey::generate();
/// assert_eq!(format!("{key:?}"), format!("SessionKey {{ address: {}, key: [redacted] }}", key.address()));
/// ```
pub struct SessionKey(PrivateKeySigner);

impl SessionKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        Self(PrivateKeySigner::random())
    }

    /// The key of those 32 bytes; `None` when they are no key of the curve.
    pub fn from_bytes(secret: &[u8; 32]) -> Option<Self> {
        PrivateKeySigner::from_slice(secret).ok().map(Self)
    }

    /// The key's address: the session is granted to it, and it pays the gas of what the agent submits itself.
    pub fn address(&self) -> Address {
        self.0.address()
    }

    /// Signs a digest.
    ///
    /// # Errors
    /// [`SigningFailed::Arithmetic`] when the curve's arithmetic fails, which no known digest brings about.
    pub fn sign(&self, digest: B256) -> Result<Signature, SigningFailed> {
        self.0.sign_hash_sync(&digest).map_err(|_| SigningFailed::Arithmetic)
    }

    /// The same key as a signer of transactions, for whoever sends with this account: its copy lives until dropped.
    pub fn to_signer(&self) -> PrivateKeySigner {
        self.0.clone()
    }

    pub(crate) fn secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_field_bytes().into())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SessionKey {{ address: {}, key: [redacted] }}", self.address())
    }
}

/// Nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningFailed {
    /// The curve's arithmetic failed.
    #[error("the key could not sign this digest; build the payment again")]
    Arithmetic,
    /// There is no key, only its address.
    #[error("this session's key is not open: only its address is known, to ask and not to sign")]
    AddressOnly,
}

/// What an agent has of its session's key.
#[derive(Debug)]
pub(crate) enum Hand {
    /// The key: it signs.
    Key(SessionKey),
    /// Its address: it asks.
    AddressOnly(Address),
}

impl Hand {
    pub(crate) fn address(&self) -> Address {
        match self {
            Self::Key(key) => key.address(),
            Self::AddressOnly(address) => *address,
        }
    }

    pub(crate) fn sign(&self, digest: B256) -> Result<Signature, SigningFailed> {
        match self {
            Self::Key(key) => key.sign(digest),
            Self::AddressOnly(_) => Err(SigningFailed::AddressOnly),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_signs_nothing() {
        let hand = Hand::AddressOnly(Address::repeat_byte(1));
        assert_eq!(hand.address(), Address::repeat_byte(1));
        assert_eq!(hand.sign(B256::ZERO), Err(SigningFailed::AddressOnly));
        let key = SessionKey::generate();
        let address = key.address();
        assert!(Hand::Key(key).sign(B256::ZERO).is_ok_and(|signed| {
            signed.recover_address_from_prehash(&B256::ZERO).is_ok_and(|signer| signer == address)
        }));
    }

    #[test]
    fn zero_and_the_curve_order_are_no_keys() {
        assert!(SessionKey::from_bytes(&[0; 32]).is_none());
        assert!(SessionKey::from_bytes(&[0xff; 32]).is_none());
        assert!(SessionKey::from_bytes(&[1; 32]).is_some());
    }
}
