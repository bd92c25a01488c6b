//! How far the index is behind its chain, and whether it stalls. Pure: who polls tells what came of it, and the time.

use crate::doubts::{Doubt, Doubts};
use alloy::primitives::Address;
use purse_indexer::{Compared, Moment, Rollback};
use serde::Serialize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use utoipa::ToSchema;

/// What everybody may know of the loop that follows the chain.
#[derive(Debug)]
pub struct Health {
    state: Mutex<State>,
    pulse: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    /// Polls without a new block after which it is a stall.
    patience: u32,
    moment: Moment,
    /// The last block of the index.
    block: Option<u64>,
    node_head: u64,
    /// Whether the head was reached once.
    synced: bool,
    /// Polls since there was a new block.
    quiet: u32,
    /// Polls since the vaults' own running hashes were compared (I13).
    unconfirmed: u32,
    alarm: Option<String>,
    doubts: Doubts,
    counts: Counts,
}

/// What was counted since the program began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Polls that were answered.
    pub polls: u64,
    /// Polls that failed.
    pub failures: u64,
    /// Logs that were added.
    pub logs: u64,
    /// Reorganisations that were rolled back.
    pub rollbacks: u64,
    /// Blocks that were rolled back.
    pub orphaned_blocks: u64,
    /// Stalls.
    pub alarms: u64,
    /// States of vaults that were held against the chain's own.
    pub compared: u64,
    /// Words of storage and balances in them that were proven.
    pub proven_words: u64,
    /// The last block at which one was.
    pub proven_block: u64,
    /// Proofs that proved nothing.
    pub forged: u64,
    /// Accounts that hold more of a token than came since they are there.
    pub early: u64,
}

/// A stall begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// It begins: why.
    Raised(String),
    /// It ended.
    Over,
}

/// Whether the index can be relied on to be new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether it follows its chain. Answers may be old if not.
    pub ready: bool,
    /// The last block of the index; null before the first.
    pub block: Option<u64>,
    /// The last block up to which the vaults' own running hashes agree with every event.
    pub confirmed_block: u64,
    /// The newest block that the node has told of.
    pub node_block: u64,
    /// How many blocks the index is behind the node.
    pub lag_blocks: u64,
    /// How many seconds the last block of the index is old; grows while the chain has no new block.
    pub lag_seconds: u64,
    /// Why it is not ready; null when it is.
    pub cause: Option<String>,
    /// What to do about that.
    pub fix: Option<String>,
}

impl Health {
    /// Of a loop that has not begun. `patience`: polls without a new block after which it is a stall.
    pub fn new(patience: u32) -> Self {
        let state = State {
            patience: patience.max(1),
            moment: Moment::default(),
            block: None,
            node_head: 0,
            synced: false,
            quiet: 0,
            unconfirmed: 0,
            alarm: None,
            doubts: Doubts::default(),
            counts: Counts::default(),
        };
        Self { state: Mutex::new(state), pulse: watch::Sender::new(0) }
    }

