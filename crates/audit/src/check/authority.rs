//! Who changed what, by which key: each act's transaction or signature against who might do it at that moment (I8, I9).
//! Where an act came through another contract, such as a Safe, or its signer is one, the vault's word stands, and the row is noted.

use crate::books::Books;
use crate::check::head::named;
use crate::observed::{Observed, ObservedCall};
use crate::report::{Check, Difference};
use crate::trail::{Trail, TrailEvent};
use alloy::primitives::{Address, B256};
use alloy::sol_types::SolInterface;
use purse_protocol::abi::IVault::{IVaultCalls, IVaultEvents, lodgeCall};
use purse_protocol::event::is_act;
use purse_protocol::typed_data::{act_digest, signer_of};
use std::collections::BTreeMap;

const TITLE: &str = "every change was made by whoever might make it";

/// By what an act was seen to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Owner,
    OwnerSigned,
    Guardian,
    GuardianSigned,
    Agent,
    Waited,
    Creation,
    Told,
}

impl By {
    const fn words(self) -> &'static str {
        match self {
            Self::Owner => "by the owner's transaction",
            Self::OwnerSigned => "by the owner's signature",
            Self::Guardian => "by the guardian's transaction",
            Self::GuardianSigned => "by the guardian's signature",
            Self::Agent => "by an agent that revoked itself",
            Self::Waited => "executed after waiting",
            Self::Creation => "at the creation",
            Self::Told => "by the vault's word",
        }
    }
}

pub(crate) fn check(trail: &Trail, observed: &Observed) -> Check {
    if observed.calls.is_empty() {
        let why = "not judged here: who sent or signed each change is in the transactions, which were not read";
        return Check::not_judged("authority", "I9", TITLE, why.to_owned());
    }
    let calls: BTreeMap<B256, &ObservedCall> = observed.calls.iter().map(|call| (call.tx, call)).collect();
    let creation = trail.events.first().map(|event| event.place.tx);
    let (mut seen, mut found) = (BTreeMap::<By, usize>::new(), Vec::new());
    let (mut books, mut last) = (Books::default(), None);
    for event in &trail.events {
        let tx = event.place.tx;
        if is_act(&event.event) && last != Some(tx) {
            last = Some(tx);
            let call = calls.get(&tx).filter(|call| call.to == Some(trail.vault));
            let by = match call {
                _ if creation == Some(tx) => Ok(By::Creation),
                None => Ok(By::Told),
                Some(call) => judge(trail, &books, event, call),
            };
            match by {
                Ok(by) => *seen.entry(by).or_default() += 1,
                Err(problem) => found.push(Difference::new(named(event), problem)),
            }
        }
        books.follow(&event.event);
    }
    let detail = seen.iter().map(|(by, count)| format!("{count} {}", by.words())).collect::<Vec<_>>().join(", ");
    Check::new("authority", "I9", TITLE, detail, found).noted_if(seen.contains_key(&By::Told))
}

fn judge(trail: &Trail, books: &Books, event: &TrailEvent, call: &ObservedCall) -> Result<By, String> {
    match IVaultCalls::abi_decode(&call.input) {
        Ok(IVaultCalls::execute(_)) => Ok(By::Waited),
        Ok(IVaultCalls::lodge(lodged)) => Ok(lodged_by(trail, books, event, &lodged)),
        Ok(_) => match role(books, event, call.from) {
            Some(by) => Ok(by),
            None => Err(format!("was sent by {}, who might not do it", call.from)),
        },
        Err(_) => Err("its transaction calls nothing that the vault has".to_owned()),
    }
}

/// A signature by neither key may be that of a contract, which only the vault can ask.
fn lodged_by(trail: &Trail, books: &Books, event: &TrailEvent, lodged: &lodgeCall) -> By {
    let digest = act_digest(trail.chain_id, trail.vault, &lodged.call, lodged.nonce, lodged.deadline);
    match signer_of(&lodged.signature, digest).and_then(|who| role(books, event, who)) {
        Some(By::Owner) => By::OwnerSigned,
        Some(By::Guardian) => By::GuardianSigned,
        _ => By::Told,
    }
}

/// As what `who` might do this, in front of the event.
fn role(books: &Books, event: &TrailEvent, who: Address) -> Option<By> {
    use IVaultEvents as E;
    if let E::OwnershipTransferred(_) = &event.event {
        return (who == books.pending_owner).then_some(By::Owner);
    }
    if who == books.owner {
        return Some(By::Owner);
    }
    let stops = matches!(
        &event.event,
        E::Paused(_) | E::Revoked(_) | E::AllRevoked(_) | E::PayeeRemoved(_) | E::ChangeCancelled(_)
    );
    if stops && who == books.guardian && !who.is_zero() {
        return Some(By::Guardian);
    }
    match &event.event {
        E::Revoked(e) if books.sessions.get(&e.session).is_some_and(|grant| grant.key == who) => Some(By::Agent),
        _ => None,
    }
}
