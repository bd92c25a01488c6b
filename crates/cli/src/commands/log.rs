//! `purse log`: what happened, from the local index.

use super::audit::token;
use crate::context::Context;
use crate::failure::Failure;
use crate::history::Words;
use crate::ledger::{self, Follow, Ledger};
use crate::output::Reply;
use crate::table::aligned;
use clap::Args;
use purse_audit::TrailEvent;
use purse_protocol::abi::IVault::IVaultEvents;
use serde_json::json;

/// Flags of `purse log`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse log\n  purse log --payments --agent researcher --last 100\n  purse log --json | jq '.events[].text'"
)]
pub(crate) struct LogArgs {
    /// Payments only
    #[arg(long)]
    payments: bool,
    /// Payments of this agent only
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// How many, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    last: usize,
    #[command(flatten)]
    follow: Follow,
}

/// Lists events.
pub(crate) async fn run(context: &Context, args: &LogArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let ledger = Ledger::find(context, vault.node.chain_id, &args.follow)?;
    let store = ledger.open_existing()?.ok_or_else(|| {
        Failure::error("NoIndex", "there is no index yet", format!("{} is not there", ledger.name()), "run purse index")
    })?;
    let trail = ledger::trail(&*store, &vault)?;
    let token = token(context, &vault, &trail).await?;
    let session = args.agent.as_deref().map(|agent| vault.names.session(agent)).transpose()?;
    let wanted = |event: &&TrailEvent| match (&event.event, session) {
        (IVaultEvents::Paid(paid), Some(session)) => paid.session == session.get(),
        (IVaultEvents::Paid(_), None) => true,
        (_, session) => session.is_none() && !args.payments,
    };
    let events = trail.events.iter().filter(wanted).collect::<Vec<_>>();
    let events = &events[events.len().saturating_sub(args.last)..];
    let words = Words { vault: &vault, token: &token, calls: &trail.calls };
    let block = store.extent().ok().and_then(|extent| extent.cursor).map(|block| block.number);
    if let Some(block) = block {
        context.output.note(&format!("as of block {block} (purse index brings the index up to date)"));
    }
    let rows = events.iter().map(|event| words.line(event)).collect::<Vec<_>>();
    let text = if rows.is_empty() { "nothing yet".to_owned() } else { aligned(&rows) };
    let events = events.iter().map(|event| words.json(event)).collect::<Vec<_>>();
    Ok(Reply::new(text, json!({ "block": block, "events": events })))
}
