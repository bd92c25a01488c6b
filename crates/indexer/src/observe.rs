//! What the audit compares with: a vault's views, its tokens' balances and transfers, read from a node at one block.
//! `patient`: who asks.

mod patient;

pub(crate) use patient::{logs, patient};

use crate::error::StoreError;
use crate::proofs;
use crate::rows::BlockRef;
use crate::rpc::source_error;
use crate::source::SourceError;
use crate::store::Store;
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log};
use alloy::sol_types::SolEvent;
use futures::{StreamExt, TryStreamExt, stream};
use purse_audit::check::indexed::Indexed;
use purse_audit::observed::{
    ObservedAuthorization, ObservedBlock, ObservedHead, ObservedHeader, ObservedMeter, ObservedPolicy, ObservedPurse,
    ObservedToken, ObservedTransfer,
};
use purse_audit::{Observed, Questions, Trail};
use purse_protocol::abi::{IEip3009, IErc20, IPurses, IVault, IVaultLens};
use purse_protocol::create2::purses_address;
use purse_protocol::event::running_hash_of_head;
use purse_protocol::{RpcFault, VaultReader, Window};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

/// Calls under way at once: enough to hide the latency of a node, too few to be a nuisance to it.
const CALLS_AT_ONCE: usize = 16;

/// Why a vault could not be observed.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The node did not answer as asked.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The node has no such block, or not any more.
    #[error("the node's chain has no block {number} with hash {hash}")]
    BlockGone {
        /// Its height.
        number: u64,
        /// Its hash.
        hash: B256,
    },
}

impl ObserveError {
    /// What the operator can do about it, in one sentence.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Source(error) => error.fix(),
            Self::BlockGone { .. } => "index again, then audit: the chain was reorganised, or this is another node",
        }
    }
}

impl From<alloy::contract::Error> for ObserveError {
    fn from(error: alloy::contract::Error) -> Self {
        Self::Source(RpcFault::from(error).into())
    }
}

/// Asks everything that the audit compares, all of it at `block` (the block up to which the trail goes). Transfers are
/// looked for from block `transfers_from` on: the factory's deployment, or any before the vault's first money.
///
/// # Errors
/// When the node does not answer, or its chain has no such block.
pub async fn observe<P: Provider>(
    provider: &P,
    block: BlockRef,
    transfers_from: u64,
    questions: &Questions,
) -> Result<Observed, ObserveError> {
    ask(&patient(provider), block, transfers_from, questions).await
}

/// The same, without more patience than the provider has.
pub(crate) async fn ask<P: Provider>(
    provider: &P,
    block: BlockRef,
    transfers_from: u64,
    questions: &Questions,
) -> Result<Observed, ObserveError> {
    let reader = Reader { provider, at: BlockId::hash(block.hash) };
    let chain_id = provider.get_chain_id().await.map_err(source_error)?;
    let time = reader.block_time(block).await?;
    let vault = IVault::new(questions.vault, provider);
    let head = reader.head(questions.vault, reader.at, block.number).await?;
    let transfers = reader.transfers(questions, transfers_from, block.number).await?;
    let observed = Observed {
        chain_id,
        vault: questions.vault,
        block: ObservedBlock { number: block.number, hash: block.hash, time },
        head,
        earlier_heads: reader.first_difference(questions, &head).await,
        blocks: reader.headers(questions).await?,
        paused: vault.paused().block(reader.at).call().await?,
        epoch: vault.epoch().block(reader.at).call().await?,
        owner_nonce: vault.ownerNonce().block(reader.at).call().await?,
        delay: vault.delay().block(reader.at).call().await?,
        waiting: reader.words(questions).waiting().await.map_err(SourceError::from)?,
        owner: vault.owner().block(reader.at).call().await?,
        pending_owner: vault.pendingOwner().block(reader.at).call().await?,
        treasury: vault.treasury().block(reader.at).call().await?,
        guardian: vault.guardian().block(reader.at).call().await?,
        sessions: reader.sessions(questions).await?,
        keys: reader.keys(questions).await?,
        policies: reader.policies(questions).await?,
        meters: reader.meters(questions).await?,
        payees: reader.payees(questions).await?,
        tokens: reader.tokens(questions).await?,
        transfers,
        transfers_from,
        purses: reader.purses(questions).await?,
        purse_transfers: reader.purse_transfers(questions, transfers_from, block.number).await?,
        authorizations: reader.authorizations(questions, transfers_from, block.number).await?,
        approvals: proofs::approvals(provider, reader.at, questions).await?,
        owners: BTreeMap::new(),
        outflows: Vec::new(),
        origin: None,
        calls: Vec::new(),
    };
    // Calls named the block by its hash, logs by its height: both are of one chain if the block still is on it.
    let now = provider.get_block_by_number(block.number.into()).await.map_err(source_error)?;
    if now.is_none_or(|now| now.header.hash != block.hash) {
        return Err(ObserveError::BlockGone { number: block.number, hash: block.hash });
    }
    Ok(observed)
}

