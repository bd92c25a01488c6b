//! The purses of a vault, as the chain has them: whose, for what, what they hold and up to what they are refilled.

use crate::context::Vault;
use crate::failure::Failure;
use crate::money::{Token, of_view};
use crate::sessions::READS_AT_ONCE;
use crate::table::aligned;
use alloy::primitives::{Address, U256};
use alloy::providers::DynProvider;
use futures::future::try_join_all;
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::abi::IPurses::IPursesInstance;
use purse_protocol::{Category, create2};
use serde_json::{Value, json};

/// A purse that was opened.
#[derive(Debug, Clone)]
pub(crate) struct OpenPurse {
    /// Where it is.
    pub(crate) address: Address,
    /// The session that pays from it.
    pub(crate) session: u32,
    /// The category under which it pays.
    pub(crate) category: u8,
    /// What it holds, in base units.
    pub(crate) balance: U256,
    /// What it may be refilled to, in base units.
    pub(crate) target: U256,
}

impl OpenPurse {
    /// Reads every purse of a vault in a token.
    pub(crate) async fn all(vault: &Vault, token: &Token) -> Result<Vec<Self>, Failure> {
        let purses = contract(vault);
        let count: u64 = purses.countOf(token.address).call().await.map_err(of_view)?.saturating_to();
        let mut all = Vec::new();
        for first in (0..count).step_by(READS_AT_ONCE) {
            let some = (first..count.min(first + READS_AT_ONCE as u64)).map(|index| Self::read(vault, token, index));
            all.extend(try_join_all(some).await?);
        }
        all.sort_by_key(|purse| (purse.session, purse.category));
        Ok(all)
    }

    async fn read(vault: &Vault, token: &Token, index: u64) -> Result<Self, Failure> {
        let purses = contract(vault);
        let found = purses.purseAt(token.address, U256::from(index)).call().await.map_err(of_view)?;
        let (address, session) = (found.purse, found.session);
        let erc20 = IErc20Instance::new(token.address, &vault.node.provider);
        let (book, balance) = (vault.contract(), erc20.balanceOf(address));
        let category = book.payeeOf(address);
        let (category, balance) = tokio::join!(category.call(), balance.call());
        let (category, balance) = (category.map_err(of_view)?, balance.map_err(of_view)?);
        let target = purses.targetOf(session, category, token.address).call().await.map_err(of_view)?.target;
        Ok(Self { address, session, category, balance, target })
    }

    /// What it pays for.
    fn category(&self) -> String {
        Category::new(self.category).map_or_else(|| self.category.to_string(), |category| category.to_string())
    }

    /// For programs.
    pub(crate) fn json(&self, vault: &Vault, token: &Token) -> Value {
        json!({
            "purse": self.address,
            "session": self.session,
            "agent": vault.names.of_session(self.session),
            "category": self.category(),
            "balance": token.plain(self.balance),
            "target": token.plain(self.target),
        })
    }
}

/// All that these purses hold.
pub(crate) fn held(purses: &[OpenPurse]) -> U256 {
    purses.iter().fold(U256::ZERO, |sum, purse| sum.saturating_add(purse.balance))
}

/// A table of them.
pub(crate) fn table(vault: &Vault, token: &Token, purses: &[OpenPurse]) -> String {
    let head = ["PURSE OF", "FOR", "HOLDS", "REFILLED TO", "ADDRESS"].map(str::to_owned).to_vec();
    let rows = purses.iter().map(|purse| {
        vec![
            vault.names.show_session(purse.session),
            purse.category(),
            token.plain(purse.balance),
            token.plain(purse.target),
            purse.address.to_string(),
        ]
    });
    aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

/// The vault's contract for purses.
pub(crate) fn contract(vault: &Vault) -> IPursesInstance<&DynProvider> {
    IPursesInstance::new(create2::purses_address(vault.address), &vault.node.provider)
}
