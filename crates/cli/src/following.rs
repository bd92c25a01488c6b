//! Following a chain for good: the index stays at the head, an API answers from it, a stall is an alarm. Ends when it is
//! asked to, or when somebody has to decide.

use crate::failure::Failure;
use crate::interrupt::interrupted;
use crate::ledger::{Bar, Ledger, Nodes, Trust};
use crate::library_failure;
use crate::output::{Output, Reply, to_stderr, yellow};
use crate::sanitize::clean_prose;
use alloy::providers::DynProvider;
use purse_api::{Alarm, Api, AskToken, Doubt, Found, Health, Line, NodeTokens, Readers, States, Told, follow, listen};
use purse_indexer::{ChainSource, Progress, nodes};
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How to follow.
#[derive(Debug, Clone)]
pub(crate) struct Following {
    /// How often the node is asked for its head.
    pub(crate) interval: Duration,
    /// Polls without a new block after which it is a stall.
    pub(crate) patience: u32,
    /// Where to answer.
    pub(crate) api: Option<SocketAddr>,
    /// A WebSocket that tells of new blocks.
    pub(crate) heads: Option<String>,
}

impl Following {
    /// Follows until it is asked to stop.
    pub(crate) async fn run(
        self,
        nodes: Nodes,
        trust: Trust,
        ledger: &Ledger,
        output: Output,
    ) -> Result<Reply, Failure> {
        let health = Arc::new(Health::new(self.patience));
        let first = nodes.first().map(|(_, provider)| provider.clone());
        let mut indexer = ledger.indexer(nodes, trust)?;
        let states = States::new(indexer.source(), readers(ledger), health.clone());
        let bell = Notify::new();
        let ranges = indexer.store().ranges().map_err(|error| library_failure::of_store(&error))?;
        if ranges.iter().any(|range| range.truth < trust.verify) {
            let verify = trust.verify;
            output.note(&format!(
                "what was indexed before is less than {verify}; purse index --verify {verify} without --follow looks at it again"
            ));
        }
        let server = match self.api {
            Some(address) => Some(tokio::spawn(Self::serve(address, first, ledger, &health, output).await?)),
            None => None,
        };
        let mut narrator = Narrator { output, bar: Some(Bar::new(output, ledger.from_block)), at: None, fails: false };
        let ended = tokio::select! {
            biased;
            () = interrupted() => Ok(()),
            never = compared(states, output) => match never {},
            never = woken(self.heads.as_deref(), &bell, output) => match never {},
            error = follow(&mut indexer, &health, self.interval, &bell, |told| narrator.hear(told)) => error.map(|never| match never {}),
            ended = serving(server) => return Err(not_served(&ended)),
        };
        narrator.end();
        ended.map_err(|error| library_failure::of_index(&error))?;
        let (block, counts) = (narrator.at, health.counts());
        let text = format!(
            "stopped at block {}: {} logs were added; it goes on from there\nNext: purse audit",
            block.map_or_else(|| "none".to_owned(), |block| block.to_string()),
            counts.logs
        );
        let json =
            json!({ "block": block, "new_logs": counts.logs, "rollbacks": counts.rollbacks, "stalls": counts.alarms });
        Ok(Reply::new(text, json))
    }

    /// The server, listening already.
    async fn serve(
        address: SocketAddr,
        tokens: Option<DynProvider>,
        ledger: &Ledger,
        health: &Arc<Health>,
        output: Output,
    ) -> Result<impl Future<Output = std::io::Result<()>> + use<>, Failure> {
        let bound = TcpListener::bind(address).await;
        let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = bound.map_err(|error| {
            Failure::error(
                "ApiNotServed",
                format!("cannot listen to {address}"),
                error.to_string(),
                "name another port: --api 127.0.0.1:8650",
            )
        })?;
        let (chain_id, readers) = (ledger.chain_id, readers(ledger));
        let tokens = tokens.map(|provider| Box::new(NodeTokens(provider)) as Box<dyn AskToken>);
        let api = Api::new(chain_id, readers, health.clone(), tokens, now);
        let api = if address.ip().is_loopback() {
            api
        } else {
            to_stderr(&yellow("note: whoever reaches this port can read the whole index"));
            api.for_any_host()
        };
        output.note(&format!("answering at http://{address} (http://{address}/openapi.json tells what)"));
        Ok(purse_api::serve(listener, api))
    }
}

