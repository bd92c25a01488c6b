//! Which nonce comes next: the rules, as a pure value. [`crate::NonceStore`] keeps it on disk, under a lock.
//!
//! The vault pays a nonce once, tells used from unused ones over the last 32, and refuses any that is more than 1,024
//! ahead of the highest it paid (I3). So:
//!
//! 1. Nonces are leased in ascending order, from the chain's highest + 1 or from where the ledger stands, whichever is
//!    further. A lease is made at the last moment, after the vault's `check` has passed and right before the signature:
//!    a refused check burns none.
//! 2. Every lease ends at a deadline of chain time, the latest that a signature under it may carry. What is neither
//!    paid nor over is *out*. At most 32 nonces in a row are out: a 33rd could push the first out of the vault's window.
//! 3. A nonce is leased once. If its process dies, or its payment is refused, the nonce is skipped.
//! 4. Only where skipping would run more than 1,024 ahead (1,024 payments in a row failed), and only when none is out,
//!    so that every signature made so far is dead by its deadline, leasing starts again at the chain's highest + 1.
//! 5. A payment that waits for the owner's approval may wait a day. Its nonce is *held* some 500 ahead, so that it neither
//!    stops the others nor is left behind by them; held nonces are next to each other, and leasing passes over them.
//!    Paying one moves the vault's window there, so it waits until no lower nonce is out ([`Ledger::blocks`]).
//!
//! Transactions: the sending account's nonce is the node's pending count, or one more than the last one sent from here,
//! whichever is further; the latter counts until the deadline of the payment that was sent (then that transaction is
//! either mined or worthless).

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

/// Nonces that may be out at once: the width of the vault's window (`SessionWord.NONCE_WINDOW`).
pub const PARALLEL_NONCES: u32 = 32;
/// How far a nonce may run ahead of the highest one paid (`SessionWord.NONCE_LEAP`).
pub const NONCE_LEAP: u32 = 1_024;
/// How far ahead a nonce is held: so many payments can be made before it must be paid.
const HOLD_AHEAD: u32 = NONCE_LEAP / 2;

/// What the chain says of a session's nonces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainNonces {
    /// The highest nonce paid (`SessionView.nonceHighest`).
    pub highest: u32,
    /// Bit i set = nonce (highest - i) paid (`SessionView.nonceWindow`).
    pub window: u32,
    /// Time of the latest block, seconds since 1970.
    pub time: u64,
}

impl ChainNonces {
    /// Whether a nonce can no longer be paid: it was, or it is older than the window.
    fn is_over(&self, nonce: u32) -> bool {
        self.highest
            .checked_sub(nonce)
            .is_some_and(|behind| behind >= PARALLEL_NONCES || self.window >> behind & 1 == 1)
    }
}

/// Why no nonce can be leased now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseRefused {
    /// 32 nonces in a row are out.
    #[error(
        "{PARALLEL_NONCES} payments are under way; the oldest (nonce {oldest}) is decided by {until} at the latest"
    )]
    WindowFull {
        /// The lowest nonce that is out.
        oldest: u32,
        /// When it is over at the latest, in chain time.
        until: u32,
    },
    /// Leasing ran 1,024 ahead of the chain.
    #[error("{NONCE_LEAP} payments in a row were not made; the last of them is over at {until}")]
    TooFarAhead {
        /// When the last of them is over, in chain time.
        until: u32,
    },
    /// All 2^32 nonces of the key are spent.
    #[error("the session key has used up its nonces")]
    UsedUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lease {
    nonce: u32,
    until: u32,
}

/// The nonces of one key in one vault, as far as this machine knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    chain_id: u64,
    vault: Address,
    key: Address,
    next: u32,
    out: Vec<Lease>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    held: Vec<Lease>,
    next_transaction: u64,
    transaction_until: u32,
}

impl Ledger {
    /// A ledger that knows nothing yet: the chain decides.
    pub const fn new(chain_id: u64, vault: Address, key: Address) -> Self {
        Self {
            chain_id,
            vault,
            key,
            next: 0,
            out: Vec::new(),
            held: Vec::new(),
            next_transaction: 0,
            transaction_until: 0,
        }
    }

