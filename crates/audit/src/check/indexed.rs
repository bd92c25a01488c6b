//! Whether an index has what the chain has: what tokens say of a vault and its purses is in no running hash, so a node may have
//! left it out when the index asked.

use crate::observed::{Observed, ObservedAuthorization, ObservedTransfer};
use crate::report::{Check, Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::{Address, B256};
use std::collections::BTreeMap;

/// What an index has of a vault and its purses, from the blocks on in which they came to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Indexed {
    /// Every `Transfer` of any token from or to them; one between two of them may be there twice.
    pub transfers: Vec<ObservedTransfer>,
    /// Every `AuthorizationUsed` of the purses by any token.
    pub authorizations: Vec<ObservedAuthorization>,
}

/// Compares an index with what `observed` found on the chain.
pub fn check(trail: &Trail, observed: &Observed, indexed: &Indexed) -> Check {
    let created = trail.events.first().map_or(0, |event| event.place.block);
    let tokens = trail.questions().tokens;
    let wanted = |one: &ObservedTransfer| {
        let of_vault = [one.from, one.to].contains(&trail.vault) && tokens.contains(&one.token);
        let of_purse = |who: &Address| {
            let purse = trail.purses.get(who);
            purse.is_some_and(|purse| purse.token == one.token && one.block >= purse.place.block)
        };
        of_vault && one.block >= created || [one.from, one.to].iter().any(of_purse)
    };
    let on_chain = observed.transfers.iter().chain(&observed.purse_transfers);
    let on_chain: BTreeMap<_, _> = on_chain.filter(|one| wanted(one)).map(|one| (place(one), one)).collect();
    let in_index: BTreeMap<_, _> =
        indexed.transfers.iter().filter(|one| wanted(one)).map(|one| (place(one), one)).collect();
    let mut found = Vec::new();
    for (place, moved) in &on_chain {
        if in_index.get(place) != Some(moved) {
            found.push(Difference::new(Subject::transfer(moved), "is on the chain, and not in the index"));
        }
    }
    for (place, moved) in &in_index {
        if on_chain.get(place) != Some(moved) {
            found.push(Difference::new(Subject::transfer(moved), "is in the index, and not on the chain"));
        }
    }
    let used = |all: &[ObservedAuthorization]| -> BTreeMap<(Address, B256), ObservedAuthorization> {
        let of_purse =
            |one: &&ObservedAuthorization| trail.purses.get(&one.purse).is_some_and(|of| of.token == one.token);
        all.iter().filter(of_purse).map(|&one| ((one.purse, one.nonce), one)).collect()
    };
    let (on_chain_used, in_index_used) = (used(&observed.authorizations), used(&indexed.authorizations));
    for (&(purse, nonce), one) in on_chain_used.iter().chain(&in_index_used) {
        if on_chain_used.get(&(purse, nonce)) != in_index_used.get(&(purse, nonce)) {
            let problem =
                format!("by the index and by the chain, authorization {nonce} in block {} differs", one.block);
            let difference = Difference::new(Subject::Payee { payee: purse }, problem);
            if !found.contains(&difference) {
                found.push(difference);
            }
        }
    }
    let title = "the index has every transfer of the vault and its purses";
    let detail = format!("{} transfers, {} authorizations", in_index.len(), in_index_used.len());
    Check::new("indexed_transfers", "I13", title, detail, found)
}

const fn place(one: &ObservedTransfer) -> (u64, u64) {
    (one.block, one.log_index)
}
