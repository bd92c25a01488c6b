//! What a run has reached: which verb succeeded and was refused how often, which errors and events came up.

use crate::chain::Receipt;
use alloy::json_abi::JsonAbi;
use alloy::primitives::{B256, LogData};
use alloy::sol_types::{SolCall, SolEvent};
use purse_protocol::abi::IVault::{PaymentFailed, executeCall, lodgeCall, replaceCall};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Counts of a run.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By verb, and by the verb under a `lodge`, `replace` or `execute`: successes and refusals.
    pub verbs: BTreeMap<String, (u64, u64)>,
    /// How often each error was the answer, by its selector; a failed item's too.
    errors: BTreeMap<[u8; 4], u64>,
    /// Refusals without an error of the interface: by Solidity itself.
    pub unnamed: u64,
    events: BTreeMap<B256, u64>,
    /// How often purses were asked and swept, with which end.
    pub spending: BTreeMap<&'static str, u64>,
    /// How many changes of the chain's clock went back.
    pub backwards: u64,
}

impl Tally {
    /// How many calls succeeded, and how many were refused. A call under another counts once.
    pub fn calls(&self) -> (u64, u64) {
        let top = self.verbs.iter().filter(|(verb, _)| !verb.contains('('));
        top.fold((0, 0), |(done, refused), (_, (d, r))| (done + d, refused + r))
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: &Self) {
        for (verb, (done, refused)) in &other.verbs {
            let counts = self.verbs.entry(verb.clone()).or_default();
            *counts = (counts.0 + done, counts.1 + refused);
        }
        for (selector, count) in &other.errors {
            *self.errors.entry(*selector).or_default() += count;
        }
        for (topic, count) in &other.events {
            *self.events.entry(*topic).or_default() += count;
        }
        self.count_spending(&other.spending);
        self.unnamed += other.unnamed;
        self.backwards += other.backwards;
    }

    /// The errors and the events of the interface that did not come up, and the verbs that never succeeded.
    pub fn missing(&self, abi: &JsonAbi) -> Vec<String> {
        let verbs = abi.functions().filter(|verb| is_verb(verb)).map(|verb| &verb.name);
        let verbs =
            verbs.filter(|verb| self.verbs.get(*verb).is_none_or(|(done, refused)| *done == 0 || *refused == 0));
        let errors = abi.errors().filter(|error| !self.errors.contains_key(&error.selector().0));
        let events = abi.events().filter(|event| !self.events.contains_key(&event.selector()));
        let mut missing: Vec<String> = verbs.map(|verb| format!("verb {verb}")).collect();
        let ends = ["hook: yes", "hook: no", "sweep: done", "sweep: refused"];
        missing.extend(ends.iter().filter(|end| !self.spending.contains_key(*end)).map(|end| format!("purse {end}")));
        missing.extend(errors.map(|error| format!("error {}", error.name)));
        missing.extend(events.map(|event| format!("event {}", event.name)));
        missing
    }

    /// Tables of all counts.
    pub fn table(&self, abi: &JsonAbi) -> String {
        let (done, refused) = self.calls();
        let percent = 100.0 * done as f64 / (done + refused).max(1) as f64;
        let mut text = format!("{} calls, {done} succeeded ({percent:.1} %)\n", done + refused);
        // Writing to a string cannot fail
        let _ = writeln!(text, "\n{:<34} {:>9} {:>9}", "verb", "done", "refused");
        for (verb, (done, refused)) in &self.verbs {
            let _ = writeln!(text, "{verb:<34} {done:>9} {refused:>9}");
        }
        let _ = writeln!(text, "\n{:<34} {:>9}", "error", "times");
        for error in abi.errors() {
            let count = self.errors.get(&error.selector().0).copied().unwrap_or_default();
            let _ = writeln!(text, "{:<34} {count:>9}", error.name);
        }
        let _ = writeln!(text, "{:<34} {:>9}", "(by Solidity itself)", self.unnamed);
        let _ = writeln!(text, "\n{:<34} {:>9}", "event", "times");
        for event in abi.events() {
            let count = self.events.get(&event.selector()).copied().unwrap_or_default();
            let _ = writeln!(text, "{:<34} {count:>9}", event.name);
        }
        let _ = writeln!(text, "\n{:<34} {:>9}", "purse", "times");
        for (end, count) in &self.spending {
            let _ = writeln!(text, "{end:<34} {count:>9}");
        }
        let _ = writeln!(text, "{:<34} {:>9}", "(clock set back)", self.backwards);
        text
    }

    /// Counts what was asked of purses.
    pub(crate) fn count_spending(&mut self, spending: &BTreeMap<&'static str, u64>) {
        for (end, count) in spending {
            *self.spending.entry(end).or_default() += count;
        }
    }

    /// Counts a call.
    pub(crate) fn count(&mut self, names: &BTreeMap<[u8; 4], String>, data: &[u8], receipt: &Receipt) {
        let done = matches!(receipt, Receipt::Done { .. });
        for verb in verbs(names, data) {
            let counts = self.verbs.entry(verb).or_default();
            if done { counts.0 += 1 } else { counts.1 += 1 }
        }
        match receipt {
            Receipt::Reverted { reason } => self.count_reason(reason),
            Receipt::Done { logs, .. } => logs.iter().for_each(|log| self.count_log(log)),
        }
    }

    fn count_reason(&mut self, reason: &[u8]) {
        match reason.first_chunk::<4>() {
            Some(selector) => *self.errors.entry(*selector).or_default() += 1,
            None => self.unnamed += 1,
        }
    }

    fn count_log(&mut self, log: &LogData) {
        if let Some(topic) = log.topics().first() {
            *self.events.entry(*topic).or_default() += 1;
        }
        if let Ok(failed) = PaymentFailed::decode_log_data(log) {
            self.count_reason(&failed.reason);
        }
    }
}

/// The verbs of an interface, by selector: what is not a view, and `check`, which speaks as `pay` does.
pub(crate) fn names(abi: &JsonAbi) -> BTreeMap<[u8; 4], String> {
    abi.functions().filter(|verb| is_verb(verb)).map(|verb| (verb.selector().0, verb.name.clone())).collect()
}

fn is_verb(function: &alloy::json_abi::Function) -> bool {
    use alloy::json_abi::StateMutability::{Pure, View};
    function.name == "check" || !matches!(function.state_mutability, Pure | View)
}

/// A call's verb, and with it the verb under it.
fn verbs(names: &BTreeMap<[u8; 4], String>, data: &[u8]) -> BTreeSet<String> {
    let name = |data: &[u8]| {
        let known = data.first_chunk::<4>().and_then(|selector| names.get(selector));
        known.cloned().unwrap_or_else(|| "unknown".to_owned())
    };
    let outer = name(data);
    let inner = lodgeCall::abi_decode(data).map(|lodge| lodge.call);
    let inner = inner.or_else(|_| replaceCall::abi_decode(data).map(|replace| replace.call));
    let inner = inner.or_else(|_| executeCall::abi_decode(data).map(|execute| execute.call));
    let mut verbs = BTreeSet::from([outer.clone()]);
    if let Ok(call) = inner {
        let under = replaceCall::abi_decode(&call).map(|replace| format!("replace({})", name(&replace.call)));
        verbs.insert(format!("{outer}({})", under.unwrap_or_else(|_| name(&call))));
    }
    verbs
}
