//! What a limit counts, twin of `contracts/src/libraries/Scope.sol`.

use crate::{Category, SessionId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a limit counts, per token: all that the vault pays, all that a session pays, or what a session pays under one
/// category.
///
/// ```
/// use purse_protocol::Scope;
/// let scope = Scope::new(1, 5).expect("session 1 has categories");
/// assert_eq!((scope.session(), scope.category()), (1, 5));
/// assert_eq!(Scope::new(0, 0), Some(Scope::Vault));
/// assert_eq!(Scope::new(0, 5), None, "the vault's own limits have no category");
/// ```
///
/// In JSON it is its two numbers: `{"session": 1, "category": 5}`, each 0 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "Numbers", try_from = "Numbers")]
pub enum Scope {
    /// Everything that is paid from the vault.
    Vault,
    /// Everything that a session pays.
    Session(SessionId),
    /// What a session pays under a category: payments to its payees with their fee, fees to its fee recipients.
    Category(SessionId, Category),
}

/// A scope as the contracts take it.
#[derive(Serialize, Deserialize)]
struct Numbers {
    session: u32,
    category: u8,
}

impl From<Scope> for Numbers {
    fn from(scope: Scope) -> Self {
        Self { session: scope.session(), category: scope.category() }
    }
}

impl TryFrom<Numbers> for Scope {
    type Error = String;

    fn try_from(Numbers { session, category }: Numbers) -> Result<Self, String> {
        Self::new(session, category).ok_or_else(|| format!("session {session} has no category {category}"))
    }
}

impl Scope {
    /// The scope of a session (0 = the vault) and a category (0 = every one), as the contracts take them; `None` where
    /// there is no such scope.
    pub fn new(session: u32, category: u8) -> Option<Self> {
        match (SessionId::new(session), category) {
            (None, 0) => Some(Self::Vault),
            (None, _) => None,
            (Some(session), 0) => Some(Self::Session(session)),
            (Some(session), category) => Category::new(category).map(|category| Self::Category(session, category)),
        }
    }

    /// Its session as the contracts take it: 0 for the vault.
    pub const fn session(self) -> u32 {
        match self {
            Self::Vault => 0,
            Self::Session(session) | Self::Category(session, _) => session.get(),
        }
    }

    /// Its category as the contracts take it: 0 for the vault and for a session.
    pub const fn category(self) -> u8 {
        match self {
            Self::Vault | Self::Session(_) => 0,
            Self::Category(_, category) => category.number(),
        }
    }
}

impl fmt::Display for Scope {
    /// `vault`, `session 1`, `session 1 category data`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault => out.pad("vault"),
            Self::Session(session) => out.pad(&format!("session {session}")),
            Self::Category(session, category) => out.pad(&format!("session {session} category {category}")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn numbers_and_scope_are_one() {
        for (session, category) in [(0, 0), (1, 0), (1, 1), (7, 63), (u32::MAX, 63)] {
            let scope = Scope::new(session, category).unwrap();
            assert_eq!((scope.session(), scope.category()), (session, category));
            let json = serde_json::json!({ "session": session, "category": category });
            assert_eq!(serde_json::to_value(scope).unwrap(), json);
            assert_eq!(serde_json::from_value::<Scope>(json).unwrap(), scope);
        }
        for (session, category) in [(0, 1), (0, 63), (0, 64), (1, 64), (u32::MAX, u8::MAX)] {
            assert_eq!(Scope::new(session, category), None);
            let json = serde_json::json!({ "session": session, "category": category });
            assert!(serde_json::from_value::<Scope>(json).is_err());
        }
    }

    #[test]
    fn a_scope_reads_as_people_say_it() {
        let text = |session, category| Scope::new(session, category).unwrap().to_string();
        assert_eq!(text(0, 0), "vault");
        assert_eq!(text(3, 0), "session 3");
        assert_eq!(text(3, 1), "session 3 category data");
        assert_eq!(text(3, 40), "session 3 category 40");
    }
}
