//! Words of storage by their proofs: what is there, what is not, and nothing else.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::trie::proof::ProofRetainer;
use alloy::trie::{HashBuilder, Nibbles, TrieAccount};
use purse_audit::storage::prove;
use purse_audit::{AccountEvidence, WordEvidence};
use std::collections::BTreeMap;

const ACCOUNT: Address = Address::repeat_byte(0xac);

/// A trie's root, and the nodes that lead to each of these keys, or to where it would be.
fn trie(leaves: &[(B256, Vec<u8>)], targets: &[B256]) -> (B256, Vec<Vec<Bytes>>) {
    let path = |key: &B256| Nibbles::unpack(keccak256(key));
    let sorted: BTreeMap<_, _> = leaves.iter().map(|(key, value)| (path(key), value)).collect();
    let targets: Vec<_> = targets.iter().map(path).collect();
    let mut trie = HashBuilder::default().with_proof_retainer(ProofRetainer::new(targets.clone()));
    for (path, value) in sorted {
        trie.add_leaf(path, value);
    }
    let root = trie.root();
    let nodes = trie.take_proof_nodes();
    let proof = |target| nodes.matching_nodes_sorted(target).into_iter().map(|(_, node)| node).collect();
    (root, targets.iter().map(proof).collect())
}

fn slot(number: u64) -> B256 {
    B256::from(U256::from(number))
}

/// An account whose storage has these words and no other, and what it says of `asked`; among other accounts.
fn account(stored: &[u64], asked: &[u64]) -> (B256, AccountEvidence, Vec<B256>) {
    let leaves: Vec<_> = stored.iter().map(|&word| (slot(word), alloy::rlp::encode(U256::from(word)))).collect();
    let slots: Vec<_> = asked.iter().copied().map(slot).collect();
    let (storage_root, proofs) = trie(&leaves, &slots);
    let value = |word: u64| if stored.contains(&word) { U256::from(word) } else { U256::ZERO };
    let words = asked.iter().zip(proofs).map(|(&word, proof)| WordEvidence { value: value(word), proof }).collect();
    let account = TrieAccount { nonce: 1, balance: U256::ZERO, storage_root, code_hash: B256::repeat_byte(7) };
    // Accounts are found by the hash of their address, as words are by that of their slot.
    let path = Nibbles::unpack(keccak256(ACCOUNT));
    let mut state = HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![path]));
    let mut others: Vec<_> = (0..9_u8).map(|byte| Nibbles::unpack(keccak256([byte]))).chain([path]).collect();
    others.sort();
    for place in others {
        state.add_leaf(place, &alloy::rlp::encode(account));
    }
    let root = state.root();
    let proof = state.take_proof_nodes().matching_nodes_sorted(&path).into_iter().map(|(_, node)| node).collect();
    let TrieAccount { nonce, balance, code_hash, .. } = account;
    (root, AccountEvidence { nonce, balance, storage_root, code_hash, proof, words }, slots)
}

/// Storages of no word, of one, and of many: asked for words that are there and words that are not.
const STORAGES: [(&[u64], &[u64]); 3] =
    [(&[], &[5, 6]), (&[5], &[5, 6, 7]), (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], &[5, 12, 13, 14, 15, 16, 17, 18])];

#[test]
fn a_word_that_was_never_written_proves_to_be_zero() {
    for (stored, asked) in STORAGES {
        let (root, account, slots) = account(stored, asked);
        let words = prove(root, ACCOUNT, &account, &slots).unwrap();
        for (&number, slot) in asked.iter().zip(&slots) {
            let due = if stored.contains(&number) { U256::from(number) } else { U256::ZERO };
            assert_eq!(U256::from_be_bytes(words[slot].0), due, "slot {number} of {stored:?}");
        }
    }
}

#[test]
fn a_word_that_is_there_is_not_proven_to_be_zero() {
    for (stored, asked) in STORAGES {
        let (root, account, slots) = account(stored, asked);
        let elsewhere = asked.iter().position(|number| !stored.contains(number)).unwrap();
        for place in (0..asked.len()).filter(|&place| stored.contains(&asked[place])) {
            let mut denied = account.clone();
            denied.words[place].value = U256::ZERO;
            let mut proofs = vec![denied.words[place].proof.clone(), Vec::new()];
            // The way to a word that is not there; the way to the word, cut short.
            proofs.push(denied.words[elsewhere].proof.clone());
            proofs.extend((0..proofs[0].len()).map(|length| account.words[place].proof[..length].to_vec()));
            for proof in proofs {
                denied.words[place].proof = proof;
                let error = prove(root, ACCOUNT, &denied, &slots).unwrap_err();
                assert!(error.contains("does not lead to the storage root"), "{error}");
            }
        }
    }
}

#[test]
fn a_word_that_is_not_there_is_not_proven_to_be_anything() {
    for (stored, asked) in STORAGES {
        let (root, account, slots) = account(stored, asked);
        for place in (0..asked.len()).filter(|&place| !stored.contains(&asked[place])) {
            for value in [U256::ONE, U256::from(asked[place]), U256::MAX] {
                let mut claimed = account.clone();
                claimed.words[place].value = value;
                let error = prove(root, ACCOUNT, &claimed, &slots).unwrap_err();
                assert!(error.contains("does not lead to the storage root"), "{error}");
                // By the proof of a word that is there.
                if let Some(there) = asked.iter().position(|number| stored.contains(number)) {
                    claimed.words[place] = account.words[there].clone();
                    prove(root, ACCOUNT, &claimed, &slots).unwrap_err();
                }
            }
        }
    }
}
