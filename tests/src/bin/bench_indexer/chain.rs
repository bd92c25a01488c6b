//! A chain of payments of one vault in batches: four transactions of 25 in a block.

use alloy::network::TransactionBuilder;
use alloy::primitives::Bytes;
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall;
use anyhow::ensure;
use purse_protocol::abi::IVault;
use purse_tests::Scene;

/// Payments in a batch; a vault takes at most 32.
const BATCH: u32 = 25;
/// Batches in a block.
const BATCHES: u32 = 4;
/// More than a batch takes; a vault demands 500,000 before each payment.
const GAS: u64 = 6_000_000;

/// The chain and the next payment's nonce.
pub(crate) struct Payments {
    pub(crate) scene: Scene,
    /// Asks and sends as the node's own accounts: nothing is signed or looked up here.
    plain: DynProvider,
    nonce: u32,
    transactions: u64,
}

impl Payments {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        let scene = Scene::with_session().await?;
        let plain = ProviderBuilder::default().connect_http(scene.rpc_url().parse()?).erased();
        let transactions = plain.get_transaction_count(scene.actors.relayer.address()).await?;
        scene.provider.anvil_set_auto_mine(false).await?;
        Ok(Self { scene, plain, nonce: 0, transactions })
    }

    /// Mines blocks with so many payments, and says how many blocks.
    pub(crate) async fn mine(&mut self, payments: u32) -> anyhow::Result<u32> {
        let blocks = payments.div_ceil(BATCH * BATCHES);
        for block in 0..blocks {
            self.block(BATCHES).await?;
            if block % 500 == 499 {
                eprintln!("{} of {blocks} blocks mined", block + 1);
            }
        }
        let logs = u64::from(self.scene.vault().head().call().await?.sequence);
        ensure!(logs >= u64::from(payments), "the vault refused payments: it counts {logs} events");
        Ok(blocks)
    }

    /// Mines one block with so many batches of payments.
    pub(crate) async fn block(&mut self, batches: u32) -> anyhow::Result<()> {
        for _ in 0..batches {
            let mut items = Vec::with_capacity(BATCH as usize);
            for _ in 0..BATCH {
                self.nonce += 1;
                let payment = self.scene.payment(self.nonce, 1);
                let signature = self.scene.sign_compact(&payment, &self.scene.actors.agents[0])?;
                items.push(IVault::BatchItem { payment, signature, approval: Bytes::new() });
            }
            let mut request = TransactionRequest::default()
                .with_from(self.scene.actors.relayer.address())
                .with_to(self.scene.vault)
                .with_input(IVault::payBatchCall { items }.abi_encode())
                .with_gas_limit(GAS)
                .with_max_fee_per_gas(20_000_000_000)
                .with_max_priority_fee_per_gas(0);
            request.nonce = Some(self.transactions);
            self.transactions += 1;
            let _hash = self.plain.send_transaction(request).await?;
        }
        Ok(self.plain.anvil_mine(Some(1), None).await?)
    }
}
