//! The index of a real vault: every event once, through reorganisations, and bad input by name.

use crate::trail::{audit, contents, differences, index, index_into, sync};
use alloy::primitives::Address;
use alloy::providers::ext::AnvilApi;
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::types::Filter;
use alloy::rpc::types::anvil::ReorgOptions;
use anyhow::Context;
use purse_indexer::{IndexError, Indexer, SourceError, SqliteStore, Store};
use purse_protocol::RpcFault;
use purse_tests::{LocalChain, Scene};

#[tokio::test]
async fn every_event_of_a_real_vault_is_there_once() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    for nonce in 1..=3 {
        scene.pay(&scene.payment(nonce, Scene::USDC), &scene.actors.agents[0]).await?;
    }
    let mut indexer = index(&scene)?;
    let synced = sync(&mut indexer).await?;
    let head = scene.provider.get_block_number().await?;
    assert_eq!(synced.block.context("a block")?.number, head);

    let vaults = indexer.store().vaults()?;
    assert_eq!(vaults.len(), 1);
    assert_eq!((vaults[0].address, vaults[0].proven), (scene.vault, true));
    let all = scene.provider.get_logs(&Filter::new().address(scene.vault).from_block(0)).await?;
    let stored = indexer.store().logs(scene.vault)?;
    assert_eq!(stored.len(), all.len());
    for (stored, log) in stored.iter().zip(&all) {
        assert_eq!(Some(stored.block_hash), log.block_hash);
        assert_eq!((&stored.topics[..], &stored.data), (log.topics(), &log.data().data));
        let block = scene.provider.get_block_by_hash(stored.block_hash).await?.context("its block")?;
        assert_eq!(stored.time, block.header.timestamp);
    }
    let sequences: Vec<_> = stored.iter().filter_map(|log| log.data.last().copied()).collect();
    assert_eq!(sequences, (1..=stored.len() as u8).collect::<Vec<_>>());
    Ok(())
}

/// The node takes three blocks of payments back and puts others in their place.
#[tokio::test]
async fn a_reorganisation_ends_as_a_rebuild() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let agent = &scene.actors.agents[0];
    let mut indexer = index(&scene)?;
    scene.pay(&scene.payment(1, Scene::USDC), agent).await?;
    let snapshot = scene.snapshot().await?;
    for nonce in 2..=4 {
        scene.pay(&scene.payment(nonce, 2 * Scene::USDC), agent).await?;
    }
    assert!(audit(&scene, &mut indexer).await?.holds());

    // Taken back: nothing contradicts yet, so the node may just lag.
    scene.revert(snapshot).await?;
    let synced = sync(&mut indexer).await?;
    assert!(synced.lagging_head.is_some() && synced.rollbacks.is_empty());
    assert_eq!(indexer.store().logs(scene.vault)?.len(), scene_events(&scene).await? + 3);

    for nonce in 2..=6 {
        scene.pay(&scene.payment(nonce, Scene::USDC), agent).await?;
    }
    let synced = sync(&mut indexer).await?;
    // Of each payment its event and the token's transfer.
    assert_eq!((synced.rollbacks[0].blocks, synced.rollbacks[0].logs), (3, 6));
    assert_eq!(indexer.store().orphaned_logs(scene.vault)?.len(), 3);
    let mut rebuilt = index(&scene)?;
    sync(&mut rebuilt).await?;
    assert_eq!(contents(&scene, indexer.store())?, contents(&scene, rebuilt.store())?);
    let report = audit(&scene, &mut indexer).await?;
    assert!(report.holds(), "{}", differences(&report));
    assert_eq!(report.payments, 6);
    Ok(())
}

/// The node's own reorganisation: the blocks come back empty.
#[tokio::test]
async fn a_reorganisation_that_loses_payments() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let agent = &scene.actors.agents[0];
    let mut indexer = index(&scene)?;
    for nonce in 1..=4 {
        scene.pay(&scene.payment(nonce, Scene::USDC), agent).await?;
    }
    sync(&mut indexer).await?;
    scene.provider.anvil_reorg(ReorgOptions { depth: 2, tx_block_pairs: Vec::new() }).await?;
    let report = audit(&scene, &mut indexer).await?;
    assert!(report.holds(), "{}", differences(&report));
    assert_eq!(report.payments, 2);
    assert_eq!(indexer.store().orphaned_logs(scene.vault)?.len(), 2);
    let mut rebuilt = index(&scene)?;
    sync(&mut rebuilt).await?;
    assert_eq!(contents(&scene, indexer.store())?, contents(&scene, rebuilt.store())?);
    Ok(())
}

#[tokio::test]
async fn bad_input_has_a_name() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let memory =
        || -> anyhow::Result<Box<dyn Store>> { Ok(Box::new(SqliteStore::open(":memory:", scene.chain_id())?)) };
    let factory = scene.build.factory_address();

    let mut late = Indexer::new(scene.provider.clone(), memory()?, factory, 1_000_000);
    assert!(matches!(late.sync_to_head(|_| {}).await, Err(IndexError::StartAfterHead { start: 1_000_000, .. })));

    let nobody = Address::repeat_byte(0x99);
    let mut empty = Indexer::new(scene.provider.clone(), memory()?, nobody, 1);
    assert!(matches!(empty.sync_to_head(|_| {}).await, Err(IndexError::FactoryHasNoCode(at)) if at == nobody));

    let other = LocalChain::start(10).await?;
    let mut wrong = Indexer::new(other.provider.clone(), memory()?, factory, 1);
    let error = wrong.sync_to_head(|_| {}).await;
    assert!(matches!(error, Err(IndexError::WrongChain { expected: 31_337, found: 10 })));

    let url = other.rpc_url();
    drop(other);
    let mut gone = Indexer::new(ProviderBuilder::new().connect_http(url.parse()?), memory()?, factory, 1);
    let error = gone.sync_to_head(|_| {}).await;
    let unreachable =
        |error: &IndexError| matches!(error, IndexError::Source(SourceError::Fault(RpcFault::Unreachable { .. })));
    assert!(error.as_ref().is_err_and(unreachable), "{error:?}");
    Ok(())
}

/// A database of yesterday's development chain meets today's: the same id, other blocks.
#[tokio::test]
async fn another_chain_of_the_same_id_is_rolled_back_or_refused() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("index.db");
    let yesterday = Scene::with_session().await?;
    sync(&mut index_into(&yesterday, SqliteStore::open(&path, yesterday.chain_id())?)?).await?;
    let today = Scene::start().await?;
    today.provider.anvil_mine(Some(30), None).await?;
    let mut indexer = index_into(&today, SqliteStore::open(&path, today.chain_id())?)?;
    sync(&mut indexer).await?;
    let mut rebuilt = index(&today)?;
    sync(&mut rebuilt).await?;
    assert_eq!(contents(&today, indexer.store())?, contents(&today, rebuilt.store())?);
    Ok(())
}

async fn scene_events(scene: &Scene) -> anyhow::Result<usize> {
    Ok(scene.provider.get_logs(&Filter::new().address(scene.vault).from_block(0)).await?.len())
}
