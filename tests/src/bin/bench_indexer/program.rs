//! What a user of the program waits for: a payment in the API while `purse index --follow` runs, and `purse audit verify`.

use crate::chain::{Payments, SPARSE};
use alloy::transports::http::reqwest::Client;
use anyhow::{Context, bail, ensure};
use purse_deployer::book;
use purse_tests::{LocalChain, Scene};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often the program polls.
pub(crate) const INTERVAL: Duration = Duration::from_millis(100);
/// Payments that are watched for.
const WATCHED: u32 = 25;

/// The program that was built beside this one, with a home of its own.
fn purse(home: &tempfile::TempDir) -> anyhow::Result<Command> {
    let program = std::env::current_exe()?.with_file_name("purse");
    ensure!(program.is_file(), "{} is not there: make bench-indexer builds it", program.display());
    let mut command = Command::new(program);
    command.env("PURSE_HOME", LocalChain::checkout()).env("HOME", home.path()).current_dir(home.path());
    for name in ["CONFIG", "DATA", "STATE"] {
        command.env_remove(format!("XDG_{name}_HOME"));
    }
    Ok(command)
}

/// Seconds that `purse audit verify` takes for a vault with so many payments, each in a block of its own.
pub(crate) async fn audit(payments: u32) -> anyhow::Result<f64> {
    let chain = Payments::of(payments, SPARSE).await?;
    let (home, scene) = (tempfile::tempdir()?, &chain.scene);
    let mut command = purse(&home)?;
    command.args(["audit", "verify", "--json", "--chain", "anvil", "--vault", &scene.vault.to_string()]);
    let start = Instant::now();
    let ran = command.args(["--rpc-url", &scene.rpc_url()]).output()?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(ran.status.success(), "the audit failed: {}", String::from_utf8_lossy(&ran.stdout));
    Ok(seconds)
}

/// The program while it follows. It ends with this value.
struct Follower(Child);

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Milliseconds from a payment's receipt to the payment in the API's stream, in order of length.
pub(crate) async fn visible() -> anyhow::Result<Vec<f64>> {
    let (home, scene) = (tempfile::tempdir()?, Scene::with_session().await?);
    let deployments = home.path().join(".config/purse/deployments");
    std::fs::create_dir_all(&deployments)?;
    book::save(&deployments, &scene.address_book())?;
    let interval = format!("{}ms", INTERVAL.as_millis());
    let (vault, url) = (scene.vault.to_string(), scene.rpc_url());
    let follow = ["index", "--follow", "--interval", &interval, "--api", "127.0.0.1:0", "--chain", "anvil"];
    let mut command = purse(&home)?;
    command.args(follow).args(["--vault", &vault, "--rpc-url", &url]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut follower = Follower(command.spawn()?);
    let mut lines = BufReader::new(follower.0.stderr.take().context("its standard error")?).lines();
    let mut line = |text: &str| {
        lines.by_ref().find(|line| line.as_ref().map_or(true, |line| line.contains(text))).context("it ended")
    };
    let answering = line("answering at ")??;
    let api = answering.split_whitespace().nth(2).context("an address")?.to_owned();
    line("at the head")??;
    let mut stream = Client::new().get(format!("{api}/v1/vaults/{:#x}/live", scene.vault)).send().await?;
    let mut told = String::new();
    let mut late = Vec::new();
    for nonce in 1..=WATCHED {
        scene.pay(&scene.payment(nonce, Scene::USDC), &scene.actors.agents[0]).await?;
        let mined = Instant::now();
        let awaited = format!("\"nonce\":{nonce},");
        while !told.contains(&awaited) {
            let Some(chunk) = stream.chunk().await? else { bail!("the stream ended") };
            told.push_str(std::str::from_utf8(&chunk)?);
        }
        late.push(mined.elapsed().as_secs_f64() * 1_000.0);
    }
    late.sort_by(f64::total_cmp);
    Ok(late)
}
