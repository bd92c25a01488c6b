//! The vault's own count and hash over its events, against the trail's: every row, unaltered, in order (I13).

use crate::observed::{Observed, ObservedHead};
use crate::payment::TrailPayment;
use crate::report::{Check, Difference, Subject};
use crate::trail::{Trail, TrailEvent};
use purse_protocol::event::{RunningHash, name};

/// Events named at most when the first wrong one cannot be told: a block's worth.
const NAMED_AT_MOST: usize = 20;

pub(crate) fn check(trail: &Trail, observed: &Observed) -> Check {
    let detail = format!("{} events, running hash {}", trail.sequence, trail.running_hash);
    let title = "every event of the vault is in the trail, unaltered and in order";
    Check::new("running_hash", "I13", title, detail, differences(trail, observed))
}

fn differences(trail: &Trail, observed: &Observed) -> Vec<Difference> {
    let head = &observed.head;
    let mut found: Vec<_> = [
        Difference::between(Subject::Vault, "the number of events", &trail.sequence, &head.sequence),
        Difference::between(Subject::Vault, "the running hash", &trail.running_hash, &head.running_hash),
    ]
    .into_iter()
    .flatten()
    .collect();
    if found.is_empty() {
        return found;
    }
    let heads = || observed.earlier_heads.iter().chain([head]);
    let good = heads().take_while(|head| agrees(trail, head)).last().map_or(0, |head| head.sequence);
    let bad = heads().find(|head| !agrees(trail, head)).map_or(trail.sequence, |head| head.sequence);
    let suspects =
        trail.events.iter().filter(|event| event.place.sequence > good && event.place.sequence <= bad.max(good + 1));
    let problem = match bad.saturating_sub(good) {
        0 | 1 => "is not the event that the vault logged",
        _ => "is among the events of which at least one is not what the vault logged",
    };
    found.extend(suspects.take(NAMED_AT_MOST).map(|event| Difference::new(subject(trail, event), problem)));
    found
}

/// Whether the trail had this very hash at this number of events.
fn agrees(trail: &Trail, head: &ObservedHead) -> bool {
    hash_at(trail, head.sequence) == Some(head.running_hash)
}

fn hash_at(trail: &Trail, sequence: u32) -> Option<RunningHash> {
    match sequence.checked_sub(1) {
        None => Some(RunningHash::ZERO),
        Some(index) => trail.events.get(index as usize).map(|event| event.hash),
    }
}

fn subject(trail: &Trail, event: &TrailEvent) -> Subject {
    let payment = payment_at(trail, event.place.sequence);
    payment.map_or_else(|| named(event), Subject::payment)
}

pub(crate) fn named(event: &TrailEvent) -> Subject {
    Subject::Event { name: name(&event.event).into(), place: event.place }
}

fn payment_at(trail: &Trail, sequence: u32) -> Option<&TrailPayment> {
    let index = trail.payments.binary_search_by_key(&sequence, |payment| payment.place.sequence).ok()?;
    trail.payments.get(index)
}
