//! Bits of a vault's words that no view of the contract tells, by name. Twin of the words' libraries in `contracts/src/libraries`.

use alloy::primitives::U256;

/// Bits of a word that mean one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What they mean.
    pub name: &'static str,
    first: usize,
    bits: usize,
}

impl Field {
    const fn new(name: &'static str, first: usize, bits: usize) -> Self {
        Self { name, first, bits }
    }

    /// Its value in a word.
    pub fn of(self, word: U256) -> U256 {
        (word & self.mask()) >> self.first
    }

    /// Its bits.
    pub fn mask(self) -> U256 {
        (U256::MAX >> (256 - self.bits)) << self.first
    }
}

/// Of the vault's first word: what the views tell.
pub const VAULT_TOLD: Field = Field::new("the head, the counts and the pause", 0, 249);
/// Payments are told by it to look at the vault's own limits.
pub const LIMITED: Field = Field::new("whether it has, or had, limits of its own", 249, 1);
/// A revoke-all is told by it that there is something to revoke.
pub const GRANTED: Field = Field::new("whether a session was granted since everything was revoked", 250, 1);
/// A stop is told by it that there is something to kill.
pub const WAITING: Field = Field::new("whether a change waits", 251, 1);
/// Of the owner's word: what the views tell.
pub const OWNER_TOLD: Field = Field::new("the owner and the delay", 0, 192);
/// Of any other word that is an address.
pub const ADDRESS: Field = Field::new("the address", 0, 160);

/// Of a session's word: the session that the key serves or served.
pub const SESSION: Field = Field::new("the session of the key", 0, 32);
/// Of a session's word, and so on to [`CATEGORIES`]: what the views tell of the key that a session has now, and of no other.
pub const EPOCH: Field = Field::new("the revoke-all count at the grant", 32, 32);
/// From when it may pay.
pub const VALID_FROM: Field = Field::new("valid from", 64, 32);
/// Until when; 0 = it has ended.
pub const VALID_UNTIL: Field = Field::new("valid until", 96, 32);
/// The highest nonce paid.
pub const NONCE_HIGHEST: Field = Field::new("the highest nonce", 128, 32);
/// The nonces paid below it.
pub const NONCE_WINDOW: Field = Field::new("the nonce window", 160, 32);
/// What it may pay for.
pub const CATEGORIES: Field = Field::new("the category mask", 192, 64);

/// Of a scope's word: the meter of the first limit.
pub const FIRST_METER: Field = Field::new("the meter of the first limit", 0, 209);
/// Which limit that is: 1 + its window; 0 = none stands, and nothing can be paid.
pub const FIRST: Field = Field::new("which limit is the first", 209, 3);
/// The unit that amounts count in.
pub const UNIT: Field = Field::new("the unit", 212, 7);
/// Which other limits stand, a bit for each window.
pub const OTHERS: Field = Field::new("which other limits stand", 219, 5);
/// Of a session's scope: payments are told by it to look at limits by category.
pub const BY_CATEGORY: Field = Field::new("whether it has, or had, limits by category", 224, 1);
/// Of a category's scope.
pub const HAS_TARGET: Field = Field::new("whether its purse's target was set", 224, 1);
/// Of a session's scope, in units.
pub const PER_PAYMENT: Field = Field::new("the per-payment cap in units", 225, 31);
/// Of a category's scope, in units.
pub const TARGET: Field = Field::new("its purse's target in units", 225, 31);

/// Of a payee's word.
pub const CATEGORY: Field = Field::new("the category", 0, 8);
/// Of a purse's word in the book.
pub const PURSE_TOKEN: Field = Field::new("the purse's token", 8, 160);
/// Of a purse's word in the book.
pub const PURSE_SESSION: Field = Field::new("the purse's session", 168, 32);

/// Of a token's word: 1 = it is listed.
pub const LISTED: Field = Field::new("listed", 0, 1);
/// Of a token's word.
pub const TOKEN_UNIT: Field = Field::new("the unit", 8, 8);

/// Of a change's first word: when it can be executed.
pub const EXECUTABLE_FROM: Field = Field::new("executable from", 0, 32);
/// Of a change's first word.
pub const SUBJECT: Field = Field::new("what it is about", 32, 168);
