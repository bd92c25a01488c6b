//! From a call's bytes to the verb that they name, and who may call it.

use super::acts::Selector;
use super::purses::{read_opening, read_target};
use super::refusal::{Refusal, Verdict, refuse};
use super::waiting::Act;
use super::{Call, Vault};
use crate::calldata::{Malformed, Reader};
use alloy::primitives::Address;
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault;

impl Vault {
    pub(super) fn dispatch(&mut self, call: Call<'_>) -> Verdict<()> {
        let Some((verb, arguments)) = call.data.split_first_chunk::<4>() else { return Err(Refusal::Malformed) };
        if !call.value.is_zero() {
            return Err(Refusal::Malformed);
        }
        let from = call.from;
        match *verb {
            IVault::payCall::SELECTOR => self.pay(arguments),
            IVault::payBatchCall::SELECTOR => self.pay_batch(arguments),
            IVault::checkCall::SELECTOR => self.check(arguments),
            IVault::openPurseCall::SELECTOR => self.open_purse(read_opening(arguments)?),
            IVault::acceptOwnershipCall::SELECTOR => self.accept_ownership(from),
            IVault::lodgeCall::SELECTOR => {
                let words = Reader::new(arguments, 4)?;
                let (call, nonce, deadline) = (words.bytes(0)?, words.u32(1)?, words.u32(2)?);
                self.lodge(call, nonce, deadline, words.bytes(3)?)
            }
            IVault::executeCall::SELECTOR => {
                let words = Reader::new(arguments, 2)?;
                self.execute(words.u32(0)?, words.bytes(1)?)
            }
            IVault::revokeCall::SELECTOR => self.revoke_by(from, Reader::new(arguments, 1)?.u32(0)?, arguments),
            IVault::pauseCall::SELECTOR
            | IVault::revokeAllCall::SELECTOR
            | IVault::removePayeeCall::SELECTOR
            | IVault::cancelCall::SELECTOR => {
                well_formed(*verb, arguments)?;
                if from != self.owner && from != self.guardian {
                    return refuse(IVault::NotOwnerOrGuardian { caller: from });
                }
                self.stop(from, *verb, arguments)
            }
            _ => self.by_owner(call, *verb, arguments),
        }
    }

    /// Owner and guardian may revoke any session, an agent its own.
    fn revoke_by(&mut self, from: Address, session: u32, arguments: &[u8]) -> Verdict<()> {
        let agent = self.sessions.get(&session).map(|session| session.key);
        if from != self.owner && from != self.guardian && Some(from) != agent {
            return refuse(IVault::NotOwnerOrGuardian { caller: from });
        }
        self.stop(from, IVault::revokeCall::SELECTOR, arguments)
    }

    fn by_owner(&mut self, call: Call<'_>, verb: Selector, arguments: &[u8]) -> Verdict<()> {
        well_formed(verb, arguments)?;
        if call.from != self.owner {
            return refuse(IVault::NotOwner { caller: call.from });
        }
        if verb == IVault::addTokenCall::SELECTOR {
            let words = Reader::new(arguments, 2)?;
            return self.add_token(words.address(0)?, words.u8(1)?);
        }
        self.perform(Act { by: call.from, call: call.data, expected: None, executed: false })
    }
}

/// Whether Solidity lets a call in before it asks who calls: of lists only the place is looked at by then.
fn well_formed(verb: Selector, arguments: &[u8]) -> Result<(), Malformed> {
    let words = |count| Reader::new(arguments, count);
    match verb {
        IVault::grantCall::SELECTOR => {
            let _ = words(1)?.dynamic_struct(0, 6)?;
        }
        IVault::setPayeesCall::SELECTOR => {
            let _ = words(1)?.static_structs(0, 2)?;
        }
        IVault::replaceCall::SELECTOR => {
            let _ = words(2)?.bytes(1)?;
        }
        IVault::rotateKeyCall::SELECTOR => {
            let _ = (words(2)?.u32(0)?, words(2)?.address(1)?);
        }
        IVault::setValidityCall::SELECTOR => {
            let _ = (words(3)?.u32(0)?, words(3)?.u32(1)?, words(3)?.u32(2)?);
        }
        IVault::setCategoriesCall::SELECTOR => {
            let _ = (words(2)?.u32(0)?, words(2)?.u64(1)?);
        }
        IVault::setPerPaymentCapCall::SELECTOR => {
            let _ = (words(3)?.u32(0)?, words(3)?.address(1)?, words(3)?.u128(2)?);
        }
        IVault::setLimitCall::SELECTOR => {
            let words = words(5)?;
            let _ = (words.u32(0)?, words.u8(1)?, words.address(2)?, words.u32(3)?, words.u128(4)?);
        }
        IVault::removeLimitCall::SELECTOR => {
            let words = words(4)?;
            let _ = (words.u32(0)?, words.u8(1)?, words.address(2)?, words.u32(3)?);
        }
        IVault::setPurseTargetCall::SELECTOR => {
            let _ = read_target(arguments)?;
        }
        IVault::addTokenCall::SELECTOR => {
            let _ = (words(2)?.address(0)?, words(2)?.u8(1)?);
        }
        IVault::withdrawCall::SELECTOR => {
            let _ = words(2)?.address(0)?;
        }
        IVault::removePayeeCall::SELECTOR
        | IVault::transferOwnershipCall::SELECTOR
        | IVault::setGuardianCall::SELECTOR
        | IVault::setTreasuryCall::SELECTOR => {
            let _ = words(1)?.address(0)?;
        }
        IVault::setDelayCall::SELECTOR | IVault::cancelCall::SELECTOR => {
            let _ = words(1)?.u32(0)?;
        }
        IVault::pauseCall::SELECTOR | IVault::revokeAllCall::SELECTOR | IVault::unpauseCall::SELECTOR => {}
        _ => return Err(Malformed),
    }
    Ok(())
}
