//! `purse index`: copies the vaults' logs from the chain into the local index, and goes on where it stopped.

use crate::connect::Node;
use crate::context::Context;
use crate::failure::Failure;
use crate::ledger::{Follow, Ledger, Trust};
use crate::library_failure;
use crate::output::{Reply, green};
use alloy::primitives::B256;
use clap::Args;
use purse_indexer::truth::anchored;
use purse_indexer::{BlockRef, Served, StoredRange, Truth, nodes};
use serde_json::json;

/// Flags of `purse index`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse index\n  purse index --rebuild --verify proven\n  purse index --rpc https://node.example.org\n  purse index --rpc-url http://127.0.0.1:8545 --factory 0x5FbDB2315678afecb367f032d93F642f64180aa3 --from-block 3"
)]
pub(crate) struct IndexArgs {
    /// Forget the index and begin again
    #[arg(long)]
    rebuild: bool,
    /// How well final blocks are to be known: as the node says, by the chain of their headers, or by their receipts;
    /// the newest blocks are always linked
    #[arg(long, value_name = "HOW", default_value = "claimed", value_parser = ["claimed", "linked", "proven"])]
    verify: String,
    /// A block's hash that you know from elsewhere: a node with another one is refused
    #[arg(long, value_name = "NUMBER:HASH", value_parser = checkpoint)]
    checkpoint: Option<BlockRef>,
    /// One more node: asked when another fails, and compared with it; may be repeated
    #[arg(long = "rpc", value_name = "URL")]
    rpcs: Vec<String>,
    #[command(flatten)]
    follow: Follow,
}

/// Brings the index up to date.
pub(crate) async fn run(context: &Context, args: &IndexArgs) -> Result<Reply, Failure> {
    let node = context.node().await?;
    let ledger = Ledger::find(context, node.chain_id, &args.follow)?;
    let mut nodes = vec![(nodes::shown(&context.rpc_url()?), node.provider)];
    for url in &args.rpcs {
        let other = Node::connect(url, None, None, &context.sent).await?;
        nodes.push((nodes::shown(url), other.provider));
    }
    let trust = Trust { verify: Truth::of(&args.verify).unwrap_or_default(), checkpoint: args.checkpoint };
    if args.rebuild {
        ledger.forget()?;
    }
    let (store, synced) = ledger.sync_from(nodes, trust, context.output).await?;
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
    for rollback in &synced.rollbacks {
        let from = rollback.from.number;
        text.push_str(&format!(
            "\nrolled back {} blocks and {} logs, from block {from}",
            rollback.blocks, rollback.logs
        ));
    }
    if let Some(head) = synced.lagging_head {
        text.push_str(&format!("\nthe node is behind the index, at block {head}; nothing was undone"));
    }
    for StoredRange { first, last, truth } in &ranges {
        text.push_str(&format!("\n{truth}: blocks {first} to {last}"));
    }
    if trust.verify > Truth::Claimed && ranges.iter().any(|range| range.truth < trust.verify) {
        let verify = trust.verify;
        text.push_str(&format!("\nWhat was indexed before stays as it was; purse index --rebuild --verify {verify}"));
    }
    if synced.served.len() > 1 {
        for Served { name, answers, failures } in &synced.served {
            text.push_str(&format!("\n{name}: {answers} answers, {failures} failures"));
        }
    }
    text.push_str("\nNext: purse audit");
    let json = json!({
        "block": block,
        "new_logs": synced.logs,
        "vaults": synced.vaults,
        "rollbacks": synced.rollbacks.len(),
        "lagging_head": synced.lagging_head,
        "ranges": ranges,
        "nodes": synced.served.iter().map(|node| json!({
            "name": node.name, "answers": node.answers, "failures": node.failures,
        })).collect::<Vec<_>>(),
        "file": ledger.path,
    });
    Ok(Reply::new(text, json))
}

/// A block as it is pinned on the command line: `NUMBER:HASH`.
fn checkpoint(text: &str) -> Result<BlockRef, String> {
    let parts =
        text.split_once(':').and_then(|(number, hash)| Some((number.parse().ok()?, hash.parse::<B256>().ok()?)));
    let (number, hash) = parts.ok_or("a checkpoint is NUMBER:HASH, such as 123:0x followed by 64 digits")?;
    Ok(BlockRef { number, hash })
}
