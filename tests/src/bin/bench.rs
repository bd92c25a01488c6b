//! Times what a user waits for, as whole processes on a local chain: the warm demo, `status`, a payment that is paid.
//! Prints the medians and writes them to `target/bench/client.json`, in milliseconds. The client's own work per payment,
//! without network and keystore, is measured by a test of `purse-agent` (its output says so).
#![expect(clippy::print_stdout, reason = "the table is the result of this program")]

use anyhow::{Context, ensure};
use purse_protocol::Chain;
use purse_tests::LocalChain;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Runs of each command; the median is told.
const RUNS: usize = 7;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let chain = LocalChain::start(Chain::ANVIL).await?;
    let home = std::env::temp_dir().join(format!("purse-bench-{}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    let measured = measure(&home, &chain);
    std::fs::remove_dir_all(&home)?;
    let measured = measured?;
    for (name, milliseconds) in &measured {
        println!("{name:<12} {milliseconds:>8.1} ms");
    }
    let folder = LocalChain::checkout().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("client.json"), serde_json::to_string_pretty(&measured)? + "\n")?;
    Ok(())
}

fn measure(home: &Path, chain: &LocalChain) -> anyhow::Result<BTreeMap<&'static str, f64>> {
    let purse = Purse { program: LocalChain::checkout().join("target/debug/purse"), home, url: chain.rpc_url() };
    let [payee, ..] = chain.actors.payees;
    let password = home.join("password");
    std::fs::write(&password, "bench\n")?;
    Command::new("chmod").arg("600").arg(&password).status()?;
    let password = password.display().to_string();

    let demo = median(|| purse.run(&["demo"]))?;
    purse.run(&["init", "--chain", "anvil", "--unlocked", "--test-usdc"])?;
    let payee = payee.to_string();
    purse.run(&["payee", "add", &payee, "--category", "data", "--unlocked"])?;
    let grant =
        "agent add bench --per-payment 1 --limit 100/24h --category data --expires 30d --gas 0.1 --unlocked --yes";
    let mut grant: Vec<&str> = grant.split(' ').collect();
    grant.extend(["--key-password-file", &password]);
    purse.run(&grant)?;
    let status = median(|| purse.run(&["status"]))?;
    let pay = median(|| purse.run(&["pay", &payee, "0.01", "--reason", "bench", "--password-file", &password]))?;
    Ok(BTreeMap::from([("demo", demo), ("status", status), ("pay", pay)]))
}

/// The built program, with a home of its own.
struct Purse<'a> {
    program: PathBuf,
    home: &'a Path,
    url: String,
}

impl Purse<'_> {
    fn run(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let run = Command::new(&self.program)
            .args(arguments)
            .current_dir(self.home)
            .env("PURSE_HOME", LocalChain::checkout())
            .env("ETH_RPC_URL", &self.url)
            .envs(["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"].map(|name| (name, self.home.join(name))))
            .output()
            .with_context(|| format!("{}: run `make build`", self.program.display()))?;
        let told = String::from_utf8_lossy(&run.stderr);
        ensure!(run.status.success(), "purse {} failed: {told}", arguments.join(" "));
        Ok(())
    }
}

/// The median time of some runs after one that warms up, in milliseconds.
fn median(mut run: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    run()?;
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[RUNS / 2])
}
