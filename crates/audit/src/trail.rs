//! The trail: a vault's state and history, folded from its logs (I12).

use crate::apply::Going;
use crate::change::Change;
use crate::error::TrailError;
use crate::payment::TrailPayment;
use crate::place::Place;
use crate::policy::{LimitState, Policy};
use crate::purse::TrailPurse;
use crate::refusal::TrailRefusal;
use crate::session::{Session, SessionWord};
use alloy::primitives::{Address, B256, Bytes, U256};
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::event::{self, RunningHash};
use purse_protocol::{Category, Meter, Scope, SessionId, Window};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A log of the vault, with the time of its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailLog {
    /// The block's height.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
    /// The hash of the block before it.
    pub parent_hash: B256,
    /// The block's time, seconds since 1970.
    pub time: u64,
    /// The transaction's hash.
    pub tx: B256,
    /// The log's number within the block.
    pub log_index: u64,
    /// The log's topics, the event's signature first.
    pub topics: Vec<B256>,
    /// The log's other words.
    pub data: Bytes,
}

/// A block that has events of the vault, as whoever gave the logs knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailBlock {
    /// Its hash.
    pub hash: B256,
    /// The hash of the block before it.
    pub parent: B256,
    /// Its time, seconds since 1970.
    pub time: u64,
}

/// An event of the trail: one with a sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailEvent {
    /// Where it stands.
    pub place: Place,
    /// What happened.
    pub event: IVaultEvents,
    /// The running hash after it.
    pub hash: RunningHash,
    /// For `LimitSet`: the base units that the fold had counted by then (I7).
    pub counted: Option<U256>,
}

/// A vault as its logs tell it, and all that happened. What is serialised is its state between two blocks, from which the fold
/// can go on; what happened is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// The chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// The last event's number; 0 = no event. Starts over after 2^32 events.
    pub sequence: u32,
    /// The hash over all events (I13).
    pub running_hash: RunningHash,
    /// Whether payments are stopped.
    pub paused: bool,
    /// How often everything was revoked.
    pub epoch: u32,
    /// How many events were not payments, up to 2^24 - 1: the nonce of an act by signature (I9).
    pub owner_nonce: u32,
    /// How long loosenings wait, in seconds.
    pub delay: u32,
    /// The changes that wait, newest first, those that are dead or past their time included.
    pub waiting: Vec<Change>,
    /// The call of every change that ever waited, by the change's number.
    #[serde(skip)]
    pub calls: BTreeMap<u32, Bytes>,
    /// Grants, changes, withdraws.
    pub owner: Address,
    /// Named as the next owner; zero = nobody.
    pub pending_owner: Address,
    /// The only address that withdrawals go to.
    pub treasury: Address,
    /// May only stop things; zero = nobody.
    pub guardian: Address,
    /// The listed tokens, with their unit of 2^n base units.
    pub tokens: BTreeMap<Address, u8>,
    /// Every payee that ever was in the book; none = taken out.
    pub payees: BTreeMap<Address, Option<Category>>,
    /// Every purse that was opened.
    pub purses: BTreeMap<Address, TrailPurse>,
    /// The key that each session has now.
    pub session_keys: BTreeMap<SessionId, Address>,
    /// Every key that ever served.
    pub keys: BTreeMap<Address, SessionWord>,
    /// Per-payment caps and standing limits, per scope and token.
    pub policies: BTreeMap<(Scope, Address), Policy>,
    /// Meters, removed ones included, per scope, token and window.
    pub meters: BTreeMap<(Scope, Address, Window), Meter>,
    /// The tokens that were ever withdrawn, listed or not.
    pub withdrawn: BTreeSet<Address>,
    /// The blocks that have events, by height.
    #[serde(skip)]
    pub blocks: BTreeMap<u64, TrailBlock>,
    /// All payments, in order.
    #[serde(skip)]
    pub payments: Vec<TrailPayment>,
    /// Items of batches that did not pay, in order.
    #[serde(skip)]
    pub refusals: Vec<TrailRefusal>,
    /// All events, in order.
    #[serde(skip)]
    pub events: Vec<TrailEvent>,
    /// What the last events have begun.
    pub(crate) going: Going,
}

impl Trail {
    /// A vault before its first event.
    pub const fn new(chain_id: u64, vault: Address) -> Self {
        Self {
            chain_id,
            vault,
            sequence: 0,
            running_hash: RunningHash::ZERO,
            paused: false,
            epoch: 0,
            owner_nonce: 0,
            delay: 0,
            waiting: Vec::new(),
            calls: BTreeMap::new(),
            owner: Address::ZERO,
            pending_owner: Address::ZERO,
            treasury: Address::ZERO,
            guardian: Address::ZERO,
            tokens: BTreeMap::new(),
            payees: BTreeMap::new(),
            purses: BTreeMap::new(),
            session_keys: BTreeMap::new(),
            keys: BTreeMap::new(),
            policies: BTreeMap::new(),
            meters: BTreeMap::new(),
            withdrawn: BTreeSet::new(),
            blocks: BTreeMap::new(),
            payments: Vec::new(),
            refusals: Vec::new(),
            events: Vec::new(),
            going: Going::new(),
        }
    }

