//! `purse mcp`: a server of the Model Context Protocol over stdio, for one session.

use crate::agent_session::Whose;
use crate::buying::{self, Desk, of_refusal};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use crate::sanitize::clean;
use clap::Args;
use purse_agent::buyer::{Allowance, Origin, OriginInvalid, Reach};
use serde_json::json;

/// Flags of `purse mcp`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse mcp --session researcher.session.toml --password-file password\n  purse mcp --agent researcher --no-input --max 0.10 --per-day 2\n  purse mcp --agent researcher --no-input --origin https://api.weather.example"
)]
pub(crate) struct McpArgs {
    /// The most that the model may pay for one purchase, such as 0.10, beside what the vault allows
    #[arg(long, value_name = "AMOUNT")]
    max: Option<String>,
    /// The most that it may pay in any 24 hours, by the journal beside the session file
    #[arg(long, value_name = "AMOUNT")]
    per_day: Option<String>,
    /// Let the model buy here only, such as https://api.weather.example; may be repeated [default: the public web]
    #[arg(long, value_name = "URL")]
    origin: Vec<String>,
    /// Let the model name this machine and its network too: it reaches whatever listens there
    #[arg(long)]
    allow_local: bool,
    #[command(flatten)]
    whose: Whose,
}

/// Serves until the client leaves. What a program owns is opened before: no tool opens anything else.
pub(crate) async fn run(context: &Context, args: &McpArgs) -> Result<Reply, Failure> {
    let origins = args.origin.iter().map(|text| text.parse::<Origin>().map_err(|error| no_origin(text, error)));
    let origins = origins.collect::<Result<Vec<_>, _>>()?;
    let reach = if args.allow_local { Reach::everywhere() } else { Reach::public() };
    let Desk { buyer, token, .. } = buying::open(context, &args.whose).await?;
    let amount = |text: &Option<String>| text.as_ref().map(|text| token.parse(text)).transpose();
    let allowance = Allowance { per_purchase: amount(&args.max)?, per_day: amount(&args.per_day)? };
    let buyer = buyer.allowed(allowance).reaching(reach.only(origins)).map_err(|refusal| of_refusal(&refusal))?;
    purse_mcp::serve(buyer).await.map_err(|error| {
        Failure::error("McpFailed", "the MCP server ended", error.to_string(), "let an MCP client start it")
    })?;
    Ok(Reply::silent(json!({})))
}

fn no_origin(text: &str, error: OriginInvalid) -> Failure {
    let what = format!("--origin \"{}\" cannot be used", clean(text));
    Failure::usage("UrlInvalid", what, error.to_string(), "give scheme and host, such as https://api.weather.example")
}
