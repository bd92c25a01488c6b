//! `purse agent list`: every agent of the vault.

use super::status::{agent_json, agent_table};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use crate::sessions::{NOT_ALL, Session, Sessions};
use clap::Args;
use serde_json::json;

/// Flags of `purse agent list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse agent list\n  purse agent list --json | jq '.agents[].name'")]
pub(crate) struct ListArgs {}

/// Lists agents.
pub(crate) async fn run(context: &Context) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let token = context.token(&vault, None, None).await?;
    let (head, sessions) = tokio::join!(vault.head(), Session::all(context, &vault, &token));
    let (head, Sessions { list: sessions, complete }) = (head?, sessions?);
    if !complete {
        context.output.note(NOT_ALL);
    }
    let text = if sessions.is_empty() {
        "No agents yet. Next: purse agent add NAME".to_owned()
    } else {
        agent_table(&vault, &token, &sessions, head.time)
    };
    let agents = sessions.iter().map(|session| agent_json(&vault, &token, session, head.time));
    Ok(Reply::new(text, json!({ "agents": agents.collect::<Vec<_>>(), "all_agents_known": complete })))
}
