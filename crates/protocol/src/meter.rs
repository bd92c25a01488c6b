//! The sliding cap as the vault counts it, bit for bit: twin of `contracts/src/libraries/SlidingCap.sol` (I4).
//!
//! Time is cut into buckets of a quarter window. Spending counts until its bucket has wholly left the window, so the
//! five counts bound every interval of the window's length, and nothing counts for more than 1.25 windows.
//! The lifetime is a window whose five buckets of 34 years outlast 32-bit time, so nothing ever leaves them.
//! Spending is counted in units of 2^k base units, rounded up; caps are rounded down.

use crate::Window;
use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
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
    #[expect(clippy::should_implement_trait, reason = "named as in the contract, and `+` would hide the condition")]
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
    /// `None` when they never do: they exceed the cap, or what is left of a lifetime, or 32-bit time ends before.
    pub fn fits_at(self, units: u64, window: Window, now: u64) -> Option<u64> {
        if units > self.cap_units() {
            return None;
        }
        let length = bucket_seconds(window);
        let current = self.newest_bucket().max(now / length);
        let boundaries = (1..=BUCKETS as u64).map(|passed| (current + passed).saturating_mul(length));
        let in_time = boundaries.filter(|&time| time <= u64::from(u32::MAX));
        std::iter::once(now).chain(in_time).find(|&time| units <= self.rolled(window, time).remaining_units())
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The windows that slide: all but the lifetime.
    const SLIDING: [Window; 4] = [Window::Hour, Window::Day, Window::Week, Window::Month];

    /// A word above the meter's 209 bits, which belongs to the caller and is kept.
    fn foreign() -> U256 {
        U256::MAX << 209
    }

    #[test]
    fn the_layout_is_that_of_the_contract() {
        let meter = Meter::default().rolled(Window::Hour, 900 * 5).with_cap(MAX_UNITS).add(3);
        let word = U256::from(3) | U256::from(MAX_UNITS) << 155 | U256::from(5) << 186;
        assert_eq!(meter.to_word(), word);
        let later = meter.rolled(Window::Hour, 900 * 7);
        assert_eq!(later.to_word(), U256::from(3) << 62 | U256::from(MAX_UNITS) << 155 | U256::from(7) << 186);
        assert_eq!(Meter::from_word(later.to_word()), later);
    }

    #[test]
    fn spending_counts_for_five_buckets_and_no_longer() {
        for window in SLIDING {
            let length = u64::from(window.seconds()) / 4;
            let meter = Meter::default().rolled(window, 10 * length).with_cap(9).add(9);
            for passed in 0..5 {
                assert_eq!(meter.rolled(window, (10 + passed) * length).used_units(), 9);
            }
            for passed in [5, 6, 1_000_000] {
                assert_eq!(meter.rolled(window, (10 + passed) * length).used_units(), 0);
                assert_eq!(
                    meter.rolled(window, (10 + passed) * length - 1).used_units(),
                    if passed == 5 { 9 } else { 0 }
                );
            }
        }
    }

    /// What is spent of a lifetime comes back at no time that the vault knows, and nothing says that it will.
    #[test]
    fn a_lifetime_forgets_nothing() {
        for start in [0, 1, 1_795_357_320, u64::from(u32::MAX) - 1] {
            let meter = Meter::default().rolled(Window::Lifetime, start).with_cap(9).add(4);
            for time in [start, start + 1_073_741_823, 1 << 31, u64::from(u32::MAX)] {
                assert_eq!(meter.rolled(Window::Lifetime, time).used_units(), 4);
            }
            assert_eq!(meter.fits_at(5, Window::Lifetime, start), Some(start));
            assert_eq!(meter.fits_at(6, Window::Lifetime, start), None);
        }
        let meter = Meter::default().rolled(Window::Day, u32::MAX.into()).with_cap(9).add(4);
        assert_eq!(meter.fits_at(6, Window::Day, u32::MAX.into()), None, "32-bit time ends before");
    }

    #[test]
    fn time_that_goes_back_counts_into_the_newest_bucket() {
        let meter = Meter::default().rolled(Window::Hour, 9_000).with_cap(9).add(4);
        assert_eq!(meter.rolled(Window::Hour, 0), meter);
        assert_eq!(meter.rolled(Window::Hour, 0).add(5).remaining_units(), 0);
        assert_eq!(meter.fits_at(6, Window::Hour, 0), Some(9_000 + 5 * 900));
    }

    /// I7: a cap set again, lowered or taken away forgets nothing.
    #[test]
    fn no_cap_lowers_what_is_counted() {
        let meter = Meter::default().rolled(Window::Day, 0).with_cap(10).add(7);
        assert_eq!(meter.with_cap(5).remaining_units(), 0);
        assert_eq!(meter.with_cap(0).with_cap(10), meter);
        assert_eq!(meter.with_cap(0).fits_at(1, Window::Day, 0), None);
    }

    #[test]
    fn spending_is_rounded_up_and_caps_down() {
        for (base, up, down) in [(0, 0, 0), (1, 1, 0), (127, 1, 0), (128, 1, 1), (129, 2, 1)] {
            assert_eq!(units_up(U256::from(base), 7), up);
            assert_eq!(units_down(U256::from(base), 7), down);
        }
        assert_eq!(units_up(U256::from(5), 0), 5);
        assert_eq!(units_up(U256::MAX, 0), u64::MAX);
        assert_eq!(units_up(U256::MAX, u8::MAX), 2);
        assert_eq!(base_units(3, 7), U256::from(384));
    }

    /// One payment that was let through: when and how much.
    type Payment = (u64, u64);

    /// Steps in time that fall on, before and after the edges of buckets and windows.
    fn step(length: u64) -> impl Strategy<Value = u64> {
        let edges = (0..=6u64, -1..=1i64).prop_map(move |(k, off)| (k * length).saturating_add_signed(off));
        prop_oneof![3 => edges, 2 => 0..length, 2 => 0..(6 * length), 1 => Just(0)]
    }

    fn window() -> impl Strategy<Value = Window> {
        proptest::sample::select(&SLIDING[..])
    }

    /// A window, a cap, a start and payments that are tried: steps in time and units.
    fn story() -> impl Strategy<Value = (Window, u64, u64, Vec<(u64, u64)>)> {
        let cap = prop_oneof![1 => Just(MAX_UNITS), 4 => 1u64..1_000];
        (window(), cap).prop_flat_map(|(window, cap)| {
            let length = u64::from(window.seconds()) / 4;
            let tries = proptest::collection::vec((step(length), 1..=(cap + cap / 4 + 1)), 1..60);
            let small = proptest::collection::vec((step(length), 1..=(cap / 5 + 1)), 1..60);
            let start = prop_oneof![Just(0), 1_700_000_000u64..1_900_000_000];
            (Just(window), Just(cap), start, prop_oneof![tries, small])
        })
    }

    fn total(payments: &[Payment], counts: impl Fn(u64) -> bool) -> u64 {
        payments.iter().filter(|(time, _)| counts(*time)).map(|(_, units)| units).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// I4, both directions, against the list of payments itself.
        #[test]
        fn the_cap_holds_in_every_interval_and_nothing_older_is_held_against_anyone(
            (window, cap, start, tries) in story()
        ) {
            let length = u64::from(window.seconds());
            let (mut now, mut paid) = (start, Vec::<Payment>::new());
            let mut meter = Meter::from_word(foreign()).with_cap(cap);
            for (step, units) in tries {
                now += step;
                let rolled = meter.rolled(window, now);
                let fits = units <= rolled.remaining_units();
                let told = meter.fits_at(units, window, now);
                if fits {
                    meter = rolled.add(units);
                    paid.push((now, units));
                    prop_assert_eq!(told, Some(now));
                    // The interval of the window's length that ends with this payment, and so any interval.
                    prop_assert!(total(&paid, |time| time + length > now) <= cap);
                } else {
                    let recent = total(&paid, |time| 4 * (now - time) < 5 * length);
                    prop_assert!(recent + units > cap, "refused for what was spent more than 1.25 windows ago");
                    let Some(time) = told else { prop_assert!(units > cap); continue };
                    prop_assert!(time > now && 4 * (time - now) <= 5 * length);
                    prop_assert!(units <= meter.rolled(window, time).remaining_units());
                    prop_assert!(units > meter.rolled(window, time - 1).remaining_units());
                }
                prop_assert_eq!(meter.to_word() & foreign(), foreign());
                prop_assert_eq!(meter.cap_units(), cap);
            }
        }

        /// Rolling twice is rolling once: what a view shows is what the next payment meets.
        #[test]
        fn rolling_in_steps_is_rolling_at_once(word: [u64; 4], window in window(), first: u32, second: u32) {
            let (early, late) = (first.min(second).into(), first.max(second).into());
            let meter = Meter::from_word(U256::from_limbs(word));
            prop_assert_eq!(meter.rolled(window, early).rolled(window, late), meter.rolled(window, late));
        }
    }
}