/// What an index has of the vault of a trail and its purses, for [`purse_audit::check::indexed`].
///
/// # Errors
/// When the index cannot be read.
pub fn indexed_by(store: &dyn Store, trail: &Trail) -> Result<Indexed, StoreError> {
    let mut indexed = Indexed::default();
    for &account in [&trail.vault].into_iter().chain(trail.purses.keys()) {
        indexed.transfers.extend(store.transfers(account)?.into_iter().map(ObservedTransfer::from));
    }
    for &purse in trail.purses.keys() {
        indexed.authorizations.extend(store.authorizations(purse)?.into_iter().map(ObservedAuthorization::from));
    }
    Ok(indexed)
}

struct Reader<'a, P> {
    provider: &'a P,
    at: BlockId,
}

impl<P: Provider> Reader<'_, P> {
    async fn block_time(&self, block: BlockRef) -> Result<u64, ObserveError> {
        let BlockRef { number, hash } = block;
        let found = self.provider.get_block_by_hash(hash).await.map_err(source_error)?;
        let found = found.filter(|found| found.header.number == number && found.header.hash == hash);
        found.map(|found| found.header.timestamp).ok_or(ObserveError::BlockGone { number, hash })
    }

    async fn head(&self, vault: Address, at: BlockId, block: u64) -> Result<ObservedHead, ObserveError> {
        let head = IVault::new(vault, self.provider).head().block(at).call().await?;
        let running_hash = running_hash_of_head(head.runningHash)
            .ok_or_else(|| SourceError::from(RpcFault::nonsense(format!("no running hash: {}", head.runningHash))))?;
        Ok(ObservedHead { block, sequence: head.sequence, running_hash })
    }

    /// The header of each block with events, by height, as nobody can ask by a hash that may be wrong.
    async fn headers(&self, questions: &Questions) -> Result<Vec<ObservedHeader>, ObserveError> {
        let found = each(&questions.blocks, |(&number, asked)| async move {
            let block = self.provider.get_block_by_number(number.into()).await.map_err(source_error)?;
            Ok(block.map(|block| ObservedHeader {
                number: block.header.number,
                hash: block.header.hash,
                parent: block.header.parent_hash,
                time: block.header.timestamp,
                transactions: block.transactions.hashes().filter(|tx| asked.contains(tx)).collect(),
            }))
        });
        Ok(found.await?.into_iter().flatten().collect())
    }

    /// Where the contract's head first differs from the trail's, by halving: the last head that agrees and the first
    /// that does not. Only to name the culprit, so a node without history may leave it out.
    async fn first_difference(&self, questions: &Questions, head: &ObservedHead) -> Vec<ObservedHead> {
        let heads = &questions.heads;
        if heads.last().is_none_or(|last| (last.1, last.2) == (head.sequence, head.running_hash)) {
            return Vec::new();
        }
        let (mut good, mut bad) = (None, None);
        let (mut low, mut high) = (0, heads.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let (block, sequence, running_hash) = heads[middle];
            let Ok(found) = self.head(questions.vault, BlockId::number(block), block).await else { break };
            if (found.sequence, found.running_hash) == (sequence, running_hash) {
                good = Some(found);
                low = middle + 1;
            } else {
                bad = Some(found);
                high = middle;
            }
        }
        good.into_iter().chain(bad).collect()
    }

    fn words(&self, questions: &Questions) -> VaultReader<&P> {
        VaultReader::new(questions.vault, self.provider, self.at)
    }

    async fn sessions(
        &self,
        questions: &Questions,
    ) -> Result<Vec<(purse_protocol::SessionId, IVaultLens::SessionView)>, ObserveError> {
        each(questions.sessions.iter().copied(), |session| async move {
            Ok((session, self.words(questions).session_of(session.get()).await.map_err(SourceError::from)?))
        })
        .await
    }

    async fn keys(&self, questions: &Questions) -> Result<Vec<(Address, u32)>, ObserveError> {
        each(questions.keys.iter().copied(), |key| async move {
            let vault = IVault::new(questions.vault, self.provider);
            Ok((key, vault.sessionOfKey(key).block(self.at).call().await?))
        })
        .await
    }

    async fn policies(&self, questions: &Questions) -> Result<Vec<ObservedPolicy>, ObserveError> {
        each(questions.policies.iter().copied(), |(scope, token)| async move {
            let view = self.words(questions).remaining(scope, token).await.map_err(SourceError::from)?;
            Ok(ObservedPolicy { scope, token, per_payment_cap: view.perPaymentCap, limits: view.limits })
        })
        .await
    }

    async fn meters(&self, questions: &Questions) -> Result<Vec<ObservedMeter>, ObserveError> {
        let of_all_windows = questions
            .policies
            .iter()
            .flat_map(|&(scope, token)| Window::ALL.into_iter().map(move |window| (scope, token, window)));
        each(of_all_windows, |(scope, token, window)| async move {
            let word = self.words(questions).meter_of(scope, token, window).await.map_err(SourceError::from)?;
            Ok(ObservedMeter { scope, token, window, word })
        })
        .await
    }

    async fn payees(&self, questions: &Questions) -> Result<Vec<(Address, u8)>, ObserveError> {
        each(questions.payees.iter().copied(), |payee| async move {
            let vault = IVault::new(questions.vault, self.provider);
            Ok((payee, vault.payeeOf(payee).block(self.at).call().await?))
        })
        .await
    }

    async fn tokens(&self, questions: &Questions) -> Result<Vec<ObservedToken>, ObserveError> {
        each(questions.tokens.iter().copied(), |token| async move {
            let entry = IVault::new(questions.vault, self.provider).tokenOf(token).block(self.at).call().await?;
            let erc20 = IErc20::new(token, self.provider);
            let balance = erc20.balanceOf(questions.vault).block(self.at).call().await?;
            Ok(ObservedToken { token, listed: entry.listed, unit_bits: entry.unitBits, balance })
        })
        .await
    }

    async fn purses(&self, questions: &Questions) -> Result<Vec<ObservedPurse>, ObserveError> {
        each(&questions.purses, |(&purse, of)| async move {
            let purses = IPurses::new(purses_address(questions.vault), self.provider);
            let (session, category) = (of.session.get(), of.category.number());
            let target = purses.targetOf(session, category, of.token).block(self.at).call().await?.target;
            let balance = IErc20::new(of.token, self.provider).balanceOf(purse).block(self.at).call().await?;
            Ok(ObservedPurse { purse, balance, target })
        })
        .await
    }

    /// Every `Transfer` of a purse's token to or from it, in order.
    async fn purse_transfers(
        &self,
        questions: &Questions,
        from: u64,
        to: u64,
    ) -> Result<Vec<ObservedTransfer>, ObserveError> {
        let tokens = questions.purses.values().map(|purse| purse.token).collect::<BTreeSet<_>>();
        let mut transfers = Vec::new();
        for token in tokens {
            let its = questions.purses.iter().filter(|(_, of)| of.token == token);
            let its: Vec<B256> = its.map(|(purse, _)| purse.into_word()).collect();
            transfers.extend(self.transfers_of(vec![token], its, from, to).await?);
        }
        transfers.sort_by_key(|transfer| (transfer.block, transfer.log_index));
        Ok(transfers)
    }

    /// Every `AuthorizationUsed` of a purse by its token, in order.
    async fn authorizations(
        &self,
        questions: &Questions,
        from: u64,
        to: u64,
    ) -> Result<Vec<ObservedAuthorization>, ObserveError> {
        if questions.purses.is_empty() {
            return Ok(Vec::new());
        }
        let tokens: BTreeSet<_> = questions.purses.values().map(|purse| purse.token).collect();
        let purses: Vec<_> = questions.purses.keys().map(|purse| purse.into_word()).collect();
        let filter = Filter::new()
            .address(tokens.into_iter().collect::<Vec<_>>())
            .event_signature(IEip3009::AuthorizationUsed::SIGNATURE_HASH)
            .topic1(purses);
        let found = self.logs(&filter, from, to).await?;
        let mut used = found.into_iter().map(authorization).collect::<Result<Vec<_>, _>>()?;
        used.retain(|used| questions.purses.get(&used.purse).is_some_and(|purse| purse.token == used.token));
        used.sort_by_key(|used| (used.block, used.log_index));
        Ok(used)
    }

    /// Every `Transfer` of these tokens to or from the vault, in order; one of the vault to itself is there once.
    async fn transfers(
        &self,
        questions: &Questions,
        from: u64,
        to: u64,
    ) -> Result<Vec<ObservedTransfer>, ObserveError> {
        if questions.tokens.is_empty() {
            return Ok(Vec::new());
        }
        let tokens = questions.tokens.iter().copied().collect();
        self.transfers_of(tokens, vec![questions.vault.into_word()], from, to).await
    }

    /// Every `Transfer` of these tokens to or from these accounts, in order.
    async fn transfers_of(
        &self,
        tokens: Vec<Address>,
        accounts: Vec<B256>,
        from: u64,
        to: u64,
    ) -> Result<Vec<ObservedTransfer>, ObserveError> {
        let all = Filter::new().address(tokens).event_signature(IErc20::Transfer::SIGNATURE_HASH);
        let mut transfers = Vec::new();
        for filter in [all.clone().topic1(accounts.clone()), all.topic2(accounts)] {
            transfers.extend(self.logs(&filter, from, to).await?);
        }
        let mut transfers = transfers.into_iter().map(transfer).collect::<Result<Vec<_>, _>>()?;
        transfers.sort_by_key(|transfer| (transfer.block, transfer.log_index));
        transfers.dedup_by_key(|transfer| (transfer.block, transfer.log_index));
        Ok(transfers)
    }

    async fn logs(&self, filter: &Filter, from: u64, to: u64) -> Result<Vec<Log>, ObserveError> {
        Ok(logs(self.provider, filter, from, to).await?)
    }
}

