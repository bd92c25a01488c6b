//! A vault as its events leave it: the audit's own fold, one log at a time, without the payments, which the index lists
//! itself.

use alloy::primitives::{Address, B256};
use purse_audit::{Place, Trail, TrailError, TrailEvent, TrailLog, TrailPayment};
use purse_indexer::{BlockRef, TrailPart};
use purse_protocol::event::RunningHash;
use std::collections::VecDeque;

/// Events kept for listeners: more than a vault logs between two looks.
pub(crate) const RECENT: usize = 4_096;

/// A vault's state, and what led to it.
#[derive(Debug)]
pub(crate) struct Folded {
    /// The state. Its payments, events and blocks are taken out as they come.
    pub(crate) trail: Trail,
    /// Everything that was not a payment, the oldest first.
    pub(crate) history: Vec<Happened>,
    /// The last events of any kind, the oldest first.
    pub(crate) recent: VecDeque<Happened>,
    /// The last block with a log; none = nothing was folded.
    known: Option<BlockRef>,
    /// Why the fold stopped.
    broken: Option<TrailError>,
}

/// An event of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happened {
    /// Where it stands.
    pub(crate) place: Place,
    /// The hash of its block.
    pub(crate) block: B256,
    /// The running hash after it: it commits to everything before.
    pub(crate) hash: RunningHash,
    /// What it was.
    pub(crate) what: What,
}

/// A payment or anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A payment.
    Paid(Box<TrailPayment>),
    /// Anything else.
    Changed(Box<TrailEvent>),
}

impl Folded {
    /// A vault before its first event.
    pub(crate) fn new(chain_id: u64, vault: Address) -> Self {
        Self {
            trail: Trail::new(chain_id, vault),
            history: Vec::new(),
            recent: VecDeque::new(),
            known: None,
            broken: None,
        }
    }

    /// The last block that was folded: what the index is asked to go on from.
    pub(crate) const fn known(&self) -> Option<BlockRef> {
        self.known
    }

    /// Folds what came since.
    ///
    /// # Errors
    /// The first log that does not fit; the same again until a reorganisation takes it away.
    pub(crate) fn advance(&mut self, part: &TrailPart) -> Result<(), TrailError> {
        if !part.continues {
            *self = Self::new(self.trail.chain_id, self.trail.vault);
        }
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        for log in &part.logs {
            self.push(&log.clone().into()).inspect_err(|error| self.broken = Some(error.clone()))?;
            self.known = Some(BlockRef { number: log.block_number, hash: log.block_hash });
        }
        Ok(())
    }

    fn push(&mut self, log: &TrailLog) -> Result<(), TrailError> {
        self.trail.push(log)?;
        while self.trail.blocks.len() > 1 {
            self.trail.blocks.pop_first();
        }
        let payment = self.trail.payments.pop();
        let Some(event) = self.trail.events.pop() else { return Ok(()) };
        let (place, hash, block) = (event.place, event.hash, log.block_hash);
        let what = match payment {
            Some(payment) => What::Paid(Box::new(payment)),
            None => What::Changed(Box::new(event)),
        };
        let happened = Happened { place, block, hash, what };
        if matches!(happened.what, What::Changed(_)) {
            self.history.push(happened.clone());
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(happened);
        Ok(())
    }
}
