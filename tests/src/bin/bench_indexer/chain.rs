//! Chains of payments of one vault, made once and kept in `target/bench` for later runs.

use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, Bytes, hex, keccak256};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall;
use anyhow::{Context, ensure};
use purse_protocol::Chain;
use purse_protocol::abi::IVault;
use purse_tests::{LocalChain, Scene};
use std::path::PathBuf;

/// What the contracts compile to.
const LOCK: &str = "contracts/snapshots/bytecode.json";
/// More than a batch takes; a vault demands 500,000 before each payment.
const GAS: u64 = 6_000_000;

/// How payments lie in blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Payments in a transaction; a vault takes at most 32.
    pub(crate) batch: u32,
    /// Transactions in a block.
    pub(crate) batches: u32,
}

/// A hundred payments in a block: as many events as the peers were measured with.
pub(crate) const DENSE: Shape = Shape { batch: 25, batches: 4 };
/// Each payment in a transaction and a block of its own: the most work for an audit.
pub(crate) const SPARSE: Shape = Shape { batch: 1, batches: 1 };

/// The chain and the next payment's nonce.
pub(crate) struct Payments {
    pub(crate) scene: Scene,
    shape: Shape,
    /// Asks and sends as the node's own accounts: nothing is signed or looked up here.
    plain: DynProvider,
    nonce: u32,
    transactions: u64,
}

impl Payments {
    /// A chain with so many payments: as an earlier run kept it, or made and kept.
    pub(crate) async fn of(payments: u32, shape: Shape) -> anyhow::Result<Self> {
        let file = file(payments, shape)?;
        let scene = file.with_extension("scene");
        if !scene.exists() {
            let _ = std::fs::remove_file(&file);
            let chain = LocalChain::kept(Chain::ANVIL, &file).await?;
            let mut made = Self::over(Scene::on(chain).await?.granted().await?, shape, 0).await?;
            made.mine(payments).await?;
            let Scene { lens, vault, usdc, plain, .. } = made.scene;
            made.scene.into_chain().keep()?;
            std::fs::write(&scene, [lens, vault, usdc, plain].map(|address| address.to_string()).join(" "))?;
        }
        let text = std::fs::read_to_string(&scene)?;
        let addresses: Vec<Address> = text.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [lens, vault, usdc, plain] = addresses[..] else { anyhow::bail!("{} is damaged", scene.display()) };
        let chain = LocalChain::kept(Chain::ANVIL, &file).await?;
        let made = Self::over(Scene::again(chain, lens, vault, usdc, plain)?, shape, payments).await?;
        made.holds(payments).await?;
        Ok(made)
    }

    async fn over(scene: Scene, shape: Shape, nonce: u32) -> anyhow::Result<Self> {
        let plain = ProviderBuilder::default().connect_http(scene.rpc_url().parse()?).erased();
        let transactions = plain.get_transaction_count(scene.actors.relayer.address()).await?;
        scene.provider.anvil_set_auto_mine(false).await?;
        Ok(Self { scene, shape, plain, nonce, transactions })
    }

    async fn mine(&mut self, payments: u32) -> anyhow::Result<()> {
        let blocks = payments.div_ceil(self.shape.batch * self.shape.batches);
        for block in 0..blocks {
            self.block().await?;
            if block % 500 == 499 {
                eprintln!("{} of {blocks} blocks mined", block + 1);
            }
        }
        self.holds(payments).await
    }

    async fn holds(&self, payments: u32) -> anyhow::Result<()> {
        let logs = self.scene.vault().head().call().await?.sequence;
        ensure!(logs >= payments, "the vault refused payments: it counts {logs} events");
        Ok(())
    }

    /// Mines one block of payments.
    pub(crate) async fn block(&mut self) -> anyhow::Result<()> {
        for _ in 0..self.shape.batches {
            let mut items = Vec::with_capacity(self.shape.batch as usize);
            for _ in 0..self.shape.batch {
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

/// Where a chain is kept: another one for other contracts.
fn file(payments: u32, shape: Shape) -> anyhow::Result<PathBuf> {
    let folder = LocalChain::checkout().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let lock = std::fs::read(LocalChain::checkout().join(LOCK)).context("the bytecode's lock")?;
    let contracts = hex::encode(&keccak256(lock)[..4]);
    let Shape { batch, batches } = shape;
    Ok(folder.join(format!("chain-{payments}-{batch}x{batches}-{contracts}.json")))
}
