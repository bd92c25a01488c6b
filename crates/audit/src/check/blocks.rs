//! The events' blocks against the node's: no event holds its block's hash or time, yet the fold (I12) and the limits (I4)
//! count by these times.

use crate::observed::{Observed, ObservedHeader};
use crate::report::{Check, Difference, Subject};
use crate::trail::{Trail, TrailBlock};
use alloy::primitives::B256;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn check(trail: &Trail, observed: &Observed) -> Check {
    let headers: BTreeMap<_, _> = observed.blocks.iter().map(|header| (header.number, header)).collect();
    let asked = trail.questions().blocks;
    let mut found = Vec::new();
    for (&number, block) in &trail.blocks {
        let transactions = asked.get(&number).cloned().unwrap_or_default();
        match headers.get(&number) {
            Some(header) => header_fields(block, header, &transactions, &mut found),
            None => found.push(Difference::new(Subject::Block { number }, "the node gave no such block")),
        }
    }
    let detail = format!("{} blocks, their times feed the limits (I4)", trail.blocks.len());
    Check::new("blocks", "I12", "the blocks of all events are the chain's: hash, parent, time", detail, found)
}

fn header_fields(
    block: &TrailBlock,
    header: &ObservedHeader,
    transactions: &BTreeSet<B256>,
    found: &mut Vec<Difference>,
) {
    let about = || Subject::Block { number: header.number };
    found.extend(Difference::between(about(), "the hash", &block.hash, &header.hash));
    found.extend(Difference::between(about(), "the parent's hash", &block.parent, &header.parent));
    found.extend(Difference::between(about(), "the time", &block.time, &header.time));
    for transaction in transactions.difference(&header.transactions) {
        found.push(Difference::new(about(), format!("the node's block has no transaction {transaction}")));
    }
}
