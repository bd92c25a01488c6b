//! The most that a stolen session key can take (I17): computed from the limits and the vault's balance, before a grant
//! and at any time after. Pure.
//!
//! One limit of cap C over a window W counts in buckets of W/4, and what is spent in a bucket counts until four more
//! have passed (I4). So any five buckets in a row let out at most C, and no more binds: over a span that touches n
//! buckets the most is `ceil(n / 5) * C`, reached by spending all that is left as early as possible. A span of H
//! seconds touches at most `floor((H - 2) / (W / 4)) + 2` buckets, if it begins in the last second of one. For H = W
//! that is five buckets, hence C: the cap itself. For H = 24 h and a limit over 1 h it is 97 buckets, hence 20 C.
//!
//! With several limits the least of their bounds holds; where one limit binds throughout, it is exact. Limits of
//! categories bound a session by their sum, if every category that it has is limited. A lifetime lets out what is left
//! of it. Nothing beyond the vault's balance can be taken. A session without a session limit in a token takes nothing of
//! it (I6).
//!
//! What a stolen key could take of a session that stands is told by the contract `VaultLens`, which also knows what
//! waits; this is for what does not stand yet.

use alloy::primitives::U256;
use purse_protocol::meter::{MAX_UNITS, base_units, units_down};
use purse_protocol::{Category, CategoryMask, Meter, Window};
use std::collections::BTreeMap;

/// Buckets in a row whose sum the cap bounds.
const BUCKETS: u64 = 5;
/// Seconds of a day.
const DAY: u64 = 86_400;
/// Where 32-bit time ends, and every session with it.
const END_OF_TIME: u64 = 1 << 32;

/// Limits of one scope: each window with its meter as it stands.
pub type Limits = Vec<(Window, Meter)>;

/// What a session may spend of one token, and what there is of it.
#[derive(Clone, Debug, Default)]
pub struct Exposure {
    /// The session's own limits; none = the token cannot be paid.
    pub session: Limits,
    /// The limits of each category that the session has; empty where that one has none.
    pub categories: BTreeMap<Category, Limits>,
    /// The vault's own limits.
    pub vault: Limits,
    /// The token's unit is 2^unit_bits base units.
    pub unit_bits: u8,
    /// The most that one payment may take, in base units; 0 = nothing can be paid without the owner's approval.
    pub per_payment_cap: u128,
    /// The vault's balance of the token, in base units.
    pub balance: U256,
}

/// A limit that nothing counts against yet; the cap in base units.
pub fn fresh(cap: u128, unit_bits: u8) -> Meter {
    Meter::default().with_cap(units_down(U256::from(cap), unit_bits).min(MAX_UNITS))
}

impl Exposure {
    /// The categories of a mask, none of them limited.
    pub fn unlimited(categories: CategoryMask) -> BTreeMap<Category, Limits> {
        categories.iter().map(|category| (category, Limits::new())).collect()
    }

    /// The most that can be taken in the span [from, until) of chain time, in base units, given what already counts.
    pub fn within(&self, from: u64, until: u64) -> U256 {
        self.least(|window, meter| most_units(meter, window, from, until))
    }

    /// The most that can be taken in any 24 hours, whenever they begin, if nothing counts yet. In base units.
    pub fn in_any_day(&self) -> U256 {
        self.least(|window, meter| most_units_of_any(meter.cap_units(), window, DAY))
    }

    fn least(&self, bound: impl Fn(Window, Meter) -> u64) -> U256 {
        let scope = |limits: &Limits| limits.iter().map(|(window, meter)| bound(*window, *meter)).min();
        let Some(session) = scope(&self.session).filter(|_| self.per_payment_cap != 0) else { return U256::ZERO };
        let categories: Option<Vec<u64>> = self.categories.values().map(scope).collect();
        let categories = categories.map(|bounds| bounds.into_iter().fold(0, u64::saturating_add));
        let units = [scope(&self.vault), categories].into_iter().flatten().fold(session, u64::min);
        base_units(units, self.unit_bits).min(self.balance)
    }
}

