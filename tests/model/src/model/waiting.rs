//! Tightening is instant, loosening waits (I9).

use super::Vault;
use super::refusal::{Verdict, refuse};
use alloy::primitives::{Address, B256, U256, keccak256};
use purse_protocol::abi::IVault;

/// How many changes wait at most.
pub(crate) const MAX_WAITING: usize = 10;
/// How long a change can be executed: 7 days.
const EXECUTION_WINDOW: u32 = 604_800;

/// What a change is about: what stops or tightens it kills what waits on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Session(u32),
    /// The vault's own limits in a token.
    Token(Address),
    Pause,
    Delay,
    Ownership,
    Guardian,
    Treasury,
    /// The payee book.
    Payees,
    /// All of them; revoke-all spares the guardian.
    Everything,
}

/// A change that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) number: u32,
    pub(crate) executable_from: u32,
    /// The whole call; the chain keeps its hash.
    pub(crate) call: Vec<u8>,
    pub(crate) subject: Subject,
    pub(crate) killed: bool,
}

impl Waiting {
    pub(crate) fn call_hash(&self) -> B256 {
        keccak256(&self.call)
    }

    /// Where 32-bit time ends this starts over: then the change is past its time.
    pub(crate) fn executable_until(&self) -> u32 {
        self.executable_from.wrapping_add(EXECUTION_WINDOW)
    }
}

/// An act of the owner on its way to its verb.
#[derive(Clone, Debug)]
pub(crate) struct Act<'a> {
    pub(crate) by: Address,
    /// The whole call, selector included, a `replace` with what stands under it.
    pub(crate) call: &'a [u8],
    /// Only if the value to be replaced is this.
    pub(crate) expected: Option<U256>,
    /// Whether it has waited already.
    pub(crate) executed: bool,
}

impl Act<'_> {
    /// Refuses if the value to be replaced is not the one that is expected.
    pub(super) fn expect(&self, actual: U256) -> Verdict<()> {
        match self.expected {
            Some(expected) if expected != actual => refuse(IVault::StaleChange { expected, actual }),
            _ => Ok(()),
        }
    }
}

impl Vault {
    /// Whether a verb has been put by. If not it takes effect at once, and has killed what waits on its subject.
    pub(super) fn must_wait(&mut self, act: &Act<'_>, subject: Subject, loosens: bool) -> Verdict<bool> {
        if act.executed {
            return Ok(false);
        }
        if !loosens || self.delay == 0 {
            self.kill(subject);
            return Ok(false);
        }
        let Some(number) = self.next_change() else { return refuse(IVault::OwnerNonceSpent {}) };
        if self.waiting.len() == MAX_WAITING {
            return refuse(IVault::TooManyWaiting { largest: U256::from(MAX_WAITING) });
        }
        // What would be executable after the end of 32-bit time never is
        let from = u32::try_from(self.now + u64::from(self.delay)).unwrap_or(u32::MAX);
        let call = act.call.to_vec();
        let hash = keccak256(&call);
        self.tell_call(number, &call);
        self.log(|sequence| IVault::ChangeWaiting { change: number, callHash: hash, executableFrom: from, sequence });
        self.waiting.push(Waiting { number, executable_from: from, call, subject, killed: false });
        Ok(true)
    }

    /// What waits on the subject can never be executed.
    pub(super) fn kill(&mut self, subject: Subject) {
        for change in &mut self.waiting {
            let all = subject == Subject::Everything && change.subject != Subject::Guardian;
            change.killed |= all || change.subject == subject;
        }
        self.last_kills.insert(subject, self.trail.owner_nonce);
    }

    /// Whether a change was put by since the subject was last killed: only then a stop of what is stopped acts.
    pub(super) fn newly_waits(&self, subject: Subject) -> bool {
        let last = self.last_kills.get(&subject).copied().unwrap_or_default();
        self.waiting.iter().any(|change| change.number > last)
    }

    pub(super) fn execute(&mut self, number: u32, call: &[u8]) -> Verdict<()> {
        let known = self.waiting.iter().find(|change| change.number == number);
        let Some(change) = known.cloned() else { return refuse(IVault::ChangeUnknown { change: number }) };
        if change.call != call {
            return refuse(IVault::ChangeDiffers { change: number });
        }
        let (from, until) = (change.executable_from, change.executable_until());
        if self.now < u64::from(from) {
            return refuse(IVault::ChangeNotYetExecutable { change: number, executableFrom: from });
        }
        if self.now >= u64::from(until) {
            return refuse(IVault::ChangeExpired { change: number, executableUntil: until });
        }
        if change.killed {
            return refuse(IVault::ChangeKilled { change: number });
        }
        self.waiting.retain(|waiting| waiting.number != number);
        self.log(|sequence| IVault::ChangeExecuted { change: number, sequence });
        self.perform(Act { by: self.owner, call, expected: None, executed: true })
    }

    pub(super) fn cancel(&mut self, by: Address, number: u32) -> Verdict<()> {
        let about_guardian =
            self.waiting.iter().any(|change| change.number == number && change.subject == Subject::Guardian);
        if by != self.owner && about_guardian {
            return refuse(IVault::GuardianCannotCancel { change: number });
        }
        let before = self.waiting.len();
        self.waiting.retain(|change| change.number != number);
        if self.waiting.len() == before {
            return refuse(IVault::ChangeUnknown { change: number });
        }
        self.log(|sequence| IVault::ChangeCancelled { change: number, by, sequence });
        Ok(())
    }
}
