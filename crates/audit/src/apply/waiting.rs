//! The fold of changes that wait (I9), twin of `contracts/src/base/Waiting.sol`. What kills a change is logged by no event
//! of its own: it follows from the event that took effect. Events of a change's own execution kill nothing; they are
//! known by the change's call.

use crate::change::Change;
use crate::effects::{Effect, Moment, effects};
use crate::place::Place;
use crate::refusal::{TrailRefusal, error_of};
use crate::trail::Trail;
use alloy::primitives::{B256, U256, keccak256};
use purse_protocol::abi::IVault::{self, IVaultEvents};
use purse_protocol::event::is_act;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Where the owner nonce ends.
const NONCE_END: u32 = (1 << 24) - 1;

/// What the last events have begun and not ended: none of it outlasts a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Going {
    /// Where the last log stands, of whatever kind.
    pub(crate) last: Option<Place>,
    /// A call that was logged; the change that waits by it comes next.
    pub(crate) call: Option<(IVault::ChangeCall, Place)>,
    /// What the change that is being executed still has to log. Kept between blocks, it would be kept for nothing.
    #[serde(skip)]
    executing: VecDeque<Effect>,
}

impl Going {
    pub(crate) const fn new() -> Self {
        Self { last: None, call: None, executing: VecDeque::new() }
    }

    fn tx(&self) -> Option<B256> {
        self.last.map(|place| place.tx)
    }
}

impl Trail {
    /// Changes the state as an event of the trail says, and what waits as the event implies.
    pub(crate) fn apply_act(&mut self, event: &IVaultEvents, place: Place) -> Result<Option<U256>, String> {
        if let Some((call, _)) = &self.going.call
            && !matches!(event, IVaultEvents::ChangeWaiting(e) if e.change == call.change)
        {
            return Err(format!("the call of change {} came before it, without the change", call.change));
        }
        let same_tx = self.going.tx() == Some(place.tx);
        let executed = same_tx && self.going.executing.front().is_some_and(|effect| *effect == Effect::of(event));
        let counted = self.apply(event, place)?;
        if executed {
            self.going.executing.pop_front();
        } else {
            if !matches!(event, IVaultEvents::ChangeExecuted(_)) {
                self.going.executing.clear();
            }
            for change in self.waiting.iter_mut().filter(|change| change.subject.is_killed_by(event)) {
                change.killed = true;
            }
        }
        if is_act(event) && self.owner_nonce < NONCE_END {
            self.owner_nonce += 1;
        }
        Ok(counted)
    }

    /// A log without a sequence number: an item of a batch that did not pay, or the call of a change that will wait.
    pub(crate) fn beside(&mut self, event: IVaultEvents, place: Place) -> Result<(), String> {
        if let Some((call, _)) = &self.going.call {
            return Err(format!("the call of change {} came before it, without the change", call.change));
        }
        match event {
            IVaultEvents::ChangeCall(call) => self.going.call = Some((call, place)),
            IVaultEvents::PaymentFailed(e) => {
                let session = self.granted_session(e.session)?;
                let (Place { sequence: after, block, time, tx, log_index }, error) = (place, error_of(&e)?);
                let IVault::PaymentFailed { payee, r#ref: reference, nonce, reason, .. } = e;
                let refusal =
                    TrailRefusal { session, nonce, payee, reference, error, reason, after, block, time, tx, log_index };
                self.refusals.push(refusal);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn change_waits(&mut self, e: &IVault::ChangeWaiting, place: Place) -> Result<(), String> {
        let Some((call, at)) = &self.going.call else {
            return Err("the log of its call is missing".into());
        };
        if keccak256(&call.call) != e.callHash || at.tx != place.tx {
            return Err("the call logged before it is another one".into());
        }
        let next = self.owner_nonce + 1;
        if e.change != next {
            return Err(format!("its number would be {next}, the owner nonce that it makes"));
        }
        let change = Change::waiting(e.change, e.executableFrom, call.call.clone(), place);
        let change = change.ok_or("its call is none that waits")?;
        self.calls.insert(change.number, change.call.clone());
        self.waiting.insert(0, change);
        self.going.call = None;
        Ok(())
    }

    pub(super) fn change_executed(&mut self, number: u32) -> Result<(), String> {
        let change = self.take_off(number)?;
        let Self { owner, epoch, paused, tokens, .. } = self;
        let moment = Moment { owner: *owner, epoch: *epoch, paused: *paused, unit_bits: tokens };
        self.going.executing = effects(&change.call, &moment).unwrap_or_default();
        Ok(())
    }

    pub(super) fn take_off(&mut self, number: u32) -> Result<Change, String> {
        let place = self.waiting.iter().position(|change| change.number == number);
        place.map(|place| self.waiting.remove(place)).ok_or_else(|| format!("no change {number} waits"))
    }
}