/// The most units that one limit lets out in the span [from, until) of chain time, given what its meter counts.
///
/// Spending early is best, since what is spent early leaves early. Once nothing older counts, every five buckets let
/// out exactly the cap: whole fives are multiplied, and at most ten buckets are looked at one by one.
pub fn most_units(meter: Meter, window: Window, from: u64, until: u64) -> u64 {
    let until = until.min(END_OF_TIME);
    if until <= from {
        return 0;
    }
    let length = bucket_seconds(window);
    let (first, last) = (from / length, (until - 1) / length);
    let buckets = last - first + 1;
    let fives = buckets.saturating_sub(BUCKETS + 1) / BUCKETS;
    let mut meter = meter;
    let mut taken = fives.saturating_mul(meter.cap_units());
    for number in first..first + (buckets - fives * BUCKETS) {
        meter = meter.rolled(window, from.max(number * length));
        let left = meter.remaining_units();
        meter = meter.add(left);
        taken = taken.saturating_add(left);
    }
    taken
}

/// The most units that a limit of `cap` units lets out in a span of `seconds`, whenever it begins.
pub fn most_units_of_any(cap: u64, window: Window, seconds: u64) -> u64 {
    let touched = match (window, seconds) {
        (_, 0) => 0,
        (Window::Lifetime, _) | (_, 1) => 1,
        (_, more) => (more - 2) / bucket_seconds(window) + 2,
    };
    touched.div_ceil(BUCKETS).saturating_mul(cap)
}

