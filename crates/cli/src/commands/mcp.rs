//! `purse mcp`: a server of the Model Context Protocol over stdio, for one session.

use crate::agent_session::Whose;
use crate::buying;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use clap::Args;
use purse_mcp::Reach;
use serde_json::json;

/// Flags of `purse mcp`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse mcp --session researcher.session.toml --password-file password\n  purse mcp --agent researcher --no-input"
)]
pub(crate) struct McpArgs {
    /// Let the model buy from sellers on this machine too, over plain http: it reaches whatever else listens here
    #[arg(long)]
    allow_local: bool,
    #[command(flatten)]
    whose: Whose,
}

/// Serves until the client leaves. What a program owns is opened before: no tool opens anything else.
pub(crate) async fn run(context: &Context, args: &McpArgs) -> Result<Reply, Failure> {
    let desk = buying::open(context, &args.whose).await?;
    let reach = if args.allow_local { Reach::ThisMachineToo } else { Reach::Web };
    purse_mcp::serve(desk.buyer, reach).await.map_err(|error| {
        Failure::error("McpFailed", "the MCP server ended", error.to_string(), "let an MCP client start it")
    })?;
    Ok(Reply::silent(json!({})))
}
