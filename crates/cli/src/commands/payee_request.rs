//! `purse payee request`: an agent asks its owner for a payee, by a file. Nothing is changed.

use crate::agent_session::Whose;
use crate::buying::{self, of_refusal};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use crate::policy::parse_category;
use clap::Args;
use purse_agent::Purchasing;
use purse_mcp::OwnerRequest;
use serde_json::json;

/// Flags of `purse payee request`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse payee request https://api.weather.example/v1/now --category data --reason \"forecasts for the delivery routes\""
)]
pub(crate) struct RequestArgs {
    /// Something that it sells: its 402 answer names its address
    url: String,
    /// The category that it should have
    #[arg(long)]
    category: String,
    /// What it is needed for
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    whose: Whose,
}

/// Writes the request.
pub(crate) async fn run(context: &Context, args: &RequestArgs) -> Result<Reply, Failure> {
    let category = parse_category(&args.category)?;
    let purchasing = Purchasing::get(&args.url, "request a payee").map_err(|refusal| of_refusal(&refusal))?;
    let origin = purchasing.origin().map_err(|refusal| of_refusal(&refusal))?;
    let desk = buying::look(context, &args.whose).await?;
    let quote = desk.buyer.quote(&purchasing).await.map_err(|refusal| of_refusal(&refusal))?;
    let quote = quote.ok_or_else(|| {
        Failure::error("NothingDemanded", "the seller demands no payment", "no payee is needed", "fetch it")
    })?;
    let session = desk.buyer.agent().session();
    let request = OwnerRequest::payee(session.into(), quote.payee, &origin, category, &args.reason);
    let path = request.write(session.path()).map_err(|error| {
        Failure::error("RequestFailed", "the request could not be written", error.to_string(), "see to the folder")
    })?;
    let text = format!(
        "{origin} names {} (payTo of its 402 answer)\nrequest written to {}; nothing is changed\nThe owner runs: {}",
        quote.payee,
        path.display(),
        request.command
    );
    let json = json!({ "request_file": path.display().to_string(), "request": request, "changed": false });
    Ok(Reply::new(text, json))
}
