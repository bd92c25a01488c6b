//! A vault's state: what its events leave in the contract's storage (I12), and what its tokens say that came and went; folded as
//! they come in and stored beside them. It is kept for each block that is not final, so that a rollback needs no undoing:
//! the last state of the blocks that are left is the state. `kept`: those that a sync meets; [`proof`]: held against
//! the chain's own; [`balances`]: so is what accounts hold.

pub mod balances;
mod kept;
pub mod proof;

pub use balances::Balances;
pub(crate) use kept::States;
pub use proof::{CompareError, Compared, compare, compare_trail};

use crate::decode;
use crate::error::StoreError;
use crate::page::{Moment, StatePart};
use crate::rows::{BlockRef, StoredTransfer};
use crate::source::{ChainLog, Header};
use crate::store::Store;
use alloy::primitives::{Address, B256, U256, keccak256};
use purse_audit::{Trail, TrailError, TrailLog};
use purse_protocol::event::RunningHash;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How states are written: the number changes with what they hold and with the events that are known. One of another number
/// is folded anew from the logs.
pub(crate) const FORMAT: u8 = 2;

/// A vault as its events leave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultState {
    /// The fold of its events, without its history.
    pub trail: Trail,
    /// Why the fold went no further; none = it is of all events.
    pub stopped: Option<Stopped>,
    /// What came and went: of the vault, in the tokens that it lists or has withdrawn; of its purses, in theirs. By account and
    /// token, from the block on that created the one or opened the other.
    pub sums: BTreeMap<(Address, Address), Sums>,
    /// How many transfers of the vault there are in other tokens, which it may list one day.
    others: u64,
    /// The block that created the vault.
    created: Option<u64>,
}

/// Where a fold stopped. The logs from there on are stored all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The block of an event that this program does not know (of a newer vault), or that does not fit.
    pub block: u64,
    /// What kind of error that is.
    pub code: String,
    /// What is wrong with it.
    pub why: String,
    /// What can be done about it.
    pub fix: String,
}

/// What came to an account and went from it in one token, in base units. Within: between a vault and its purses. None: more
/// than 256 bits hold; tokens may say anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// To a purse from its vault, to a vault from its purses.
    pub came_within: Option<U256>,
    /// From anyone else.
    pub came: Option<U256>,
    /// From a purse to its vault, from a vault to its purses.
    pub went_within: Option<U256>,
    /// To anyone else.
    pub went: Option<U256>,
}

impl Stopped {
    fn at(block: u64, error: &TrailError) -> Self {
        let code = format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect();
        Self { block, code, why: error.to_string(), fix: error.fix().to_owned() }
    }
}

impl Default for Sums {
    fn default() -> Self {
        let nothing = Some(U256::ZERO);
        Self { came_within: nothing, came: nothing, went_within: nothing, went: nothing }
    }
}

impl Sums {
    /// What is left of what came; none where more went, since something came before the first block that counts, and where 256
    /// bits do not hold what came or went.
    pub fn balance(&self) -> Option<U256> {
        self.all_that_came()?.checked_sub(self.all_that_went()?)
    }

    fn all_that_came(&self) -> Option<U256> {
        self.came?.checked_add(self.came_within?)
    }

    fn all_that_went(&self) -> Option<U256> {
        self.went?.checked_add(self.went_within?)
    }
}

impl VaultState {
    /// A vault before its first event.
    pub(crate) fn new(chain_id: u64, vault: Address) -> Self {
        Self { trail: Trail::new(chain_id, vault), stopped: None, sums: BTreeMap::new(), others: 0, created: None }
    }

    /// Folds its next log, after which its running hash is `hash` where it is in the count. Whether the log is one that this program
    /// knows.
    pub(crate) fn push(&mut self, log: &ChainLog, hash: Option<RunningHash>, header: &Header) -> bool {
        let log = TrailLog {
            block_number: header.number,
            block_hash: header.hash,
            parent_hash: header.parent,
            time: header.time,
            tx: log.tx,
            log_index: log.log_index,
            topics: log.topics.clone(),
            data: log.data.clone(),
        };
        self.fold(&log, hash)
    }

    fn fold(&mut self, log: &TrailLog, hash: Option<RunningHash>) -> bool {
        self.created.get_or_insert(log.block_number);
        if self.stopped.is_none() {
            match self.trail.push_hashed(log, hash) {
                Ok(()) => {
                    self.trail.forget_history();
                    return true;
                }
                Err(error) => self.stopped = Some(Stopped::at(log.block_number, &error)),
            }
        }
        !decode::is_unknown(&log.topics, &log.data)
    }

