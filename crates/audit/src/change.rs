//! Changes that wait out the owner's delay (I9): what they are about, and whether they can still take effect.

use crate::place::Place;
use alloy::primitives::{Address, B256, Bytes, keccak256};
use purse_protocol::abi::IVault::{IVaultCalls, replaceCall};
use serde::{Deserialize, Serialize};

/// How long a change can be executed once it may be, in seconds: 7 days.
pub const EXECUTION_WINDOW: u32 = 604_800;

/// A loosening that began to wait and was neither executed nor taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its number: the owner nonce that its event made.
    pub number: u32,
    /// Seconds since 1970; from then on anyone may execute it.
    pub executable_from: u32,
    /// Seconds since 1970; from then on nobody may.
    pub executable_until: u32,
    /// Whether a later stop or tightening of its subject has killed it. None = the logs cannot tell: a grant or a list of
    /// payees took effect in the same transaction in which a tightening of the same subject may or may not have been a
    /// call of its own.
    pub killed: Option<bool>,
    /// What it is about.
    pub subject: ChangeSubject,
    /// Hash of the call.
    pub call_hash: B256,
    /// The verb and its arguments: what `execute` takes.
    pub call: Bytes,
    /// Where it began to wait.
    pub place: Place,
}

/// What a change is about, so that a stop or a tightening of the same thing can kill it; twin of
/// `contracts/src/libraries/Subject.sol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeSubject {
    /// A session: its grant, span, categories, caps and limits.
    Session(u32),
    /// A payee; or a token, for the vault's own limits in it. No token is ever a payee.
    Account(Address),
    /// A list of payees.
    Payees,
    /// Whether payments are stopped.
    Pause,
    /// How long loosenings wait.
    Delay,
    /// Who owns the vault next.
    Ownership,
    /// Who may only stop things.
    Guardian,
    /// Where withdrawals go.
    Treasury,
}

impl Change {
    /// A change that begins to wait. None when its call is none that waits.
    pub(crate) fn waiting(number: u32, executable_from: u32, call: Bytes, place: Place) -> Option<Self> {
        let subject = ChangeSubject::of(&call_within(&call)?)?;
        let executable_until = executable_from.saturating_add(EXECUTION_WINDOW);
        let call_hash = keccak256(&call);
        Some(Self { number, executable_from, executable_until, killed: Some(false), subject, call_hash, call, place })
    }
}

impl ChangeSubject {
    /// What a call is about; none where it never waits.
    pub(crate) fn of(call: &IVaultCalls) -> Option<Self> {
        use IVaultCalls as C;
        Some(match call {
            C::grant(c) => Self::Session(c.newSession.session),
            C::setValidity(c) => Self::Session(c.session),
            C::setCategories(c) => Self::Session(c.session),
            C::setPerPaymentCap(c) => Self::Session(c.session),
            C::setLimit(c) => Self::of_limit(c.session, c.token),
            C::removeLimit(c) => Self::of_limit(c.session, c.token),
            C::setPayees(_) => Self::Payees,
            C::unpause(_) => Self::Pause,
            C::setDelay(_) => Self::Delay,
            C::transferOwnership(_) => Self::Ownership,
            C::setGuardian(_) => Self::Guardian,
            C::setTreasury(_) => Self::Treasury,
            _ => return None,
        })
    }

    /// What a limit is about: its session, or for the vault's own the token.
    pub(crate) const fn of_limit(session: u32, token: Address) -> Self {
        if session == 0 { Self::Account(token) } else { Self::Session(session) }
    }
}

/// The verb that a call performs, out of the `replace` around it where there is one. None where it is none of a vault's.
pub(crate) fn call_within(call: &[u8]) -> Option<IVaultCalls> {
    use alloy::sol_types::SolInterface;
    match IVaultCalls::abi_decode(call).ok()? {
        IVaultCalls::replace(replaceCall { call, .. }) => IVaultCalls::abi_decode(&call).ok(),
        verb => Some(verb),
    }
}