    /// Folds all logs of a vault, in the order of the chain.
    ///
    /// # Errors
    /// [`TrailError`], naming the first log that does not fit.
    pub fn fold(chain_id: u64, vault: Address, logs: impl IntoIterator<Item = TrailLog>) -> Result<Self, TrailError> {
        let mut trail = Self::new(chain_id, vault);
        for log in logs {
            trail.push(&log)?;
        }
        Ok(trail)
    }

    /// Folds the next log. After an error the trail is as it was.
    ///
    /// # Errors
    /// [`TrailError`], naming this log.
    pub fn push(&mut self, log: &TrailLog) -> Result<(), TrailError> {
        self.push_hashed(log, None)
    }

    /// The same where the running hash after this event was computed already: it is taken as it is.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_hashed(&mut self, log: &TrailLog, hash: Option<RunningHash>) -> Result<(), TrailError> {
        let TrailLog { block_number: block, time, tx, log_index, .. } = *log;
        if let Some(last) = self.going.last
            && ((block, log_index) <= (last.block, last.log_index) || time < last.time)
        {
            return Err(TrailError::OutOfOrder { block, tx, log_index });
        }
        let of = TrailBlock { hash: log.block_hash, parent: log.parent_hash, time };
        if self.blocks.get(&block).is_some_and(|known| *known != of) {
            return Err(TrailError::TwoBlocks { block, log_index });
        }
        let event = event::decode_raw(&log.topics, &log.data).map_err(|_| TrailError::UnknownEvent {
            block,
            tx,
            log_index,
            topic: log.topics.first().copied(),
        })?;
        let name = event::name(&event);
        let impossible = |why| TrailError::Impossible { block, tx, log_index, event: name, why };
        let place = Place { sequence: self.sequence, block, time, tx, log_index };
        if event::is_trail_event(&event) {
            self.next_event(event, place, log, hash)?;
        } else {
            self.beside(event, place).map_err(impossible)?;
        }
        self.blocks.insert(block, of);
        self.going.last = Some(place);
        Ok(())
    }

    /// Forgets what happened, so that the state is left.
    pub fn forget_history(&mut self) {
        self.calls.clear();
        self.blocks.clear();
        self.payments.clear();
        self.refusals.clear();
        self.events.clear();
    }

    /// An event of the trail.
    fn next_event(
        &mut self,
        event: IVaultEvents,
        last: Place,
        log: &TrailLog,
        hash: Option<RunningHash>,
    ) -> Result<(), TrailError> {
        let Place { block, tx, log_index, .. } = last;
        let name = event::name(&event);
        let (expected, found) =
            (self.sequence.wrapping_add(1), event::sequence_of(&log.topics, &log.data).unwrap_or_default());
        if found != expected {
            return Err(TrailError::SequenceBroken { block, tx, log_index, event: name, expected, found });
        }
        let place = Place { sequence: found, ..last };
        let counted = self.apply_act(&event, place).map_err(|why| TrailError::Impossible {
            block,
            tx,
            log_index,
            event: name,
            why,
        })?;
        self.sequence = found;
        self.running_hash = hash.unwrap_or_else(|| event::next_hash(self.running_hash, &log.topics, &log.data));
        self.events.push(TrailEvent { place, event, hash: self.running_hash, counted });
        Ok(())
    }

    /// A session as it stands; none = never granted.
    pub fn session(&self, id: SessionId) -> Option<Session> {
        let key = *self.session_keys.get(&id)?;
        let word = *self.keys.get(&key)?;
        Some(Session { id, key, word, revoked: word.valid_until == 0 || word.epoch != self.epoch })
    }

    /// Every session, ascending by number.
    pub fn sessions(&self) -> impl Iterator<Item = Session> {
        self.session_keys.keys().filter_map(|&id| self.session(id))
    }

    /// The limits of a scope in a token that stand, ascending by window, as they read at `time` (seconds since 1970).
    pub fn limits(&self, scope: Scope, token: Address, time: u64) -> Vec<LimitState> {
        let policy = self.policies.get(&(scope, token)).copied().unwrap_or_default();
        let standing = Window::ALL.into_iter().filter(|&window| policy.stands(window));
        standing
            .map(|window| LimitState::of(self.meter(scope, token, window), window, policy.unit_bits, time))
            .collect()
    }

    /// The raw meter of a limit; zero where there never was one.
    pub fn meter(&self, scope: Scope, token: Address, window: Window) -> Meter {
        self.meters.get(&(scope, token, window)).copied().unwrap_or_default()
    }
}