/// Asks about each item, several at once, answers in order.
async fn each<I, T, F, A>(items: I, ask: F) -> Result<Vec<T>, ObserveError>
where
    I: IntoIterator,
    F: Fn(I::Item) -> A,
    A: Future<Output = Result<T, ObserveError>>,
{
    stream::iter(items).map(ask).buffered(CALLS_AT_ONCE).try_collect().await
}

fn authorization(log: Log) -> Result<ObservedAuthorization, ObserveError> {
    let event = IEip3009::AuthorizationUsed::decode_log(&log.inner);
    let (Ok(event), Some(block), Some(tx), Some(log_index)) =
        (event, log.block_number, log.transaction_hash, log.log_index)
    else {
        let text = format!("no AuthorizationUsed of token {}", log.inner.address);
        return Err(SourceError::from(RpcFault::nonsense(text)).into());
    };
    let (purse, nonce) = (event.authorizer, event.nonce);
    Ok(ObservedAuthorization { token: log.inner.address, purse, nonce, block, tx, log_index })
}

fn transfer(log: Log) -> Result<ObservedTransfer, ObserveError> {
    let event = IErc20::Transfer::decode_log(&log.inner);
    let (Ok(event), Some(block), Some(tx), Some(log_index)) =
        (event, log.block_number, log.transaction_hash, log.log_index)
    else {
        return Err(SourceError::from(RpcFault::nonsense(format!("no Transfer of token {}", log.inner.address))).into());
    };
    let (from, to, value): (Address, Address, U256) = (event.from, event.to, event.value);
    Ok(ObservedTransfer { token: log.inner.address, from, to, value, block, tx, log_index })
}
