//! The owner's verbs by whichever way they come: as a transaction, by signature, on condition, after a wait.

use super::Vault;
use super::book::read_payees;
use super::grants::read_grant;
use super::purses::read_target;
use super::refusal::{Verdict, refuse};
use super::trail::NONCE_END;
use super::waiting::Act;
use crate::calldata::{Reader, word_at};
use alloy::primitives::{FixedBytes, U256};
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault;

/// A verb's selector.
pub(super) type Selector = [u8; 4];

/// What owner or guardian may sign, or send, to stop something.
const STOPS: [Selector; 5] = [
    IVault::pauseCall::SELECTOR,
    IVault::revokeCall::SELECTOR,
    IVault::revokeAllCall::SELECTOR,
    IVault::removePayeeCall::SELECTOR,
    IVault::cancelCall::SELECTOR,
];

/// What an owner may sign besides.
const SIGNABLE: [Selector; 5] = [
    IVault::grantCall::SELECTOR,
    IVault::setLimitCall::SELECTOR,
    IVault::setPayeesCall::SELECTOR,
    IVault::rotateKeyCall::SELECTOR,
    IVault::withdrawCall::SELECTOR,
];

/// What replaces a value, so what may stand under `replace`.
const REPLACING: [Selector; 12] = [
    IVault::setPurseTargetCall::SELECTOR,
    IVault::setLimitCall::SELECTOR,
    IVault::setPayeesCall::SELECTOR,
    IVault::rotateKeyCall::SELECTOR,
    IVault::setValidityCall::SELECTOR,
    IVault::setCategoriesCall::SELECTOR,
    IVault::setPerPaymentCapCall::SELECTOR,
    IVault::removeLimitCall::SELECTOR,
    IVault::setGuardianCall::SELECTOR,
    IVault::setTreasuryCall::SELECTOR,
    IVault::transferOwnershipCall::SELECTOR,
    IVault::setDelayCall::SELECTOR,
];

/// A call's selector and arguments.
fn split(call: &[u8]) -> Verdict<(Selector, &[u8])> {
    match call.split_first_chunk() {
        Some((verb, arguments)) => Ok((*verb, arguments)),
        None => refuse(IVault::CallMalformed { verb: FixedBytes::ZERO }),
    }
}

/// What a `replace` expects, and the call under it. Only the usual encoding will do: selector, expected, 0x40, length,
/// call.
fn read_condition(call: &[u8]) -> Verdict<(U256, &[u8])> {
    let read = || {
        let length = usize::try_from(word_at(call, 0x44)).ok()?;
        let usual = call.len() >= 0x64 && word_at(call, 0x24) == U256::from(0x40) && length >= 4;
        let inner = call.get(0x64..)?.get(..length)?;
        usual.then(|| (word_at(call, 0x04), inner))
    };
    let verb = FixedBytes(IVault::replaceCall::SELECTOR);
    read().map_or_else(|| refuse(IVault::CallMalformed { verb }), Ok)
}

fn not_allowed<T>(verb: Selector) -> Verdict<T> {
    refuse(IVault::VerbNotAllowed { verb: FixedBytes(verb) })
}

impl Vault {
    pub(super) fn lodge(&mut self, call: &[u8], nonce: u32, deadline: u32, signature: &[u8]) -> Verdict<()> {
        if self.now >= u64::from(deadline) {
            return refuse(IVault::ActExpired { deadline, time: U256::from(self.now) });
        }
        let current = self.trail.owner_nonce;
        if nonce != current {
            return refuse(IVault::OwnerNonceWrong { nonce, current });
        }
        if nonce == NONCE_END {
            return refuse(IVault::OwnerNonceSpent {});
        }
        let (verb, arguments) = split(call)?;
        let digest = self.domain().act(call, nonce, deadline);
        let stops = STOPS.contains(&verb);
        let by = if self.has_signed(self.owner, digest, signature) {
            self.owner
        } else if stops && self.has_signed(self.guardian, digest, signature) {
            self.guardian
        } else {
            return refuse(IVault::ActNotSigned {});
        };
        if stops {
            return self.stop(by, verb, arguments);
        }
        let replacing = verb == IVault::replaceCall::SELECTOR;
        let signed = if replacing { split(read_condition(call)?.1)?.0 } else { verb };
        if !SIGNABLE.contains(&signed) {
            return not_allowed(signed);
        }
        self.perform(Act { by, call, expected: None, executed: false })
    }

