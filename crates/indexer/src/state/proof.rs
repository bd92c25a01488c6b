//! Whether a vault's stored state is what the chain holds: each word of its storage, and the balances of its tokens as far as it
//! is known where a token keeps them, proven by the state root (`eth_getProof`).

use super::balances::{Balances, Holding, slot};
use crate::page::StatePart;
use crate::rows::BlockRef;
use crate::source::{ChainSource, Header, SourceError};
use alloy::primitives::{Address, B256};
use purse_audit::observed::ObservedBlock;
use purse_audit::storage::{self, Words};
use purse_audit::{Difference, Trail};
use std::collections::BTreeMap;

/// Words that are asked for at once: an answer of some hundred kilobytes.
pub(crate) const WORDS_AT_ONCE: usize = 128;

/// What was compared with the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// At which block.
    pub block: BlockRef,
    /// Words of the vault's storage that were proven.
    pub words: usize,
    /// Balances that were proven.
    pub balances: usize,
    /// Where the index says otherwise.
    pub differences: Vec<Difference>,
}

/// Why nothing was compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The node serves no proofs, or none of this block; or nobody knows what the chain's headers commit to.
    #[error("the node proves no state of block {0}")]
    NotServed(u64),
    /// The node follows another chain by now.
    #[error("the node does not have block {0} any more")]
    Moved(u64),
    /// What the node gave proves nothing.
    #[error("what {node} gave as proof of {account} at block {block} is none: {what}")]
    Forged {
        /// Whose proof.
        node: String,
        /// Of what.
        account: Address,
        /// Of when.
        block: u64,
        /// What is wrong with it.
        what: String,
    },
    /// No usable answer.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Compares a vault's state with the chain at the index's last block.
///
/// # Errors
/// When the chain could not be asked; see [`CompareError`].
pub async fn compare<S: ChainSource>(
    source: &S,
    part: &StatePart,
    balances: &mut Balances,
) -> Result<Compared, CompareError> {
    let Some(block) = part.moment.extent.cursor else { return Err(CompareError::NotServed(0)) };
    let state = &part.state;
    let mut compared = compare_trail(source, &state.trail, block).await?;
    let asked = Asked::at(source, block).await?;
    let mut by_token: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for &(account, token) in state.sums.keys() {
        by_token.entry(token).or_default().push(account);
    }
    for (token, accounts) in by_token {
        let slots: Vec<_> = accounts.iter().map(|&account| slot(account)).collect();
        let words = asked.words(token, &slots).await?;
        let holding = |account| Holding {
            account,
            sums: state.sums.get(&(account, token)).copied().unwrap_or_default(),
            held: Holding::in_word(words.get(&slot(account)).copied().unwrap_or_default()),
            is_final: state.since(account).is_some_and(|since| since <= part.moment.extent.finalized),
        };
        let holdings: Vec<_> = accounts.into_iter().map(holding).collect();
        if let Some(differences) = balances.compare(state.trail.chain_id, token, &holdings) {
            compared.balances += holdings.len();
            compared.differences.extend(differences);
        }
    }
    Ok(compared)
}

/// Compares what a vault's events leave with every word of its storage at a block.
///
/// # Errors
/// As [`compare`].
pub async fn compare_trail<S: ChainSource>(
    source: &S,
    trail: &Trail,
    block: BlockRef,
) -> Result<Compared, CompareError> {
    let asked = Asked::at(source, block).await?;
    let words = asked.words(trail.vault, &storage::slots(trail)).await?;
    let at = ObservedBlock { number: block.number, hash: block.hash, time: asked.header.time };
    let differences = storage::compare(trail, &words, at);
    Ok(Compared { block, words: words.len(), balances: 0, differences })
}

/// Questions about one block.
struct Asked<'a, S> {
    source: &'a S,
    header: Header,
    block: BlockRef,
}

impl<'a, S: ChainSource> Asked<'a, S> {
    async fn at(source: &'a S, block: BlockRef) -> Result<Self, CompareError> {
        let header = source.header(block.number).await?.filter(|header| header.hash == block.hash);
        Ok(Self { source, header: header.ok_or(CompareError::Moved(block.number))?, block })
    }

    /// The proven words of an account.
    async fn words(&self, account: Address, slots: &[B256]) -> Result<Words, CompareError> {
        let block = self.block.number;
        let seal = self.header.seal.ok_or(CompareError::NotServed(block))?;
        let mut words = Words::new();
        for slots in slots.chunks(WORDS_AT_ONCE) {
            let given = self.source.storage(account, slots, self.block).await?;
            let given = given.ok_or(CompareError::NotServed(block))?;
            let proven = storage::prove(seal.state_root, account, &given.account, slots);
            words.extend(proven.map_err(|what| CompareError::Forged { node: given.node, account, block, what })?);
        }
        Ok(words)
    }
}
