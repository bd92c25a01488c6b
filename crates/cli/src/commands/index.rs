//! `purse index`: copies the vaults' logs from the chain into the local index, and goes on where it stopped.

use crate::context::Context;
use crate::failure::Failure;
use crate::ledger::{Follow, Ledger};
use crate::output::{Reply, green};
use clap::Args;
use serde_json::json;

/// Flags of `purse index`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse index\n  purse index --rebuild\n  purse index --rpc-url http://127.0.0.1:8545 --factory 0x5FbDB2315678afecb367f032d93F642f64180aa3 --from-block 3"
)]
pub(crate) struct IndexArgs {
    /// Forget the index and begin again
    #[arg(long)]
    rebuild: bool,
    #[command(flatten)]
    follow: Follow,
}

/// Brings the index up to date.
pub(crate) async fn run(context: &Context, args: &IndexArgs) -> Result<Reply, Failure> {
    let node = context.node().await?;
    let ledger = Ledger::find(context, node.chain_id, &args.follow)?;
    if args.rebuild {
        ledger.forget()?;
    }
    let (_, synced) = ledger.sync(node.provider, context.output).await?;
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
    text.push_str("\nNext: purse audit");
    let json = json!({
        "block": block,
        "new_logs": synced.logs,
        "vaults": synced.vaults,
        "rollbacks": synced.rollbacks.len(),
        "lagging_head": synced.lagging_head,
        "file": ledger.path,
    });
    Ok(Reply::new(text, json))
}
