//! What the node and the decoder allow: the same events pulled and decoded, and pulled with proofs, without storage.

use alloy::eips::BlockNumberOrTag;
use alloy::primitives::{Address, Log};
use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::{SolEvent, SolEventInterface};
use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use purse_indexer::{ChainSource, RpcSource, receipts};
use purse_protocol::abi::IEip3009::AuthorizationUsed;
use purse_protocol::abi::IErc20::Transfer;
use purse_protocol::abi::IVault::IVaultEvents;
use purse_protocol::abi::IVaultFactory::VaultCreated;
use purse_tests::Scene;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Blocks in a query: what the peers were measured with.
const RANGE: u64 = 50;
/// Queries at once.
const AT_ONCE: usize = 6;

/// How many events in what time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) events: usize,
    pub(crate) time: Duration,
    /// The most memory that the process held; not told of a limit.
    pub(crate) peak_mib: f64,
}

impl Measured {
    pub(crate) fn rate(&self) -> f64 {
        self.events as f64 / self.time.as_secs_f64()
    }
}

/// All that the index brings, by the questions that bring it: every log of the factory and the vault, and what tokens say
/// of the vault. By `eth_getLogs`, decoded.
pub(crate) async fn pull(scene: &Scene) -> anyhow::Result<Measured> {
    let head = scene.provider.get_block_number().await?;
    let (contracts, account) = (vec![scene.build.factory_address(), scene.vault], scene.vault.into_word());
    let from = Filter::new().event_signature(vec![Transfer::SIGNATURE_HASH, AuthorizationUsed::SIGNATURE_HASH]);
    let to = Filter::new().event_signature(Transfer::SIGNATURE_HASH);
    let questions = [Filter::new().address(contracts), from.topic1(account), to.topic2(account)];
    let start = Instant::now();
    let pulls = stream::iter((1..=head).step_by(RANGE as usize)).map(|first| {
        let (provider, questions) = (scene.provider.clone(), questions.clone());
        tokio::spawn(async move {
            let mut decoded = 0;
            for question in questions {
                let question = question.from_block(first).to_block((first + RANGE - 1).min(head));
                let logs = provider.get_logs(&question).await?;
                ensure!(logs.iter().all(|log| is_event(&log.inner)), "events of a newer vault");
                decoded += logs.len();
            }
            Ok(decoded)
        })
    });
    let counts: Vec<anyhow::Result<usize>> = pulls.buffered(AT_ONCE).try_collect().await?;
    let events = counts.into_iter().sum::<anyhow::Result<usize>>()?;
    Ok(Measured { events, time: start.elapsed(), peak_mib: 0.0 })
}

/// Every block's header and receipts, each hash and root recomputed, and the same logs decoded.
pub(crate) async fn proven_pull(scene: &Scene) -> anyhow::Result<Measured> {
    let head = scene.provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
    let head = head.context("there is a latest block")?.header.number;
    let (factory, vault) = (scene.build.factory_address(), scene.vault);
    let start = Instant::now();
    let pulls = stream::iter(1..=head).map(|number| {
        let source = RpcSource::new(scene.provider.clone());
        tokio::spawn(async move {
            let header = source.header(number).await?.context("a block below the head")?;
            let seal = header.seal.context("a header is what its hash says")?;
            let given = source.receipts(header.hash).await?.context("a block has receipts")?;
            ensure!(receipts::root(&given) == Some(seal.receipts_root), "edited receipts");
            let logs = given.iter().flat_map(|receipt| receipt.body.logs());
            let is_wanted = |log: &&Log| [factory, vault].contains(&log.address) || is_movement(log, vault);
            let mut wanted = logs.filter(is_wanted);
            let count = wanted.clone().count();
            ensure!(wanted.all(is_event), "events of a newer vault");
            Ok(count)
        })
    });
    let counts: Vec<anyhow::Result<usize>> = pulls.buffered(8).try_collect().await?;
    let events = counts.into_iter().sum::<anyhow::Result<usize>>()?;
    Ok(Measured { events, time: start.elapsed(), peak_mib: 0.0 })
}

/// Whether a token says that something moved from or to the vault, or that an authorization of its was used.
fn is_movement(log: &Log, vault: Address) -> bool {
    let account = vault.into_word();
    match log.topics() {
        [Transfer::SIGNATURE_HASH, from, to] => [*from, *to].contains(&account),
        [AuthorizationUsed::SIGNATURE_HASH, of, _] => *of == account,
        _ => false,
    }
}

/// Decodes a log as alloy does by itself.
fn is_event(log: &Log) -> bool {
    let (topics, data) = (log.topics(), &log.data.data);
    match topics.first() {
        Some(&Transfer::SIGNATURE_HASH) => black_box(Transfer::decode_raw_log(topics, data)).is_ok(),
        Some(&AuthorizationUsed::SIGNATURE_HASH) => black_box(AuthorizationUsed::decode_raw_log(topics, data)).is_ok(),
        Some(&VaultCreated::SIGNATURE_HASH) => black_box(VaultCreated::decode_raw_log(topics, data)).is_ok(),
        _ => black_box(IVaultEvents::decode_raw_log(topics, data)).is_ok(),
    }
}
