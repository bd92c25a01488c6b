//! A random history of the real vault: after every few acts the trail, folded from the logs alone, is what the contract's
//! views say, and every check of the audit holds (I9, I12). The seed and the chain's own clock make it repeatable.

mod acts;
mod draw;

use crate::storage::nothing_beside;
use acts::Act;
use alloy::primitives::{Address, keccak256};
use alloy::providers::Provider;
use alloy::rpc::types::{Filter, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use anyhow::{Context, ensure};
use draw::Draw;
use purse_audit::{Trail, TrailLog, compare};
use purse_indexer::{BlockRef, RpcSource, compare_trail, observe};
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use std::collections::BTreeMap;

/// Acts in all: some of every kind succeed.
const ACTS: usize = 300;
/// The views are asked after so many acts.
const ACTS_BETWEEN_LOOKS: usize = 6;
/// Enough for the largest batch, so that nothing is estimated: what the vault refuses is part of the history.
const GAS: u64 = 16_000_000;

/// A vault, and what its logs tell so far.
struct History {
    scene: Scene,
    trail: Trail,
    draw: Draw,
    /// The last block that was folded.
    folded: u64,
    /// Session keys, granted or not.
    keys: BTreeMap<Address, PrivateKeySigner>,
}

#[tokio::test]
async fn the_trail_of_a_random_history_is_what_the_contract_says() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let relayer = IVault::PayeeEntry { payee: scene.actors.relayer.address(), category: 63 };
    scene.own(&IVault::setPayeesCall { entries: vec![relayer] }).await?;
    let keys = scene.actors.agents.iter().map(|agent| (agent.address(), agent.clone())).collect();
    let trail = Trail::new(scene.chain_id(), scene.vault);
    let mut history = History { scene, trail, draw: Draw::new("a random history"), folded: 0, keys };
    history.fold().await?;
    let (mut most_waiting, mut killed) = (0, 0);
    for index in 1..=ACTS {
        let act = history.next_act().await?;
        history.perform(act).await?;
        history.fold().await?;
        if index % ACTS_BETWEEN_LOOKS == 0 {
            history.look().await.with_context(|| format!("after {index} acts"))?;
        }
        most_waiting = most_waiting.max(history.trail.waiting.len());
        killed += history.trail.waiting.iter().filter(|change| change.killed).count();
    }
    let report = history.look().await?;
    nothing_beside(&history.scene, &history.trail).await?;
    let executed =
        history.trail.events.iter().filter(|event| purse_audit::event_name(&event.event) == "ChangeExecuted");
    // A history in which nothing happens proves nothing.
    let (payments, refused, approved) = (report.payments, report.refusals.len(), report.approved.len());
    ensure!(payments >= 10 && refused > 0 && approved > 0, "{payments} paid, {refused} refused, {approved} approved");
    let executed = executed.count();
    ensure!(
        most_waiting >= 3 && killed > 0 && executed >= 5,
        "{most_waiting} waited, {killed} killed, {executed} executed"
    );
    Ok(())
}

impl History {
    /// Sends an act; what the vault refuses leaves no trace.
    async fn perform(&self, act: Act) -> anyhow::Result<()> {
        if let Some(time) = act.not_before {
            self.scene.set_next_time(time).await?;
        }
        let request = TransactionRequest::default().from(act.by).to(self.scene.vault).input(act.call.into());
        self.scene.provider.send_transaction_sync(request.gas_limit(GAS)).await?;
        Ok(())
    }

    /// Folds what was logged since.
    async fn fold(&mut self) -> anyhow::Result<()> {
        let provider = &self.scene.provider;
        let head = provider.get_block_number().await?;
        let filter = Filter::new().address(self.scene.vault).from_block(self.folded + 1).to_block(head);
        for log in provider.get_logs(&filter).await? {
            let number = log.block_number.context("a mined log has a block")?;
            let block = provider.get_block_by_number(number.into()).await?.context("its block is there")?;
            self.trail.push(&TrailLog {
                block_number: number,
                block_hash: block.header.hash,
                parent_hash: block.header.parent_hash,
                time: block.header.timestamp,
                tx: log.transaction_hash.context("a mined log has a transaction")?,
                log_index: log.log_index.context("a mined log has an index")?,
                topics: log.topics().to_vec(),
                data: log.inner.data.data.clone(),
            })?;
        }
        self.folded = head;
        Ok(())
    }

    /// Compares the trail with the contract's views at the last block.
    async fn look(&self) -> anyhow::Result<purse_audit::Report> {
        let block = self.scene.provider.get_block_by_number(self.folded.into()).await?.context("the last block")?;
        let block = BlockRef { number: self.folded, hash: block.header.hash };
        let observed = observe(&self.scene.provider, block, 0, &self.trail.questions()).await?;
        let report = compare(&self.trail, &observed);
        ensure!(report.holds(), "{:#?}", report.differences().collect::<Vec<_>>());
        // The same of every word of its storage, proven by the state root.
        let proven = compare_trail(&RpcSource::new(self.scene.provider.clone()), &self.trail, block).await?;
        ensure!(proven.differences.is_empty(), "{:#?}", proven.differences);
        Ok(report)
    }

    /// A key that was never used.
    fn new_key(&mut self) -> anyhow::Result<Address> {
        let signer = PrivateKeySigner::from_bytes(&keccak256(format!("session key {}", self.keys.len())))?;
        let address = signer.address();
        self.keys.insert(address, signer);
        Ok(address)
    }

    /// The vault's owner: the scene's, or the deployer, who may be offered it.
    fn owner(&self) -> &PrivateKeySigner {
        let actors = &self.scene.actors;
        if self.trail.owner == actors.deployer.address() { &actors.deployer } else { &actors.owner }
    }
}
