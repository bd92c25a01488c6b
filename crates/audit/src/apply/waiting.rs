//! The fold of changes that wait (I9), twin of `contracts/src/base/Waiting.sol`. What a stop or a tightening kills is
//! logged by no event of its own: it follows from the event and the state before it. Events that belong to the
//! execution of a change kill nothing; they are known by the change's call.

use crate::change::{Change, ChangeSubject};
use crate::effects::{Effect, Moment, effects};
use crate::place::Place;
use crate::refusal::{TrailRefusal, error_of};
use crate::trail::Trail;
use alloy::primitives::{Address, B256, U256, keccak256};
use purse_protocol::abi::IVault::{self, IVaultEvents};
use purse_protocol::event::is_act;
use purse_protocol::{Scope, SessionId, Window, meter};
use std::collections::VecDeque;

/// Where the owner nonce ends.
const NONCE_END: u32 = (1 << 24) - 1;

/// What the last events have begun and not ended: none of it outlasts a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Going {
    /// Where the last log stands, of whatever kind.
    pub(crate) last: Option<Place>,
    /// A call that was logged; the change that waits by it comes next.
    pub(crate) call: Option<(IVault::ChangeCall, Place)>,
    /// What the change that is being executed still has to log.
    executing: VecDeque<Effect>,
    /// A call with several events that takes effect at once.
    list: Option<List>,
}

/// A call with several events: whether an event still is of it, its logs cannot always tell.
#[derive(Debug, Clone, PartialEq, Eq)]
enum List {
    Grant {
        session: u32,
    },
    /// Ascending by payee. It loosens if any entry does; until one does, it has killed these changes.
    Payees {
        last: Address,
        loosens: bool,
        killed: Vec<u32>,
    },
}

impl Going {
    pub(crate) const fn new() -> Self {
        Self { last: None, call: None, executing: VecDeque::new(), list: None }
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
        let tightened = self.tightened(event);
        let known = matches!(event, IVaultEvents::PayeeSet(e) if self.is_as_set(e));
        let counted = self.apply(event, place)?;
        if executed {
            self.going.executing.pop_front();
            self.going.list = None;
        } else {
            if !matches!(event, IVaultEvents::ChangeExecuted(_)) {
                self.going.executing.clear();
            }
            let list = self.going.list.take().filter(|_| same_tx);
            self.going.list = self.kill(event, tightened, known, list);
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

    /// Marks what an event that took effect at once has killed. `tightened` and `known` are by the state before it.
    /// Gives the list that the event may go on with.
    fn kill(
        &mut self,
        event: &IVaultEvents,
        tightened: Option<ChangeSubject>,
        known: bool,
        list: Option<List>,
    ) -> Option<List> {
        match (event, list) {
            (IVaultEvents::SessionGranted(e), _) => return Some(List::Grant { session: e.session }),
            (IVaultEvents::PayeeSet(e), list) => return Some(self.kill_by_payee(e, known, list)),
            (
                IVaultEvents::PerPaymentCapSet(IVault::PerPaymentCapSet { session: of, .. }),
                Some(List::Grant { session }),
            )
            | (IVaultEvents::LimitSet(IVault::LimitSet { session: of, .. }), Some(List::Grant { session }))
                if *of == session =>
            {
                self.mark(tightened, None);
                return Some(List::Grant { session });
            }
            _ => self.mark(tightened, Some(true)),
        };
        None
    }

    /// A list of payees kills what waits to change payees, unless one of its entries loosens.
    fn kill_by_payee(&mut self, e: &IVault::PayeeSet, known: bool, list: Option<List>) -> List {
        let (mut loosens, mut killed) = match list {
            Some(List::Payees { last, loosens, killed }) if e.payee > last => (loosens, killed),
            _ => (false, Vec::new()),
        };
        if known {
            killed.extend(self.mark(Some(ChangeSubject::Payees), (!loosens).then_some(true)));
        } else {
            loosens = true;
            for change in self.waiting.iter_mut().filter(|change| killed.contains(&change.number)) {
                change.killed = None;
            }
            killed.clear();
        }
        List::Payees { last: e.payee, loosens, killed }
    }

    /// Marks what waits on a subject and was not surely killed before; gives the numbers.
    fn mark(&mut self, subject: Option<ChangeSubject>, killed: Option<bool>) -> Vec<u32> {
        let alive = |change: &&mut Change| Some(change.subject) == subject && change.killed != Some(true);
        let changes = self.waiting.iter_mut().filter(alive);
        changes
            .map(|change| {
                change.killed = killed;
                change.number
            })
            .collect()
    }

    /// What an act that took effect at once has tightened or stopped, so that what waits on it is dead.
    fn tightened(&self, event: &IVaultEvents) -> Option<ChangeSubject> {
        use IVaultEvents as E;
        let session = |id| Some(ChangeSubject::Session(id));
        match event {
            E::Paused(_) => Some(ChangeSubject::Pause),
            E::PayeeRemoved(e) => Some(ChangeSubject::Account(e.payee)),
            E::ValiditySet(e) => {
                let word = self.session(SessionId::new(e.session)?)?.word;
                session(e.session).filter(|_| e.validFrom >= word.valid_from && e.validUntil <= word.valid_until)
            }
            E::CategoriesSet(e) => {
                let word = self.session(SessionId::new(e.session)?)?.word;
                session(e.session).filter(|_| e.categories & !word.categories.bits() == 0)
            }
            E::PerPaymentCapSet(e) => {
                let scope = Scope::new(e.session, 0)?;
                let cap = self.policies.get(&(scope, e.token)).map_or(0, |policy| policy.per_payment_cap);
                session(e.session).filter(|_| e.perPaymentCap <= cap)
            }
            E::LimitSet(e) => self.limit_tightened(e),
            E::LimitRemoved(e) => {
                let policy = self.policies.get(&(Scope::new(e.session, e.category)?, e.token))?;
                let closes = e.session != 0 && e.category == 0 && policy.windows.count_ones() == 1;
                closes.then_some(ChangeSubject::Session(e.session))
            }
            E::DelaySet(e) => (e.delay >= self.delay).then_some(ChangeSubject::Delay),
            E::GuardianSet(e) => (e.guardian == self.guardian).then_some(ChangeSubject::Guardian),
            E::TreasurySet(e) => (e.treasury == self.treasury).then_some(ChangeSubject::Treasury),
            E::OwnershipTransferStarted(e) => e.pendingOwner.is_zero().then_some(ChangeSubject::Ownership),
            _ => None,
        }
    }

    /// Where a limit stands, a lower cap tightens; where none does, a new one, unless it lets a session pay at all.
    fn limit_tightened(&self, e: &IVault::LimitSet) -> Option<ChangeSubject> {
        let (scope, window) = (Scope::new(e.session, e.category)?, Window::from_seconds(e.window)?);
        let policy = self.policies.get(&(scope, e.token)).copied().unwrap_or_default();
        let standing = meter::base_units(self.meter(scope, e.token, window).cap_units(), policy.unit_bits);
        let loosens = match policy.stands(window) {
            true => U256::from(e.cap) > standing,
            false => matches!(scope, Scope::Session(_)) && policy.windows == 0,
        };
        (!loosens).then_some(ChangeSubject::of_limit(e.session, e.token))
    }

    /// Whether the payee has the category already.
    fn is_as_set(&self, e: &IVault::PayeeSet) -> bool {
        self.payees.get(&e.payee).copied().flatten().is_some_and(|category| category.number() == e.category)
    }
}