    /// Changes whenever something was committed.
    pub fn pulse(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    /// A range was committed on the way to `node_head`.
    pub fn committed(&self, block: u64, node_head: u64, logs: usize) {
        let mut state = self.state();
        state.node_head = state.node_head.max(node_head);
        state.block = Some(block);
        state.counts.logs += logs as u64;
        drop(state);
        self.beat();
    }

    /// A reorganisation was rolled back.
    pub fn rolled_back(&self, rollback: &Rollback) {
        let mut state = self.state();
        state.counts.rollbacks += 1;
        state.counts.orphaned_blocks += rollback.blocks;
        // The chain may be shorter for a moment.
        state.node_head = 0;
    }

    /// A poll was answered, and the index is at the node's head.
    pub fn polled(&self, moment: Moment, node_head: u64) -> Option<Alarm> {
        let mut state = self.state();
        let is_new =
            moment.extent.cursor.map(|cursor| cursor.hash) != state.moment.extent.cursor.map(|cursor| cursor.hash);
        state.counts.polls += 1;
        state.synced = true;
        (state.moment, state.node_head) = (moment, node_head);
        state.block = moment.extent.cursor.map(|cursor| cursor.number);
        state.quiet = if is_new { 0 } else { state.quiet.saturating_add(1) };
        let is_confirmed = state.block.is_none_or(|block| block <= moment.extent.confirmed);
        state.unconfirmed = if is_confirmed { 0 } else { state.unconfirmed.saturating_add(1) };
        let alarm = state.alarm(None);
        drop(state);
        if is_new {
            self.beat();
        }
        alarm
    }

    /// A poll failed.
    pub fn failed(&self, cause: &str) -> Option<Alarm> {
        let mut state = self.state();
        state.counts.failures += 1;
        state.quiet = state.quiet.saturating_add(1);
        state.alarm(Some(cause))
    }

    /// Whether the index was at the node's head by the last that both have told.
    pub fn is_at_head(&self) -> bool {
        let state = self.state();
        state.synced && state.block.is_some_and(|block| block >= state.node_head)
    }

    /// The state of a vault was held against the chain's own. `early`: how many accounts hold more than came since they are there.
    pub fn compared(&self, vault: Address, compared: &Compared, early: usize) -> Option<Doubt> {
        let mut state = self.state();
        state.counts.compared += 1;
        state.counts.proven_words += (compared.words + compared.balances) as u64;
        state.counts.proven_block = state.counts.proven_block.max(compared.block.number);
        state.counts.early = early as u64;
        state.doubts.compared(vault, compared)
    }

    /// What a node gave as a proof of a vault's state proves nothing: why.
    pub fn forged(&self, vault: Address, why: &str) -> Option<Doubt> {
        let mut state = self.state();
        state.counts.forged += 1;
        state.doubts.forged(vault, why)
    }

    /// Of a vault there is no state to compare.
    pub fn gone(&self, vault: Address) -> Option<Doubt> {
        self.state().doubts.gone(vault)
    }

    /// The vaults of which it is not known that their state is what the chain holds.
    pub fn doubted(&self) -> Vec<Address> {
        self.state().doubts.vaults()
    }

    /// Whether the index can be relied on at `now`, seconds since 1970.
    pub fn readiness(&self, now: u64) -> Readiness {
        let state = self.state();
        let (cause, fix) = match &state.alarm {
            Some(alarm) => (Some(alarm.clone()), Some("check the node, or name another one".to_owned())),
            None => match state.doubts.first() {
                Some((doubt, fix)) => (Some(doubt.clone()), Some((*fix).to_owned())),
                None if !state.synced => {
                    (Some("the index has not reached the head yet".to_owned()), Some("wait until it has".to_owned()))
                }
                None => (None, None),
            },
        };
        Readiness {
            ready: cause.is_none(),
            block: state.block,
            confirmed_block: state.moment.extent.confirmed,
            node_block: state.node_head,
            lag_blocks: state.node_head.saturating_sub(state.block.unwrap_or(0)),
            lag_seconds: if state.moment.time == 0 { 0 } else { now.saturating_sub(state.moment.time) },
            cause,
            fix,
        }
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beat(&self) {
        self.pulse.send_modify(|beat| *beat = beat.wrapping_add(1));
    }
}

impl State {
    /// What began or ended with a poll, and why it failed if it did.
    fn alarm(&mut self, failure: Option<&str>) -> Option<Alarm> {
        let (quiet, unconfirmed) = (self.quiet, self.unconfirmed);
        let cause = if quiet >= self.patience {
            let since = format!("no new block for {quiet} polls");
            failure.map_or_else(|| since.clone(), |failure| format!("{since}; the last one failed: {failure}"))
        } else if unconfirmed >= self.patience {
            format!(
                "the vaults' own running hashes were not compared for {unconfirmed} polls: the node does not answer for the \
                 last block, and the last events may be missing"
            )
        } else {
            return self.alarm.take().map(|_| Alarm::Over);
        };
        let is_first = self.alarm.replace(cause.clone()).is_none();
        self.counts.alarms += u64::from(is_first);
        is_first.then_some(Alarm::Raised(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::B256;
    use purse_indexer::{BlockRef, Extent};

    fn at(number: u64) -> Moment {
        let cursor = Some(BlockRef { number, hash: B256::with_last_byte(number as u8) });
        Moment { extent: Extent { cursor, confirmed: number, ..Extent::default() }, time: 1_000 + number, truth: 0 }
    }

    /// I13: a node that has every block and answers for no vault may hide their last events.
    #[test]
    fn blocks_that_no_vault_confirms_are_an_alarm() {
        let health = Health::new(3);
        let unconfirmed = |number| {
            let mut moment = at(number);
            moment.extent.confirmed = 5;
            moment
        };
        health.polled(at(5), 5);
        assert_eq!((health.polled(unconfirmed(6), 6), health.polled(unconfirmed(7), 7)), (None, None));
        let Some(Alarm::Raised(cause)) = health.polled(unconfirmed(8), 8) else { unreachable!("three in a row") };
        assert!(cause.contains("not compared for 3 polls"), "{cause}");
        assert!(!health.readiness(0).ready);
        assert_eq!(health.polled(unconfirmed(9), 9), None, "an alarm is raised once");
        assert_eq!(health.polled(at(9), 9), Some(Alarm::Over));
        assert!(health.readiness(0).ready);
    }

    #[test]
    fn it_is_ready_once_the_head_was_reached() {
        let health = Health::new(3);
        let before = health.readiness(2_000);
        assert!(!before.ready && before.cause.is_some() && before.fix.is_some());
        assert_eq!((before.block, before.lag_seconds), (None, 0));
        assert_eq!(health.polled(at(7), 7), None);
        let after = health.readiness(1_010);
        assert_eq!((after.ready, after.block, after.lag_blocks, after.lag_seconds), (true, Some(7), 0, 3));
        assert_eq!(health.readiness(0).lag_seconds, 0, "a chain whose clock is ahead");
    }

    #[test]
    fn polls_without_a_new_block_are_a_stall_and_a_new_block_ends_it() {
        let health = Health::new(3);
        health.polled(at(7), 7);
        assert_eq!(health.polled(at(7), 7), None);
        assert_eq!(health.failed("no answer"), None);
        assert!(health.readiness(0).ready);
        let Some(Alarm::Raised(cause)) = health.failed("no answer") else { unreachable!("three polls in vain") };
        assert_eq!(cause, "no new block for 3 polls; the last one failed: no answer");
        assert_eq!(health.failed("no answer"), None, "an alarm is raised once");
        let stalled = health.readiness(1_107);
        assert_eq!((stalled.ready, stalled.lag_seconds), (false, 100));
        assert_eq!(stalled.cause.as_deref(), Some("no new block for 4 polls; the last one failed: no answer"));
        assert_eq!(health.polled(at(7), 7), None, "the old block again is no news");
        assert!(!health.readiness(0).ready);
        assert_eq!(health.polled(at(8), 8), Some(Alarm::Over));
        assert!(health.readiness(0).ready);
        assert_eq!((health.counts().alarms, health.counts().failures, health.counts().polls), (1, 3, 4));
    }

    #[test]
    fn another_block_of_the_same_height_is_news() {
        let health = Health::new(1);
        let mut other = at(7);
        other.extent.cursor = other.extent.cursor.map(|cursor| BlockRef { hash: B256::repeat_byte(9), ..cursor });
        health.polled(at(7), 7);
        assert_eq!(health.polled(other, 7), None);
        assert!(matches!(health.polled(other, 7), Some(Alarm::Raised(_))));
    }

    #[test]
    fn a_doubt_makes_it_unready_until_it_ends() {
        let (health, vault) = (Health::new(3), Address::repeat_byte(1));
        health.polled(at(7), 7);
        let Some(Doubt::Raised { cause, fix }) = health.forged(vault, "it leads nowhere") else {
            unreachable!("it is forged")
        };
        let unready = health.readiness(0);
        assert_eq!((unready.ready, unready.cause, unready.fix), (false, Some(cause), Some(fix.to_owned())));
        assert_eq!((health.doubted(), health.counts().forged), (vec![vault], 1));
        assert_eq!(health.gone(vault), Some(Doubt::Gone));
        assert!(health.readiness(0).ready);
    }

    #[test]
    fn it_is_at_the_head_from_the_first_poll_on_but_not_while_it_catches_up() {
        let health = Health::new(3);
        health.committed(8, 8, 1);
        assert!(!health.is_at_head(), "it was never polled");
        health.polled(at(8), 8);
        assert!(health.is_at_head());
        health.committed(9, 20, 1);
        assert!(!health.is_at_head(), "eleven blocks behind");
        health.committed(20, 20, 1);
        assert!(health.is_at_head());
    }

    #[test]
    fn every_commit_is_a_beat() {
        let health = Health::new(3);
        let pulse = health.pulse();
        health.polled(at(7), 7);
        assert!(pulse.has_changed().is_ok_and(|changed| changed));
        let pulse = health.pulse();
        health.polled(at(7), 7);
        assert!(pulse.has_changed().is_ok_and(|changed| !changed));
        health.committed(8, 20, 3);
        assert!(pulse.has_changed().is_ok_and(|changed| changed));
        let readiness = health.readiness(0);
        assert_eq!((readiness.block, readiness.node_block, readiness.lag_blocks), (Some(8), 20, 12));
        assert_eq!(health.counts().logs, 3);
    }
}
