//! What the reader of a refusal knows: the words name tokens, sessions and payees where they can.

use crate::text::printable;
use crate::{Category, Scope, format_amount};
use alloy::primitives::{Address, U256};
use std::collections::BTreeMap;

/// Longest name or symbol that is quoted, in characters: longer ones are no names.
const MAX_NAME: usize = 64;

/// What is known about the refused call. Everything is optional: without it amounts read as base units, sessions and
/// payees by number and address.
///
/// ```
/// use alloy::primitives::address;
/// use purse_protocol::RefusalContext;
/// let usdc = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// let context = RefusalContext::default().token(usdc, "USDC", 6).paying_with(usdc).session(1, "researcher");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalContext {
    tokens: BTreeMap<Address, (String, u8)>,
    paying_with: Option<Address>,
    sessions: BTreeMap<u32, String>,
    payees: BTreeMap<Address, String>,
    fits: Fits,
}

/// When the refused payment would fit its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fits {
    /// Nobody has asked the meters.
    #[default]
    Unknown,
    /// From that time on, in seconds since 1970.
    From(u64),
    /// Not at all: it exceeds a whole limit.
    Never,
}

impl RefusalContext {
    /// A token's symbol and decimals.
    pub fn token(mut self, token: Address, symbol: impl AsRef<str>, decimals: u8) -> Self {
        self.tokens.insert(token, (printable(symbol.as_ref(), MAX_NAME), decimals));
        self
    }

    /// The token of the refused call: some errors carry an amount but no token.
    pub fn paying_with(mut self, token: Address) -> Self {
        self.paying_with = Some(token);
        self
    }

    /// A session's name.
    pub fn session(mut self, session: u32, name: impl AsRef<str>) -> Self {
        self.sessions.insert(session, printable(name.as_ref(), MAX_NAME));
        self
    }

    /// A payee's name.
    pub fn payee(mut self, payee: Address, name: impl AsRef<str>) -> Self {
        self.payees.insert(payee, printable(name.as_ref(), MAX_NAME));
        self
    }

    /// When the refused payment would fit its limits (seconds since 1970), as [`crate::Meter::fits_at`] says.
    pub fn fits_at(mut self, time: u64) -> Self {
        self.fits = Fits::From(time);
        self
    }

    /// The refused payment exceeds a whole limit, so no waiting helps: [`crate::Meter::fits_at`] gave `None`.
    pub fn never_fits(mut self) -> Self {
        self.fits = Fits::Never;
        self
    }

    pub(super) fn fits(&self) -> Fits {
        self.fits
    }

    /// An amount of `token`, or of the refused call's token: `1.50 USDC`, or `1500000 base units`.
    pub fn amount(&self, token: Option<Address>, base: U256) -> String {
        match token.or(self.paying_with).and_then(|token| self.tokens.get(&token)) {
            Some((symbol, decimals)) => format!("{} {symbol}", format_amount(base, *decimals)),
            None => format!("{base} base units"),
        }
    }

    /// `USDC (0x8335…2913)`, or `the token 0x8335…` in full.
    pub fn token_name(&self, token: Address) -> String {
        match self.tokens.get(&token) {
            Some((symbol, _)) => format!("{symbol} ({})", short(token)),
            None => format!("the token {token}"),
        }
    }

    /// `agent researcher (session 1)`, or `session 1`.
    pub fn session_name(&self, session: u32) -> String {
        match self.sessions.get(&session) {
            Some(name) => format!("agent {name} (session {session})"),
            None => format!("session {session}"),
        }
    }

    /// Whose limit it is: `the vault`, or the session's name.
    pub(super) fn holder_name(&self, session: u32) -> String {
        if session == 0 { "the vault".to_owned() } else { self.session_name(session) }
    }

    /// The session as a command takes it: its name, or its number.
    pub(super) fn session_argument(&self, session: u32) -> String {
        self.sessions.get(&session).cloned().unwrap_or_else(|| session.to_string())
    }

    /// `api.weather.example (0x4b1c…77aa)`, or the address in full.
    pub fn payee_name(&self, payee: Address) -> String {
        match self.payees.get(&payee) {
            Some(name) => format!("{name} ({})", short(payee)),
            None => payee.to_string(),
        }
    }
}

/// What a limit counts, such as `session 1 category data`, or its numbers where there is no such scope.
pub(super) fn scope_name(session: u32, category: u8) -> String {
    let scope = Scope::new(session, category);
    scope.map_or_else(|| format!("session {session} category {category}"), |scope| scope.to_string())
}

/// A category's name, or its number where it has none or does not exist.
pub(super) fn category_name(number: u8) -> String {
    Category::new(number).map_or_else(|| number.to_string(), |category| category.to_string())
}

/// `0x8335…2913`: beside a name only, never alone.
fn short(address: Address) -> String {
    let whole = address.to_string();
    format!("{}…{}", &whole[..6], &whole[whole.len() - 4..])
}
