//! Times the indexer against what the node and the decoder allow, on one machine in one run, in turn for some rounds: a
//! chain of payments in batches, pulled without storage, then into SQLite and PostgreSQL, both durable, then the same
//! proven. Then commits block by block at the head, a payment until it is in the API, and an audit. A ratio is the median
//! of the rounds' ratios, so that what else runs on the machine falls on both sides. Prints what it writes to
//! `target/bench/indexer.json`. The number of events is the one argument.
//!
//! - `chain`: the payments; `limits`: pulls without storage; `fill`: the indexer into a database
//! - `stores`: a PostgreSQL, and commits at the head; `program`: what a user waits for
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the result of this program")]

mod chain;
mod fill;
mod limits;
mod program;
mod stores;

use crate::chain::{DENSE, Payments};
use crate::fill::{FILL, fill};
use crate::limits::Measured;
use anyhow::{Context, ensure};
use purse_tests::LocalChain;
use serde_json::{Value, json};
use std::path::Path;

/// Payments, unless the argument says otherwise: as many as the peers were measured with.
const EVENTS: u32 = 300_000;
/// Every pull and every store once in each.
const ROUNDS: usize = 3;
/// Blocks at the head that are committed one by one.
const LIVE_BLOCKS: u32 = 200;
/// Payments that are audited, or as many as there are events if those are fewer.
const AUDITED: u32 = 10_000;

/// One round: what the limits and the stores did.
struct Round {
    pull: Measured,
    proven_pull: Measured,
    /// In the order of [`STORES`].
    stores: [Measured; 4],
}

/// The fillings of a round: whether into PostgreSQL, and how well known. Each name is of its figures.
const STORES: [(&str, bool, &str); 4] = [
    ("sqlite", false, "claimed"),
    ("postgres", true, "claimed"),
    ("sqlite_proven", false, "proven"),
    ("postgres_proven", true, "proven"),
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some(FILL) {
        println!("{}", fill::run().await?);
        return Ok(());
    }
    let events = argument.map_or(Ok(EVENTS), |text| text.parse())?;
    let mut chain = Payments::of(events, DENSE).await?;
    let (folder, server) =
        (tempfile::tempdir_in(LocalChain::checkout().join("target/bench"))?, stores::Server::start()?);
    let mut rounds = Vec::new();
    for number in 0..ROUNDS {
        rounds.push(round(&chain, folder.path(), &server.url, number).await?);
    }
    let live = stores::live(&mut chain, &file(folder.path(), "sqlite", ROUNDS - 1), LIVE_BLOCKS).await?;
    drop((chain, server));
    let visible = program::visible().await?;
    let audited = events.min(AUDITED);
    let audit_seconds = program::audit(audited).await?;

    let rate = |of: &dyn Fn(&Round) -> f64| median(rounds.iter().map(of).collect());
    let mut rates = json!({
        "get_logs_and_decode": rate(&|round| round.pull.rate()),
        "proven_pull": rate(&|round| round.proven_pull.rate()),
    });
    let (mut ratios, mut memory) = (json!({}), json!({}));
    for (index, (name, _, truth)) in STORES.into_iter().enumerate() {
        let limit = |round: &Round| if truth == "proven" { round.proven_pull.rate() } else { round.pull.rate() };
        rates[name] = json!(rate(&|round| round.stores[index].rate()));
        ratios[name] = json!(rate(&|round| round.stores[index].rate() / limit(round)));
        memory[name] = json!(rounds.iter().map(|round| round.stores[index].peak_mib).fold(0.0, f64::max));
    }
    let events = rounds.first().map_or(0, |round| round.pull.events);
    let measured = json!({
        "command": std::env::args().collect::<Vec<_>>().join(" "),
        "events": events,
        "rounds": ROUNDS,
        "load_average": std::fs::read_to_string("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" "),
        "events_per_second": rates,
        "ratio": ratios,
        "peak_memory_mib": memory,
        "live_commit_ms": spread(&live),
        "visible_in_api_ms": { "poll": program::INTERVAL.as_millis() as u64, "payment": spread(&visible) },
        "audit_verify": { "payments": audited, "seconds": audit_seconds },
    });
    let text = serde_json::to_string_pretty(&measured)? + "\n";
    print!("{text}");
    std::fs::write(LocalChain::checkout().join("target/bench/indexer.json"), text)
        .context("target/bench cannot be written")?;
    Ok(())
}

async fn round(chain: &Payments, folder: &Path, url: &str, number: usize) -> anyhow::Result<Round> {
    let scene = &chain.scene;
    let store = |(name, is_postgres, truth): (&str, bool, &str)| {
        let schema = format!("{name}_{number}");
        let measured = match is_postgres {
            true => fill(scene, url, Some(&schema), truth)?,
            false => fill(scene, &file(folder, name, number).display().to_string(), None, truth)?,
        };
        told(name, &measured);
        anyhow::Ok(measured)
    };
    let pull = limits::pull(scene).await?;
    told("pull", &pull);
    let (sqlite, postgres) = (store(STORES[0])?, store(STORES[1])?);
    let proven_pull = limits::proven_pull(scene).await?;
    told("proven pull", &proven_pull);
    let stores = [sqlite, postgres, store(STORES[2])?, store(STORES[3])?];
    for measured in stores.iter().chain([&proven_pull]) {
        ensure!(measured.events == pull.events, "{} events of {}: not the same work", measured.events, pull.events);
    }
    Ok(Round { pull, proven_pull, stores })
}

fn file(folder: &Path, name: &str, round: usize) -> std::path::PathBuf {
    folder.join(format!("{name}-{round}.db"))
}

fn told(what: &str, measured: &Measured) {
    eprintln!("{what}: {:.0} events a second, {:.0} MiB", measured.rate(), measured.peak_mib);
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The median, the 99th percentile and the most of sorted numbers.
fn spread(sorted: &[f64]) -> Value {
    let at = |part: f64| sorted.get((sorted.len().saturating_sub(1) as f64 * part).round() as usize);
    json!({ "median": at(0.5), "p99": at(0.99), "most": sorted.last(), "count": sorted.len() })
}
