//! Everything that an audit of one vault needs, as plain values: the same whether a node has just given it or a bundle has
//! kept it. Who reads it is [`verify`](crate::verify), which believes only what it can recompute.

use crate::observed::Observed;
use alloy::primitives::{Address, B256, Bytes, U256};
use serde::{Deserialize, Serialize};

/// Everything that an audit of one vault up to one block needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Of what.
    pub of: EvidenceOf,
    /// The block up to which it goes.
    pub head: HeadEvidence,
    /// What the contract and the tokens answered at that block. Nothing that the blocks below say is in it.
    pub said: Observed,
    /// The blocks that have events of the vault, or transfers of its tokens to or from it, ascending.
    pub blocks: Vec<BlockEvidence>,
}

/// Of what the evidence is, and how much of it is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceOf {
    /// The chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// What the verifier must find proven.
    pub proven: Proven,
}

/// What the evidence proves. What it says to prove must be so, all of it; what it does not is only claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    /// The headers make their blocks' hashes.
    pub headers: bool,
    /// The receipts lead to the receipts roots in the headers.
    pub receipts: bool,
    /// The transactions lead to the transactions roots in the headers.
    pub transactions: bool,
    /// The vault's storage words and its code's hash lead to the state root in the head's header.
    pub state: bool,
}

/// The block up to which the evidence goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadEvidence {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its header, RLP.
    pub header: Bytes,
    /// The code at the vault's address.
    pub code: Bytes,
    /// The vault's account; none where the node serves no proofs.
    pub account: Option<AccountEvidence>,
}

/// An account, proven by the state root (EIP-1186).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountEvidence {
    /// Its nonce.
    pub nonce: u64,
    /// Its ether.
    #[serde(with = "crate::decimal")]
    pub balance: U256,
    /// The root of its storage.
    pub storage_root: B256,
    /// The hash of its code.
    pub code_hash: B256,
    /// The nodes that lead from the state root to it.
    pub proof: Vec<Bytes>,
    /// Words of its storage. Of a vault: those at [`storage::slots`](crate::storage::slots) of its trail, in that order; in a bundle
    /// of an older program only the first of them.
    pub words: Vec<WordEvidence>,
}

/// A word of storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordEvidence {
    /// What it holds.
    #[serde(with = "crate::decimal")]
    pub value: U256,
    /// The nodes that lead from the storage root to it, or to where it would be.
    pub proof: Vec<Bytes>,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockEvidence {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its header, RLP.
    pub header: Bytes,
    /// The transactions that matter, in order.
    pub transactions: Vec<TransactionEvidence>,
}

/// A transaction that made the vault log something, or moved its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionEvidence {
    /// Its place in the block.
    pub place: u64,
    /// Its hash.
    pub hash: B256,
    /// Its receipt, encoded as EIP-2718 says.
    pub receipt: Bytes,
    /// The nodes that lead from the receipts root to it; none where it is only claimed.
    pub receipt_proof: Vec<Bytes>,
    /// The transaction itself, encoded as EIP-2718 says; empty where it could not be had.
    pub body: Bytes,
    /// The nodes that lead from the transactions root to it; none where it is only claimed.
    pub body_proof: Vec<Bytes>,
}

/// How many words of a vault an older program proved, twin of `contracts/snapshots/storage.json`: slot 0 is the word that every
/// event writes, slots 1 to 4 hold the roles and the delay.
pub const WORDS: usize = 5;
