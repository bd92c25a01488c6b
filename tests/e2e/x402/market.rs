//! The sellers, in a node process that ends with this value.

use alloy::hex;
use alloy::primitives::Address;
use anyhow::{Context, ensure};
use purse_tests::{LocalChain, Scene};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Where sellers listen.
pub(crate) struct Market {
    process: Child,
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
        let mut process = node("tests/x402/market.mjs", &config)?.stdout(Stdio::piped()).spawn().context("run node")?;
        let stdout = process.stdout.take().context("stdout is a pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(!line.is_empty(), "the market did not open; `make setup` installs its packages");
        let urls: Value = serde_json::from_str(&line)?;
        let url = |name: &str| urls[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        Ok(Self { process, seller: url("seller")?, raced: url("raced")?, slow: url("slow")?, odd: url("odd")? })
    }
}

impl Drop for Market {
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
