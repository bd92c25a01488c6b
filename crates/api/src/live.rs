//! What a listener has not heard yet. The running hash of an event commits to all before it, so a listener who knows number
//! and hash of what he heard last is told exactly the rest; where a reorganisation took back what he heard, he is told
//! from where.

use crate::folded::{Folded, Happened, RECENT};
use alloy::primitives::hex::FromHex;
use purse_protocol::event::RunningHash;
use std::collections::VecDeque;

/// Something to tell a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// An event.
    Happened(Happened),
    /// Events after this one did not happen: a reorganisation took them back. What happened instead follows.
    RolledBack(Heard),
    /// More happened than is kept for listeners, or he names an event that is not there: what he has may be wrong, up to
    /// here.
    Restart(Heard),
}

/// An event that a listener heard: its number and the running hash after it. Number 0 = none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Heard {
    pub(crate) sequence: u32,
    pub(crate) hash: RunningHash,
}

impl Heard {
    /// Reads what [`id`](Self::id) wrote.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        let (sequence, hash) = id.split_once('-')?;
        Some(Self { sequence: sequence.parse().ok()?, hash: RunningHash::from_hex(hash).ok()? })
    }

    /// As the id of a server-sent event.
    pub(crate) fn id(&self) -> String {
        format!("{}-{:#x}", self.sequence, self.hash)
    }
}

impl From<&Happened> for Heard {
    fn from(happened: &Happened) -> Self {
        Self { sequence: happened.place.sequence, hash: happened.hash }
    }
}

/// A listener: the last events that he heard, the oldest first.
#[derive(Debug)]
pub(crate) struct Listener {
    heard: VecDeque<Heard>,
    /// He said himself what he heard last, and it was not compared yet.
    claimed: Option<Heard>,
}

impl Listener {
    /// Somebody who wants to hear what happens from now on.
    pub(crate) fn from_now(folded: &Folded) -> Self {
        Self { heard: all_heard(folded, u32::MAX), claimed: None }
    }

    /// Somebody who comes back.
    pub(crate) const fn coming_back(heard: Heard) -> Self {
        Self { heard: VecDeque::new(), claimed: Some(heard) }
    }

    /// What he has not heard.
    pub(crate) fn news(&mut self, folded: &Folded) -> Vec<News> {
        let first = folded.recent.front().map_or(0, |first| first.place.sequence);
        let mut news = Vec::new();
        if let Some(claimed) = self.claimed.take() {
            if !is_there(folded, &claimed) {
                return vec![self.restart(folded)];
            }
            self.heard = all_heard(folded, claimed.sequence);
        }
        let last = self.heard.back().copied().unwrap_or_default();
        while self.heard.back().is_some_and(|heard| !is_there(folded, heard)) {
            self.heard.pop_back();
        }
        let common = self.heard.back().copied().unwrap_or_default();
        // Before the first event that is kept nothing can be compared or told.
        if common.sequence == 0 && first > 1 {
            return vec![self.restart(folded)];
        }
        if common != last {
            news.push(News::RolledBack(common));
        }
        for happened in folded.recent.iter().filter(|happened| happened.place.sequence > common.sequence) {
            self.heard.push_back(happened.into());
            news.push(News::Happened(happened.clone()));
        }
        while self.heard.len() > RECENT {
            self.heard.pop_front();
        }
        news
    }

    fn restart(&mut self, folded: &Folded) -> News {
        *self = Self::from_now(folded);
        News::Restart(self.heard.back().copied().unwrap_or_default())
    }
}

/// Whether the vault's history has that event, with that history before it.
fn is_there(folded: &Folded, heard: &Heard) -> bool {
    let Some(first) = folded.recent.front() else { return *heard == Heard::default() };
    if heard.sequence == 0 {
        return *heard == Heard::default();
    }
    let place = heard.sequence.checked_sub(first.place.sequence);
    place.and_then(|place| folded.recent.get(place as usize)).is_some_and(|there| Heard::from(there) == *heard)
}

/// The kept events up to one.
fn all_heard(folded: &Folded, up_to: u32) -> VecDeque<Heard> {
    folded.recent.iter().filter(|happened| happened.place.sequence <= up_to).map(Heard::from).collect()
}
