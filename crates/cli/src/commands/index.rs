//! `purse index`: copies the vaults' logs from the chain into the index, and goes on where it stopped; once, or for good.

use super::index_archive::ArchiveArgs;
use crate::connect::{Node, chain_name};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::following::Following;
use crate::interrupt::interrupted;
use crate::ledger::{Follow, Ledger, Nodes, Place, Trust};
use crate::library_failure;
use crate::output::{Reply, green, yellow};
use alloy::primitives::B256;
use clap::{Args, Subcommand};
use purse_indexer::truth::anchored;
use purse_indexer::{BlockRef, Served, StoredRange, Truth, nodes};
use purse_protocol::Chain;
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Flags of `purse index`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  purse index\n  purse index --follow --api\n  purse index --database postgresql://purse@db.example/purse --follow --api 127.0.0.1:8650\n  purse index --verify proven\n  purse index --rpc https://node.example.org\n  purse index --rpc-url http://127.0.0.1:8545 --factory 0x5FbDB2315678afecb367f032d93F642f64180aa3 --from-block 3"
)]
pub(crate) struct IndexArgs {
    /// What else to do than index
    #[command(subcommand)]
    pub(crate) command: Option<IndexCommand>,
    /// Forget the index and begin again
    #[arg(long)]
    rebuild: bool,
    /// Stay at the head of the chain until stopped
    #[arg(long)]
    follow: bool,
    /// How often the node is asked for a new block, such as 500ms or 12s
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = interval, requires = "follow")]
    interval: Duration,
    /// A node's WebSocket (ws:// or wss://) that tells of each new block at once; polls go on beside it
    #[arg(long, value_name = "URL", requires = "follow", value_parser = websocket)]
    heads: Option<String>,
    /// Polls without a new block after which it is a stall: an alarm on stderr, and /readyz answers 503
    #[arg(long, value_name = "COUNT", default_value_t = 30, requires = "follow", value_parser = clap::value_parser!(u32).range(1..))]
    stall_after: u32,
    /// Answer over HTTP from the index, for reading only; a port alone is one of this machine [default: 8650]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "8650", value_parser = address, requires = "follow")]
    api: Option<SocketAddr>,
    /// How well final blocks are to be known: as the node says, by the chain of their headers, or by their receipts;
    /// the newest blocks are always linked. What was indexed under less is looked at again and compared
    #[arg(long, value_name = "HOW", default_value = "claimed", value_parser = ["claimed", "linked", "proven"])]
    verify: String,
    /// A block's hash that you know from elsewhere: a node with another one is refused
    #[arg(long, value_name = "NUMBER:HASH", value_parser = checkpoint)]
    checkpoint: Option<BlockRef>,
    /// One more node: asked when another fails, and compared with it; may be repeated
    #[arg(long = "rpc", value_name = "URL")]
    rpcs: Vec<String>,
    #[command(flatten)]
    place: Follow,
}

/// What is done with an index that is there.
#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    /// Write what is final into Parquet files, or check them
    Archive(ArchiveArgs),
}

/// What is said where no vault told its running hash.
const UNCONFIRMED: &str = "the vaults' own running hashes were not compared: the node does not answer for the last block. Events at the end may \
     be missing; name another node";

/// The shortest time between two polls: less would only load the node.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

impl IndexArgs {
    /// Whether it goes on until it is stopped.
    pub(crate) const fn follows(&self) -> bool {
        self.follow
    }
}

/// Reads `500ms`, `2s` or `1m`.
fn interval(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number = number.parse::<u32>().map_err(|_| "write a whole number and ms, s or m".to_owned())?;
    let interval = match unit {
        "ms" => Duration::from_millis(number.into()),
        "s" => Duration::from_secs(number.into()),
        "m" => Duration::from_secs(60 * u64::from(number)),
        _ => return Err("write a whole number and ms, s or m".to_owned()),
    };
    if interval < SHORTEST_INTERVAL { Err("give 10ms or more".to_owned()) } else { Ok(interval) }
}

