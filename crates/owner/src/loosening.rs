//! Whether a verb loosens, so that it waits out the owner's delay (I9); and the value that it replaces, for a change on
//! condition. Twin of what each verb of the contract says of itself; pure. The vault decides: this is for a preview.

use crate::state::Allowance;
use crate::{State, Verb};
use alloy::primitives::U256;
use purse_protocol::Scope;

impl Verb {
    /// Whether it lets some key move more money, to more places, for longer, or leaves fewer able to stop it. `before`
    /// is what it touches as it stands.
    pub fn loosens(&self, before: &State) -> bool {
        match (self, before) {
            (Self::Grant(_) | Self::SetPayees(_), _) => true,
            (Self::SetValidity { valid_from, valid_until, .. }, State::Session { session, .. }) => {
                *valid_from < session.validFrom || *valid_until > session.validUntil
            }
            (Self::SetCategories { categories, .. }, State::Session { session, .. }) => {
                categories.bits() & !session.categories != 0
            }
            (Self::SetPerPaymentCap { cap, .. }, State::Session { allowances, .. }) => {
                allowances.first().is_some_and(|own| cap >> own.unit_bits > own.per_payment_cap >> own.unit_bits)
            }
            (Self::SetLimit { .. } | Self::RemoveLimit { .. }, State::Session { allowances, .. }) => {
                allowances.first().is_some_and(|allowance| self.loosens_limits(allowance))
            }
            (Self::SetLimit { .. } | Self::RemoveLimit { .. }, State::Vault(allowance)) => {
                self.loosens_limits(allowance)
            }
            (Self::SetPurseTarget { target, .. }, State::Purse { target: standing, unit_bits, .. }) => {
                target >> unit_bits > standing >> unit_bits
            }
            (Self::Unpause, State::Paused(paused)) => *paused,
            (Self::TransferOwnership { new_owner }, _) => !new_owner.is_zero(),
            (Self::SetGuardian { guardian }, State::Guardian(standing)) => guardian != standing,
            (Self::SetTreasury { treasury }, State::Treasury(standing)) => treasury != standing,
            (Self::SetDelay { seconds }, State::Delay(standing)) => seconds < standing,
            (Self::Replace { .. } | Self::Lodge(_), before) => self.inner().is_some_and(|verb| verb.loosens(before)),
            _ => false, // an execution has waited
        }
    }

    /// The value that it replaces, as the one word that `replace` compares; `None` where it replaces none, or several
    /// that differ.
    pub fn replaced(&self, before: &State) -> Option<U256> {
        Some(match (self, before) {
            (Self::RotateKey { .. }, State::Session { session, .. }) => U256::from_be_slice(session.key.as_slice()),
            (Self::SetValidity { .. }, State::Session { session, .. }) => {
                U256::from(u64::from(session.validFrom) << 32 | u64::from(session.validUntil))
            }
            (Self::SetCategories { .. }, State::Session { session, .. }) => U256::from(session.categories),
            (Self::SetPerPaymentCap { .. }, State::Session { allowances, .. }) => {
                U256::from(allowances.first()?.per_payment_cap)
            }
            (Self::SetLimit { window, .. } | Self::RemoveLimit { window, .. }, State::Session { allowances, .. }) => {
                U256::from(allowances.first()?.limit(*window).map_or(0, |limit| limit.cap))
            }
            (Self::SetLimit { window, .. } | Self::RemoveLimit { window, .. }, State::Vault(allowance)) => {
                U256::from(allowance.limit(*window).map_or(0, |limit| limit.cap))
            }
            (Self::SetPurseTarget { .. }, State::Purse { target, .. }) => U256::from(*target),
            (Self::SetPayees(_), State::Payees(book)) => {
                let (_, first) = book.first()?;
                book.iter().all(|(_, category)| category == first).then(|| U256::from(*first))?
            }
            (Self::TransferOwnership { .. }, State::Owner { pending, .. }) => U256::from_be_slice(pending.as_slice()),
            (Self::SetGuardian { .. }, State::Guardian(standing)) => U256::from_be_slice(standing.as_slice()),
            (Self::SetTreasury { .. }, State::Treasury(standing)) => U256::from_be_slice(standing.as_slice()),
            (Self::SetDelay { .. }, State::Delay(standing)) => U256::from(*standing),
            _ => return None,
        })
    }

    /// A new limit tightens, but for a session's first in a token, which lets it pay; a removed one loosens, but for a
    /// session's last, which stops it.
    fn loosens_limits(&self, standing: &Allowance) -> bool {
        match self {
            Self::SetLimit { scope, window, cap, .. } => match standing.limit(*window) {
                Some(limit) => cap >> standing.unit_bits > limit.cap >> standing.unit_bits,
                None => matches!(scope, Scope::Session(_)) && standing.limits.is_empty(),
            },
            Self::RemoveLimit { scope, .. } => !(matches!(scope, Scope::Session(_)) && standing.limits.len() == 1),
            _ => false,
        }
    }
}
