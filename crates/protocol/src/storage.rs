//! A vault's own words, read by `IVault.words` and decoded here: what a session may do and what is left of its limits, with
//! no other contract in between. Twin of `contracts/src/libraries/VaultSlots.sol`, `SessionWord.sol`, `AllowanceWord.sol`
//! and `VaultWord.sol`; the stories compare it with the lens.

use crate::abi::IVaultLens::{LimitView, SessionView};
use crate::{Meter, Scope, Window, meter};
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::sol_types::SolValue;

/// The vault's first word: running hash, epoch, flags.
pub const VAULT_WORD: B256 = B256::ZERO;
/// Session words by key.
const SESSIONS: u64 = 5;
/// Keys by session.
const KEYS: u64 = 6;
/// Allowance words by scope.
const ALLOWANCES: u64 = 7;
/// Meters that are not in their scope's word, by window and scope.
const METERS: u64 = 8;
/// Where the window's number stands in the key of a meter.
const WINDOW_SHIFT: usize = 200;

/// Where a session's key stands.
pub fn key_slot(session: u32) -> B256 {
    of(U256::from(session), KEYS)
}

/// Where the word of the session that a key serves stands.
pub fn session_slot(key: Address) -> B256 {
    of(U256::from_be_slice(key.as_slice()), SESSIONS)
}

/// Where a scope's word and, in the order of [`Window::ALL`], its other meters stand: ask for them in this order.
pub fn limit_slots(scope: Scope, token: Address) -> Vec<B256> {
    let scope = scope_word(scope, token);
    let meters = Window::ALL.into_iter().map(|window| of((U256::from(window.index()) << WINDOW_SHIFT) | scope, METERS));
    std::iter::once(of(scope, ALLOWANCES)).chain(meters).collect()
}

/// The key in the word at [`key_slot`]; zero = the session was never granted.
pub fn key(word: B256) -> Address {
    Address::from_word(word)
}

/// The session of a key, from the word at [`session_slot`] and the vault's first.
pub fn session(key: Address, word: B256, vault: B256) -> SessionView {
    let (word, epoch) = (U256::from_be_bytes(word.0), epoch(vault));
    let (granted, valid_until) = (field(word, 32), field(word, 96));
    SessionView {
        key,
        validFrom: field(word, 64),
        validUntil: valid_until,
        categories: (word >> 192_usize).saturating_to(),
        nonceHighest: field(word, 128),
        nonceWindow: field(word, 160),
        epoch: granted,
        revoked: !key.is_zero() && (valid_until == 0 || granted != epoch),
    }
}

/// How often everything was revoked, from the vault's first word.
pub fn epoch(vault: B256) -> u32 {
    field(U256::from_be_bytes(vault.0), 200) & 0x00ff_ffff
}

/// Whether payments are paused, from the vault's first word.
pub fn is_paused(vault: B256) -> bool {
    U256::from_be_bytes(vault.0).bit(248)
}

/// What may still be spent of a scope at a time, from the words at [`limit_slots`]: the per-payment cap, which only a
/// session has, and every limit that stands, ascending by window. `None` where a word is missing.
pub fn remaining(scope: Scope, words: &[B256], time: u64) -> Option<(u128, Vec<LimitView>)> {
    let (allowance, meters) = words.split_first()?;
    let allowance = U256::from_be_bytes(allowance.0);
    let bits = |shift: usize, mask: u64| (allowance >> shift).as_limbs()[0] & mask;
    let (first, unit_bits) = (bits(209, 7), bits(212, 127) as u8);
    let mut limits = Vec::new();
    for window in Window::ALL {
        let index = window.index() as u64;
        let meter = match first == index + 1 {
            true => allowance & ((U256::ONE << 209_usize) - U256::ONE),
            false if bits(219, 31) >> index & 1 == 1 => U256::from_be_bytes(meters.get(window.index())?.0),
            false => continue,
        };
        let base = |units: u64| meter::base_units(units, unit_bits).saturating_to::<u128>();
        let now = Meter::from_word(meter).rolled(window, time);
        limits.push(LimitView {
            window: window.seconds(),
            cap: base(now.cap_units()),
            used: base(now.used_units()),
            remaining: base(now.remaining_units()),
            meter,
        });
    }
    let cap = match scope {
        Scope::Session(_) => meter::base_units((allowance >> 225_usize).saturating_to(), unit_bits).saturating_to(),
        Scope::Vault | Scope::Category(..) => 0,
    };
    Some((cap, limits))
}

fn scope_word(scope: Scope, token: Address) -> U256 {
    let place = (U256::from(scope.category()) << 192_usize) | (U256::from(scope.session()) << 160_usize);
    place | U256::from_be_slice(token.as_slice())
}

fn of(key: U256, slot: u64) -> B256 {
    keccak256((key, U256::from(slot)).abi_encode())
}

fn field(word: U256, shift: usize) -> u32 {
    (word >> shift).as_limbs()[0] as u32
}
