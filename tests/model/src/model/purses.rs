//! Purses: payees that only their own session refills, up to a target that follows the limits (I16). Where a purse will be,
//! the model is told.

use super::Vault;
use super::limits::Scope;
use super::refusal::{Verdict, refuse};
use super::trail::wide;
use super::waiting::{Act, Subject};
use crate::calldata::{Malformed, Reader};
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault::{self, Payment};

/// The largest share of the least cap that a target is, and the share where none was set.
const LARGEST_SHARE: u128 = 4;
const DEFAULT_SHARE: u128 = 10;

/// Whose purse, for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Purse {
    pub(crate) session: u32,
    pub(crate) category: u8,
    pub(crate) token: Address,
}

/// The arguments of `openPurse`.
pub(crate) fn read_opening(arguments: &[u8]) -> Result<Purse, Malformed> {
    let words = Reader::new(arguments, 3)?;
    Ok(Purse { session: words.u32(0)?, token: words.address(1)?, category: words.u8(2)? })
}

/// The arguments of `setPurseTarget`.
pub(super) fn read_target(arguments: &[u8]) -> Result<(Purse, u128), Malformed> {
    let words = Reader::new(arguments, 4)?;
    Ok((Purse { session: words.u32(0)?, category: words.u8(1)?, token: words.address(2)? }, words.u128(3)?))
}

impl Vault {
    /// A purse may be opened of a session, token and category that could be refilled; once.
    pub(super) fn open_purse(&mut self, of: Purse) -> Verdict<()> {
        let Purse { session, category, token } = of;
        let granted = self.live(session)?.categories;
        if self.standing(Scope { session, category: 0, token }).next().is_none() {
            return refuse(IVault::TokenNotGranted { session, token });
        }
        if !(1..=63).contains(&category) || granted >> category & 1 == 0 {
            return refuse(IVault::CategoryNotGranted { session, category });
        }
        let purse = self.world.purse_places.get(&of).copied().unwrap_or_default();
        if self.purses.contains_key(&purse) {
            return refuse(IVault::PurseExists { purse });
        }
        if self.world.tokens.get(&token).is_none_or(|token| !token.keeps_authorizations()) {
            return refuse(IVault::TokenNotEip3009 { token });
        }
        if purse == self.treasury {
            return refuse(IVault::RoleConflict { account: purse });
        }
        self.payees.remove(&purse);
        self.purses.insert(purse, of);
        self.log_by_anyone(|sequence| IVault::PurseOpened { session, token, purse, category, sequence });
        Ok(())
    }

    pub(super) fn set_purse_target(&mut self, act: &Act<'_>, of: Purse, target: u128) -> Verdict<()> {
        let Purse { session, category, token } = of;
        self.live(session)?;
        let units = self.cap_units(token, target)?;
        if !(1..=63).contains(&category) {
            return refuse(IVault::CategoryInvalid { category });
        }
        let (standing, largest) = self.purse_target(of);
        let rounded = self.amount(token, units);
        if rounded > largest {
            return refuse(IVault::PurseTargetTooHigh { target: rounded.saturating_to(), largest });
        }
        act.expect(standing)?;
        if self.must_wait(act, Subject::Session(session), rounded > standing)? {
            return Ok(());
        }
        self.targets.insert(of, units);
        let target = rounded.saturating_to();
        self.log(|sequence| IVault::PurseTargetSet { session, token, category, target, sequence });
        Ok(())
    }

    /// What a purse may be refilled to, and the most that may be set, in base units.
    pub(crate) fn purse_target(&self, of: Purse) -> (U256, U256) {
        let Purse { session, category, token } = of;
        let whole = Scope { session, category: 0, token };
        if self.standing(whole).next().is_none() {
            return (U256::ZERO, U256::ZERO);
        }
        let scopes = [whole, Scope { session, category, token }, Scope { session: 0, category: 0, token }];
        let caps = scopes.into_iter().flat_map(|scope| self.standing(scope).map(|(_, limit)| limit.cap_units));
        let least = caps.min().unwrap_or_default();
        let largest = least / LARGEST_SHARE;
        let target = self.targets.get(&of).map_or(least / DEFAULT_SHARE, |set| *set.min(&largest));
        (self.amount(token, target), self.amount(token, largest))
    }

    /// A payment that has a purse for its payee or its fee's recipient is a refill that may be made now.
    pub(super) fn judge_refill(&self, payment: &Payment, purse: Address, of: Purse) -> Verdict<()> {
        let Payment { session, token, amount, fee, feeRecipient, .. } = *payment;
        if purse == feeRecipient {
            return refuse(IVault::RoleConflict { account: purse });
        }
        if (of.session, of.token) != (session, token) {
            return refuse(IVault::PurseOfAnother { purse, session: of.session, token: of.token });
        }
        let cap = self.per_payment_cap(session, token);
        if wide(fee) > cap {
            return refuse(IVault::AbovePerPaymentCap { requested: wide(fee), perPaymentCap: cap.saturating_to() });
        }
        let (target, _) = self.purse_target(of);
        let balance = self.purse_balance(purse, of);
        if balance.saturating_mul(U256::from(2)) >= target {
            return refuse(IVault::PurseNotLow { purse, balance, target });
        }
        if balance + wide(amount) > target {
            return refuse(IVault::PurseOverfilled { purse, balance, amount: wide(amount), target });
        }
        Ok(())
    }

    /// As the token tells: nothing where it does not.
    pub(crate) fn purse_balance(&self, purse: Address, of: Purse) -> U256 {
        self.world.tokens.get(&of.token).and_then(|token| token.told(purse)).unwrap_or_default()
    }

    pub(crate) fn is_purse(&self, account: Address) -> bool {
        self.purses.contains_key(&account)
    }

    /// Whether an account is a payee, or a purse.
    pub(super) fn is_in_book(&self, account: Address) -> bool {
        self.payees.contains_key(&account) || self.is_purse(account)
    }
}
