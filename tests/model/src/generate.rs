//! Random steps that mostly make sense: chosen by looking at the model's state, so that more than half of them succeed,
//! and near the borders of everything that has one.
//!
//! - `dice`: chance; `clock`: when the step happens
//! - `purses`: `openPurse`, `setPurseTarget`, refills; `spending`: what is taken from purses
//! - `payment`: `pay`, `payBatch`, `check`; `verbs`: the owner's verbs, `values`: what they are made of
//! - `envelope`: by which way an act comes
//! - `damage`: calldata that no encoder writes

mod clock;
mod damage;
mod dice;
mod envelope;
mod payment;
mod purses;
mod spending;
mod values;
mod verbs;

use crate::cast::Cast;
use crate::chain::GAS_LIMIT;
use crate::model::tokens::Mood;
use crate::model::{Counters, Purse, Vault};
use crate::pair::Scenario;
use crate::step::{Around, Step};
use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use dice::Dice;
use purse_protocol::abi::IVault;

/// The 15th of January 2027.
const START: u64 = 1_800_000_000;
/// 40 days before 32-bit time ends.
const LATE_START: u64 = (1 << 32) - 40 * 86_400;

/// Makes a test's steps.
#[derive(Debug)]
pub(crate) struct Generator<'a> {
    dice: Dice,
    cast: &'a Cast,
    /// The time of the last step.
    now: u64,
    /// What happens around the vault before the step's call.
    around: Vec<Around>,
}

