//! Changes that wait out the owner's delay (I9): what they are about, and whether they can still take effect.

use crate::place::Place;
use alloy::primitives::{Address, B256, Bytes, keccak256};
use purse_protocol::abi::IVault::{IVaultCalls, IVaultEvents, replaceCall};
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
    /// Whether it is dead: its subject was stopped or set since, everything was revoked, or the owner changed. It can only
    /// be cancelled.
    pub killed: bool,
    /// What it is about.
    pub subject: ChangeSubject,
    /// Hash of the call.
    pub call_hash: B256,
    /// The verb and its arguments: what `execute` takes.
    pub call: Bytes,
    /// Where it began to wait.
    pub place: Place,
}

/// What a change is about, so that a stop or a setting of the same thing can kill it; twin of
/// `contracts/src/libraries/Subject.sol`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeSubject {
    /// A session: its grant, span, categories, caps and limits.
    Session(u32),
    /// The vault's own limits in a token.
    VaultLimits(Address),
    /// The payee book.
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
        // Where 32-bit time ends the contract starts over, so that the change is past its time.
        let executable_until = executable_from.wrapping_add(EXECUTION_WINDOW);
        let call_hash = keccak256(&call);
        Some(Self { number, executable_from, executable_until, killed: false, subject, call_hash, call, place })
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
            C::setPurseTarget(c) => Self::Session(c.session),
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

    /// What an event is about that, when it takes effect at once, kills what waits on the same; none where it kills
    /// nothing, or not by subject.
    pub(crate) const fn set_by(event: &IVaultEvents) -> Option<Self> {
        use IVaultEvents as E;
        Some(match event {
            E::SessionGranted(e) => Self::Session(e.session),
            E::Revoked(e) => Self::Session(e.session),
            E::ValiditySet(e) => Self::Session(e.session),
            E::CategoriesSet(e) => Self::Session(e.session),
            E::PerPaymentCapSet(e) => Self::Session(e.session),
            E::PurseTargetSet(e) => Self::Session(e.session),
            E::LimitSet(e) => Self::of_limit(e.session, e.token),
            E::LimitRemoved(e) => Self::of_limit(e.session, e.token),
            E::PayeeSet(_) | E::PayeeRemoved(_) => Self::Payees,
            E::Paused(_) | E::Unpaused(_) => Self::Pause,
            E::DelaySet(_) => Self::Delay,
            E::OwnershipTransferStarted(_) => Self::Ownership,
            E::GuardianSet(_) => Self::Guardian,
            E::TreasurySet(_) => Self::Treasury,
            _ => return None,
        })
    }

    /// Whether an event that took effect at once kills what waits on this: revoke-all does, but for a change of the
    /// guardian (who could else keep himself in office by it), and a change of owner does.
    pub(crate) fn is_killed_by(self, event: &IVaultEvents) -> bool {
        match event {
            IVaultEvents::AllRevoked(_) => self != Self::Guardian,
            IVaultEvents::OwnershipTransferred(_) => true,
            _ => Self::set_by(event) == Some(self),
        }
    }

    /// What a limit is about: its session, or for the vault's own the token.
    const fn of_limit(session: u32, token: Address) -> Self {
        if session == 0 { Self::VaultLimits(token) } else { Self::Session(session) }
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
