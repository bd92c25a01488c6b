//! A vault as IVault.sol and the promises of the spec describe it, written to be obvious rather than cheap: payments are
//! kept in lists and summed anew each time, changes that wait in a list, nonces in sets. It shares no code with the
//! contract, nor with what folds its events; only the names of the interface are the same.
//!
//! Where several refusals are true at once the interface does not say which one is named: there the model follows the
//! contract's order, and so holds it fast.
//!
//! - `Vault`: the state; `calls`: which verb a call's bytes are
//! - `payments`, `judge`: `pay`, `payBatch`, `check`; `limits`: what counts against what
//! - `purses`: `openPurse`, `setPurseTarget`, and what is put into purses; `spending`: what leaves them
//! - `sessions`, `book`, `roles`: the verbs of owner and guardian; `grants`: `grant`
//! - `acts`: `lodge`, `replace`; `waiting`: changes that wait, `execute`, `cancel`
//! - `trail`: events, sequence number, running hash; `signatures`: who signed what
//! - `tokens`: what the tokens and ERC-1271 accounts around the vault do
//! - `refusal`: how a call ends; `views`: what each view answers

mod acts;
mod book;
mod calls;
mod grants;
mod judge;
mod limits;
mod payments;
mod purses;
pub(crate) mod refusal;
mod roles;
mod sessions;
pub(crate) mod signatures;
mod spending;
pub(crate) mod tokens;
mod trail;
pub(crate) mod views;
mod waiting;

pub(crate) use limits::{LIFETIME, Limit, Scope, WINDOWS};
pub(crate) use purses::{Purse, read_opening};
pub(crate) use sessions::Session;
pub(crate) use spending::Terms;
pub(crate) use waiting::Subject;
pub(crate) use waiting::Waiting;

use alloy::primitives::{Address, U256};
use refusal::{Expected, Verdict, refuse};
use std::collections::BTreeMap;
use tokens::World;
use trail::Trail;

/// How long a vault's first configuration is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Configuration {
    pub(crate) chain_id: u64,
    pub(crate) address: Address,
    pub(crate) owner: Address,
    pub(crate) treasury: Address,
    pub(crate) guardian: Address,
}

/// A call of the vault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) from: Address,
    pub(crate) value: U256,
    pub(crate) data: &'a [u8],
    /// The block's time.
    pub(crate) time: u64,
}

/// A vault and what it knows.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    pub(crate) chain_id: u64,
    pub(crate) address: Address,
    pub(crate) owner: Address,
    pub(crate) pending_owner: Address,
    pub(crate) guardian: Address,
    pub(crate) treasury: Address,
    pub(crate) delay: u32,
    pub(crate) paused: bool,
    /// How often everything was revoked.
    pub(crate) epoch: u32,
    /// Whether a session was granted since then.
    granted: bool,
    pub(crate) sessions: BTreeMap<u32, Session>,
    /// Every key that serves or served, and its session.
    pub(crate) keys: BTreeMap<Address, u32>,
    /// Largest payments, by session and token, in base units.
    per_payment_caps: BTreeMap<(u32, Address), U256>,
    pub(crate) limits: BTreeMap<(Scope, u32), Limit>,
    pub(crate) payees: BTreeMap<Address, u8>,
    pub(crate) purses: BTreeMap<Address, Purse>,
    /// Targets that were set, in units.
    targets: BTreeMap<Purse, u128>,
    /// Listed tokens and the bits of their units.
    pub(crate) tokens: BTreeMap<Address, u8>,
    pub(crate) waiting: Vec<Waiting>,
    /// The owner nonce when what waits on a subject was last killed.
    last_kills: BTreeMap<Subject, u32>,
    pub(crate) trail: Trail,
    /// What stands around the vault.
    pub(crate) world: World,
    /// The time of the call that is being decided.
    now: u64,
}

impl Vault {
    /// A vault as it is deployed.
    pub(crate) fn new(first: Configuration, world: World) -> Verdict<Self> {
        let Configuration { chain_id, address, owner, treasury, guardian } = first;
        if owner.is_zero() || treasury.is_zero() {
            return refuse(purse_protocol::abi::IVault::ZeroAddress {});
        }
        let mut vault = Self {
            chain_id,
            address,
            owner: Address::ZERO,
            pending_owner: Address::ZERO,
            guardian: Address::ZERO,
            treasury: Address::ZERO,
            delay: 0,
            paused: false,
            epoch: 0,
            granted: false,
            sessions: BTreeMap::new(),
            keys: BTreeMap::new(),
            per_payment_caps: BTreeMap::new(),
            limits: BTreeMap::new(),
            payees: BTreeMap::new(),
            purses: BTreeMap::new(),
            targets: BTreeMap::new(),
            tokens: BTreeMap::new(),
            waiting: Vec::new(),
            last_kills: BTreeMap::new(),
            trail: Trail::default(),
            world,
            now: 0,
        };
        vault.become_owner(owner);
        vault.become_treasury(treasury)?;
        vault.become_guardian(guardian);
        vault.trail.take();
        Ok(vault)
    }

    /// Makes a call: either every event in order, or the refusal and no change at all.
    pub(crate) fn call(&mut self, call: Call<'_>) -> Verdict<Vec<Expected>> {
        let before = self.clone();
        self.now = call.time;
        match self.dispatch(call) {
            Ok(()) => Ok(self.trail.take()),
            Err(refusal) => {
                *self = before;
                Err(refusal)
            }
        }
    }

    /// Makes the counters those of an old vault.
    pub(crate) fn age(&mut self, counters: Counters) {
        self.trail.sequence = counters.sequence;
        self.trail.owner_nonce = counters.owner_nonce;
        self.epoch = counters.epoch;
    }
}

/// Counters that no test reaches by counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) sequence: u32,
    pub(crate) owner_nonce: u32,
    pub(crate) epoch: u32,
}
