//! Who may do what, and how long loosenings wait.

use super::Vault;
use super::refusal::{Verdict, refuse};
use super::trail::wide;
use super::waiting::{Act, Subject};
use alloy::primitives::{Address, U256};
use purse_protocol::abi::IVault;

/// 30 days.
pub(crate) const LONGEST_DELAY: u32 = 2_592_000;

fn word(account: Address) -> U256 {
    U256::from_be_slice(account.as_slice())
}

impl Vault {
    /// A session key, once, is never owner, guardian or treasury.
    fn refuse_session_key(&self, account: Address) -> Verdict<()> {
        if self.keys.contains_key(&account) { refuse(IVault::RoleConflict { account }) } else { Ok(()) }
    }

    pub(super) fn transfer_ownership(&mut self, act: &Act<'_>, new: Address) -> Verdict<()> {
        act.expect(word(self.pending_owner))?;
        self.refuse_session_key(new)?;
        if self.must_wait(act, Subject::Ownership, !new.is_zero())? {
            return Ok(());
        }
        self.pending_owner = new;
        let owner = self.owner;
        self.log(|sequence| IVault::OwnershipTransferStarted { owner, pendingOwner: new, sequence });
        Ok(())
    }

    pub(super) fn accept_ownership(&mut self, caller: Address) -> Verdict<()> {
        if caller != self.pending_owner {
            return refuse(IVault::NotPendingOwner { caller });
        }
        self.refuse_session_key(caller)?;
        self.pending_owner = Address::ZERO;
        self.kill(Subject::Everything);
        self.kill(Subject::Guardian);
        self.become_owner(caller);
        Ok(())
    }

    pub(super) fn set_guardian(&mut self, act: &Act<'_>, new: Address) -> Verdict<()> {
        act.expect(word(self.guardian))?;
        self.refuse_session_key(new)?;
        if !self.must_wait(act, Subject::Guardian, new != self.guardian)? {
            self.become_guardian(new);
        }
        Ok(())
    }

    pub(super) fn set_treasury(&mut self, act: &Act<'_>, new: Address) -> Verdict<()> {
        if new.is_zero() {
            return refuse(IVault::ZeroAddress {});
        }
        act.expect(word(self.treasury))?;
        self.refuse_session_key(new)?;
        self.refuse_as_treasury(new)?;
        if self.must_wait(act, Subject::Treasury, new != self.treasury)? {
            return Ok(());
        }
        self.become_treasury(new)
    }

    pub(super) fn set_delay(&mut self, act: &Act<'_>, new: u32) -> Verdict<()> {
        if new > LONGEST_DELAY {
            return refuse(IVault::DelayTooLong { delay: new, longest: LONGEST_DELAY });
        }
        act.expect(wide(self.delay))?;
        if self.must_wait(act, Subject::Delay, new < self.delay)? {
            return Ok(());
        }
        self.delay = new;
        self.log(|sequence| IVault::DelaySet { delay: new, sequence });
        Ok(())
    }

    /// Withdrawals must leave the vault, and not end in a token's own contract, nor in a purse.
    fn refuse_as_treasury(&self, account: Address) -> Verdict<()> {
        let unfit = account == self.address || self.tokens.contains_key(&account) || self.is_purse(account);
        if unfit { refuse(IVault::RoleConflict { account }) } else { Ok(()) }
    }

    pub(super) fn become_owner(&mut self, new: Address) {
        let previous = std::mem::replace(&mut self.owner, new);
        self.log(|sequence| IVault::OwnershipTransferred { previousOwner: previous, newOwner: new, sequence });
    }

    pub(super) fn become_treasury(&mut self, new: Address) -> Verdict<()> {
        self.refuse_as_treasury(new)?;
        self.treasury = new;
        self.log(|sequence| IVault::TreasurySet { treasury: new, sequence });
        Ok(())
    }

    pub(super) fn become_guardian(&mut self, new: Address) {
        self.guardian = new;
        self.log(|sequence| IVault::GuardianSet { guardian: new, sequence });
    }
}
