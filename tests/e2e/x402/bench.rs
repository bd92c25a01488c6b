//! How long a paid request takes: from a purse by `Buyer`, which asks the vault, keeps its journal and checks the chain;
//! and by the stock client from an account of its own, before the same seller and facilitator, in one run. `make
//! bench-x402` takes many rounds, holds the ratio to its bound and writes `target/bench/x402.json`; a test takes two, to
//! see that it works.

use super::market::node;
use super::stall::{CENT, Stall, base, get};
use alloy::hex;
use anyhow::{Context, ensure};
use purse_protocol::abi::IVault;
use purse_tests::LocalChain;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Instant;

/// How many times as long as from an account of its own a purchase from a purse may take.
const BOUND: f64 = 1.5;
/// Rounds before those that count.
const WARM_UP: usize = 3;

/// The stock client in a process of its own.
struct StockClient {
    process: Child,
    told: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl StockClient {
    fn start(config: &Value) -> anyhow::Result<Self> {
        let mut process = node("tests/x402/timed_client.mjs", config)?.stdout(Stdio::piped()).spawn()?;
        let told = process.stdin.take().context("stdin is a pipe")?;
        let says = BufReader::new(process.stdout.take().context("stdout is a pipe")?);
        Ok(Self { process, told, says })
    }

    /// Buys once; milliseconds.
    fn buy(&mut self) -> anyhow::Result<f64> {
        self.told.write_all(b"\n")?;
        let mut line = String::new();
        self.says.read_line(&mut line)?;
        line.trim().parse().context("the stock client did not pay")
    }
}

impl Drop for StockClient {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purse_pays_about_as_fast_as_an_account() -> anyhow::Result<()> {
    let rounds = std::env::var("PURSE_BENCH").ok().map(|rounds| rounds.parse::<usize>()).transpose()?;
    let stall = Stall::open().await?;
    stall.scene.own(&IVault::withdrawCall { token: stall.scene.usdc, amount: base(100 * 1_000_000) }).await?;
    let (buyer, url) = (stall.buyer()?, format!("{}/cent", stall.market.seller));

    let begun = Instant::now();
    buyer.pay_url(&get(&url, "")?).await?; // opens and fills the purse
    let first = begun.elapsed().as_secs_f64() * 1_000.0;

    let key = |signer: &alloy::signers::local::PrivateKeySigner| hex::encode_prefixed(signer.to_bytes());
    let (agent, treasury) = (key(&stall.scene.actors.agents[0]), key(&stall.scene.actors.treasury));
    let mut eoa = StockClient::start(&json!({ "url": url, "key": treasury }))?;
    let mut stock = StockClient::start(&json!({ "url": url, "key": agent, "purse": stall.purse().await? }))?;
    let (mut from_eoa, mut from_purse, mut by_stock) = (Vec::new(), Vec::new(), Vec::new());
    let counted = rounds.unwrap_or(2);
    for round in 0..WARM_UP + counted {
        let begun = Instant::now();
        buyer.pay_url(&get(&url, "")?).await?;
        let ours = begun.elapsed().as_secs_f64() * 1_000.0;
        let (of_eoa, of_stock) = (eoa.buy()?, stock.buy()?);
        if round >= WARM_UP {
            from_purse.push(ours);
            from_eoa.push(of_eoa);
            by_stock.push(of_stock);
        }
    }
    ensure!(stall.earned().await? == (1 + 3 * (WARM_UP + counted) as u128) * CENT, "each was paid once");
    let (eoa, purse, stock) = (median(from_eoa), median(from_purse), median(by_stock));
    let measured = json!({
        "rounds": counted,
        "eoa_ms": eoa,
        "purse_ms": purse,
        "purse_by_stock_client_ms": stock,
        "first_purchase_ms": first,
        "ratio": purse / eoa,
        "ratio_by_stock_client": stock / eoa,
        "bound": BOUND,
    });
    if rounds.is_some() {
        let folder = LocalChain::checkout().join("target/bench");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("x402.json"), serde_json::to_string_pretty(&measured)? + "\n")?;
        ensure!(purse / eoa <= BOUND, "too slow: {measured}");
    }
    Ok(())
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
