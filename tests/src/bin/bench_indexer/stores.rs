//! A PostgreSQL for the indexer to fill, and how long a commit at the head takes.

mod timed;

use crate::chain::Payments;
use anyhow::Context;
use purse_indexer::{Indexer, SqliteStore};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const SCRIPT: &str = include_str!("../../../../crates/indexer/tests/indexer/server.sh");

/// A PostgreSQL with its usual settings, durable ones, that ends with this value.
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
        let mut script = command
            .args(["-c", SCRIPT])
            .env("PURSE_FSYNC", "on")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(script.stdout.take().context("its standard output")?).read_line(&mut line)?;
        let folder = line.strip_suffix('\n').context("PostgreSQL does not start")?;
        Ok(Self { url: format!("postgresql://purse@/postgres?host={folder}"), _script: script })
    }
}

/// Follows new blocks one by one into an SQLite file that is at the head: the time of each durable commit, in order of
/// length, in milliseconds.
pub(crate) async fn live(chain: &mut Payments, file: &Path, blocks: u32) -> anyhow::Result<Vec<f64>> {
    let scene = &chain.scene;
    let (timed, times) = timed::Timed::new(Box::new(SqliteStore::open(file, scene.chain_id())?));
    let mut indexer = Indexer::new(scene.provider.clone(), Box::new(timed), scene.build.factory_address(), 1)
        .with_creation_code(scene.build.vault.creation_code.clone());
    for _ in 0..blocks {
        chain.block().await?;
        indexer.sync_to_head(|_| {}).await?;
    }
    let mut times = times.lock().map_err(|_| anyhow::anyhow!("a commit panicked"))?.clone();
    times.sort_by(f64::total_cmp);
    Ok(times)
}
