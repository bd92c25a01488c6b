//! The lengths that a limit's window may have, twin of `contracts/src/libraries/Windows.sol`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The length of a limit's sliding window. Ordered from short to long.
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
}

/// A length that no window has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a window", .0.escape_debug())]
pub struct WindowError(String);

impl WindowError {
    /// What the operator can do.
    pub fn fix(&self) -> &'static str {
        "use one of 1h, 24h, 7d, 30d"
    }
}

impl Window {
    /// All windows, from short to long; the position is the window's number in storage.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Its length in seconds, as the contracts name it.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
            Self::Month => 2_592_000,
        }
    }

    /// Its number in the vault's storage, 0 to 3.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The window of that many seconds.
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|window| window.seconds() == seconds)
    }

    /// As people write it: `1h`, `24h`, `7d`, `30d`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
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

    /// Reads `1h`, `24h` (or `1d`), `7d`, `30d`.
    fn from_str(text: &str) -> Result<Self, WindowError> {
        match text {
            "1h" => Ok(Self::Hour),
            "24h" | "1d" => Ok(Self::Day),
            "7d" => Ok(Self::Week),
            "30d" => Ok(Self::Month),
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
            assert_eq!(window.seconds() % 4, 0, "buckets are a quarter of a window");
            assert_eq!(crate::time::span(u64::from(window.seconds())), window.name());
        }
        assert!(Window::ALL.is_sorted());
    }

    #[test]
    fn other_lengths_are_refused() {
        assert_eq!("1d".parse(), Ok(Window::Day));
        for text in ["", "1", "h", "24H", "1w", "30", "720h", " 1h"] {
            assert_eq!(text.parse::<Window>(), Err(WindowError(text.to_owned())));
        }
        assert_eq!(Window::from_seconds(0), None);
    }
}
