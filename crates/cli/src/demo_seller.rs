//! The x402 seller of the demo: stock packages of npm in a node process, stopped whatever happens.

use crate::failure::Failure;
use alloy::hex;
use alloy::primitives::{Address, B256};
use serde_json::json;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStdout;

/// Its packages load in a second or two; after this long they will not.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// The program, relative to the checkout.
const PROGRAM: &str = "scripts/demo-seller.mjs";

/// Whom and what the seller and its facilitator deal with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trade<'a> {
    /// The node.
    pub(crate) rpc_url: &'a str,
    /// Its chain.
    pub(crate) chain_id: u64,
    /// The facilitator's key: a development account's, which everybody knows.
    pub(crate) key: B256,
    /// What it takes.
    pub(crate) token: Address,
    /// Where it wants it.
    pub(crate) payee: Address,
}

/// A running seller. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct DemoSeller {
    child: Child,
    /// Where it sells.
    pub(crate) url: String,
}

impl DemoSeller {
    /// Starts it.
    pub(crate) async fn start(root: &Path, trade: Trade<'_>) -> Result<Self, Failure> {
        let Trade { rpc_url, chain_id, key, token, payee } = trade;
        let key = hex::encode_prefixed(key);
        let config = json!({ "rpcUrl": rpc_url, "chainId": chain_id, "key": key, "token": token, "payee": payee });
        let mut child = Command::new("node")
            .arg(root.join(PROGRAM))
            .arg(config.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0) // as anvil: a terminal's Ctrl-C is for us
            .spawn()
            .map_err(|error| not_started(&error.to_string()))?;
        let stdout = child.stdout.take();
        let mut seller = Self { child, url: String::new() };
        let stdout = stdout.and_then(|stdout| ChildStdout::from_std(stdout).ok());
        let stdout = stdout.ok_or_else(|| not_started("its output can't be read"))?;
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(START_TIMEOUT, lines.next_line()).await;
        let url = first.ok().and_then(Result::ok).flatten();
        seller.url = url.ok_or_else(|| not_started("it does not say where it sells"))?;
        Ok(seller)
    }
}

impl Drop for DemoSeller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn not_started(cause: &str) -> Failure {
    Failure::error(
        "SellerNotStarted",
        "the demo's x402 seller did not start",
        cause,
        "run make setup, which installs its packages, and see that node is on the PATH",
    )
}
