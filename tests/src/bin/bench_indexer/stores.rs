//! The indexer into its databases: how fast, with how much memory, and how long a commit at the head takes.

mod timed;

use crate::chain::Payments;
use crate::limits::Measured;
use anyhow::{Context, ensure};
use purse_indexer::{Indexer, PostgresStore, SqliteStore, Store, Truth};
use purse_tests::Scene;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const SCRIPT: &str = include_str!("../../../../crates/indexer/tests/indexer/server.sh");

/// A PostgreSQL that ends with this value.
pub(crate) struct Server {
    _script: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let is_root = Command::new("id").arg("-u").output()?.stdout == b"0\n";
        let mut command = if is_root { Command::new("runuser") } else { Command::new("sh") };
        if is_root {
            command.args(["-u", "postgres", "--", "sh"]);
        }
        let mut script = command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(script.stdout.take().context("its standard output")?).read_line(&mut line)?;
        let folder = line.strip_suffix('\n').context("PostgreSQL does not start")?;
        Ok(Self { url: format!("postgresql://purse@/postgres?host={folder}"), _script: script })
    }
}

/// A new SQLite file, filled.
pub(crate) async fn sqlite(scene: &Scene, folder: &Path, truth: &str) -> anyhow::Result<Measured> {
    fill(scene, Box::new(SqliteStore::open(folder.join(truth), scene.chain_id())?), truth).await
}

/// A new schema, filled.
pub(crate) async fn postgres(scene: &Scene, url: &str, truth: &str) -> anyhow::Result<Measured> {
    fill(scene, Box::new(PostgresStore::open(url, truth, scene.chain_id())?), truth).await
}

async fn fill(scene: &Scene, store: Box<dyn Store>, truth: &str) -> anyhow::Result<Measured> {
    let mut indexer = indexer(scene, store, Truth::of(truth).context("a truth")?);
    // Forgets the peak so far.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let start = Instant::now();
    let synced = indexer.sync_to_head(|_| {}).await?;
    let time = start.elapsed();
    ensure!(synced.confirmed, "the vault's own hash was not compared");
    Ok(Measured { events: synced.logs, time, peak_mib: peak_mib()? })
}

fn indexer(
    scene: &Scene,
    store: Box<dyn Store>,
    truth: Truth,
) -> Indexer<purse_indexer::RpcSource<alloy::providers::DynProvider>> {
    Indexer::new(scene.provider.clone(), store, scene.build.factory_address(), 1)
        .with_creation_code(scene.build.vault.creation_code.clone())
        .with_truth(truth)
}

/// The most memory that this process held, in MiB.
fn peak_mib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1_024.0)
}

/// Follows new blocks one by one into the SQLite file: the median and the 99th percentile of a sync of one block without
/// the node, that is of the durable commits, in milliseconds.
pub(crate) async fn live(chain: &mut Payments, folder: &Path, blocks: u32) -> anyhow::Result<(f64, f64)> {
    let store = SqliteStore::open(folder.join("claimed"), chain.scene.chain_id())?;
    let (timed, times) = timed::Timed::new(Box::new(store));
    let mut indexer = indexer(&chain.scene, Box::new(timed), Truth::Claimed);
    for _ in 0..blocks {
        chain.block(1).await?;
        indexer.sync_to_head(|_| {}).await?;
    }
    let mut times = times.lock().map_err(|_| anyhow::anyhow!("a commit panicked"))?.clone();
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times.get(((times.len() as f64 - 1.0) * part) as usize).copied().context("no commit");
    Ok((at(0.5)?, at(0.99)?))
}
