//! What the node and the decoder allow: the same events pulled and decoded, and pulled with proofs, without storage.

use alloy::eips::BlockNumberOrTag;
use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use purse_indexer::{ChainSource, RpcSource, receipts};
use purse_protocol::event;
use purse_tests::Scene;
use std::time::{Duration, Instant};

/// Blocks in a query: what the peers were measured with.
const RANGE: u64 = 50;
/// Queries at once.
const AT_ONCE: usize = 6;

/// How many events in what time.
pub(crate) struct Measured {
    pub(crate) events: usize,
    pub(crate) time: Duration,
    pub(crate) peak_mib: f64,
}

impl Measured {
    pub(crate) fn rate(&self) -> f64 {
        self.events as f64 / self.time.as_secs_f64()
    }
}

/// Every log of the vault by `eth_getLogs`, decoded.
pub(crate) async fn pull(scene: &Scene) -> anyhow::Result<Measured> {
    let (head, vault) = (scene.provider.get_block_number().await?, scene.vault);
    let start = Instant::now();
    let pulls = stream::iter((1..=head).step_by(RANGE as usize)).map(|from| {
        let provider = scene.provider.clone();
        tokio::spawn(async move {
            let filter = Filter::new().address(vault).from_block(from).to_block((from + RANGE - 1).min(head));
            let logs = provider.get_logs(&filter).await?;
            let decoded = logs.iter().filter(|log| event::decode(&log.inner.data).is_ok()).count();
            ensure!(decoded == logs.len(), "events of a newer vault");
            Ok(decoded)
        })
    });
    let counts: Vec<anyhow::Result<usize>> = pulls.buffered(AT_ONCE).try_collect().await?;
    let events = counts.into_iter().sum::<anyhow::Result<usize>>()?;
    Ok(Measured { events, time: start.elapsed(), peak_mib: 0.0 })
}

/// Every block's header and receipts, each hash and root recomputed, and the vault's logs decoded.
pub(crate) async fn proven_pull(scene: &Scene) -> anyhow::Result<Measured> {
    let (head, vault) = (scene.provider.get_block_by_number(BlockNumberOrTag::Latest).await?, scene.vault);
    let head = head.context("there is a latest block")?.header.number;
    let start = Instant::now();
    let pulls = stream::iter(1..=head).map(|number| {
        let source = RpcSource::new(scene.provider.clone());
        tokio::spawn(async move {
            let header = source.header(number).await?.context("a block below the head")?;
            let seal = header.seal.context("a header is what its hash says")?;
            let given = source.receipts(header.hash).await?.context("a block has receipts")?;
            ensure!(receipts::root(&given) == Some(seal.receipts_root), "edited receipts");
            let logs = given.iter().flat_map(|receipt| receipt.body.logs());
            Ok(logs.filter(|log| log.address == vault && event::decode(&log.data).is_ok()).count())
        })
    });
    let counts: Vec<anyhow::Result<usize>> = pulls.buffered(8).try_collect().await?;
    let events = counts.into_iter().sum::<anyhow::Result<usize>>()?;
    Ok(Measured { events, time: start.elapsed(), peak_mib: 0.0 })
}
