//! The purse of a session, token and category, as its agent sees it on the chain: where it is, what it holds, what it
//! may be refilled to, and what became of an authorisation under one of its nonces.

use crate::agent::{Agent, answer};
use crate::journal::{Funds, Settlement};
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, Log, TransactionReceipt};
use alloy::sol_types::SolEvent;
use purse_protocol::RpcFault;
use purse_protocol::abi::IErc20::{self, IErc20Instance};
use purse_protocol::abi::{IEip3009, IPurse, IPurses};
use purse_protocol::create2;

/// ERC-1271's yes.
const YES: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];

/// A purse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purse {
    /// Where it is, or will be.
    pub address: Address,
    /// Its category.
    pub category: u8,
    /// Whether it is there.
    pub open: bool,
    /// What it holds, and when that was read.
    pub funds: Funds,
    /// What it may be refilled to, in base units.
    pub target: u128,
}

/// What became of an authorisation.
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

/// The newest block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) number: u64,
    pub(crate) time: u64,
}

impl<P: Provider> Agent<P> {
    /// The newest block.
    pub(crate) async fn head(&self) -> Result<Head, RpcFault> {
        let block = answer(async { self.provider.get_block_by_number(BlockNumberOrTag::Latest).await }).await?;
        let header = block.ok_or_else(|| RpcFault::nonsense("no latest block"))?.header;
        Ok(Head { number: header.number, time: header.timestamp })
    }

    /// Where the purse of a category is, or will be.
    pub(crate) async fn purse_address(&self, category: u8) -> Result<Address, RpcFault> {
        let purses = IPurses::new(self.purses(), &self.provider);
        let call = purses.purseOf(self.session.session.get(), self.session.token, category);
        call.call().await.map_err(RpcFault::from)
    }

    /// The same of a purse that is known to be open at an address, for fewer questions.
    pub(crate) async fn purse_at(&self, category: u8, address: Option<Address>) -> Result<Purse, RpcFault> {
        let Some(address) = address else { return self.purse(category).await };
        let (session, token) = (self.session.session.get(), self.session.token);
        let purses = IPurses::new(self.purses(), &self.provider);
        let target = purses.targetOf(session, category, token);
        let (funds, target) = tokio::try_join!(async { self.funds_at(address, self.head().await?).await }, async {
            target.call().await.map_err(RpcFault::from)
        })?;
        Ok(Purse { address, category, open: true, funds, target: target.target.saturating_to() })
    }

    /// The purse of a category, with its balance at one block.
    pub(crate) async fn purse(&self, category: u8) -> Result<Purse, RpcFault> {
        let (session, token) = (self.session.session.get(), self.session.token);
        let purses = IPurses::new(self.purses(), &self.provider);
        let target = purses.targetOf(session, category, token);
        let (head, address, target) = tokio::try_join!(self.head(), self.purse_address(category), async {
            target.call().await.map_err(RpcFault::from)
        })?;
        let (code, funds) =
            tokio::try_join!(answer(async { self.provider.get_code_at(address).await }), self.funds_at(address, head))?;
        let target = target.target.saturating_to();
        Ok(Purse { address, category, open: !code.is_empty(), funds, target })
    }

    /// What a purse holds at a block.
    async fn funds_at(&self, purse: Address, head: Head) -> Result<Funds, RpcFault> {
        let token = IErc20Instance::new(self.session.token, &self.provider);
        let balance = token.balanceOf(purse).block(BlockId::number(head.number)).call().await?;
        Ok(Funds { balance: balance.saturating_to(), block: head.number, time: head.time })
    }

    /// The separator of the token's EIP-712 domain, as the token itself says.
    pub(crate) async fn domain_separator(&self) -> Result<B256, RpcFault> {
        let token = IEip3009::new(self.session.token, &self.provider);
        token.DOMAIN_SEPARATOR().call().await.map_err(RpcFault::from)
    }

    /// Whether the purse's hook says yes, as the token will ask it.
    pub(crate) async fn purse_says_yes(&self, purse: Address, digest: B256, blob: &Bytes) -> Result<bool, RpcFault> {
        let purse = IPurse::new(purse, &self.provider);
        match purse.isValidSignature(digest, blob.clone()).call().await.map_err(RpcFault::from) {
            Ok(said) => Ok(said == YES),
            Err(RpcFault::Reverted { .. }) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

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

    /// The settlement, if the receipt of that transaction shows this very transfer: then the nonce is used.
    pub(crate) async fn shown_by(&self, transfer: Transfer, transaction: B256) -> Option<Settlement> {
        let receipt = answer(async { self.provider.get_transaction_receipt(transaction).await }).await.ok()??;
        let settlement = Settlement { transaction: Some(transaction), block: receipt.block_number, reconciled: false };
        self.shows(&receipt, transfer).then_some(settlement)
    }

    /// The transaction that used a nonce, looked for from a block on. `claimed` is one that the seller names: it is
    /// believed only if its receipt shows this very transfer.
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
            .event_signature(IEip3009::AuthorizationUsed::SIGNATURE_HASH)
            .topic1(transfer.purse.into_word())
            .topic2(transfer.nonce);
        let logs = answer(async { self.provider.get_logs(&filter).await }).await?;
        let log = logs.first();
        let reconciled = false;
        Ok(Settlement {
            transaction: log.and_then(|log| log.transaction_hash),
            block: log.and_then(|log| log.block_number),
            reconciled,
        })
    }

    /// Whether a receipt shows the nonce used and exactly that much gone from the purse to the payee.
    fn shows(&self, receipt: &TransactionReceipt, transfer: Transfer) -> bool {
        let of_token = |log: &&Log| log.address() == self.session.token;
        let used = receipt.logs().iter().filter(of_token).any(|log| {
            log.log_decode::<IEip3009::AuthorizationUsed>()
                .is_ok_and(|log| (log.inner.authorizer, log.inner.nonce) == (transfer.purse, transfer.nonce))
        });
        let moved = receipt.logs().iter().filter(of_token).any(|log| {
            log.log_decode::<IErc20::Transfer>().is_ok_and(|log| {
                let said = (log.inner.from, log.inner.to, log.inner.value);
                said == (transfer.purse, transfer.payee, U256::from(transfer.amount))
            })
        });
        receipt.status() && used && moved
    }

    /// The contract for purses: the first that the vault made.
    fn purses(&self) -> Address {
        create2::purses_address(self.session.vault)
    }
}