    /// Whether it is the ledger of that key; a rotated key starts another.
    pub fn is_of(&self, chain_id: u64, vault: Address, key: Address) -> bool {
        (self.chain_id, self.vault, self.key) == (chain_id, vault, key)
    }

    /// Leases the next nonce for a signature whose deadline is at most `until` (chain time).
    ///
    /// # Errors
    /// [`LeaseRefused`]; nothing is leased then.
    pub fn lease(&mut self, chain: ChainNonces, until: u32) -> Result<u32, LeaseRefused> {
        self.forget(chain);
        let first = chain.highest.checked_add(1).ok_or(LeaseRefused::UsedUp)?;
        self.next = self.next.max(first);
        if self.next - chain.highest > NONCE_LEAP {
            if let Some(until) = self.out.iter().map(|lease| lease.until).max() {
                return Err(LeaseRefused::TooFarAhead { until });
            }
            self.next = first;
        }
        let oldest = self.out.iter().min_by_key(|lease| lease.nonce);
        if let Some(lease) = oldest.filter(|lease| self.next - lease.nonce >= PARALLEL_NONCES) {
            return Err(LeaseRefused::WindowFull { oldest: lease.nonce, until: lease.until });
        }
        while self.held.iter().any(|lease| lease.nonce == self.next) {
            self.next = self.next.checked_add(1).ok_or(LeaseRefused::UsedUp)?;
        }
        let nonce = self.next;
        self.next = nonce.checked_add(1).ok_or(LeaseRefused::UsedUp)?;
        self.out.push(Lease { nonce, until });
        Ok(nonce)
    }

    /// Holds a nonce far ahead, for a payment that may wait until `until` (chain time).
    ///
    /// # Errors
    /// [`LeaseRefused`]; nothing is held then.
    pub fn hold(&mut self, chain: ChainNonces, until: u32) -> Result<u32, LeaseRefused> {
        self.forget(chain);
        let first = chain.highest.checked_add(1).ok_or(LeaseRefused::UsedUp)?;
        let next = self.next.max(first);
        let beside = self.held.iter().map(|lease| lease.nonce).max().filter(|last| *last >= next);
        let oldest = self.held.iter().min_by_key(|lease| lease.nonce);
        let nonce = match (beside, oldest) {
            (Some(last), Some(oldest)) if last + 1 - oldest.nonce >= PARALLEL_NONCES => {
                return Err(LeaseRefused::WindowFull { oldest: oldest.nonce, until: oldest.until });
            }
            (Some(last), _) => last.checked_add(1),
            (None, _) => next.checked_add(HOLD_AHEAD),
        };
        let nonce = nonce.ok_or(LeaseRefused::UsedUp)?;
        if nonce - chain.highest > NONCE_LEAP {
            let until = self.out.iter().map(|lease| lease.until).max().unwrap_or(until);
            return Err(LeaseRefused::TooFarAhead { until });
        }
        self.held.push(Lease { nonce, until });
        Ok(nonce)
    }

    /// The lowest nonce that is out and would be left behind if `nonce` were paid now, and when it is over at the latest.
    pub fn blocks(&mut self, chain: ChainNonces, nonce: u32) -> Option<(u32, u32)> {
        self.forget(chain);
        let behind = |lease: &&Lease| lease.nonce.checked_add(PARALLEL_NONCES).is_some_and(|end| end <= nonce);
        self.out.iter().filter(behind).map(|lease| (lease.nonce, lease.until)).min()
    }

    /// Forgets what is paid, too old, or past its deadline.
    fn forget(&mut self, chain: ChainNonces) {
        let alive = |lease: &Lease| !chain.is_over(lease.nonce) && chain.time < u64::from(lease.until);
        self.out.retain(alive);
        self.held.retain(alive);
    }

    /// The nonce of the next transaction, given the node's count of the account's transactions, pending ones included.
    pub fn transaction_nonce(&self, pending: u64, time: u64) -> u64 {
        if time < u64::from(self.transaction_until) { pending.max(self.next_transaction) } else { pending }
    }

