//! The sellers, in node processes that end with their values.

use alloy::hex;
use alloy::primitives::Address;
use anyhow::{Context, ensure};
use purse_tests::{LocalChain, Scene};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Where sellers listen.
pub(crate) struct Market {
    _script: Script,
    /// Stock: `@x402/express` before the stock facilitator.
    pub(crate) seller: String,
    /// Stock, but somebody else brings the authorisation to the chain first.
    pub(crate) raced: String,
    /// Stock, but the facilitator waits until it is told to go on.
    pub(crate) slow: String,
    /// None of the stock packages.
    pub(crate) odd: String,
}

impl Market {
    /// Opens the market for a scene's token and payees; `seller` stands before that facilitator, or the stock one.
    pub(crate) fn open(scene: &Scene, payees: &[Address], facilitator: Option<&str>) -> anyhow::Result<Self> {
        let config = json!({
            "rpcUrl": scene.rpc_url(),
            "chainId": scene.chain_id(),
            "key": hex::encode_prefixed(scene.actors.relayer.to_bytes()),
            "token": scene.usdc,
            "payees": payees,
            "facilitator": facilitator,
        });
        let script = Script::start("tests/x402/market.mjs", &config)?;
        let [seller, raced, slow, odd] = ["seller", "raced", "slow", "odd"].map(|name| script.url(name));
        Ok(Self { seller: seller?, raced: raced?, slow: slow?, odd: odd?, _script: script })
    }
}

/// A script of ours that listens until this value ends.
pub(crate) struct Script {
    process: Child,
    urls: Value,
}

impl Script {
    /// Starts it; its first line says where it listens.
    pub(crate) fn start(script: &str, config: &Value) -> anyhow::Result<Self> {
        let mut process = node(script, config)?.stdout(Stdio::piped()).spawn().context("run node")?;
        let stdout = process.stdout.take().context("stdout is a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(!line.is_empty(), "{script} did not start; `make setup` installs its packages");
        Ok(Self { process, urls: serde_json::from_str(&line)? })
    }

    /// Where one of its listeners is.
    pub(crate) fn url(&self, name: &str) -> anyhow::Result<String> {
        self.urls[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.process.stdin.take()); // it ends with its stdin
        let _ = self.process.wait();
    }
}

/// A script of ours with one JSON argument.
pub(crate) fn node(script: &str, argument: &Value) -> anyhow::Result<Command> {
    let mut command = Command::new("node");
    command.arg(LocalChain::checkout().join(script)).arg(argument.to_string()).stdin(Stdio::piped());
    Ok(command)
}

/// A number that a script tells at a URL, such as how many payments it holds back.
pub(crate) async fn told(url: &str, name: &str) -> anyhow::Result<u64> {
    let said: Value = serde_json::from_slice(&reqwest::get(url).await?.bytes().await?)?;
    said[name].as_u64().with_context(|| format!("{url} tells no {name}"))
}
