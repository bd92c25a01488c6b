//! `purse waiting`: the changes that wait out the owner's delay.

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Reply, green, red, yellow};
use crate::waits::{self, Waiting};
use clap::Args;
use purse_protocol::RefusalContext;
use purse_protocol::time::rfc3339;
use serde_json::json;

/// Flags of `purse waiting`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse waiting\n  purse waiting --json | jq '.waiting[].change'")]
pub(crate) struct WaitingArgs {}

/// Lists them.
pub(crate) async fn run(context: &Context) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let (waiting, head) = tokio::join!(waits::all(context, &vault), vault.head());
    let (waiting, now) = (waiting?, head?.time);
    let names = match context.token(&vault, None, None).await {
        Ok(token) => vault.words(&token),
        Err(_) => vault.names_only(),
    };
    let mut lines = lines(&waiting, &names, now);
    if lines.is_empty() {
        lines.push("Nothing waits.".to_owned());
    }
    let waiting = waiting.iter().map(|one| one.json(&names, now)).collect::<Vec<_>>();
    Ok(Reply::new(lines.join("\n"), json!({ "waiting": waiting })))
}

/// Two lines for each change, and what can be done about it.
pub(crate) fn lines(waiting: &[Waiting], names: &RefusalContext, now: u64) -> Vec<String> {
    let mut lines = Vec::new();
    for one in waiting {
        let number = one.view.change;
        let [from, until] = [one.view.executableFrom, one.view.executableUntil].map(|time| rfc3339(time.into()));
        let (state, next) = match (one.is_dead(now), now >= u64::from(one.view.executableFrom)) {
            (true, _) => (red(&one.state(now)), format!("purse cancel {number} takes it off the list")),
            (false, true) => (green(&one.state(now)), format!("purse execute {number}, or purse cancel {number}")),
            (false, false) => (yellow(&one.state(now)), format!("to take it away: purse cancel {number}")),
        };
        lines.push(format!("change {number}: {}", one.means(names)));
        lines.push(format!("    {state} (from {from} until {until}); {next}"));
    }
    lines
}