/// What a step can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Pay,
    Batch,
    Check,
    OwnerVerb,
    Stop,
    Execute,
    Cancel,
    Accept,
    AddToken,
    Grant,
    SetPayees,
    OpenPurse,
    Unpause,
    Odd,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(seed: u64, cast: &'a Cast) -> Self {
        Self { dice: Dice::new(seed), cast, now: START, around: Vec::new() }
    }

    /// What the test begins with.
    pub(crate) fn scenario(&mut self) -> Scenario {
        let old = self.dice.chance(0.06);
        self.now = if self.dice.chance(0.02) { LATE_START } else { START };
        let owner = self.dice.one(&self.cast.owners);
        let treasury = if self.dice.chance(0.3) { owner } else { self.dice.one(&self.cast.treasuries) };
        let guardian = if self.dice.chance(0.15) { Address::ZERO } else { self.dice.one(&self.cast.guardians) };
        let counters = old.then(|| Counters {
            sequence: u32::MAX - self.dice.between(20, 150),
            owner_nonce: (1 << 24) - 1 - self.dice.between(60, 160),
            epoch: (1 << 24) - 1 - self.dice.between(0, 3),
        });
        Scenario { start: self.now, owner, treasury, guardian, counters }
    }

    /// The next step of a vault in this state.
    pub(crate) fn next(&mut self, vault: &Vault) -> anyhow::Result<Step> {
        self.dice.begin();
        self.around.clear();
        self.now = self.advance(vault);
        self.world(vault);
        self.spend(vault)?;
        let plan = self.plan(vault);
        let (from, data) = match plan {
            Plan::Pay => (self.anybody(vault), self.pay(vault)?),
            Plan::Batch => (self.anybody(vault), self.batch(vault)?),
            Plan::Check => (self.anybody(vault), self.check(vault)),
            Plan::Accept => (self.candidate(vault), IVault::acceptOwnershipCall {}.abi_encode()),
            Plan::Execute => (self.anybody(vault), self.execute(vault)),
            Plan::Cancel => self.cancel(vault)?,
            Plan::Stop => self.stop(vault)?,
            Plan::AddToken => (self.owner(vault), self.add_token(vault)),
            Plan::OpenPurse => (self.anybody(vault), self.open_purse(vault)),
            Plan::Grant => self.envelope(vault, Self::grant)?,
            Plan::SetPayees => self.envelope(vault, Self::set_payees)?,
            Plan::Unpause => self.envelope(vault, |_, _| verbs::Act::plain(IVault::unpauseCall {}.abi_encode()))?,
            Plan::OwnerVerb => self.owner_verb(vault)?,
            Plan::Odd => (self.anybody(vault), self.odd()),
        };
        let data = if self.dice.slip() { self.damage(data) } else { data };
        let value = if plan != Plan::Odd && self.dice.chance(0.997) { U256::ZERO } else { U256::from(1) };
        let scarce = plan == Plan::Batch && self.dice.chance(0.08);
        let least = 100_000.max(21_000 + 40 * data.len() as u64); // a transaction of less is none (EIP-7623)
        let gas = if scarce { self.dice.between(least, 3_000_000) } else { GAS_LIMIT };
        let around = std::mem::take(&mut self.around);
        // Only some have ether
        let from = if value.is_zero() { from } else { self.dice.one(&self.cast.strangers) };
        Ok(Step { time: self.now, around, from, value, data: Bytes::from(data), gas })
    }

    /// What the vault needs most, mostly.
    fn plan(&mut self, vault: &Vault) -> Plan {
        let listed = self.cast.tokens.iter().filter(|token| vault.tokens.contains_key(*token)).count();
        let live = self.payable(vault).len();
        let waiting = vault.waiting.len() as u32;
        let ripe = vault.waiting.iter().any(|change| {
            !change.killed && (change.executable_from..change.executable_until()).contains(&(self.now as u32))
        });
        let full = waiting > 8;
        let need = |have: usize, enough: usize, weight: u32| if have < enough { weight } else { 0 };
        let plans = [
            (if live == 0 || vault.paused { 20 } else { 330 }, Plan::Pay),
            (if live == 0 || vault.paused { 3 } else { 40 }, Plan::Batch),
            (if live == 0 || vault.paused { 3 } else { 30 }, Plan::Check),
            (if full { 40 } else { 170 }, Plan::OwnerVerb),
            (30, Plan::Stop),
            (waiting.min(5) * 6 + if ripe { 60 } else { 0 }, Plan::Execute),
            (if full { 250 } else { waiting * 2 + 1 }, Plan::Cancel),
            (if vault.pending_owner.is_zero() { 2 } else { 30 }, Plan::Accept),
            (3 + need(listed, 3, 250), Plan::AddToken),
            (6 + if full { 0 } else { need(live, 3, 70) + need(live, 1, 120) }, Plan::Grant),
            (6 + if full { 0 } else { need(vault.payees.len(), 4, 100) }, Plan::SetPayees),
            (if live == 0 { 2 } else { 8 + need(vault.purses.len(), 3, 30) }, Plan::OpenPurse),
            (if vault.paused { 100 } else { 2 }, Plan::Unpause),
            (3, Plan::Odd),
        ];
        self.dice.weighted(&plans).unwrap_or(Plan::Pay)
    }

    /// What happens around the vault: money comes, a token's mood swings.
    fn world(&mut self, vault: &Vault) {
        for (&token, &bits) in &vault.tokens {
            let Some(known) = vault.world.tokens.get(&token) else { continue };
            let much = U256::from(1) << (bits + 31);
            let poor = known.balance(vault.address) < much >> 6;
            if poor && self.dice.chance(0.5) {
                let amount = if self.dice.chance(0.15) { much >> 12 } else { much };
                self.around.push(Around::Mint { token, amount });
            }
        }
        let purses: Vec<(Address, Purse)> = vault.purses.iter().map(|(purse, of)| (*purse, *of)).collect();
        if let Some((account, of)) = self.dice.pick(&purses)
            && self.dice.chance(0.15)
        {
            let (target, _) = vault.purse_target(of);
            let half = target.div_ceil(U256::from(2));
            let few = [U256::ZERO, half.saturating_sub(U256::from(1)), half, half >> 3, target];
            self.around.push(Around::Hold { token: of.token, account, amount: self.dice.one(&few) });
        }
        let token = self.cast.moody();
        let Some(known) = vault.world.tokens.get(&token) else { return };
        let chance = if known.mood == Mood::Plain { 0.02 } else { 0.35 };
        if self.dice.chance(chance) {
            let moods = [
                Mood::Plain,
                Mood::Plain,
                Mood::Plain,
                Mood::Plain,
                Mood::Refusing,
                Mood::Silent,
                Mood::Lying,
                Mood::Frozen,
                Mood::Discreet,
            ];
            let mood = self.dice.one(&moods);
            self.around.push(Around::SetMood { token, mood });
        }
        if self.dice.chance(0.01) {
            let account = self.dice.one(&self.cast.payees);
            let shunned = !known.shunned.contains(&account) && self.dice.chance(0.4);
            self.around.push(Around::Shun { token, account, shunned });
        }
    }

    /// Somebody who may call whatever anybody may.
    fn anybody(&mut self, vault: &Vault) -> Address {
        let [relayer, stranger] = [0, 1].map(|index| self.cast.strangers.get(index).copied().unwrap_or_default());
        self.dice.one(&[relayer, relayer, relayer, stranger, vault.owner])
    }

    /// The owner, mostly.
    fn owner(&mut self, vault: &Vault) -> Address {
        if !self.dice.slip() {
            return vault.owner;
        }
        let others = [vault.guardian, self.dice.one(&self.cast.strangers), self.dice.one(&self.cast.agents)];
        Some(self.dice.one(&others)).filter(|other| !other.is_zero()).unwrap_or(vault.owner)
    }

    /// The one who may accept the ownership, mostly.
    fn candidate(&mut self, vault: &Vault) -> Address {
        let slip = vault.pending_owner.is_zero() || self.dice.slip();
        if slip { self.dice.one(&self.cast.owners) } else { vault.pending_owner }
    }

    /// A call that is none of the vault's verbs.
    fn odd(&mut self) -> Vec<u8> {
        let length = self.dice.below(40);
        let mut data = [self.dice.word(), self.dice.word()].concat();
        data.truncate(length);
        data
    }
}
