//! What counts against what: each limit keeps the list of what it has counted, and sums it anew (I4, I7).

use super::Vault;
use super::refusal::Refusal;
use super::refusal::{Verdict, either, refuse};
use super::trail::wide;
use super::waiting::{Act, Subject};
use alloy::primitives::{Address, U256};
use alloy::sol_types::SolError;
use purse_protocol::abi::IVault;

/// A window that never ends.
pub(crate) const LIFETIME: u32 = u32::MAX;
/// The windows that a limit may have, in seconds.
pub(crate) const WINDOWS: [u32; 5] = [3_600, 86_400, 604_800, 2_592_000, LIFETIME];
/// Caps and counts have 31 bits.
pub(crate) const MAX_UNITS: u128 = (1 << 31) - 1;

/// What a limit counts: session 0 = all that the vault pays of a token; category 0 = all that the session does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub(crate) session: u32,
    pub(crate) category: u8,
    pub(crate) token: Address,
}

/// A limit that stands, or stood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limit {
    pub(crate) stands: bool,
    pub(crate) cap_units: u128,
    /// When how much was counted.
    pub(crate) counted: Vec<(u64, u128)>,
    /// The latest time at which it was set or has counted: time that goes back counts as this.
    pub(crate) latest: u64,
}

impl Limit {
    /// A quarter of the window: spending counts until its quarter has wholly left the window.
    pub(crate) fn quarter(window: u32) -> u64 {
        u64::from(window / 4)
    }

    /// Units counted in the window that ends at `now`.
    pub(crate) fn used(&self, window: u32, now: u64) -> u128 {
        let quarter = Self::quarter(window);
        let newest = now.max(self.latest) / quarter;
        let counts = |time: u64| window == LIFETIME || newest - time / quarter <= 4;
        self.counted.iter().filter(|(time, _)| counts(*time)).map(|(_, units)| units).sum()
    }

    pub(crate) fn left(&self, window: u32, now: u64) -> u128 {
        self.cap_units.saturating_sub(self.used(window, now))
    }

    fn count(&mut self, now: u64, units: u128) {
        self.latest = self.latest.max(now);
        self.counted.push((self.latest, units));
    }
}

impl Vault {
    /// The limits of a scope that stand, by window.
    pub(crate) fn standing(&self, scope: Scope) -> impl Iterator<Item = (u32, &Limit)> {
        self.limits
            .range((scope, 0)..=(scope, u32::MAX))
            .filter(|(_, limit)| limit.stands)
            .map(|(&(_, window), limit)| (window, limit))
    }

    pub(crate) fn unit_bits(&self, token: Address) -> u8 {
        self.tokens.get(&token).copied().unwrap_or_default()
    }

    pub(crate) fn per_payment_cap(&self, session: u32, token: Address) -> U256 {
        self.per_payment_caps.get(&(session, token)).copied().unwrap_or_default()
    }

    /// Units to base units.
    pub(crate) fn amount(&self, token: Address, units: u128) -> U256 {
        U256::from(units) << self.unit_bits(token)
    }

    /// A cap in units, rounded down, if it fits.
    pub(super) fn cap_units(&self, token: Address, cap: u128) -> Verdict<u128> {
        let Some(&bits) = self.tokens.get(&token) else { return refuse(IVault::TokenNotListed { token }) };
        let units = cap >> bits;
        if units > MAX_UNITS {
            return refuse(IVault::CapTooLarge { cap, largest: self.amount(token, MAX_UNITS) });
        }
        Ok(units)
    }

    /// Whether a payment of `total` fits every limit of a scope. Which window is named, if several are too narrow, the
    /// interface leaves open.
    pub(super) fn fits(&self, scope: Scope, total: U256) -> Verdict<()> {
        let Scope { session, category, token } = scope;
        let mut refusals = Vec::new();
        for (window, limit) in self.standing(scope) {
            let left = self.amount(token, limit.left(window, self.now));
            if self.rounded_up(token, total) > left {
                let error =
                    IVault::LimitExceeded { session, category, token, window, requested: total, remaining: left };
                refusals.push(error.abi_encode().into());
            }
        }
        if refusals.is_empty() { Ok(()) } else { Err(Refusal::Named(refusals)) }
    }

    /// Counts a payment in every limit of a scope.
    pub(super) fn count(&mut self, scope: Scope, total: U256) {
        let units = (self.rounded_up(scope.token, total) >> self.unit_bits(scope.token)).saturating_to();
        for (_, limit) in self.limits.range_mut((scope, 0)..=(scope, u32::MAX)) {
            if limit.stands {
                limit.count(self.now, units);
            }
        }
    }

    /// An amount rounded up to whole units, in base units.
    fn rounded_up(&self, token: Address, amount: U256) -> U256 {
        let bits = self.unit_bits(token);
        let whole = (amount >> bits) << bits;
        if whole == amount { amount } else { whole + (U256::from(1) << bits) }
    }

