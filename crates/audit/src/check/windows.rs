//! Sums over sliding windows, straight from the list of payments, without the meter (I4).

use crate::payment::TrailPayment;
use crate::place::Place;
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::{Scope, Window};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The fullest moment of a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUse {
    /// What it counts.
    #[serde(flatten)]
    pub scope: Scope,
    /// The token.
    pub token: Address,
    /// The window.
    pub window: Window,
    /// Base units that the limit counted in the window that ends with the payment at `at`.
    #[serde(with = "crate::decimal")]
    pub used: U256,
    /// Base units: the cap in force then.
    #[serde(with = "crate::decimal")]
    pub cap: U256,
    /// The payment with which the window was fullest, measured against the cap; none = nothing was paid.
    pub at: Option<Place>,
    /// Whether the limit still stands.
    pub stands: bool,
}

/// A limit as the events set it, with the payments that it counts.
#[derive(Default)]
struct Counted {
    /// None = removed.
    cap: Option<U256>,
    /// Time and total of the payments in the window that ends with the last one.
    recent: VecDeque<(u64, U256)>,
    sum: U256,
    /// Sum, cap and place of the fullest moment.
    worst: Option<(U256, U256, Place)>,
}

impl Counted {
    /// Counts a payment; gives what its window held then, if that is more than the cap.
    fn count(&mut self, window: Window, payment: &TrailPayment, total: U256, cap: U256) -> Option<U256> {
        let time = payment.place.time;
        // An interval [from, until) of the window's length that holds this payment begins after time - length.
        while let Some(&(then, amount)) = self.recent.front()
            && then.saturating_add(window.seconds().into()) <= time
        {
            self.sum -= amount;
            self.recent.pop_front();
        }
        self.recent.push_back((time, total));
        self.sum += total;
        // used / cap > worst used / worst cap, without dividing: both are sums of 128-bit numbers.
        if self.worst.is_none_or(|(used, of, _)| self.sum.saturating_mul(of) > used.saturating_mul(cap)) {
            self.worst = Some((self.sum, cap, payment.place));
        }
        (self.sum > cap).then_some(self.sum)
    }
}

pub(crate) fn check(trail: &Trail) -> (Check, Vec<LimitUse>) {
    let mut limits: BTreeMap<(Scope, Address, Window), Counted> = BTreeMap::new();
    let mut payments = trail.payments.iter();
    let mut found = Vec::new();
    for event in &trail.events {
        match &event.event {
            IVaultEvents::LimitSet(e) => {
                if let Some(key) = key(e.session, e.category, e.token, e.window) {
                    limits.entry(key).or_default().cap = Some(U256::from(e.cap));
                }
            }
            IVaultEvents::LimitRemoved(e) => {
                let key = key(e.session, e.category, e.token, e.window);
                if let Some(limit) = key.and_then(|key| limits.get_mut(&key)) {
                    limit.cap = None;
                }
            }
            IVaultEvents::Paid(_) => {
                let Some(payment) = payments.next() else { continue };
                for (scope, total) in payment.counts() {
                    for window in Window::ALL {
                        let limit = limits.get_mut(&(scope, payment.token, window));
                        let Some((limit, cap)) = limit.and_then(|limit| limit.cap.map(|cap| (limit, cap))) else {
                            continue;
                        };
                        if let Some(used) = limit.count(window, payment, total, cap) {
                            let of = format!("the {window} limit of {scope}");
                            let problem = format!("with this payment {of} had counted {used}, cap {cap}");
                            found.push(Difference::new(Subject::payment(payment), problem));
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let detail = format!("{} payments in {} limits", trail.payments.len(), limits.len());
    let title = "no window of any limit ever held more than its cap";
    let uses = limits.into_iter().map(|(key, limit)| limit_use(key, &limit)).collect();
    (Check::new("limits", "I4", title, detail, found), uses)
}

fn limit_use((scope, token, window): (Scope, Address, Window), limit: &Counted) -> LimitUse {
    let (used, cap, at) = match limit.worst {
        Some((used, cap, place)) => (used, cap, Some(place)),
        None => (U256::ZERO, limit.cap.unwrap_or_default(), None),
    };
    LimitUse { scope, token, window, used, cap, at, stands: limit.cap.is_some() }
}

fn key(session: u32, category: u8, token: Address, window: u32) -> Option<(Scope, Address, Window)> {
    Some((Scope::new(session, category)?, token, Window::from_seconds(window)?))
}
