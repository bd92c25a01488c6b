//! Sessions as the vault stores them: one word for each key that ever served.

use alloy::primitives::Address;
use purse_protocol::{CategoryMask, SessionId};
use serde::{Deserialize, Serialize};

/// What the vault stores of a session key, twin of `contracts/src/libraries/SessionWord.sol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionWord {
    /// The session that the key serves or served.
    pub session: SessionId,
    /// The vault's revoke-all count when it was granted.
    pub epoch: u32,
    /// Seconds since 1970; from then on it may pay.
    pub valid_from: u32,
    /// Seconds since 1970; from then on it may not. 0 = revoked, or the key was replaced.
    pub valid_until: u32,
    /// The highest nonce paid.
    pub nonce_highest: u32,
    /// Bit i set = nonce (highest - i) paid.
    pub nonce_window: u32,
    /// What it may pay for.
    pub categories: CategoryMask,
}

impl SessionWord {
    /// How many nonces the window tells apart.
    pub const NONCE_WINDOW: u32 = 32;
    /// How far a nonce may run ahead of the highest one paid.
    pub const NONCE_LEAP: u32 = 1_024;

    /// Marks a nonce as paid. None when it lies so far back that the window cannot hold it.
    pub(crate) fn with_nonce(mut self, nonce: u32) -> Option<Self> {
        if nonce <= self.nonce_highest {
            self.nonce_window |= 1_u32.checked_shl(self.nonce_highest - nonce)?;
        } else {
            self.nonce_window = self.nonce_window.checked_shl(nonce - self.nonce_highest).unwrap_or(0) | 1;
            self.nonce_highest = nonce;
        }
        Some(self)
    }

    /// What a revoked or replaced key leaves behind.
    pub(crate) const fn ended(mut self) -> Self {
        self.valid_until = 0;
        self
    }

    /// The same session for another key, whose nonces start afresh.
    pub(crate) const fn with_fresh_nonces(mut self) -> Self {
        self.nonce_highest = 0;
        self.nonce_window = 0;
        self
    }
}

/// A session as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// The key that it has now.
    pub key: Address,
    /// The key's word in storage.
    pub word: SessionWord,
    /// By `revoke` or by `revokeAll`.
    pub revoked: bool,
}