/// Takes the address of a WebSocket.
fn websocket(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("ws://").or_else(|| text.strip_prefix("wss://")).unwrap_or_default();
    if host.is_empty() { Err("write a URL such as ws://127.0.0.1:8545".to_owned()) } else { Ok(text.to_owned()) }
}

/// Reads an address with a port; a port alone is one of this machine.
fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse().map_err(|_| "write an address with a port, such as 127.0.0.1:8650, or a port".to_owned())
}

/// The nodes, and the index that follows them. One that is away is named; the others do.
async fn begin(context: &Context, args: &IndexArgs) -> Result<(Nodes, Ledger), Failure> {
    let urls: Vec<_> = [context.rpc_url()?].into_iter().chain(args.rpcs.iter().cloned()).collect();
    let (mut nodes, mut chain, mut away) = (Nodes::new(), None, Vec::new());
    for url in &urls {
        let expected = chain.map_or_else(|| context.expected_chain(), |id| Ok(Some(id)))?;
        match Node::connect(url, expected, None, &context.sent).await {
            Ok(node) => chain = Some(node.chain_id),
            Err(failure) if failure.exit == Exit::RpcUnreachable => away.push((nodes::shown(url), failure)),
            Err(failure) => return Err(failure),
        }
        nodes.push((nodes::shown(url), Node::provider(url, None, &context.sent)?));
    }
    let Some(chain_id) = chain else {
        return Err(away.into_iter().next().map_or_else(stopped_early, |(_, failure)| failure));
    };
    for (name, failure) in &away {
        context.output.note(&format!("{name} is away, the others are asked: {}", failure.cause));
    }
    let ledger = Ledger::find(context, chain_id, &args.place)?;
    if args.rebuild {
        ledger.forget()?;
    }
    Ok((nodes, ledger))
}

/// Stopped before it could begin to follow.
fn stopped_early() -> Failure {
    Failure::new(Exit::Interrupted, "Interrupted", "stopped", "nothing was sent", "run the command again")
}

/// Brings the index up to date.
pub(crate) async fn run(context: &Context, args: &IndexArgs) -> Result<Reply, Failure> {
    let trust = Trust { verify: Truth::of(&args.verify).unwrap_or_default(), checkpoint: args.checkpoint };
    if args.follow {
        let (nodes, ledger) = tokio::select! {
            biased;
            () = interrupted() => return Err(stopped_early()),
            begun = begin(context, args) => begun?,
        };
        let following =
            Following { interval: args.interval, patience: args.stall_after, api: args.api, heads: args.heads.clone() };
        return following.run(nodes, trust, &ledger, context.output).await;
    }
    let (nodes, ledger) = begin(context, args).await?;
    let (store, synced, rechecked) = ledger.sync_from(nodes, trust, context.output).await?;
    let ranges = store.ranges().map_err(|error| library_failure::of_store(&error))?;
    let ranges = anchored(&ranges, args.checkpoint.map(|checkpoint| checkpoint.number));
    let block = synced.block.map(|block| block.number);
    let mut text = format!(
        "{} to block {}: {} new logs, {} vaults",
        green("indexed"),
        block.map_or_else(|| "none".to_owned(), |block| block.to_string()),
        synced.logs,
        synced.vaults
    );
    if rechecked.blocks > 0 {
        text.push_str(&format!(
            "\n{} blocks that were indexed before were looked at again: the same",
            rechecked.blocks
        ));
    }
    for rollback in rechecked.rollbacks.iter().chain(&synced.rollbacks) {
        let from = rollback.from.number;
        text.push_str(&format!(
            "\nrolled back {} blocks and {} logs, from block {from}",
            rollback.blocks, rollback.logs
        ));
    }
    if synced.unproven > 0 {
        text.push_str(&format!(
            "\n{} of the vaults are vaults by the factory's word alone: the code that leads to their addresses was not found",
            synced.unproven
        ));
    }
    if block.is_some() && !synced.confirmed {
        text.push_str(&format!("\n{}", yellow(UNCONFIRMED)));
    }
    if let Some(head) = synced.lagging_head {
        text.push_str(&format!("\nthe node is behind the index, at block {head}; nothing was undone"));
    }
    if synced.unknown > 0 {
        let unknown = synced.unknown;
        text.push_str(&format!(
            "\n{unknown} events that this program does not know were kept as they are; update it to judge them"
        ));
    }
    for StoredRange { first, last, truth } in &ranges {
        text.push_str(&format!("\n{truth}: blocks {first} to {last}"));
    }
    if ranges.iter().any(|range| range.truth < trust.verify) {
        text.push_str(&format!("\n{}", falls_short(ledger.chain_id, synced.lagging_head.is_some())));
    }
    if synced.served.len() > 1 {
        for Served { name, answers, failures } in &synced.served {
            text.push_str(&format!("\n{name}: {answers} answers, {failures} failures"));
        }
    }
    text.push_str("\nNext: purse audit");
    let file = match &ledger.place {
        Place::File(path) => Some(path),
        Place::Shared(_) => None,
    };
    let json = json!({
        "block": block,
        "new_logs": synced.logs,
        "vaults": synced.vaults,
        "unproven_vaults": synced.unproven,
        "confirmed": synced.confirmed,
        "rechecked_blocks": rechecked.blocks,
        "rollbacks": rechecked.rollbacks.len() + synced.rollbacks.len(),
        "unknown_events": synced.unknown,
        "lagging_head": synced.lagging_head,
        "ranges": ranges,
        "nodes": synced.served.iter().map(|node| json!({
            "name": node.name, "answers": node.answers, "failures": node.failures,
        })).collect::<Vec<_>>(),
        "file": file,
        "database": store.name(),
    });
    Ok(Reply::new(text, json))
}