    /// Begins to count what it lists, has withdrawn or opened since the last time. `earlier` is asked for the transfers of the
    /// vault so far, where there are any that count now.
    pub(crate) fn count_new<E>(&mut self, earlier: impl FnOnce() -> Result<Vec<StoredTransfer>, E>) -> Result<(), E> {
        let Self { trail, sums, .. } = self;
        let vault = trail.vault;
        for (&purse, of) in &trail.purses {
            sums.entry((purse, of.token)).or_default();
        }
        let listed = trail.tokens.keys().chain(&trail.withdrawn).copied();
        let new: BTreeSet<_> = listed.filter(|&token| !sums.contains_key(&(vault, token))).collect();
        sums.extend(new.iter().map(|&token| ((vault, token), Sums::default())));
        if self.others > 0 && !new.is_empty() {
            for moved in earlier()?.iter().filter(|moved| new.contains(&moved.token)) {
                if self.count_for(vault, moved) {
                    self.others = self.others.saturating_sub(1);
                }
            }
        }
        Ok(())
    }

    /// Counts a transfer for the vault and for each of its purses, as far as it is from or to them. Whether that changed anything.
    pub(crate) fn count(&mut self, moved: &StoredTransfer) -> bool {
        let of_one = self.count_for(moved.from, moved);
        let of_other = moved.to != moved.from && self.count_for(moved.to, moved);
        of_one || of_other
    }

    /// The block that created the vault or opened the purse: what moves from there on counts.
    fn since(&self, account: Address) -> Option<u64> {
        let opened = self.trail.purses.get(&account).map(|purse| purse.place.block);
        if account == self.trail.vault { self.created } else { opened }
    }

    fn count_for(&mut self, account: Address, moved: &StoredTransfer) -> bool {
        if self.since(account).is_none_or(|since| moved.block.number < since) {
            return false;
        }
        let Self { trail, sums, others, .. } = self;
        let is_vault = account == trail.vault;
        let Some(sums) = sums.get_mut(&(account, moved.token)) else {
            *others += u64::from(is_vault);
            return is_vault;
        };
        let is_within =
            |other: Address| if is_vault { trail.purses.contains_key(&other) } else { other == trail.vault };
        let add = |to: &mut Option<U256>| *to = to.and_then(|sum| sum.checked_add(moved.amount));
        if moved.to == account {
            add(if is_within(moved.from) { &mut sums.came_within } else { &mut sums.came });
        }
        if moved.from == account {
            add(if is_within(moved.to) { &mut sums.went_within } else { &mut sums.went });
        }
        true
    }

    /// As it is written: after its own hash.
    pub(crate) fn encode(&self) -> postcard::Result<Vec<u8>> {
        let mut bytes = postcard::to_extend(self, vec![0; B256::len_bytes()])?;
        let (hash, body) = bytes.split_at_mut(B256::len_bytes());
        hash.copy_from_slice(keccak256(&*body).as_slice());
        Ok(bytes)
    }

    /// From what was written; none if a bit of it has changed.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (hash, body) = bytes.split_at_checked(B256::len_bytes())?;
        (keccak256(body).as_slice() == hash).then(|| postcard::from_bytes(body).ok()).flatten()
    }
}

/// A vault's state as the index has it. Where none is stored (by an older program), or one in another format, it is folded from
/// the rows.
///
/// # Errors
/// When the database cannot be read, or the state is not what was written.
pub fn state_of(store: &dyn Store, vault: Address) -> Result<StatePart, StoreError> {
    loop {
        let (moment, stored) = store.stored_state(vault)?;
        if let Some((block, state)) = stored {
            return Ok(StatePart { moment, block: Some(block), state });
        }
        let part = folded(store, vault, moment)?;
        // Nothing was written between two questions.
        if store.moment()? == moment {
            return Ok(part);
        }
    }
}

fn folded(store: &dyn Store, vault: Address, moment: Moment) -> Result<StatePart, StoreError> {
    let mut part = StatePart { moment, block: None, state: VaultState::new(store.chain_id(), vault) };
    for log in store.logs(vault)? {
        part.block = Some(BlockRef { number: log.block_number, hash: log.block_hash });
        part.state.fold(&log.into(), None);
    }
    part.state.count_new(|| Ok::<_, StoreError>(Vec::new()))?;
    let purses: Vec<_> = part.state.trail.purses.keys().copied().collect();
    for account in [vault].into_iter().chain(purses) {
        for moved in store.transfers(account)? {
            if part.state.count_for(account, &moved) {
                part.block = part.block.max(Some(moved.block));
            }
        }
    }
    Ok(part)
}

/// A state as it is written, and the block after which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenState {
    /// The vault.
    pub vault: Address,
    /// The last block in which it or a token of its logged something.
    pub block: BlockRef,
    /// The state, after its own hash.
    pub bytes: Vec<u8>,
}
