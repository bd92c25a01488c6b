//! The vault's state at the head, proven by the state root in its header (EIP-1186), and held against what the contract
//! was heard to say.

use crate::evidence::{Evidence, WORDS};
use crate::evidence_error::EvidenceError;
use crate::storage::{self, Words};
use crate::trail::Trail;
use alloy::consensus::Header;
use alloy::primitives::{B256, keccak256};
use purse_protocol::event::running_hash_of_head;
use purse_protocol::storage as slot;

/// Checks the proofs, and that `said` says the same. The words, where they are all that the trail speaks of: a bundle of an older
/// program has only the first. Nothing is checked where no state is said to be proven.
pub(crate) fn check(evidence: &Evidence, header: &Header, trail: &Trail) -> Result<Option<Words>, EvidenceError> {
    let account = match (&evidence.head.account, evidence.of.proven.state) {
        (Some(account), true) => account,
        (None, false) => return Ok(None),
        _ => return Err(EvidenceError::State("there is a proof where there must be none, or none".into())),
    };
    let mut slots = storage::slots(trail);
    let is_whole = account.words.len() != WORDS;
    if !is_whole {
        slots.truncate(WORDS);
    }
    let words = storage::prove(header.state_root, evidence.of.vault, account, &slots).map_err(EvidenceError::State)?;
    if keccak256(&evidence.head.code) != account.code_hash {
        return Err(EvidenceError::State("the code is not the account's".into()));
    }
    says(evidence, &words)?;
    Ok(Some(words).filter(|_| is_whole))
}

/// Whether the contract was heard to say what its words hold.
fn says(evidence: &Evidence, words: &Words) -> Result<(), EvidenceError> {
    let word = |slot: B256| words.get(&slot).copied().unwrap_or_default();
    let (vault, roles) = (word(slot::VAULT_WORD), slot::roles(slot::role_slots().map(word)));
    let said = &evidence.said;
    let same = [
        ("running hash", running_hash_of_head(slot::running_hash(vault)) == Some(said.head.running_hash)),
        ("sequence number", slot::sequence(vault) == said.head.sequence),
        ("revoke-all count", slot::epoch(vault) == said.epoch),
        ("owner nonce", slot::owner_nonce(vault) == said.owner_nonce),
        ("pause", slot::is_paused(vault) == said.paused),
        ("owner", roles.owner == said.owner),
        ("delay", roles.delay == said.delay),
        ("pending owner", roles.pending_owner == said.pending_owner),
        ("guardian", roles.guardian == said.guardian),
        ("treasury", roles.treasury == said.treasury),
    ];
    match same.iter().find(|(_, same)| !same) {
        Some((what, _)) => {
            Err(EvidenceError::State(format!("its storage holds another {what} than it was heard to say")))
        }
        None => Ok(()),
    }
}
