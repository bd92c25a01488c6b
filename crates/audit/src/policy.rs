//! What a scope may spend of a token: the limits and, of a session, the per-payment cap.

use alloy::primitives::U256;
use purse_protocol::{Meter, Window, meter};
use serde::{Deserialize, Serialize};

/// What the vault, a session or a category within one may spend of a token, besides what its meters count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The largest amount + fee of one payment without the owner's approval, in base units; of a session only.
    pub per_payment_cap: u128,
    /// What was set as the target of the purse, in base units; of a category only.
    pub purse_target: Option<u128>,
    /// Amounts count in units of 2^`unit_bits` base units.
    pub unit_bits: u8,
    /// Which limits stand: bit i = `Window::ALL[i]`.
    pub windows: u8,
}

impl Policy {
    /// Whether the limit over this window stands.
    pub const fn stands(&self, window: Window) -> bool {
        self.windows & (1 << window.index()) != 0
    }

    pub(crate) const fn with_window(self, window: Window) -> Self {
        Self { windows: self.windows | (1 << window.index()), ..self }
    }

    pub(crate) const fn without_window(self, window: Window) -> Self {
        Self { windows: self.windows & !(1 << window.index()), ..self }
    }
}

/// A limit as it stands at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitState {
    /// Its window.
    pub window: Window,
    /// Base units.
    pub cap: U256,
    /// Base units counted in the window at that time, rounded up to the token's unit.
    pub used: U256,
    /// Base units left at that time.
    pub remaining: U256,
    /// The meter as it is stored: last rolled when it was last written.
    pub meter: Meter,
}

impl LimitState {
    /// The limit that a stored meter stands for at `time` (seconds since 1970).
    pub(crate) fn of(meter: Meter, window: Window, unit_bits: u8, time: u64) -> Self {
        let now = meter.rolled(window, time);
        Self {
            window,
            cap: meter::base_units(now.cap_units(), unit_bits),
            used: meter::base_units(now.used_units(), unit_bits),
            remaining: meter::base_units(now.remaining_units(), unit_bits),
            meter,
        }
    }
}
