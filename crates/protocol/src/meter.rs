//! The sliding cap as the vault counts it, bit for bit: twin of `contracts/src/libraries/SlidingCap.sol` (I4).
//!
//! Time is cut into buckets of a quarter window. Spending counts until its bucket has wholly left the window, so the
//! five counts bound every interval of the window's length, and nothing counts for more than 1.25 windows.
//! Spending is counted in units of 2^k base units, rounded up; caps are rounded down.

use crate::Window;
use alloy::primitives::U256;

const COUNT_BITS: usize = 31;
const BUCKETS: usize = 5;
const CAP_SHIFT: usize = 155;
const BUCKET_SHIFT: usize = 186;
const BUCKET_MASK: u64 = (1 << 23) - 1;

/// The largest count or cap, in units.
pub const MAX_UNITS: u64 = (1 << COUNT_BITS) - 1;

/// The meter of one limit, 209 bits: five counts, the cap, the number of the newest bucket.
///
/// ```
/// use purse_protocol::{Meter, Window};
/// let meter = Meter::default().rolled(Window::Hour, 7_200).with_cap(10).add(7);
/// assert_eq!(meter.remaining_units(), 3);
/// // The 7 count until their quarter of an hour, 7,200 to 8,099, has wholly left the window.
/// assert_eq!(meter.fits_at(4, Window::Hour, 7_300), Some(7_200 + 900 + 3_600));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Meter(U256);

impl Meter {
    /// The meter in a storage word, as `meterOf` and `LimitView.meter` give it.
    pub const fn from_word(word: U256) -> Self {
        Self(word)
    }

    /// The storage word.
    pub const fn to_word(self) -> U256 {
        self.0
    }

    /// The cap, in units.
    pub fn cap_units(self) -> u64 {
        self.field(CAP_SHIFT)
    }

    /// The meter as it reads at `time` (seconds since 1970): buckets that have left the window are forgotten. Time
    /// that stands still or goes back changes nothing.
    pub fn rolled(self, window: Window, time: u64) -> Self {
        let (newest, bucket) = (self.newest_bucket(), time / bucket_seconds(window));
        if bucket <= newest {
            return self;
        }
        let kept = match usize::try_from(bucket - newest) {
            Ok(passed) if passed < BUCKETS => (self.0 << (passed * COUNT_BITS)) & counts_mask(),
            _ => U256::ZERO,
        };
        let cleared = self.0 & !(counts_mask() | (U256::from(BUCKET_MASK) << BUCKET_SHIFT));
        Self(cleared | kept | (U256::from(bucket & BUCKET_MASK) << BUCKET_SHIFT))
    }

    /// Units counted, as last rolled.
    pub fn used_units(self) -> u64 {
        (0..BUCKETS).map(|bucket| self.field(bucket * COUNT_BITS)).sum()
    }

    /// Units left, as last rolled: nothing where the cap was set below what is used.
    pub fn remaining_units(self) -> u64 {
        self.cap_units().saturating_sub(self.used_units())
    }

    /// Counts `units` into the newest bucket of a rolled meter. The caller has checked
    /// `units <= remaining_units()`: more than that could spill from one count into the next, as in the contract.
    pub fn add(self, units: u64) -> Self {
        Self(self.0.wrapping_add(U256::from(units)))
    }

    /// The meter with another cap; what it counted stays (I7). `units` is at most [`MAX_UNITS`]. A removed limit has
    /// cap 0; that it does not stand is told by its absence from the vault's `remaining`.
    pub fn with_cap(self, units: u64) -> Self {
        let cap = U256::from(units & MAX_UNITS) << CAP_SHIFT;
        Self((self.0 & !(U256::from(MAX_UNITS) << CAP_SHIFT)) | cap)
    }

    /// The first time from `now` on (seconds since 1970) at which `units` fit, if nothing else is paid until then.
    /// `None` when they exceed the cap, so never fit.
    pub fn fits_at(self, units: u64, window: Window, now: u64) -> Option<u64> {
        if units > self.cap_units() {
            return None;
        }
        let length = bucket_seconds(window);
        let current = self.newest_bucket().max(now / length);
        let boundaries = (1..=BUCKETS as u64).map(|passed| (current + passed).saturating_mul(length));
        std::iter::once(now).chain(boundaries).find(|&time| units <= self.rolled(window, time).remaining_units())
    }

    fn newest_bucket(self) -> u64 {
        (self.0 >> BUCKET_SHIFT).as_limbs()[0] & BUCKET_MASK
    }

    fn field(self, shift: usize) -> u64 {
        (self.0 >> shift).as_limbs()[0] & MAX_UNITS
    }
}

/// Base units in units of 2^`unit_bits`, rounded up, as spending is counted. More than 64 bits of units read as
/// `u64::MAX`, which no cap admits either.
pub fn units_up(base: U256, unit_bits: u8) -> u64 {
    let whole: U256 = base >> usize::from(unit_bits);
    let rest = (whole << usize::from(unit_bits)) != base;
    whole.saturating_add(U256::from(rest)).saturating_to()
}

/// Base units in units of 2^`unit_bits`, rounded down, as caps are.
pub fn units_down(base: U256, unit_bits: u8) -> u64 {
    (base >> usize::from(unit_bits)).saturating_to()
}

/// Units of 2^`unit_bits` base units in base units.
pub fn base_units(units: u64, unit_bits: u8) -> U256 {
    U256::from(units) << usize::from(unit_bits)
}

fn bucket_seconds(window: Window) -> u64 {
    u64::from(window.seconds()) / 4
}

fn counts_mask() -> U256 {
    (U256::ONE << (BUCKETS * COUNT_BITS)) - U256::ONE
}
