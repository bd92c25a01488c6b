//! The changes that wait out the owner's delay (I9), with the calls that the vault logged when they began to.

use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::granted;
use crate::money::of_words;
use crate::sessions::roughly;
use alloy::primitives::{Bytes, keccak256};
use purse_owner::Verb;
use purse_protocol::RefusalContext;
use purse_protocol::abi::IVaultLens::WaitingChange;
use purse_protocol::time::rfc3339;
use serde_json::{Value, json};

/// A change that waits.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// As the contract says.
    pub(crate) view: WaitingChange,
    /// The call, if the node or the index tells it.
    pub(crate) call: Option<Bytes>,
    /// Whether a payee in its list was taken out of the book since: then it is refused when it is executed.
    pub(crate) payee_removed: bool,
}

/// All of them, the oldest first.
pub(crate) async fn all(context: &Context, vault: &Vault) -> Result<Vec<Waiting>, Failure> {
    let mut views = vault.reader().waiting().await.map_err(of_words)?;
    if views.is_empty() {
        return Ok(Vec::new());
    }
    views.sort_by_key(|view| view.change);
    let calls = granted::calls(context, vault).await?;
    let waiting = views.into_iter().map(|view| {
        // The hash says whether it is the call: a node or an index may tell anything
        let known = calls.get(&view.change).filter(|known| keccak256(&known.call) == view.callHash);
        let payee_removed = known.is_some_and(|known| known.payee_removed);
        Waiting { view, call: known.map(|known| known.call.clone()), payee_removed }
    });
    Ok(waiting.collect())
}

impl Waiting {
    /// What it does, if its call is known.
    pub(crate) fn verb(&self) -> Option<Verb> {
        Verb::from_call(self.call.as_deref()?)
    }

    /// What it does, in words.
    pub(crate) fn means(&self, names: &RefusalContext) -> String {
        match (self.verb(), &self.call) {
            (Some(verb), _) => verb.describe(names),
            (None, Some(call)) => format!("a call that this program does not know: {call}"),
            (None, None) => "its call is not known here: purse index".to_owned(),
        }
    }

    /// Whether it can never be executed.
    pub(crate) fn is_dead(&self, now: u64) -> bool {
        self.view.killed || self.payee_removed || now >= u64::from(self.view.executableUntil)
    }

    /// `waits still 23h`, `can be executed for 7d`, …
    pub(crate) fn state(&self, now: u64) -> String {
        let (from, until) = (u64::from(self.view.executableFrom), u64::from(self.view.executableUntil));
        if self.view.killed || self.payee_removed {
            "killed by a later change".to_owned()
        } else if now >= until {
            "its time is over".to_owned()
        } else if now < from {
            format!("can be executed in {}", roughly(from - now))
        } else {
            format!("can be executed, for {}", roughly(until - now))
        }
    }

    /// For programs.
    pub(crate) fn json(&self, names: &RefusalContext, now: u64) -> Value {
        json!({
            "change": self.view.change,
            "verb": self.verb().map(|verb| verb.name()),
            "means": self.means(names),
            "executable_from": rfc3339(self.view.executableFrom.into()),
            "executable_until": rfc3339(self.view.executableUntil.into()),
            "executable_now": !self.is_dead(now) && now >= u64::from(self.view.executableFrom),
            "killed": self.view.killed || self.payee_removed,
            "call": self.call,
            "call_hash": self.view.callHash,
        })
    }
}

/// The calls of those that wait, for `VaultLens`; `None` where one is not known.
pub(crate) fn calls(waiting: &[Waiting]) -> Option<Vec<Bytes>> {
    waiting.iter().map(|one| one.call.clone()).collect()
}