fn bucket_seconds(window: Window) -> u64 {
    u64::from(window.seconds()) / 4
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// The start of a bucket of every window.
    const NOW: u64 = 2_592_000 * 700;
    const QUARTER: u64 = 900; // of an hour

    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *state >> 33
    }

    /// Every bucket by itself, greedily.
    fn greedy(mut meter: Meter, window: Window, from: u64, until: u64) -> u64 {
        let mut taken = 0;
        let mut time = from;
        while time < until {
            meter = meter.rolled(window, time);
            let left = meter.remaining_units();
            meter = meter.add(left);
            taken += left;
            time = (time / bucket_seconds(window) + 1) * bucket_seconds(window);
        }
        taken
    }

    /// Every play there is: in each bucket any number of units.
    fn exhaustive(meter: Meter, bucket: u64, last: u64) -> u64 {
        if bucket > last {
            return 0;
        }
        let meter = meter.rolled(Window::Hour, bucket * QUARTER);
        let play = |units| units + exhaustive(meter.add(units), bucket + 1, last);
        (0..=meter.remaining_units()).map(play).max().unwrap()
    }

    /// I17: no sequence of payments beats the bound, and one reaches it.
    #[test]
    fn no_play_takes_more_and_one_takes_as_much() {
        let first = NOW / QUARTER;
        for cap in 0..=2 {
            for buckets in 1..=9 {
                for (before, age) in [(0, 0), (1, 0), (1, 2), (2, 1), (3, 4), (3, 0)] {
                    let spent = Meter::default().with_cap(9).rolled(Window::Hour, NOW - age * QUARTER).add(before);
                    let meter = spent.with_cap(cap);
                    let until = NOW + buckets * QUARTER;
                    let bound = most_units(meter, Window::Hour, NOW, until);
                    let best = exhaustive(meter, first, first + buckets - 1);
                    assert_eq!(bound, best, "cap {cap}, {buckets} buckets, {before} spent {age} buckets ago");
                }
            }
        }
    }

    #[test]
    fn whole_fives_are_multiplied_exactly() {
        let mut state = 7;
        for _ in 0..2_000 {
            let window = Window::ALL[usize::try_from(random(&mut state) % 4).unwrap()];
            let length = bucket_seconds(window);
            let cap = random(&mut state) % 1_000;
            let mut meter = Meter::default().with_cap(1_000);
            let mut time = NOW + random(&mut state) % length;
            for _ in 0..random(&mut state) % 6 {
                meter = meter.rolled(window, time);
                meter = meter.add(random(&mut state) % (meter.remaining_units() + 1));
                time += random(&mut state) % (2 * length);
            }
            let until = time + random(&mut state) % (40 * length);
            let meter = meter.with_cap(cap);
            assert_eq!(most_units(meter, window, time, until), greedy(meter, window, time, until));
        }
    }

    /// The bound for any span is reached by one phase and exceeded by none.
    #[test]
    fn the_bound_for_any_span_is_the_worst_phase() {
        let fresh = Meter::default().with_cap(3);
        for seconds in [1, 2, 899, 900, 901, 902, 1_800, 3_599, 3_600, 3_601, 3_602, 4_500, 8_100, 8_102, 86_400] {
            let phases = (0..QUARTER).map(|phase| greedy(fresh, Window::Hour, NOW + phase, NOW + phase + seconds));
            assert_eq!(phases.max(), Some(most_units_of_any(3, Window::Hour, seconds)), "{seconds} s");
        }
        assert_eq!(most_units_of_any(3, Window::Hour, 0), 0);
    }

    fn exposure(limits: &[(Window, u128)], unit_bits: u8, per_payment_cap: u128, balance: u64) -> Exposure {
        let session = limits.iter().map(|(window, cap)| (*window, fresh(*cap, unit_bits))).collect();
        let categories = Exposure::unlimited([category(1), category(2)].into_iter().collect());
        Exposure {
            session,
            categories,
            unit_bits,
            per_payment_cap,
            balance: U256::from(balance),
            ..Exposure::default()
        }
    }

    fn category(number: u8) -> Category {
        Category::new(number).unwrap()
    }

    /// I4: in a window's length no more than the cap; the transcript of experience 1.1.
    #[test]
    fn the_preview_of_a_grant() {
        for window in Window::ALL {
            assert_eq!(most_units_of_any(10, window, u64::from(window.seconds())), 10);
        }
        let usdc = 1_000_000;
        let limits = [(Window::Day, 8 * usdc), (Window::Month, 150 * usdc)];
        let monthly = exposure(&limits, 0, 2 * usdc, 25_000_000);
        assert_eq!(monthly.in_any_day(), U256::from(8 * usdc));
        assert_eq!(monthly.within(NOW, NOW + 30 * DAY), U256::from(25 * usdc), "the vault's balance");
        let hourly = exposure(&[(Window::Hour, usdc)], 0, usdc, 1_000_000_000);
        assert_eq!(hourly.in_any_day(), U256::from(20 * usdc));
        let once = exposure(&[(Window::Hour, usdc), (Window::Lifetime, 3 * usdc)], 0, usdc, 1_000_000_000);
        assert_eq!(once.in_any_day(), U256::from(3 * usdc));
        assert_eq!(once.within(NOW, u64::MAX), U256::from(3 * usdc), "what was spent of a lifetime never leaves it");
    }

    /// Limits of categories bound by their sum, and only if each category has one; those of the vault by themselves.
    #[test]
    fn every_scope_bounds() {
        let mut exposure = exposure(&[(Window::Day, 100)], 0, 100, 1_000);
        let day = |cap| vec![(Window::Day, fresh(cap, 0))];
        exposure.categories.insert(category(1), day(10));
        assert_eq!(exposure.in_any_day(), U256::from(100), "all of it may go under the other category");
        exposure.categories.insert(category(2), day(20));
        assert_eq!(exposure.in_any_day(), U256::from(30));
        exposure.vault = day(25);
        assert_eq!(exposure.in_any_day(), U256::from(25));
        exposure.categories.clear();
        assert_eq!(exposure.in_any_day(), U256::ZERO, "no category, no payee");
    }

    /// I6: without a limit, or with a per-payment cap of nothing, nothing can be taken. Caps are rounded down to units.
    #[test]
    fn empty_means_nothing() {
        assert_eq!(exposure(&[], 0, 5, 9).in_any_day(), U256::ZERO);
        assert_eq!(exposure(&[(Window::Day, 5)], 0, 0, 9).in_any_day(), U256::ZERO);
        assert_eq!(exposure(&[(Window::Day, 383)], 7, 5, 999).in_any_day(), U256::from(256));
        assert_eq!(exposure(&[(Window::Day, 5)], 0, 5, 9).within(NOW, NOW), U256::ZERO);
    }
}
