//! Who acts: anvil's ten development accounts, whose keys everybody knows.

use alloy::network::EthereumWallet;
use alloy::node_bindings::AnvilInstance;
use alloy::primitives::Address;
use alloy::signers::local::PrivateKeySigner;
use anyhow::Context;

/// Who acts. All have ether; none has tokens.
#[derive(Clone, Debug)]
pub struct Actors {
    /// Deploys contracts, mints USDC, and is nobody to the vault: a stranger.
    pub deployer: PrivateKeySigner,
    /// Owns the vault.
    pub owner: PrivateKeySigner,
    /// Gets withdrawals.
    pub treasury: PrivateKeySigner,
    /// May stop things.
    pub guardian: PrivateKeySigner,
    /// Submits payments for others.
    pub relayer: PrivateKeySigner,
    /// Hold session keys, once granted.
    pub agents: [PrivateKeySigner; 2],
    /// Are paid, once in the book. Ascending by address, as `setPayees` wants them.
    pub payees: [Address; 3],
}

impl Actors {
    /// Gives the accounts of `anvil` their roles.
    pub(crate) fn new(anvil: &AnvilInstance) -> anyhow::Result<Self> {
        let signer = |index: usize| -> anyhow::Result<PrivateKeySigner> {
            Ok(anvil.nth_key(index).context("anvil has ten accounts")?.clone().into())
        };
        let mut payees = [signer(7)?.address(), signer(8)?.address(), signer(9)?.address()];
        payees.sort();
        Ok(Self {
            deployer: signer(0)?,
            owner: signer(1)?,
            treasury: signer(2)?,
            guardian: signer(3)?,
            relayer: signer(4)?,
            agents: [signer(5)?, signer(6)?],
            payees,
        })
    }

    /// A wallet that signs transactions for every actor but the payees; for the deployer where no sender is named.
    pub fn wallet(&self) -> EthereumWallet {
        let mut wallet = EthereumWallet::new(self.deployer.clone());
        for signer in [&self.owner, &self.treasury, &self.guardian, &self.relayer].into_iter().chain(&self.agents) {
            wallet.register_signer(signer.clone());
        }
        wallet
    }
}
