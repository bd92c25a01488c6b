//! What an owner or guardian can do to a vault, one variant per verb, and the call that does it.

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault;
use purse_protocol::{Category, CategoryMask, SessionId, Window};

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
    /// Sets a limit; what was spent in its window stays counted.
    SetLimit {
        /// The session.
        session: SessionId,
        /// Of which token.
        token: Address,
        /// Over which window.
        window: Window,
        /// The cap; the vault rounds it down to the token's unit.
        cap: u128,
    },
    /// Removes a limit; its meter is kept.
    RemoveLimit {
        /// The session.
        session: SessionId,
        /// Of which token.
        token: Address,
        /// Over which window.
        window: Window,
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
        };
        signature.split('(').next().unwrap_or(signature)
    }

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
            Self::SetLimit { session, token, window, cap } => {
                IVault::setLimitCall { session: session.get(), token, window: window.seconds(), cap }.abi_encode()
            }
            Self::RemoveLimit { session, token, window } => {
                IVault::removeLimitCall { session: session.get(), token, window: window.seconds() }.abi_encode()
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
        };
        bytes.into()
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
            | Self::AddToken { token, .. }
            | Self::Withdraw { token, .. } => Some(*token),
            _ => None,
        }
    }
}

/// The vault asks for strictly ascending payees; two entries for one payee stay two, and it refuses them.
fn entries(mut payees: Vec<(Address, Category)>) -> Vec<IVault::PayeeEntry> {
    payees.sort_by_key(|(payee, _)| *payee);
    let entry = |(payee, category): (Address, Category)| IVault::PayeeEntry { payee, category: category.number() };
    payees.into_iter().map(entry).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::collections::BTreeSet;

    /// One of each.
    pub(crate) fn all() -> Vec<Verb> {
        let (session, token, account) =
            (SessionId::new(1).unwrap(), Address::repeat_byte(0x70), Address::repeat_byte(0xa1));
        let category = Category::new(1).unwrap();
        let limits = vec![IVault::Limit { window: 86_400, cap: 10_000_000 }];
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
            Verb::SetLimit { session, token, window: Window::Day, cap: 10_000_000 },
            Verb::RemoveLimit { session, token, window: Window::Day },
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
        ]
    }

    /// The interface itself says which verbs there are: all that write, but `pay`.
    #[test]
    fn there_is_a_variant_for_every_verb_of_the_interface() {
        let source = include_str!("../../../contracts/src/interfaces/IVault.sol");
        let flat = source.split_whitespace().collect::<Vec<_>>().join(" ");
        let functions = flat.split(" function ").skip(1).map(|rest| rest.split(';').next().unwrap());
        let writing: BTreeSet<&str> = functions
            .filter(|function| !function.split_whitespace().any(|word| word == "view" || word == "pure"))
            .map(|function| function.split('(').next().unwrap())
            .filter(|name| *name != "pay")
            .collect();
        let ours: BTreeSet<&str> = all().iter().map(Verb::name).collect();
        assert_eq!(ours, writing);
    }

    #[test]
    fn calls_carry_their_arguments() {
        for verb in all() {
            let calldata = verb.calldata();
            let decoded = <IVault::IVaultCalls as alloy::sol_types::SolInterface>::abi_decode(&calldata).unwrap();
            assert_eq!(alloy::sol_types::SolInterface::abi_encode(&decoded), calldata.as_ref(), "{}", verb.name());
        }
        let limit = &all()[5];
        let call = IVault::setLimitCall::abi_decode(&limit.calldata()).unwrap();
        assert_eq!((call.session, call.window, call.cap), (1, 86_400, 10_000_000));
        let all_of_it = IVault::withdrawCall::abi_decode(&all()[14].calldata()).unwrap();
        assert_eq!(all_of_it.amount, U256::MAX);
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
