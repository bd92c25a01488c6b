//! What became of an authorisation, by the token's own state and log. The seller's word is never enough.

use crate::agent::{Agent, answer};
use crate::journal::Settlement;
use crate::purse::Head;
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log, TransactionReceipt};
use alloy::sol_types::SolEvent;
use purse_protocol::abi::{IEip3009, IErc20};
use purse_protocol::chain::Finality;
use purse_protocol::{Chain, RpcFault};

/// How many blocks the log is searched for a payment: an authorisation lives for two minutes, and providers refuse longer
/// ranges.
pub(crate) const SEARCHED: u64 = 10_000;

/// What became of an authorisation, at the newest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The token has used the nonce: the money moved.
    Used,
    /// Not used, and its time is not over.
    Alive,
    /// Not used, and its time is over: it never will be.
    Dead,
}

/// What is looked for in the token's log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transfer {
    pub(crate) purse: Address,
    pub(crate) payee: Address,
    pub(crate) amount: u128,
    pub(crate) nonce: B256,
}

impl<P: Provider> Agent<P> {
    /// What became of an authorisation, judged at one block.
    pub(crate) async fn fate(&self, purse: Address, nonce: B256, valid_before: u64) -> Result<Fate, RpcFault> {
        let head = self.head().await?;
        let token = IEip3009::new(self.session.token, &self.provider);
        let used = token.authorizationState(purse, nonce).block(BlockId::number(head.number)).call().await?;
        Ok(match used {
            true => Fate::Used,
            false if head.time >= valid_before => Fate::Dead,
            false => Fate::Alive,
        })
    }

    /// Whether every block of this chain is final as soon as it is there.
    pub(crate) fn final_at_once(&self) -> bool {
        Chain::by_id(self.session.chain_id).is_some_and(|chain| chain.finality == Finality::Depth(0))
    }

    /// The newest block that no reorganisation takes away, by the chain's own rule.
    pub(crate) async fn final_head(&self) -> Result<Head, RpcFault> {
        let finality = Chain::by_id(self.session.chain_id).map(|chain| chain.finality);
        let block = match finality {
            Some(Finality::Depth(0)) => return self.head().await,
            Some(Finality::Depth(depth)) => self.head().await?.number.saturating_sub(depth).into(),
            Some(Finality::Tag(_)) | None => BlockNumberOrTag::Finalized,
        };
        let block = answer(async { self.provider.get_block_by_number(block).await }).await?;
        Ok(block.map_or(Head { number: 0, time: 0 }, |block| Head {
            number: block.header.number,
            time: block.header.timestamp,
        }))
    }

    /// The settlement, if the receipt of that transaction shows this very transfer: then the nonce is used.
    pub(crate) async fn shown_by(&self, transfer: Transfer, transaction: B256) -> Option<Settlement> {
        let receipt = answer(async { self.provider.get_transaction_receipt(transaction).await }).await.ok()??;
        let settlement = self.settled_in(&receipt, transfer.purse, transfer.nonce)?;
        (settlement.moved == Some((transfer.payee, transfer.amount))).then_some(settlement)
    }

    /// The transaction that used a nonce, looked for from a block on, and what it moved. `claimed` is one that the seller
    /// names: it is believed only if its receipt shows this very transfer.
    pub(crate) async fn settlement(
        &self,
        transfer: Transfer,
        claimed: Option<B256>,
        from_block: u64,
    ) -> Result<Settlement, RpcFault> {
        if let Some(hash) = claimed
            && let Some(shown) = self.shown_by(transfer, hash).await
        {
            return Ok(shown);
        }
        let filter = Filter::new()
            .address(self.session.token)
            .from_block(from_block)
            .to_block(from_block.saturating_add(SEARCHED))
            .event_signature(IEip3009::AuthorizationUsed::SIGNATURE_HASH)
            .topic1(transfer.purse.into_word())
            .topic2(transfer.nonce);
        let logs = answer(async { self.provider.get_logs(&filter).await }).await?;
        let Some(transaction) = logs.first().and_then(|log| log.transaction_hash) else {
            return Ok(Settlement::default());
        };
        let receipt = answer(async { self.provider.get_transaction_receipt(transaction).await }).await?;
        let settled = receipt.and_then(|receipt| self.settled_in(&receipt, transfer.purse, transfer.nonce));
        Ok(settled.unwrap_or_default())
    }

    /// What a receipt shows of a nonce: used, and what went from the purse for it. The token logs the transfer after the
    /// nonce, so of several authorisations in one transaction each has the transfer that comes next.
    fn settled_in(&self, receipt: &TransactionReceipt, purse: Address, nonce: B256) -> Option<Settlement> {
        let of_token = |log: &&Log| log.address() == self.session.token;
        let mut logs = receipt.logs().iter().filter(of_token);
        let uses = |log: &Log| {
            log.log_decode::<IEip3009::AuthorizationUsed>()
                .is_ok_and(|log| (log.inner.authorizer, log.inner.nonce) == (purse, nonce))
        };
        logs.find(|log| receipt.status() && uses(log))?;
        let moved = logs.find_map(|log| {
            let moved = log.log_decode::<IErc20::Transfer>().ok()?.inner;
            (moved.from == purse).then_some((moved.to, moved.value))
        });
        Some(Settlement {
            transaction: Some(receipt.transaction_hash),
            block: receipt.block_number,
            moved: moved.map(|(payee, value): (Address, U256)| (payee, value.saturating_to())),
            reconciled: false,
        })
    }
}