    pub(super) fn check_window(window: u32) -> Verdict<()> {
        if WINDOWS.contains(&window) { Ok(()) } else { refuse(IVault::WindowUnknown { window }) }
    }

    /// The vault's own limits are of session 0 and have no category; a session's are of one that lives.
    fn check_scope(&self, session: u32, category: u8) -> Verdict<()> {
        match (session, category) {
            (0, 0) => Ok(()),
            (0, _) => refuse(IVault::ScopeInvalid { session, category }),
            _ => self.live(session).map(|_| ()),
        }
    }

    /// What a limit's change is about: its session, or the token of the vault's own.
    fn limit_subject(session: u32, token: Address) -> Subject {
        if session == 0 { Subject::Token(token) } else { Subject::Session(session) }
    }

    pub(super) fn set_limit(&mut self, act: &Act<'_>, limit: IVault::setLimitCall) -> Verdict<()> {
        let IVault::setLimitCall { session, category, token, window, cap } = limit;
        self.check_scope(session, category)?;
        either(Self::check_window(window), self.cap_units(token, cap).map(drop))?;
        let units = self.cap_units(token, cap)?;
        let scope = Scope { session, category, token };
        let standing = self.standing(scope).find(|(known, _)| *known == window).map(|(_, limit)| limit.cap_units);
        let opens = session != 0 && category == 0 && self.standing(scope).next().is_none();
        act.expect(self.amount(token, standing.unwrap_or_default()))?;
        let loosens = standing.map_or(opens, |cap| units > cap);
        let waits = self.must_wait(act, Self::limit_subject(session, token), loosens)?;
        check_category(category)?;
        if waits { Ok(()) } else { self.put_limit(scope, window, cap) }
    }

    /// The limit stands from now on; what it counted before it was last removed stays counted.
    pub(super) fn put_limit(&mut self, scope: Scope, window: u32, cap: u128) -> Verdict<()> {
        let Scope { session, category, token } = scope;
        let units = self.cap_units(token, cap)?;
        let limit = self.limits.entry((scope, window)).or_default();
        limit.stands = true;
        limit.cap_units = units;
        limit.latest = limit.latest.max(self.now);
        let used = limit.used(window, self.now);
        let (cap, used) = (self.amount(token, units).saturating_to(), self.amount(token, used).saturating_to());
        self.log(|sequence| IVault::LimitSet { session, token, category, window, cap, used, sequence });
        Ok(())
    }

    pub(super) fn remove_limit(&mut self, act: &Act<'_>, limit: IVault::removeLimitCall) -> Verdict<()> {
        let IVault::removeLimitCall { session, category, token, window } = limit;
        self.check_scope(session, category)?;
        Self::check_window(window)?;
        let scope = Scope { session, category, token };
        let standing = self.standing(scope).find(|(known, _)| *known == window).map(|(_, limit)| limit.cap_units);
        let Some(cap) = standing else {
            return refuse(IVault::LimitUnknown { session, category, token, window });
        };
        act.expect(self.amount(token, cap))?;
        let closes = session != 0 && category == 0 && self.standing(scope).count() == 1;
        if self.must_wait(act, Self::limit_subject(session, token), !closes)? {
            return Ok(());
        }
        if let Some(limit) = self.limits.get_mut(&(scope, window)) {
            limit.stands = false;
            limit.cap_units = 0;
        }
        self.log(|sequence| IVault::LimitRemoved { session, token, category, window, sequence });
        Ok(())
    }

    pub(super) fn set_per_payment_cap(&mut self, act: &Act<'_>, cap: IVault::setPerPaymentCapCall) -> Verdict<()> {
        let IVault::setPerPaymentCapCall { session, token, perPaymentCap } = cap;
        self.live(session)?;
        let new = self.amount(token, self.cap_units(token, perPaymentCap)?);
        let standing = self.per_payment_cap(session, token);
        act.expect(standing)?;
        if self.must_wait(act, Subject::Session(session), new > standing)? {
            return Ok(());
        }
        self.put_per_payment_cap(session, token, perPaymentCap)
    }

    pub(super) fn put_per_payment_cap(&mut self, session: u32, token: Address, cap: u128) -> Verdict<()> {
        let cap = self.amount(token, self.cap_units(token, cap)?);
        self.per_payment_caps.insert((session, token), cap);
        let cap: u128 = cap.saturating_to();
        self.log(|sequence| IVault::PerPaymentCapSet { session, token, perPaymentCap: cap, sequence });
        Ok(())
    }
}

/// Categories are 1 to 63; 0 is all of them.
pub(super) fn check_category(category: u8) -> Verdict<()> {
    if category > 63 { refuse(IVault::CategoryInvalid { category }) } else { Ok(()) }
}

/// What a payment counts as: amount and fee.
pub(super) fn total(payment: &IVault::Payment) -> U256 {
    wide(payment.amount) + wide(payment.fee)
}