    /// Notes that a transaction was sent, which carries a payment of that deadline.
    pub fn sent(&mut self, transaction_nonce: u64, deadline: u32) {
        self.next_transaction = transaction_nonce + 1;
        self.transaction_until = self.transaction_until.max(deadline);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::collections::BTreeMap;

    const UNTIL: u32 = 1_120;

    fn ledger() -> Ledger {
        Ledger::new(31_337, Address::repeat_byte(1), Address::repeat_byte(2))
    }

    fn chain(highest: u32, window: u32) -> ChainNonces {
        ChainNonces { highest, window, time: 1_000 }
    }

    #[test]
    fn leasing_starts_at_the_chain_and_ascends() {
        let mut ledger = ledger();
        assert_eq!(ledger.lease(chain(0, 0), UNTIL), Ok(1));
        assert_eq!(ledger.lease(chain(0, 0), UNTIL), Ok(2));
        assert_eq!(ledger.lease(chain(7, 1), UNTIL), Ok(8), "the file was behind");
        assert_eq!(ledger.lease(chain(2, 1), UNTIL), Ok(9), "the node was behind");
    }

    /// I3: no nonce that is out may fall out of the vault's window.
    #[test]
    fn no_more_than_the_window_is_out() {
        let mut ledger = ledger();
        for nonce in 1..=32 {
            assert_eq!(ledger.lease(chain(0, 0), UNTIL), Ok(nonce));
        }
        let full = LeaseRefused::WindowFull { oldest: 1, until: UNTIL };
        assert_eq!(ledger.lease(chain(0, 0), UNTIL), Err(full));
        assert_eq!(ledger.lease(chain(32, 0x7fff_ffff), UNTIL), Err(full), "all but nonce 1 are paid");
        assert_eq!(ledger.lease(chain(32, 0xffff_ffff), UNTIL), Ok(33), "nonce 1 is paid");
    }

    #[test]
    fn the_nonce_of_a_process_that_died_is_skipped_once_its_deadline_is_over() {
        let mut ledger = ledger();
        assert_eq!(ledger.lease(chain(0, 0), UNTIL), Ok(1)); // and dies
        for nonce in 2..=32 {
            assert_eq!(ledger.lease(chain(0, 0), UNTIL + 500), Ok(nonce));
        }
        let paid_but_one = ChainNonces { highest: 32, window: 0x7fff_ffff, time: 1_000 };
        assert!(ledger.lease(paid_but_one, UNTIL).is_err());
        let later = ChainNonces { time: u64::from(UNTIL), ..paid_but_one };
        assert_eq!(ledger.lease(later, UNTIL + 500), Ok(33));
    }

    #[test]
    fn a_thousand_failures_start_over_only_when_every_signature_is_dead() {
        let mut ledger = ledger();
        for nonce in 1..=NONCE_LEAP {
            let time = 1_000 * u64::from(nonce);
            let now = ChainNonces { highest: 0, window: 0, time };
            assert_eq!(ledger.lease(now, 1_000 * nonce + 120), Ok(nonce));
        }
        let last = 1_000 * NONCE_LEAP + 120;
        let at = |time: u32| ChainNonces { highest: 0, window: 0, time: u64::from(time) };
        assert_eq!(ledger.lease(at(last - 1), last + 120), Err(LeaseRefused::TooFarAhead { until: last }));
        assert_eq!(ledger.lease(at(last), last + 120), Ok(1));
    }

    /// I3: a payment that waits for its approval stops no other, and can be paid after hundreds of them.
    #[test]
    fn a_held_nonce_is_passed_over_and_stays_payable() {
        let mut ledger = ledger();
        let day = UNTIL + 86_400;
        assert_eq!(ledger.lease(chain(0, 0), UNTIL), Ok(1));
        let (first, second) = (ledger.hold(chain(0, 0), day).unwrap(), ledger.hold(chain(0, 0), day).unwrap());
        assert_eq!((first, second), (2 + HOLD_AHEAD, 3 + HOLD_AHEAD), "side by side");
        assert_eq!(ledger.blocks(chain(0, 0), first), Some((1, UNTIL)), "nonce 1 would be left behind");
        assert_eq!(ledger.blocks(chain(1, 1), first), None);
        let mut paid = 1;
        while paid < first - 1 {
            paid += 1;
            assert_eq!(ledger.lease(chain(paid - 1, u32::MAX), UNTIL), Ok(paid));
        }
        assert_eq!(ledger.lease(chain(paid, u32::MAX), UNTIL), Ok(second + 1), "both are passed over");
        assert!(!chain(second + 1, 1).is_over(first) && !chain(second + 1, 1).is_over(second));
        assert_eq!(ledger.lease(chain(second, 0b1), UNTIL), Ok(second + 2), "the second is paid");
        assert_eq!(ledger.hold(chain(second, 0b1), day), Ok(second + 3 + HOLD_AHEAD), "the first lies behind");
    }

    #[test]
    fn no_more_are_held_than_the_window_has() {
        let mut ledger = ledger();
        for _ in 0..PARALLEL_NONCES {
            ledger.hold(chain(0, 0), UNTIL).unwrap();
        }
        let full = LeaseRefused::WindowFull { oldest: 1 + HOLD_AHEAD, until: UNTIL };
        assert_eq!(ledger.hold(chain(0, 0), UNTIL), Err(full));
        let later = ChainNonces { time: u64::from(UNTIL), ..chain(0, 0) };
        assert_eq!(ledger.hold(later, UNTIL + 1), Ok(1 + HOLD_AHEAD), "their deadline is over");
        assert_eq!(ledger.lease(later, UNTIL + 1), Ok(1), "and nothing was leased");
    }

    #[test]
    fn the_last_nonces_are_not_exceeded() {
        assert_eq!(ledger().lease(chain(u32::MAX, 1), UNTIL), Err(LeaseRefused::UsedUp));
        assert_eq!(ledger().lease(chain(u32::MAX - 1, 1), UNTIL), Err(LeaseRefused::UsedUp));
        assert_eq!(ledger().lease(chain(u32::MAX - 2, 1), UNTIL), Ok(u32::MAX - 1));
    }

    /// A model of the vault pays in any order what is out: never a nonce twice, never one refused as too old or far.
    #[test]
    fn whatever_is_leased_can_be_paid_in_any_order() {
        let (mut ledger, mut vault, mut random) = (ledger(), chain(0, 0), 42_u64);
        let mut out: BTreeMap<u32, u32> = BTreeMap::new();
        let mut leased = std::collections::BTreeSet::new();
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let dice = random >> 33;
            if dice.is_multiple_of(2) {
                let until = u32::try_from(vault.time).unwrap() + 120;
                if let Ok(nonce) = ledger.lease(vault, until) {
                    assert!(leased.insert(nonce), "nonce {nonce} was leased twice");
                    out.insert(nonce, until);
                }
            } else if let Some((&nonce, &until)) = out.iter().nth(usize::try_from(dice).unwrap() % out.len().max(1)) {
                out.remove(&nonce);
                if dice.is_multiple_of(5) || vault.time >= u64::from(until) {
                    continue; // its process died, or it came too late
                }
                assert!(!vault.is_over(nonce), "nonce {nonce} is used or too old: {vault:?}");
                assert!(nonce <= vault.highest + NONCE_LEAP, "too far");
                if nonce > vault.highest {
                    let moved = nonce - vault.highest;
                    vault.window = vault.window.checked_shl(moved).unwrap_or(0) | 1;
                    vault.highest = nonce;
                } else {
                    vault.window |= 1 << (vault.highest - nonce);
                }
            }
            vault.time += dice % 8;
        }
        assert!(vault.highest > 2_000, "the model paid {}", vault.highest);
    }

    #[test]
    fn transactions_of_several_processes_do_not_collide() {
        let mut ledger = ledger();
        assert_eq!(ledger.transaction_nonce(5, 1_000), 5);
        ledger.sent(5, UNTIL);
        assert_eq!(ledger.transaction_nonce(5, 1_001), 6, "the node has not counted it yet");
        assert_eq!(ledger.transaction_nonce(9, 1_001), 9, "the node knows more");
        assert_eq!(ledger.transaction_nonce(5, u64::from(UNTIL)), 5, "it was dropped, and is worthless now");
    }
}
