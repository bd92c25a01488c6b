//! A verb as the call that does it, and back: what waits in a vault, or was signed, is such a call.

use crate::{Act, SignedAct, Verb};
use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::{SolCall, SolInterface};
use purse_protocol::abi::IVault::{self, IVaultCalls as Calls};
use purse_protocol::{Category, CategoryMask, Scope, SessionId, Window};

impl Verb {
    /// The call to the vault: selector and arguments.
    pub fn calldata(&self) -> Bytes {
        let bytes = match self.clone() {
            Self::Grant(grant) => IVault::grantCall { newSession: grant }.abi_encode(),
            Self::RotateKey { session, new_key } => {
                IVault::rotateKeyCall { session: session.get(), newKey: new_key }.abi_encode()
            }
            Self::SetValidity { session, valid_from, valid_until } => {
                IVault::setValidityCall { session: session.get(), validFrom: valid_from, validUntil: valid_until }
                    .abi_encode()
            }
            Self::SetCategories { session, categories } => {
                IVault::setCategoriesCall { session: session.get(), categories: categories.bits() }.abi_encode()
            }
            Self::SetPerPaymentCap { session, token, cap } => {
                IVault::setPerPaymentCapCall { session: session.get(), token, perPaymentCap: cap }.abi_encode()
            }
            Self::SetLimit { scope, token, window, cap } => {
                let (session, category, window) = (scope.session(), scope.category(), window.seconds());
                IVault::setLimitCall { session, category, token, window, cap }.abi_encode()
            }
            Self::RemoveLimit { scope, token, window } => {
                let (session, category, window) = (scope.session(), scope.category(), window.seconds());
                IVault::removeLimitCall { session, category, token, window }.abi_encode()
            }
            Self::OpenPurse { session, category, token } => {
                IVault::openPurseCall { session: session.get(), token, category: category.number() }.abi_encode()
            }
            Self::SetPurseTarget { session, category, token, target } => {
                let (session, category) = (session.get(), category.number());
                IVault::setPurseTargetCall { session, category, token, target }.abi_encode()
            }
            Self::AddToken { token, unit_bits } => IVault::addTokenCall { token, unitBits: unit_bits }.abi_encode(),
            Self::SetPayees(payees) => IVault::setPayeesCall { entries: entries(payees) }.abi_encode(),
            Self::RemovePayee { payee } => IVault::removePayeeCall { payee }.abi_encode(),
            Self::Pause => IVault::pauseCall {}.abi_encode(),
            Self::Unpause => IVault::unpauseCall {}.abi_encode(),
            Self::Revoke { session } => IVault::revokeCall { session: session.get() }.abi_encode(),
            Self::RevokeAll => IVault::revokeAllCall {}.abi_encode(),
            Self::Withdraw { token, amount } => {
                IVault::withdrawCall { token, amount: amount.unwrap_or(U256::MAX) }.abi_encode()
            }
            Self::TransferOwnership { new_owner } => IVault::transferOwnershipCall { newOwner: new_owner }.abi_encode(),
            Self::AcceptOwnership => IVault::acceptOwnershipCall {}.abi_encode(),
            Self::SetGuardian { guardian } => IVault::setGuardianCall { newGuardian: guardian }.abi_encode(),
            Self::SetTreasury { treasury } => IVault::setTreasuryCall { newTreasury: treasury }.abi_encode(),
            Self::SetDelay { seconds } => IVault::setDelayCall { newDelay: seconds }.abi_encode(),
            Self::Cancel { change } => IVault::cancelCall { change }.abi_encode(),
            Self::Execute { change, call } => IVault::executeCall { change, call }.abi_encode(),
            Self::Replace { expected, verb } => IVault::replaceCall { expected, call: verb.calldata() }.abi_encode(),
            Self::Lodge(SignedAct { act: Act { call, nonce, deadline }, signature }) => {
                IVault::lodgeCall { call, nonce, deadline, signature }.abi_encode()
            }
        };
        bytes.into()
    }

