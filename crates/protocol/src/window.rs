//! The lengths that a limit's window may have, twin of `contracts/src/libraries/Windows.sol`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The length of a limit's sliding window, or the lifetime. Ordered from short to long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Window {
    /// One hour, `1h`.
    Hour,
    /// 24 hours, `24h`.
    Day,
    /// Seven days, `7d`.
    Week,
    /// Thirty days, `30d`.
    Month,
    /// For ever, `lifetime`: what was spent never leaves it.
    Lifetime,
}

/// A length that no window has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a window", .0.escape_debug())]
pub struct WindowError(String);

impl WindowError {
    /// What the operator can do.
    pub fn fix(&self) -> &'static str {
        "use one of 1h, 24h, 7d, 30d, lifetime"
    }
}

impl Window {
    /// All windows, from short to long; the position is the window's number in storage.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Lifetime];

    /// Its length in seconds, as the contracts name it; the lifetime is the longest span of 32 bits, which outlasts
    /// 32-bit time.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
            Self::Month => 2_592_000,
            Self::Lifetime => u32::MAX,
        }
    }

    /// Its number in the vault's storage, 0 to 4.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The window of that many seconds.
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.seconds() == seconds)
    }

    /// A window's length as people write it, also one that no limit may have: `24h`, `lifetime`, `2h`.
    pub fn text(seconds: u32) -> String {
        Self::from_seconds(seconds).map_or_else(|| crate::time::span(seconds.into()), |window| window.name().to_owned())
    }

    /// In a sentence, after "its limit": `in any 24h`, `over its lifetime`.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Hour => "in any 1h",
            Self::Day => "in any 24h",
            Self::Week => "in any 7d",
            Self::Month => "in any 30d",
            Self::Lifetime => "over the lifetime",
        }
    }

    /// As people write it: `1h`, `24h`, `7d`, `30d`, `lifetime`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Lifetime => "lifetime",
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Window {
    type Err = WindowError;

    /// Reads `1h`, `24h` (or `1d`), `7d`, `30d`, `lifetime`.
    fn from_str(text: &str) -> Result<Self, WindowError> {
        match text {
            "1h" => Ok(Self::Hour),
            "24h" | "1d" => Ok(Self::Day),
            "7d" => Ok(Self::Week),
            "30d" => Ok(Self::Month),
            "lifetime" => Ok(Self::Lifetime),
            other => Err(WindowError(other.to_owned())),
        }
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.name().to_owned()
    }
}

impl TryFrom<String> for Window {
    type Error = WindowError;

    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_has_one_length_one_number_and_one_name() {
        for (index, window) in Window::ALL.into_iter().enumerate() {
            assert_eq!(window.index(), index);
            assert_eq!(Window::from_seconds(window.seconds()), Some(window));
            assert_eq!(window.to_string().parse(), Ok(window));
            assert_eq!(Window::text(window.seconds()), window.name());
            if window == Window::Lifetime {
                continue;
            }
            assert_eq!(window.seconds() % 4, 0, "buckets are a quarter of a window");
            assert_eq!(crate::time::span(u64::from(window.seconds())), window.name());
            assert_eq!(window.phrase(), format!("in any {window}"));
        }
        assert_eq!(Window::text(7_200), "2h");
        assert!(Window::ALL.is_sorted());
    }

    #[test]
    fn other_lengths_are_refused() {
        assert_eq!("1d".parse(), Ok(Window::Day));
        for text in ["", "1", "h", "24H", "1w", "30", "720h", " 1h", "Lifetime", "life"] {
            assert_eq!(text.parse::<Window>(), Err(WindowError(text.to_owned())));
        }
        assert_eq!(Window::from_seconds(0), None);
    }
}
