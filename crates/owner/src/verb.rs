//! What an owner or guardian can do to a vault, one variant per verb.

use crate::SignedAct;
use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault;
use purse_protocol::{Category, CategoryMask, Scope, SessionId, Window};

/// A verb of the vault with its arguments. Amounts are base units, times seconds since 1970.
///
/// ```
/// use purse_owner::Verb;
/// use purse_protocol::RefusalContext;
/// assert_eq!(Verb::Pause.describe(&RefusalContext::default()), "stop every payment until the owner resumes");
/// assert_eq!(Verb::Pause.calldata().to_string(), "0x8456cb59");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Creates a session.
    Grant(IVault::Grant),
    /// Gives a session another key, at once; what was spent stays counted.
    RotateKey {
        /// The session.
        session: SessionId,
        /// Its new key's address.
        new_key: Address,
    },
    /// Sets a session's span.
    SetValidity {
        /// The session.
        session: SessionId,
        /// First second that it may pay.
        valid_from: u32,
        /// First second that it may no longer pay.
        valid_until: u32,
    },
    /// Sets what a session may pay for.
    SetCategories {
        /// The session.
        session: SessionId,
        /// Its categories from now on.
        categories: CategoryMask,
    },
    /// Sets the largest single payment.
    SetPerPaymentCap {
        /// The session.
        session: SessionId,
        /// Of which token.
        token: Address,
        /// The most that amount and fee may come to.
        cap: u128,
    },
    /// Sets a limit of the vault, of a session, or of a category within one; what was spent in its window while it stood
    /// stays counted.
    SetLimit {
        /// What it counts.
        scope: Scope,
        /// Of which token.
        token: Address,
        /// Over which window.
        window: Window,
        /// The cap; the vault rounds it down to the token's unit.
        cap: u128,
    },
    /// Removes a limit; its meter is kept.
    RemoveLimit {
        /// What it counts.
        scope: Scope,
        /// Of which token.
        token: Address,
        /// Over which window.
        window: Window,
    },
    /// Opens a session's purse for one category and token: for x402 sellers. Anyone may.
    OpenPurse {
        /// The session.
        session: SessionId,
        /// The category under which it will pay.
        category: Category,
        /// The token it will hold.
        token: Address,
    },
    /// Sets how much a session's purse may be refilled to.
    SetPurseTarget {
        /// The session.
        session: SessionId,
        /// The purse's category.
        category: Category,
        /// The purse's token.
        token: Address,
        /// The target; the vault rounds it down to the token's unit. 0 = it is not refilled.
        target: u128,
    },
    /// Lists a token, once and for ever.
    AddToken {
        /// The token.
        token: Address,
        /// Its amounts count in units of 2^unit_bits base units.
        unit_bits: u8,
    },
    /// Puts payees in the book or moves them to another category. The call has them in the order that the vault asks.
    SetPayees(Vec<(Address, Category)>),
    /// Takes a payee out of the book.
    RemovePayee {
        /// The payee.
        payee: Address,
    },
    /// Stops every payment.
    Pause,
    /// Resumes payments.
    Unpause,
    /// Revokes a session for good.
    Revoke {
        /// The session.
        session: SessionId,
    },
    /// Revokes every session granted so far, for good.
    RevokeAll,
    /// Sends tokens to the treasury.
    Withdraw {
        /// Which token; need not be listed.
        token: Address,
        /// How much; `None` = all there is.
        amount: Option<U256>,
    },
    /// Names the next owner, who must accept; zero takes the offer back.
    TransferOwnership {
        /// The next owner.
        new_owner: Address,
    },
    /// Accepts the offered ownership.
    AcceptOwnership,
    /// Sets the guardian; zero = none.
    SetGuardian {
        /// The guardian.
        guardian: Address,
    },
    /// Sets the only address that withdrawals go to.
    SetTreasury {
        /// The treasury.
        treasury: Address,
    },
    /// Sets how long loosenings wait.
    SetDelay {
        /// 0 to 30 days.
        seconds: u32,
    },
    /// Takes a waiting change away.
    Cancel {
        /// Its number.
        change: u32,
    },
    /// Lets a change that has waited out the delay take effect. Anyone may.
    Execute {
        /// Its number.
        change: u32,
        /// The call that was put by, as `ChangeCall` logged it.
        call: Bytes,
    },
    /// Performs a setter if the value that it replaces is the expected one.
    Replace {
        /// That value as one word, as [`Verb::replaced`] reads it.
        expected: U256,
        /// The setter.
        verb: Box<Verb>,
    },
    /// Performs what the owner, or to stop something the guardian, has signed. Anyone may.
    Lodge(SignedAct),
}