/// Why blocks are known less well than was asked for.
fn falls_short(chain_id: u64, lags: bool) -> String {
    if Chain::by_id(chain_id).is_some_and(|chain| !chain.provable) {
        return format!(
            "the headers of {} do not commit to every log that its nodes tell of: its blocks stay claimed",
            chain_name(chain_id)
        );
    }
    if Chain::by_id(chain_id).is_none() {
        return format!(
            "chain {chain_id} is not in this program's table of chains: what its headers commit to is not known, so its \
             blocks stay claimed"
        );
    }
    if lags {
        return "The node is behind, so that nothing was looked at again; run it again later, or with another node"
            .into();
    }
    "Not all blocks are known as well as was asked for: they have receipts of a type that this program does not know"
        .into()
}

/// A block as it is pinned on the command line: `NUMBER:HASH`.
fn checkpoint(text: &str) -> Result<BlockRef, String> {
    let parts =
        text.split_once(':').and_then(|(number, hash)| Some((number.parse().ok()?, hash.parse::<B256>().ok()?)));
    let (number, hash) = parts.ok_or("a checkpoint is NUMBER:HASH, such as 123:0x followed by 64 digits")?;
    Ok(BlockRef { number, hash })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn intervals_are_read() {
        for (text, milliseconds) in [("10ms", 10), ("500ms", 500), ("2s", 2_000), ("1m", 60_000)] {
            assert_eq!(interval(text).unwrap(), Duration::from_millis(milliseconds));
        }
        for bad in ["", "2", "s", "2h", "-2s", "1.5s", "9ms", "0s", "99999999999s"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_websocket_tells_of_heads() {
        assert_eq!(websocket("wss://node.example.org/key").unwrap(), "wss://node.example.org/key");
        for bad in ["", "ws://", "http://127.0.0.1:8545", "127.0.0.1:8545"] {
            assert!(websocket(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_alone_is_one_of_this_machine() {
        assert_eq!(address("8650").unwrap(), SocketAddr::from(([127, 0, 0, 1], 8_650)));
        assert_eq!(address("0.0.0.0:80").unwrap(), SocketAddr::from(([0, 0, 0, 0], 80)));
        assert_eq!(address("[::1]:80").unwrap().port(), 80);
        for bad in ["", "localhost", "127.0.0.1", "65536", "127.0.0.1:x"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
