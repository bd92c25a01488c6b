//! The purse of a session, token and category, as its agent sees it on the chain: where it is, what it holds, and what it
//! may be refilled to.

use crate::agent::{Agent, answer};
use crate::journal::Funds;
use alloy::eips::{BlockId, BlockNumberOrTag};
use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::providers::Provider;
use futures::future::try_join_all;
use purse_protocol::RpcFault;
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::abi::{IEip3009, IPurse, IPurses};
use purse_protocol::create2;

/// Entries of the list of purses that are read at once.
const READS_AT_ONCE: usize = 16;
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

    /// Every purse that was ever opened for this session in its token, whatever it is granted now. `known` are those that
    /// were found before, of whichever session: they are never taken away.
    pub(crate) async fn purses_opened(&self, known: &mut Vec<(Address, u32)>) -> Result<Vec<Address>, RpcFault> {
        let purses = IPurses::new(self.purses(), &self.provider);
        let count: usize = purses.countOf(self.session.token).call().await?.saturating_to();
        while known.len() < count {
            let some = known.len()..count.min(known.len() + READS_AT_ONCE);
            let read = |index| {
                let at = purses.purseAt(self.session.token, U256::from(index));
                async move { at.call().await.map(|found| (found.purse, found.session)) }
            };
            known.extend(try_join_all(some.map(read)).await?);
        }
        let own = known.iter().filter(|(_, session)| *session == self.session.session.get());
        Ok(own.map(|(purse, _)| *purse).collect())
    }

    /// The contract for purses: the first that the vault made.
    fn purses(&self) -> Address {
        create2::purses_address(self.session.vault)
    }
}
