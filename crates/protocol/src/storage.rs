//! A vault's own words, read by `IVault.stateAt` and decoded here: what a session may do, what is left of its limits and
//! what waits, with no other contract in between. Twin of `contracts/src/libraries/VaultSlots.sol`, `SessionWord.sol`,
//! `AllowanceWord.sol`, `WaitingList.sol` and `VaultWord.sol`; the stories compare it with the lens. [`field`]: the bits that no
//! view tells; [`subject`]: what a change is about.

pub mod field;
pub mod subject;

use crate::abi::IVaultLens::{LimitView, SessionView, WaitingChange};
use crate::{Meter, Scope, Window, meter};
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::sol_types::SolValue;

/// The vault's first word: running hash, epoch, flags.
pub const VAULT_WORD: B256 = B256::ZERO;
/// The owner and the delay; the pending owner; the guardian; the treasury.
const ROLES: [u8; 4] = [1, 2, 3, 4];
/// Session words by key.
const SESSIONS: u64 = 5;
/// Keys by session.
const KEYS: u64 = 6;
/// Allowance words by scope.
const ALLOWANCES: u64 = 7;
/// Meters that are not in their scope's word, by window and scope.
const METERS: u64 = 8;
/// What the book says of a payee.
const PAYEES: u64 = 9;
/// Listed tokens.
const TOKENS: u64 = 10;
/// The list of what waits.
const WAITING: u8 = 11;
/// Changes by number, two words each.
const CHANGES: u64 = 12;
/// By subject, the owner nonce at which what waited on it was last killed.
const KILLED: u64 = 13;
/// How long a change can be executed once it may be.
const EXECUTION_WINDOW: u32 = 7 * 86_400;
/// The most changes that wait.
const MAX_WAITING: usize = 10;
/// Where the window's number stands in the key of a meter.
const WINDOW_SHIFT: usize = 200;

/// Who may do what, from the words at [`role_slots`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Grants, changes, withdraws.
    pub owner: Address,
    /// How long loosenings wait, in seconds.
    pub delay: u32,
    /// Named as the next owner; zero = nobody.
    pub pending_owner: Address,
    /// May only stop things; zero = nobody.
    pub guardian: Address,
    /// The only address that withdrawals go to.
    pub treasury: Address,
}

/// Where the roles stand: ask for them in this order.
pub fn role_slots() -> [B256; 4] {
    ROLES.map(B256::with_last_byte)
}

/// The roles.
pub fn roles([owner, pending_owner, guardian, treasury]: [B256; 4]) -> Roles {
    Roles {
        owner: key(owner),
        delay: field(U256::from_be_bytes(owner.0), 160),
        pending_owner: key(pending_owner),
        guardian: key(guardian),
        treasury: key(treasury),
    }
}

/// Where a payee's category stands.
pub fn payee_slot(payee: Address) -> B256 {
    of(U256::from_be_slice(payee.as_slice()), PAYEES)
}

/// The category of a payee, a purse's own included; 0 = not in the book.
pub fn payee(word: B256) -> u8 {
    word.0[31]
}

/// Where it stands how a token is listed.
pub fn token_slot(token: Address) -> B256 {
    of(U256::from_be_slice(token.as_slice()), TOKENS)
}

/// Whether a token is listed, and its unit of 2^n base units.
pub fn token(word: B256) -> (bool, u8) {
    (word.0[31] != 0, word.0[30])
}

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

/// The session that a key serves or served, from its word; 0 = none.
pub fn session_of_key(word: B256) -> u32 {
    field(U256::from_be_bytes(word.0), 0)
}

/// The running hash over all events, right-aligned, from the vault's first word.
pub fn running_hash(vault: B256) -> B256 {
    (U256::from_be_bytes(vault.0) & ((U256::ONE << 168_usize) - U256::ONE)).into()
}

/// The number of the last event, from the vault's first word.
pub fn sequence(vault: B256) -> u32 {
    field(U256::from_be_bytes(vault.0), 168)
}

/// How many events were not payments, from the vault's first word.
pub fn owner_nonce(vault: B256) -> u32 {
    field(U256::from_be_bytes(vault.0), 224) & 0x00ff_ffff
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
    let allowance = U256::from_be_bytes(words.first()?.0);
    let (first, others, unit_bits) =
        (bits(allowance, 209, 7), bits(allowance, 219, 31), bits(allowance, 212, 127) as u8);
    let mut limits = Vec::new();
    for window in Window::ALL {
        let index = window.index() as u64;
        if first != index + 1 && others >> index & 1 == 0 {
            continue;
        }
        let meter = meter_word(words, window)?;
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

/// The raw meter over a window, that of a removed limit included, from the words at [`limit_slots`].
pub fn meter_word(words: &[B256], window: Window) -> Option<U256> {
    let (allowance, meters) = words.split_first()?;
    let allowance = U256::from_be_bytes(allowance.0);
    if bits(allowance, 209, 7) == window.index() as u64 + 1 {
        return Some(allowance & ((U256::ONE << 209_usize) - U256::ONE));
    }
    meters.get(window.index()).map(|word| U256::from_be_bytes(word.0))
}

/// Where the list of what waits stands, and when everything was last killed: ask for them in this order.
pub fn waiting_slots() -> [B256; 2] {
    [B256::with_last_byte(WAITING), killed_slot(subject::EVERYTHING)]
}

/// The numbers of the changes that wait, the newest first, from the first of the words at [`waiting_slots`].
pub fn waiting_numbers(list: B256) -> Vec<u32> {
    let list = U256::from_be_bytes(list.0);
    let numbers = (0..MAX_WAITING).map(|place| field(list, 24 * place) & 0x00ff_ffff);
    numbers.take_while(|number| *number != 0).collect()
}

/// Where the two words of a change stand.
pub fn change_slots(change: u32) -> [B256; 2] {
    let first = of(U256::from(change), CHANGES);
    [first, B256::from(U256::from_be_bytes(first.0).wrapping_add(U256::ONE))]
}

/// Where it stands when what waited on a [`subject`] was last killed: the owner nonce of then.
pub fn killed_slot(subject: U256) -> B256 {
    of(subject, KILLED)
}

/// What a change is about, from the first of the words at [`change_slots`].
pub fn subject_of(first: B256) -> U256 {
    field::SUBJECT.of(first.into())
}

/// A change that waits, from the words at [`change_slots`], at the [`killed_slot`] of its subject and, `everything`, the second of
/// those at [`waiting_slots`].
pub fn waiting_change(change: u32, words: [B256; 2], killed: B256, everything: B256) -> WaitingChange {
    let from = field(U256::from_be_bytes(words[0].0), 0);
    let dead_since = |word: B256| U256::from(change) <= U256::from_be_bytes(word.0);
    WaitingChange {
        change,
        executableFrom: from,
        executableUntil: from.wrapping_add(EXECUTION_WINDOW),
        killed: dead_since(killed) || (subject_of(words[0]) != subject::GUARDIAN && dead_since(everything)),
        callHash: words[1],
    }
}

fn bits(word: U256, shift: usize, mask: u64) -> u64 {
    (word >> shift).as_limbs()[0] & mask
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
