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
    /// [`SigningFailed`] when the curve's arithmetic fails, which no known digest brings about.
    pub fn sign(&self, digest: B256) -> Result<Signature, SigningFailed> {
        self.0.sign_hash_sync(&digest).map_err(|_| SigningFailed)
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

/// The key could not sign a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign this digest; build the payment again")]
pub struct SigningFailed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_the_curve_order_are_no_keys() {
        assert!(SessionKey::from_bytes(&[0; 32]).is_none());
        assert!(SessionKey::from_bytes(&[0xff; 32]).is_none());
        assert!(SessionKey::from_bytes(&[1; 32]).is_some());
    }
}