impl Verb {
    /// The verb's name in the contract.
    pub fn name(&self) -> &'static str {
        let signature = match self {
            Self::Grant(_) => IVault::grantCall::SIGNATURE,
            Self::RotateKey { .. } => IVault::rotateKeyCall::SIGNATURE,
            Self::SetValidity { .. } => IVault::setValidityCall::SIGNATURE,
            Self::SetCategories { .. } => IVault::setCategoriesCall::SIGNATURE,
            Self::SetPerPaymentCap { .. } => IVault::setPerPaymentCapCall::SIGNATURE,
            Self::SetLimit { .. } => IVault::setLimitCall::SIGNATURE,
            Self::RemoveLimit { .. } => IVault::removeLimitCall::SIGNATURE,
            Self::OpenPurse { .. } => IVault::openPurseCall::SIGNATURE,
            Self::SetPurseTarget { .. } => IVault::setPurseTargetCall::SIGNATURE,
            Self::AddToken { .. } => IVault::addTokenCall::SIGNATURE,
            Self::SetPayees(_) => IVault::setPayeesCall::SIGNATURE,
            Self::RemovePayee { .. } => IVault::removePayeeCall::SIGNATURE,
            Self::Pause => IVault::pauseCall::SIGNATURE,
            Self::Unpause => IVault::unpauseCall::SIGNATURE,
            Self::Revoke { .. } => IVault::revokeCall::SIGNATURE,
            Self::RevokeAll => IVault::revokeAllCall::SIGNATURE,
            Self::Withdraw { .. } => IVault::withdrawCall::SIGNATURE,
            Self::TransferOwnership { .. } => IVault::transferOwnershipCall::SIGNATURE,
            Self::AcceptOwnership => IVault::acceptOwnershipCall::SIGNATURE,
            Self::SetGuardian { .. } => IVault::setGuardianCall::SIGNATURE,
            Self::SetTreasury { .. } => IVault::setTreasuryCall::SIGNATURE,
            Self::SetDelay { .. } => IVault::setDelayCall::SIGNATURE,
            Self::Cancel { .. } => IVault::cancelCall::SIGNATURE,
            Self::Execute { .. } => IVault::executeCall::SIGNATURE,
            Self::Replace { .. } => IVault::replaceCall::SIGNATURE,
            Self::Lodge(_) => IVault::lodgeCall::SIGNATURE,
        };
        signature.split('(').next().unwrap_or(signature)
    }

    /// The token that the verb is about, for the words of a refusal.
    pub fn token(&self) -> Option<Address> {
        match self {
            Self::Grant(grant) => match grant.tokens.as_slice() {
                [only] => Some(only.token),
                _ => None,
            },
            Self::SetPerPaymentCap { token, .. }
            | Self::SetLimit { token, .. }
            | Self::RemoveLimit { token, .. }
            | Self::OpenPurse { token, .. }
            | Self::SetPurseTarget { token, .. }
            | Self::AddToken { token, .. }
            | Self::Withdraw { token, .. } => Some(*token),
            Self::Execute { .. } | Self::Replace { .. } | Self::Lodge(_) => self.inner()?.token(),
            _ => None,
        }
    }

    /// The verb that an execution, a conditional change or a lodged act performs in the end; `None` for any other, and
    /// where the call is none that is known.
    pub fn inner(&self) -> Option<Self> {
        let inner = match self {
            Self::Execute { call, .. } => Self::from_call(call)?,
            Self::Lodge(signed) => Self::from_call(&signed.act.call)?,
            Self::Replace { verb, .. } => verb.as_ref().clone(),
            _ => return None,
        };
        Some(inner.inner().unwrap_or(inner))
    }

    /// Whether it only stops something, so that the guardian may do it too.
    pub fn stops(&self) -> bool {
        matches!(
            self,
            Self::Pause | Self::Revoke { .. } | Self::RevokeAll | Self::RemovePayee { .. } | Self::Cancel { .. }
        )
    }

    /// Whether the vault takes it by signature. A conditional change counts as the setter in it.
    pub fn is_signable(&self) -> bool {
        match self {
            Self::Replace { verb, .. } => verb.is_signable() && verb.is_replacing(),
            Self::Grant(_)
            | Self::SetLimit { .. }
            | Self::SetPayees(_)
            | Self::RotateKey { .. }
            | Self::Withdraw { .. } => true,
            other => other.stops(),
        }
    }

    /// Whether it replaces a value, and so can be made on condition.
    pub fn is_replacing(&self) -> bool {
        matches!(
            self,
            Self::SetLimit { .. }
                | Self::RemoveLimit { .. }
                | Self::SetPayees(_)
                | Self::RotateKey { .. }
                | Self::SetValidity { .. }
                | Self::SetCategories { .. }
                | Self::SetPerPaymentCap { .. }
                | Self::SetPurseTarget { .. }
                | Self::SetGuardian { .. }
                | Self::SetTreasury { .. }
                | Self::TransferOwnership { .. }
                | Self::SetDelay { .. }
        )
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::Act;
    use std::collections::BTreeSet;

    /// One of each.
    pub(crate) fn all() -> Vec<Verb> {
        let (session, token, account) =
            (SessionId::new(1).unwrap(), Address::repeat_byte(0x70), Address::repeat_byte(0xa1));
        let category = Category::new(1).unwrap();
        let limits = vec![
            IVault::Limit { category: 0, window: 86_400, cap: 10_000_000 },
            IVault::Limit { category: 1, window: u32::MAX, cap: 50_000_000 },
        ];
        let cap = 10_000_000;
        let raised = Verb::SetLimit { scope: Scope::Session(session), token, window: Window::Day, cap };
        vec![
            Verb::Grant(IVault::Grant {
                session: 1,
                key: account,
                validFrom: 1_800_000_000,
                validUntil: 1_802_592_000,
                categories: 2,
                tokens: vec![IVault::TokenGrant { token, perPaymentCap: 2_000_000, limits }],
            }),
            Verb::RotateKey { session, new_key: account },
            Verb::SetValidity { session, valid_from: 1_800_000_000, valid_until: 1_802_592_000 },
            Verb::SetCategories { session, categories: [category].into_iter().collect() },
            Verb::SetPerPaymentCap { session, token, cap: 2_000_000 },
            raised.clone(),
            Verb::SetLimit { scope: Scope::Vault, token, window: Window::Month, cap },
            Verb::SetLimit { scope: Scope::Category(session, category), token, window: Window::Lifetime, cap },
            Verb::RemoveLimit { scope: Scope::Session(session), token, window: Window::Day },
            Verb::OpenPurse { session, category, token },
            Verb::SetPurseTarget { session, category, token, target: 500_000 },
            Verb::AddToken { token, unit_bits: 7 },
            Verb::SetPayees(vec![(account, category)]),
            Verb::RemovePayee { payee: account },
            Verb::Pause,
            Verb::Unpause,
            Verb::Revoke { session },
            Verb::RevokeAll,
            Verb::Withdraw { token, amount: None },
            Verb::Withdraw { token, amount: Some(U256::from(5_000_000)) },
            Verb::TransferOwnership { new_owner: account },
            Verb::AcceptOwnership,
            Verb::SetGuardian { guardian: account },
            Verb::SetTreasury { treasury: account },
            Verb::SetDelay { seconds: 86_400 },
            Verb::Cancel { change: 7 },
            Verb::Execute { change: 7, call: raised.calldata() },
            Verb::Lodge(SignedAct {
                act: Act { call: raised.calldata(), nonce: 12, deadline: 1_800_000_000 },
                signature: Bytes::from_static(&[7; 65]),
            }),
            Verb::Replace { expected: U256::from(5_000_000), verb: Box::new(raised) },
        ]
    }

    /// The interface itself says which verbs there are: all that write, but those that pay.
    #[test]
    fn there_is_a_variant_for_every_verb_of_the_interface() {
        let source = include_str!("../../../contracts/src/interfaces/IVault.sol");
        let flat = source.split_whitespace().collect::<Vec<_>>().join(" ");
        let functions = flat.split(" function ").skip(1).map(|rest| rest.split(';').next().unwrap());
        let writing: BTreeSet<&str> = functions
            .filter(|function| !function.split_whitespace().any(|word| word == "view" || word == "pure"))
            .map(|function| function.split('(').next().unwrap())
            .filter(|name| !name.starts_with("pay"))
            .collect();
        let ours: BTreeSet<&str> = all().iter().map(Verb::name).collect();
        assert_eq!(ours, writing);
    }

    #[test]
    fn what_can_be_signed_and_made_on_condition_is_said() {
        let count = |test: fn(&Verb) -> bool| all().iter().filter(|verb| test(verb)).count();
        assert_eq!(count(Verb::stops), 5);
        let signable: BTreeSet<_> = all().iter().filter(|verb| verb.is_signable()).map(Verb::name).collect();
        assert_eq!(signable.len(), 5 + 5 + 1, "owner's five, the stops, and a conditional one: {signable:?}");
        let replacing: BTreeSet<_> = all().iter().filter(|verb| verb.is_replacing()).map(Verb::name).collect();
        assert_eq!(replacing.len(), 12, "{replacing:?}");
    }
}
