//! The number of a session.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// The number of a session: 1 to 4,294,967,295. It outlives a change of the session's key.
///
/// ```
/// use purse_protocol::SessionId;
/// let session: SessionId = "7".parse()?;
/// assert_eq!(session.get(), 7);
/// assert!("0".parse::<SessionId>().is_err());
/// # Ok::<(), purse_protocol::SessionIdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(NonZeroU32);

/// A text or number that names no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionIdError {
    /// The number is zero.
    #[error("session 0 does not exist: sessions are numbered from 1")]
    Zero,
    /// The text is no whole number of at most 32 bits.
    #[error("\"{}\" is not a session's number", .0.escape_debug())]
    NotANumber(String),
}

impl SessionIdError {
    /// What the operator can do.
    pub fn fix(&self) -> &'static str {
        "give a whole number from 1 to 4294967295; `purse agent list` shows the sessions that exist"
    }
}

impl SessionId {
    /// The session of that number; `None` for 0.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number, as the contracts take it.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<u32> for SessionId {
    type Error = SessionIdError;

    fn try_from(number: u32) -> Result<Self, SessionIdError> {
        Self::new(number).ok_or(SessionIdError::Zero)
    }
}

impl From<SessionId> for u32 {
    fn from(session: SessionId) -> Self {
        session.get()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;

    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(number) if digits_only => Self::try_from(number),
            _ => Err(SessionIdError::NotANumber(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn text_and_number_are_one() {
        for number in [1, 7, u32::MAX] {
            let session = SessionId::new(number).unwrap();
            assert_eq!(session.to_string().parse::<SessionId>().unwrap(), session);
            assert_eq!(serde_json::to_string(&session).unwrap(), number.to_string());
        }
    }

    #[test]
    fn what_names_no_session_is_refused() {
        assert_eq!("0".parse::<SessionId>(), Err(SessionIdError::Zero));
        for text in ["", " 1", "+1", "-1", "1.0", "0x1", "4294967296", "１"] {
            assert_eq!(text.parse::<SessionId>(), Err(SessionIdError::NotANumber(text.to_owned())));
        }
        assert!(serde_json::from_str::<SessionId>("0").is_err());
    }
}
