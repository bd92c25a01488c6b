//! What the stories of the indexer and of the audit begin with: an index of a scene's vault, and an audit by it.

use alloy::providers::DynProvider;
use anyhow::{Context, ensure};
use purse_audit::check::indexed;
use purse_audit::{Observed, Report, Trail, compare};
use purse_indexer::state::Balances;
use purse_indexer::{
    BlockRef, Indexer, RpcSource, SqliteStore, Store, StoredLog, StoredTransfer, StoredVault, Synced,
    compare as held_against, indexed_by, observe, state_of,
};
use purse_tests::Scene;

/// An index of the scene's factory in memory, empty.
pub(crate) fn index(scene: &Scene) -> anyhow::Result<Indexer<RpcSource<DynProvider>>> {
    index_into(scene, SqliteStore::open(":memory:", scene.chain_id())?)
}

/// The same in a database of one's own.
pub(crate) fn index_into(scene: &Scene, store: SqliteStore) -> anyhow::Result<Indexer<RpcSource<DynProvider>>> {
    let indexer = Indexer::new(scene.provider.clone(), Box::new(store), scene.build.factory_address(), 1);
    Ok(indexer.with_creation_code(scene.build.vault.creation_code.clone()))
}

/// The trail in a database, and what the contract says at the same block.
pub(crate) async fn both_sides(scene: &Scene, store: &dyn Store) -> anyhow::Result<(Trail, Observed)> {
    let block = store.extent()?.cursor.context("nothing was indexed")?;
    let logs = store.logs(scene.vault)?.into_iter().map(Into::into);
    let trail = Trail::fold(scene.chain_id(), scene.vault, logs)?;
    let observed = observe(&scene.provider, block, 0, &trail.questions()).await?;
    Ok((trail, observed))
}

/// Indexes to the head and audits there.
pub(crate) async fn audit(scene: &Scene, indexer: &mut Indexer<RpcSource<DynProvider>>) -> anyhow::Result<Report> {
    indexer.sync_to_head(|_| {}).await?;
    let (trail, observed) = both_sides(scene, indexer.store()).await?;
    let mut report = compare(&trail, &observed);
    // What the index stores as the vault's state is what the chain's state root commits to.
    let state = state_of(indexer.store(), scene.vault)?;
    let proven = held_against(&*indexer.source(), &state, &mut Balances::default()).await?;
    ensure!(proven.differences.is_empty() == report.holds(), "{:#?}", proven.differences);
    report.checks.push(indexed::check(&trail, &observed, &indexed_by(indexer.store(), &trail)?));
    Ok(report)
}

/// Every difference, for a failing test's message.
pub(crate) fn differences(report: &Report) -> String {
    report.differences().map(|(check, difference)| format!("{}: {difference:?}\n", check.id)).collect()
}

/// All that a rebuild must give again.
type Contents = (Vec<StoredVault>, Vec<StoredLog>, Option<BlockRef>, Vec<StoredTransfer>);

/// What an index of the scene's vault holds.
pub(crate) fn contents(scene: &Scene, store: &dyn Store) -> anyhow::Result<Contents> {
    Ok((store.vaults()?, store.logs(scene.vault)?, store.extent()?.cursor, store.transfers(scene.vault)?))
}

/// Indexes to the head.
pub(crate) async fn sync(indexer: &mut Indexer<RpcSource<DynProvider>>) -> anyhow::Result<Synced> {
    Ok(indexer.sync_to_head(|_| {}).await?)
}