    /// A verb that stops something.
    pub(super) fn stop(&mut self, by: alloy::primitives::Address, verb: Selector, arguments: &[u8]) -> Verdict<()> {
        match verb {
            IVault::pauseCall::SELECTOR => self.pause(by),
            IVault::revokeAllCall::SELECTOR => self.revoke_all(by),
            IVault::removePayeeCall::SELECTOR => self.remove_payee(by, Reader::new(arguments, 1)?.address(0)?),
            IVault::revokeCall::SELECTOR => self.revoke(by, Reader::new(arguments, 1)?.u32(0)?),
            _ => self.cancel(by, Reader::new(arguments, 1)?.u32(0)?),
        }
    }

    /// A verb of the owner, or one under a `replace`.
    pub(super) fn perform(&mut self, mut act: Act<'_>) -> Verdict<()> {
        let (mut verb, mut arguments) = split(act.call)?;
        if verb == IVault::replaceCall::SELECTOR {
            let (expected, inner) = read_condition(act.call)?;
            act.expected = Some(expected);
            (verb, arguments) = split(inner)?;
        }
        if act.expected.is_some() && !REPLACING.contains(&verb) {
            return not_allowed(verb);
        }
        let act = &act;
        let words = |count| Reader::new(arguments, count);
        match verb {
            IVault::setLimitCall::SELECTOR => self.set_limit(act, read_limit(&words(5)?)?),
            IVault::setPayeesCall::SELECTOR => self.set_payees(act, read_payees(arguments)?),
            IVault::rotateKeyCall::SELECTOR => {
                let words = words(2)?;
                self.rotate_key(act, words.u32(0)?, words.address(1)?)
            }
            IVault::setValidityCall::SELECTOR => {
                let words = words(3)?;
                self.set_validity(act, words.u32(0)?, words.u32(1)?, words.u32(2)?)
            }
            IVault::setCategoriesCall::SELECTOR => {
                let words = words(2)?;
                self.set_categories(act, words.u32(0)?, words.u64(1)?)
            }
            IVault::setPerPaymentCapCall::SELECTOR => self.set_per_payment_cap(act, read_cap(&words(3)?)?),
            IVault::setPurseTargetCall::SELECTOR => {
                let (of, target) = read_target(arguments)?;
                self.set_purse_target(act, of, target)
            }
            IVault::removeLimitCall::SELECTOR => self.remove_limit(act, read_removal(&words(4)?)?),
            IVault::setGuardianCall::SELECTOR => self.set_guardian(act, words(1)?.address(0)?),
            IVault::setTreasuryCall::SELECTOR => self.set_treasury(act, words(1)?.address(0)?),
            IVault::transferOwnershipCall::SELECTOR => self.transfer_ownership(act, words(1)?.address(0)?),
            IVault::setDelayCall::SELECTOR => self.set_delay(act, words(1)?.u32(0)?),
            IVault::grantCall::SELECTOR => self.grant(act, read_grant(arguments)?),
            IVault::unpauseCall::SELECTOR => self.unpause(act),
            IVault::withdrawCall::SELECTOR => {
                let words = words(2)?;
                self.withdraw(words.address(0)?, words.word(1))
            }
            _ => not_allowed(verb),
        }
    }
}

fn read_limit(words: &Reader<'_>) -> Result<IVault::setLimitCall, crate::calldata::Malformed> {
    Ok(IVault::setLimitCall {
        session: words.u32(0)?,
        category: words.u8(1)?,
        token: words.address(2)?,
        window: words.u32(3)?,
        cap: words.u128(4)?,
    })
}

fn read_removal(words: &Reader<'_>) -> Result<IVault::removeLimitCall, crate::calldata::Malformed> {
    Ok(IVault::removeLimitCall {
        session: words.u32(0)?,
        category: words.u8(1)?,
        token: words.address(2)?,
        window: words.u32(3)?,
    })
}

fn read_cap(words: &Reader<'_>) -> Result<IVault::setPerPaymentCapCall, crate::calldata::Malformed> {
    Ok(IVault::setPerPaymentCapCall { session: words.u32(0)?, token: words.address(1)?, perPaymentCap: words.u128(2)? })
}
