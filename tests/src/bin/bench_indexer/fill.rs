//! The indexer fills a new database, in a process of its own: so the memory is its own too.

use crate::limits::Measured;
use alloy::primitives::{Address, Bytes};
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::client::RpcClient;
use alloy::transports::http::reqwest;
use anyhow::{Context, ensure};
use purse_indexer::{BoundedHttp, Indexer, PostgresStore, SqliteStore, Store, Truth};
use purse_protocol::Chain;
use purse_tests::Scene;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The argument that makes this program a filler.
pub(crate) const FILL: &str = "--fill";

/// Has another process of this program fill the database `at` (a file, or a PostgreSQL's URL and a schema).
pub(crate) fn fill(scene: &Scene, at: &str, schema: Option<&str>, truth: &str) -> anyhow::Result<Measured> {
    let code = &scene.build.vault.creation_code;
    let task = json!({ "rpc": scene.rpc_url(), "factory": scene.build.factory_address(), "creation_code": code,
        "at": at, "schema": schema, "truth": truth });
    let mut child = Command::new(std::env::current_exe()?)
        .arg(FILL)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("this program, again")?;
    child.stdin.take().context("its standard input")?.write_all(task.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the indexer failed on {at}");
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| told[name].as_f64().with_context(|| format!("no {name}"));
    Ok(Measured {
        events: number("events")? as usize,
        time: Duration::from_secs_f64(number("seconds")?),
        peak_mib: number("peak_mib")?,
    })
}

/// Fills the database that standard input names, and says what that took.
pub(crate) async fn run() -> anyhow::Result<Value> {
    let task: Value = serde_json::from_reader(std::io::stdin())?;
    let text = |name: &str| task[name].as_str().with_context(|| format!("no {name}"));
    let store: Box<dyn Store> = match task["schema"].as_str() {
        Some(schema) => Box::new(PostgresStore::open(text("at")?, schema, Chain::ANVIL)?),
        None => Box::new(SqliteStore::open(text("at")?, Chain::ANVIL)?),
    };
    let http = BoundedHttp::new(reqwest::Client::new(), text("rpc")?.parse()?);
    let provider = ProviderBuilder::default().connect_client(RpcClient::new(http, true)).erased();
    let factory: Address = text("factory")?.parse()?;
    let code: Bytes = text("creation_code")?.parse()?;
    let truth = Truth::of(text("truth")?).context("a truth")?;
    let mut indexer = Indexer::new(provider, store, factory, 1).with_creation_code(code).with_truth(truth);
    let start = Instant::now();
    let synced = indexer.sync_to_head(|_| {}).await?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(synced.confirmed, "the vault's own hash was not compared");
    Ok(json!({ "events": synced.logs, "seconds": seconds, "peak_mib": peak_mib()? }))
}

/// The most memory that this process held, in MiB.
fn peak_mib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1_024.0)
}
