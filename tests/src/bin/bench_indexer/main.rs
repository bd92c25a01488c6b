//! Times the indexer against what the node and the decoder allow, in one run on one machine: a chain of payments in
//! batches, pulled without storage, then into SQLite and PostgreSQL, then proven; then block by block at the head. Prints
//! a table and writes `target/bench/indexer.json`. The number of events is the one argument.
//!
//! - `chain`: the payments; `limits`: pulls without storage; `stores`: the indexer into its databases
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is the result of this program")]

mod chain;
mod limits;
mod stores;

use anyhow::Context;
use purse_tests::LocalChain;
use serde_json::json;

/// Payments, unless the argument says otherwise: as many as the peers were measured with.
const EVENTS: u32 = 300_000;
/// Blocks at the head that are committed one by one.
const LIVE_BLOCKS: u32 = 200;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let events = std::env::args().nth(1).map_or(Ok(EVENTS), |text| text.parse())?;
    let mut chain = chain::Payments::new().await?;
    let blocks = chain.mine(events).await?;
    eprintln!("{events} payments in {blocks} blocks");

    let logs = limits::pull(&chain.scene).await?;
    told("pulled", &logs);
    let proven_pull = limits::proven_pull(&chain.scene).await?;
    told("pulled with proofs", &proven_pull);
    let folder = tempfile::tempdir()?;
    let sqlite = stores::sqlite(&chain.scene, folder.path(), "claimed").await?;
    told("SQLite", &sqlite);
    let sqlite_proven = stores::sqlite(&chain.scene, folder.path(), "proven").await?;
    told("SQLite, proven", &sqlite_proven);
    let server = stores::Server::start()?;
    let postgres = stores::postgres(&chain.scene, &server.url, "claimed").await?;
    told("PostgreSQL", &postgres);
    let postgres_proven = stores::postgres(&chain.scene, &server.url, "proven").await?;
    told("PostgreSQL, proven", &postgres_proven);
    let live = stores::live(&mut chain, folder.path(), LIVE_BLOCKS).await?;

    let measured = json!({
        "events": logs.events,
        "blocks": blocks,
        "events_per_second": {
            "get_logs_and_decode": logs.rate(),
            "proven_pull": proven_pull.rate(),
            "sqlite": sqlite.rate(),
            "sqlite_proven": sqlite_proven.rate(),
            "postgres": postgres.rate(),
            "postgres_proven": postgres_proven.rate(),
        },
        "ratio": {
            "sqlite": sqlite.rate() / logs.rate(),
            "postgres": postgres.rate() / logs.rate(),
            "sqlite_proven": sqlite_proven.rate() / proven_pull.rate(),
            "postgres_proven": postgres_proven.rate() / proven_pull.rate(),
        },
        "peak_memory_mib": {
            "sqlite": sqlite.peak_mib,
            "sqlite_proven": sqlite_proven.peak_mib,
            "postgres": postgres.peak_mib,
            "postgres_proven": postgres_proven.peak_mib,
        },
        "live_commit_ms": { "median": live.0, "p99": live.1, "blocks": LIVE_BLOCKS },
    });
    let text = serde_json::to_string_pretty(&measured)? + "\n";
    print!("{text}");
    let folder = LocalChain::checkout().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("indexer.json"), text).context("target/bench cannot be written")?;
    Ok(())
}

fn told(what: &str, measured: &limits::Measured) {
    eprintln!("{what}: {:.0} events a second, at most {:.0} MiB", measured.rate(), measured.peak_mib);
}
