//! The listed tokens and the payee book (I6).

use super::Vault;
use super::grants::not_ascending;
use super::refusal::{Verdict, refuse};
use super::trail::wide;
use super::waiting::{Act, Subject};
use crate::calldata::{Malformed, Reader};
use alloy::primitives::Address;
use purse_protocol::abi::IVault::{self, PayeeEntry};

/// The largest cap in coarser units would not fit 128 bits.
const MAX_UNIT_BITS: u8 = 97;

/// The argument of `setPayees`.
pub(super) fn read_payees(arguments: &[u8]) -> Result<Vec<PayeeEntry>, Malformed> {
    let read = |entry: &Reader<'_>| Ok(PayeeEntry { payee: entry.address(0)?, category: entry.u8(1)? });
    Reader::new(arguments, 1)?.static_structs(0, 2)?.iter().map(read).collect()
}

impl Vault {
    pub(super) fn add_token(&mut self, token: Address, unit_bits: u8) -> Verdict<()> {
        if !self.world.has_code(token) && token != self.address && !self.is_purse(token) {
            return refuse(IVault::TokenHasNoCode { token });
        }
        if let Some(&known) = self.tokens.get(&token) {
            return refuse(IVault::TokenListed { token, unitBits: known });
        }
        if unit_bits > MAX_UNIT_BITS {
            return refuse(IVault::UnitTooCoarse { unitBits: unit_bits });
        }
        let taken = token == self.address || token == self.treasury;
        if taken || self.is_in_book(token) || self.keys.contains_key(&token) {
            return refuse(IVault::RoleConflict { account: token });
        }
        self.tokens.insert(token, unit_bits);
        self.log(|sequence| IVault::TokenAdded { token, unitBits: unit_bits, sequence });
        Ok(())
    }

    /// Setting payees counts as loosening, whatever stands in the book.
    pub(super) fn set_payees(&mut self, act: &Act<'_>, entries: Vec<PayeeEntry>) -> Verdict<()> {
        if entries.is_empty() {
            return refuse(IVault::EmptyList {});
        }
        let waits = self.must_wait(act, Subject::Payees, true)?;
        let mut last = None;
        for (index, PayeeEntry { payee, category }) in entries.into_iter().enumerate() {
            if payee.is_zero() {
                return refuse(IVault::ZeroAddress {});
            }
            if last.replace(payee).is_some_and(|last| payee <= last) {
                return not_ascending(index);
            }
            if !(1..=63).contains(&category) {
                return refuse(IVault::CategoryInvalid { category });
            }
            let taken = payee == self.address || self.is_purse(payee);
            if taken || self.tokens.contains_key(&payee) || self.keys.contains_key(&payee) {
                return refuse(IVault::RoleConflict { account: payee });
            }
            act.expect(wide(self.category(payee)))?;
            if !waits {
                self.payees.insert(payee, category);
                self.log(|sequence| IVault::PayeeSet { payee, category, sequence });
            }
        }
        Ok(())
    }

    pub(super) fn remove_payee(&mut self, by: Address, payee: Address) -> Verdict<()> {
        if self.is_purse(payee) {
            return refuse(IVault::RoleConflict { account: payee });
        }
        if self.payees.remove(&payee).is_none() && !self.newly_waits(Subject::Payees) {
            return Ok(());
        }
        self.kill(Subject::Payees);
        self.log(|sequence| IVault::PayeeRemoved { payee, by, sequence });
        Ok(())
    }

    pub(crate) fn category(&self, payee: Address) -> u8 {
        let purse = self.purses.get(&payee).map(|purse| purse.category);
        purse.or_else(|| self.payees.get(&payee).copied()).unwrap_or_default()
    }
}
