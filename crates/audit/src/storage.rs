//! A vault's storage at a block, proven by the state root in its header (EIP-1186), held against the state that its events leave
//! (I12): on nobody's word but the header's. `unseen`: the bits that no view tells.

mod unseen;

use crate::check::state;
use crate::evidence::AccountEvidence;
use crate::observed::{Observed, ObservedBlock, ObservedHead, ObservedMeter, ObservedPolicy, ObservedToken};
use crate::report::{Difference, Subject};
use crate::trail::Trail;
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::trie::proof::verify_proof;
use alloy::trie::{Nibbles, TrieAccount};
use purse_protocol::event::running_hash_of_head;
use purse_protocol::{Scope, Window, storage};
use std::collections::{BTreeMap, BTreeSet};

/// Words of storage by slot, each proven.
pub type Words = BTreeMap<B256, B256>;

/// The words of an account, if its proof leads to the state root, and theirs to its storage root.
///
/// # Errors
/// What does not.
pub fn prove(state_root: B256, address: Address, account: &AccountEvidence, slots: &[B256]) -> Result<Words, String> {
    let leaf = TrieAccount {
        nonce: account.nonce,
        balance: account.balance,
        storage_root: account.storage_root,
        code_hash: account.code_hash,
    };
    let path = Nibbles::unpack(keccak256(address));
    if verify_proof(state_root, path, Some(alloy::rlp::encode(leaf)), &account.proof).is_err() {
        return Err("the account does not lead to the state root".into());
    }
    if account.words.len() != slots.len() {
        return Err("another number of words".into());
    }
    let mut words = Words::new();
    for (&slot, word) in slots.iter().zip(&account.words) {
        let path = Nibbles::unpack(keccak256(slot));
        let leads = |value| verify_proof(account.storage_root, path, value, &word.proof);
        let written = Some(alloy::rlp::encode(word.value));
        // A word that is zero is in no trie of Ethereum; anvil keeps one that was set to zero.
        let proven = if word.value.is_zero() { leads(None).or_else(|_| leads(written)) } else { leads(written) };
        proven.map_err(|error| {
            let slot = U256::from_be_bytes(slot.0);
            format!("storage word {slot} does not lead to the storage root: {error}")
        })?;
        words.insert(slot, word.value.into());
    }
    Ok(words)
}

/// Where everything stands that a trail's state speaks of: no other word of the vault's is ever written.
pub fn slots(trail: &Trail) -> Vec<B256> {
    let mut slots = vec![storage::VAULT_WORD];
    slots.extend(storage::role_slots());
    slots.extend(trail.session_keys.keys().map(|session| storage::key_slot(session.get())));
    slots.extend(trail.keys.keys().map(|&key| storage::session_slot(key)));
    slots.extend(trail.policies.keys().flat_map(|&(scope, token)| storage::limit_slots(scope, token)));
    let only_marked = by_category(trail).into_iter().filter(|of| !trail.policies.contains_key(of));
    slots.extend(only_marked.map(|(scope, token)| storage::limit_slots(scope, token)[0]));
    slots.extend(trail.payees.keys().map(|&payee| storage::payee_slot(payee)));
    slots.extend(trail.tokens.keys().map(|&token| storage::token_slot(token)));
    slots.extend(storage::waiting_slots());
    slots.extend(trail.waiting.iter().flat_map(|change| storage::change_slots(change.number)));
    slots.extend(subjects(trail).into_iter().map(storage::killed_slot));
    slots
}

/// What the words at [`slots`] say otherwise than the trail.
pub fn compare(trail: &Trail, words: &Words, block: ObservedBlock) -> Vec<Difference> {
    let vault = at(words, storage::VAULT_WORD);
    let about = || Subject::Vault;
    let mut found = Vec::new();
    found.extend(Difference::between(about(), "the last event's number", &trail.sequence, &storage::sequence(vault)));
    let hash = running_hash_of_head(storage::running_hash(vault)).unwrap_or_default();
    found.extend(Difference::between(about(), "the running hash", &trail.running_hash, &hash));
    found.extend(state::check(trail, &observed(trail, words, block)).differences);
    found.extend(unseen::compare(trail, words));
    found
}