    /// The verb that a call does; `None` where no verb is called so, or with arguments that it never takes.
    pub fn from_call(call: &[u8]) -> Option<Self> {
        Some(match Calls::abi_decode_validate(call).ok()? {
            Calls::grant(call) => Self::Grant(call.newSession),
            Calls::rotateKey(call) => Self::RotateKey { session: SessionId::new(call.session)?, new_key: call.newKey },
            Calls::setValidity(call) => Self::SetValidity {
                session: SessionId::new(call.session)?,
                valid_from: call.validFrom,
                valid_until: call.validUntil,
            },
            Calls::setCategories(call) => Self::SetCategories {
                session: SessionId::new(call.session)?,
                categories: CategoryMask::from_bits(call.categories).ok()?,
            },
            Calls::setPerPaymentCap(call) => Self::SetPerPaymentCap {
                session: SessionId::new(call.session)?,
                token: call.token,
                cap: call.perPaymentCap,
            },
            Calls::setLimit(call) => Self::SetLimit {
                scope: Scope::new(call.session, call.category)?,
                token: call.token,
                window: Window::from_seconds(call.window)?,
                cap: call.cap,
            },
            Calls::removeLimit(call) => Self::RemoveLimit {
                scope: Scope::new(call.session, call.category)?,
                token: call.token,
                window: Window::from_seconds(call.window)?,
            },
            Calls::openPurse(call) => Self::OpenPurse {
                session: SessionId::new(call.session)?,
                category: Category::new(call.category)?,
                token: call.token,
            },
            Calls::setPurseTarget(call) => Self::SetPurseTarget {
                session: SessionId::new(call.session)?,
                category: Category::new(call.category)?,
                token: call.token,
                target: call.target,
            },
            Calls::addToken(call) => Self::AddToken { token: call.token, unit_bits: call.unitBits },
            Calls::setPayees(call) => {
                let entry = |entry: IVault::PayeeEntry| Some((entry.payee, Category::new(entry.category)?));
                Self::SetPayees(call.entries.into_iter().map(entry).collect::<Option<_>>()?)
            }
            Calls::removePayee(call) => Self::RemovePayee { payee: call.payee },
            Calls::pause(_) => Self::Pause,
            Calls::unpause(_) => Self::Unpause,
            Calls::revoke(call) => Self::Revoke { session: SessionId::new(call.session)? },
            Calls::revokeAll(_) => Self::RevokeAll,
            Calls::withdraw(call) => {
                Self::Withdraw { token: call.token, amount: (call.amount != U256::MAX).then_some(call.amount) }
            }
            Calls::transferOwnership(call) => Self::TransferOwnership { new_owner: call.newOwner },
            Calls::acceptOwnership(_) => Self::AcceptOwnership,
            Calls::setGuardian(call) => Self::SetGuardian { guardian: call.newGuardian },
            Calls::setTreasury(call) => Self::SetTreasury { treasury: call.newTreasury },
            Calls::setDelay(call) => Self::SetDelay { seconds: call.newDelay },
            Calls::cancel(call) => Self::Cancel { change: call.change },
            Calls::execute(call) => Self::Execute { change: call.change, call: call.call },
            Calls::replace(call) => {
                let verb = Self::from_call(&call.call)?;
                Self::Replace { expected: call.expected, verb: verb.is_replacing().then(|| Box::new(verb))? }
            }
            Calls::lodge(call) => Self::Lodge(SignedAct {
                act: Act { call: call.call, nonce: call.nonce, deadline: call.deadline },
                signature: call.signature,
            }),
            _ => return None,
        })
    }
}

/// The vault asks for strictly ascending payees; two entries for one payee stay two, and it refuses them.
fn entries(mut payees: Vec<(Address, Category)>) -> Vec<IVault::PayeeEntry> {
    payees.sort_by_key(|(payee, _)| *payee);
    let entry = |(payee, category): (Address, Category)| IVault::PayeeEntry { payee, category: category.number() };
    payees.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::verb::tests::all;

    /// A call is read as the verb that makes it, and a change of any byte of the call is a change of the verb.
    #[test]
    fn calls_carry_their_arguments_and_are_read_back() {
        for verb in all() {
            assert_eq!(Verb::from_call(&verb.calldata()), Some(verb.clone()), "{}", verb.name());
        }
        let limit = IVault::setLimitCall::abi_decode(&all()[5].calldata()).unwrap();
        assert_eq!((limit.session, limit.category, limit.window, limit.cap), (1, 0, 86_400, 10_000_000));
        let all_of_it = Verb::Withdraw { token: Address::ZERO, amount: None }.calldata();
        assert_eq!(IVault::withdrawCall::abi_decode(&all_of_it).unwrap().amount, U256::MAX);
    }

    #[test]
    fn what_is_no_call_of_a_verb_is_not_read() {
        let session = SessionId::new(1).unwrap();
        let revoke = Verb::Revoke { session }.calldata();
        assert_eq!(Verb::from_call(&revoke[..35]), None, "cut short");
        assert_eq!(Verb::from_call(&[]), None);
        assert_eq!(Verb::from_call(&IVault::revokeCall { session: 0 }.abi_encode()), None, "session 0");
        assert_eq!(Verb::from_call(&IVault::epochCall {}.abi_encode()), None, "a view");
        let pause = IVault::replaceCall { expected: U256::ZERO, call: Verb::Pause.calldata() };
        assert_eq!(Verb::from_call(&pause.abi_encode()), None, "a stop replaces nothing");
        let category = IVault::setLimitCall { session: 0, category: 1, token: Address::ZERO, window: 3_600, cap: 1 };
        assert_eq!(Verb::from_call(&category.abi_encode()), None, "the vault's own limits have no category");
    }

    #[test]
    fn payees_are_sent_in_ascending_order() {
        let (low, high) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let (one, two) = (Category::new(1).unwrap(), Category::new(2).unwrap());
        let call =
            IVault::setPayeesCall::abi_decode(&Verb::SetPayees(vec![(high, two), (low, one)]).calldata()).unwrap();
        assert_eq!(
            call.entries.iter().map(|entry| (entry.payee, entry.category)).collect::<Vec<_>>(),
            [(low, 1), (high, 2)]
        );
    }
}
