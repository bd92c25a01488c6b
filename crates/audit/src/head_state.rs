//! The vault's state at the head, proven by the state root in its header (EIP-1186), and held against what the contract
//! was heard to say.

use crate::evidence::{AccountEvidence, Evidence, WORDS};
use crate::evidence_error::EvidenceError;
use alloy::consensus::Header;
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::trie::proof::verify_proof;
use alloy::trie::{Nibbles, TrieAccount};
use purse_protocol::event::running_hash_of_head;

/// Checks the proofs, and that `said` says the same. Nothing is checked where no state is said to be proven.
pub(crate) fn check(evidence: &Evidence, header: &Header) -> Result<(), EvidenceError> {
    let account = match (&evidence.head.account, evidence.of.proven.state) {
        (Some(account), true) => account,
        (None, false) => return Ok(()),
        _ => return Err(EvidenceError::State("there is a proof where there must be none, or none".into())),
    };
    let wrong = |what: &str| Err(EvidenceError::State(what.to_owned()));
    let leaf = TrieAccount {
        nonce: account.nonce,
        balance: account.balance,
        storage_root: account.storage_root,
        code_hash: account.code_hash,
    };
    let path = Nibbles::unpack(keccak256(evidence.of.vault));
    if verify_proof(header.state_root, path, Some(alloy::rlp::encode(leaf)), &account.proof).is_err() {
        return wrong("the account does not lead to the state root");
    }
    if keccak256(&evidence.head.code) != account.code_hash {
        return wrong("the code is not the account's");
    }
    if account.words.len() as u64 != WORDS {
        return wrong("another number of words");
    }
    for (slot, word) in (0_u64..).zip(&account.words) {
        let path = Nibbles::unpack(keccak256(B256::from(U256::from(slot))));
        let value = (!word.value.is_zero()).then(|| alloy::rlp::encode(word.value));
        if verify_proof(account.storage_root, path, value, &word.proof).is_err() {
            return wrong(&format!("storage word {slot} does not lead to the storage root"));
        }
    }
    says(evidence, account)
}

/// Whether the contract was heard to say what its words hold.
fn says(evidence: &Evidence, account: &AccountEvidence) -> Result<(), EvidenceError> {
    let [vault, owner, pending, guardian, treasury] = [0, 1, 2, 3, 4].map(|slot| account.words[slot].value);
    let said = &evidence.said;
    // Twin of `contracts/src/libraries/VaultWord.sol`.
    let field = |from: usize, bits: usize| (vault >> from) & ((U256::ONE << bits) - U256::ONE);
    let address = |word: U256| Address::from_word(B256::from(word & ((U256::ONE << 160) - U256::ONE)));
    let same = [
        ("running hash", running_hash_of_head(field(0, 168).into()) == Some(said.head.running_hash)),
        ("sequence number", field(168, 32) == U256::from(said.head.sequence)),
        ("revoke-all count", field(200, 24) == U256::from(said.epoch)),
        ("owner nonce", field(224, 24) == U256::from(said.owner_nonce)),
        ("pause", field(248, 1) == U256::from(said.paused)),
        ("owner", address(owner) == said.owner),
        ("delay", (owner >> 160) & U256::from(u32::MAX) == U256::from(said.delay)),
        ("pending owner", address(pending) == said.pending_owner),
        ("guardian", address(guardian) == said.guardian),
        ("treasury", address(treasury) == said.treasury),
    ];
    match same.iter().find(|(_, same)| !same) {
        Some((what, _)) => {
            Err(EvidenceError::State(format!("its storage holds another {what} than it was heard to say")))
        }
        None => Ok(()),
    }
}