/// Rings when a node tells of a new block; never, where none does.
async fn woken(url: Option<&str>, bell: &Notify, output: Output) -> Infallible {
    let Some(url) = url else { return std::future::pending().await };
    let name = nodes::shown(url);
    let told = |line| match line {
        Line::Open => output.note(&format!("new blocks are told by {name}")),
        Line::Lost(why) => {
            to_stderr(&yellow(&format!("note: {name} tells of no new blocks: {}", clean_prose(&why))));
            to_stderr("  they are found by polling meanwhile (--interval), and it is tried again");
        }
    };
    listen(url, bell, told).await
}

fn readers(ledger: &Ledger) -> Readers {
    let ledger = ledger.clone();
    Readers::new(move || ledger.store())
}

/// Holds the index against the chain's state for as long as it is followed, and says what it finds.
async fn compared<S: ChainSource>(states: States<S>, output: Output) -> Infallible {
    let found = |found| match found {
        Found::Proven { words } => output.note(&format!("held against the chain's state root: {words} words so far")),
        Found::Doubt(_, Doubt::Raised { cause, fix }) => {
            to_stderr(&format!("{}: {}", yellow("ALARM"), clean_prose(&cause)));
            to_stderr(&format!("  fix:   {fix}"));
        }
        Found::Doubt(vault, Doubt::Over) => to_stderr(&format!("the state of vault {vault} is the chain's again")),
        Found::Doubt(vault, Doubt::Gone) => {
            to_stderr(&format!("of vault {vault} there is nothing to compare any more: its alarm ends"));
        }
        Found::Failed(error) => output.detail(&clean_prose(&format!("not compared with the chain's state: {error}"))),
        Found::GivenUp => output.note("the node proves no state (eth_getProof): the index is not compared with it"),
    };
    states.compare(found).await;
    std::future::pending().await
}

/// How serving ended; never, where nobody serves.
async fn serving(server: Option<tokio::task::JoinHandle<std::io::Result<()>>>) -> String {
    match server {
        None => std::future::pending().await,
        Some(server) => match server.await {
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(())) => "it ended".to_owned(),
            Err(error) => error.to_string(),
        },
    }
}

fn not_served(cause: &str) -> Failure {
    Failure::error("ApiNotServed", "the API does not answer any more", cause, "start it again; the index is whole")
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Says on stderr what happens.
struct Narrator {
    output: Output,
    /// Until the head was reached once.
    bar: Option<Bar>,
    /// The last block of the index.
    at: Option<u64>,
    /// Whether the last poll failed.
    fails: bool,
}

impl Narrator {
    fn hear(&mut self, told: Told) {
        match told {
            Told::Progress(Progress::Committed { to, head, logs, .. }) => {
                self.at = Some(to);
                match &self.bar {
                    Some(bar) => bar.reached(to, head),
                    None => self.output.detail(&format!("block {to}: {logs} logs")),
                }
            }
            Told::Progress(Progress::RolledBack(rollback)) => {
                let (blocks, logs) = (rollback.blocks, rollback.logs);
                self.output.note(&format!("rolled back {blocks} blocks and {logs} logs"));
            }
            Told::Synced(synced) => {
                self.at = synced.block.map(|block| block.number);
                self.fails = false;
                if let Some(bar) = self.bar.take() {
                    bar.end();
                    let block = self.at.unwrap_or(0);
                    let vaults = synced.vaults;
                    self.output.note(&format!("at the head, block {block}, {vaults} vaults; following (Ctrl-C stops)"));
                }
            }
            Told::Failed(error) => {
                let text = clean_prose(&error.to_string());
                if std::mem::replace(&mut self.fails, true) {
                    self.output.detail(&text);
                } else {
                    self.output.note(&format!("not up to date, and tried again: {text}"));
                }
            }
            // Whatever else is silenced, an alarm is not.
            Told::Alarm(Alarm::Raised(cause)) => {
                to_stderr(&format!("{}: the index stalls: {}", yellow("ALARM"), clean_prose(&cause)));
                to_stderr("  fix:   check the node, or name another one with --rpc-url");
            }
            Told::Alarm(Alarm::Over) => to_stderr("the index follows again"),
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.end();
        }
    }
}