/// Sessions that have, or had, limits by category in a token: a mark in their word says so, even where they have none of their own.
fn by_category(trail: &Trail) -> BTreeSet<(Scope, Address)> {
    let whole = trail.meters.keys().filter_map(|&(scope, token, _)| match scope {
        Scope::Category(session, _) => Some((Scope::Session(session), token)),
        Scope::Vault | Scope::Session(_) => None,
    });
    whole.collect()
}

/// What a change can be about that waits, or was killed, everything excepted.
fn subjects(trail: &Trail) -> BTreeSet<U256> {
    use storage::subject::{DELAY, GUARDIAN, OWNERSHIP, PAUSE, PAYEES, TREASURY};
    let sessions = trail.session_keys.keys().map(|session| storage::subject::session(session.get()));
    let of_vault = trail.policies.keys().filter(|(scope, _)| *scope == Scope::Vault);
    let limits = of_vault.map(|&(_, token)| storage::subject::limits(token));
    let waiting = trail.waiting.iter().map(|change| change.subject.word());
    let single = [PAUSE, DELAY, OWNERSHIP, GUARDIAN, TREASURY, PAYEES];
    sessions.chain(limits).chain(waiting).chain(single).collect()
}

/// The words, read as the contract's views read them.
fn observed(trail: &Trail, words: &Words, block: ObservedBlock) -> Observed {
    let vault = at(words, storage::VAULT_WORD);
    let roles = storage::roles(storage::role_slots().map(|slot| at(words, slot)));
    let session_word = |key| at(words, storage::session_slot(key));
    let sessions = trail.session_keys.keys().map(|&session| {
        let key = storage::key(at(words, storage::key_slot(session.get())));
        (session, storage::session(key, session_word(key), vault))
    });
    let of_scope = |scope, token| storage::limit_slots(scope, token).into_iter().map(|slot| at(words, slot)).collect();
    let policies = trail.policies.keys().map(|&(scope, token)| {
        let of_scope: Vec<_> = of_scope(scope, token);
        let (per_payment_cap, limits) = storage::remaining(scope, &of_scope, block.time).unwrap_or_default();
        ObservedPolicy { scope, token, per_payment_cap, limits }
    });
    let meters = trail.policies.keys().flat_map(|&(scope, token)| {
        let of_scope: Vec<_> = of_scope(scope, token);
        let word = move |window| storage::meter_word(&of_scope, window).unwrap_or_default();
        Window::ALL.into_iter().map(move |window| ObservedMeter { scope, token, window, word: word(window) })
    });
    let tokens = trail.tokens.keys().map(|&token| {
        let (listed, unit_bits) = storage::token(at(words, storage::token_slot(token)));
        ObservedToken { token, listed, unit_bits, balance: U256::ZERO }
    });
    let [list, everything] = storage::waiting_slots().map(|slot| at(words, slot));
    let waiting = storage::waiting_numbers(list).into_iter().map(|change| {
        let of_change = storage::change_slots(change).map(|slot| at(words, slot));
        let killed = at(words, storage::killed_slot(storage::subject_of(of_change[0])));
        storage::waiting_change(change, of_change, killed, everything)
    });
    Observed {
        chain_id: trail.chain_id,
        vault: trail.vault,
        block,
        head: ObservedHead { block: block.number, sequence: trail.sequence, running_hash: trail.running_hash },
        earlier_heads: Vec::new(),
        blocks: Vec::new(),
        paused: storage::is_paused(vault),
        epoch: storage::epoch(vault),
        owner_nonce: storage::owner_nonce(vault),
        delay: roles.delay,
        waiting: waiting.collect(),
        owner: roles.owner,
        pending_owner: roles.pending_owner,
        treasury: roles.treasury,
        guardian: roles.guardian,
        sessions: sessions.collect(),
        keys: trail.keys.keys().map(|&key| (key, storage::session_of_key(session_word(key)))).collect(),
        policies: policies.collect(),
        meters: meters.collect(),
        payees: trail
            .payees
            .keys()
            .map(|&payee| (payee, storage::payee(at(words, storage::payee_slot(payee)))))
            .collect(),
        tokens: tokens.collect(),
        transfers: Vec::new(),
        transfers_from: 0,
        purses: Vec::new(),
        purse_transfers: Vec::new(),
        authorizations: Vec::new(),
        approvals: Vec::new(),
        owners: Default::default(),
        outflows: Vec::new(),
        origin: None,
        calls: Vec::new(),
    }
}

fn at(words: &Words, slot: B256) -> B256 {
    words.get(&slot).copied().unwrap_or_default()
}
