//! `purse delay …`: how long changes wait that let agents do more.

use crate::args::{Change, Condition};
use crate::change::{self, How};
use crate::condition::on_condition;
use crate::context::Context;
use crate::expiry;
use crate::failure::Failure;
use crate::money::of_view;
use crate::output::Reply;
use alloy::primitives::U256;
use clap::{Args, Subcommand};
use purse_owner::Verb;
use purse_protocol::time::span;
use serde_json::json;

/// What can be done about the delay.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  purse delay show\n  purse delay set 24h")]
pub(crate) enum DelayCommand {
    /// Show the delay
    Show(ShowArgs),
    /// Set the delay
    Set(SetArgs),
}

/// Flags of `purse delay show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse delay show\n  purse delay show --json | jq .seconds")]
pub(crate) struct ShowArgs {}

/// Flags of `purse delay set`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse delay set 24h\n  purse delay set 0 --dry-run\n  purse delay set 48h --expect 24h"
)]
pub(crate) struct SetArgs {
    /// How long: 0, or up to 30d, such as 90m, 24h, 7d
    delay: String,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    condition: Condition,
}

/// Shows the delay.
pub(crate) async fn show(context: &Context) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let seconds = vault.contract().delay().call().await.map_err(of_view)?;
    let text = match seconds {
        0 => "Every change takes effect at once. Next: purse delay set 24h".to_owned(),
        seconds => format!(
            "Changes that let agents do more wait {}; stops and tightenings take effect at once.",
            span(seconds.into())
        ),
    };
    Ok(Reply::new(text, json!({ "seconds": seconds })))
}

/// Sets the delay, as owner. A shorter one waits out the present one.
pub(crate) async fn set(context: &Context, args: &SetArgs) -> Result<Reply, Failure> {
    let verbs = vec![Verb::SetDelay { seconds: parse(&args.delay)? }];
    let vault = context.vault().await?;
    let verbs = on_condition(&vault, &args.condition, verbs, |text| parse(text).map(U256::from)).await?;
    let made = change::run(context, How::sent(args.change), &verbs).await?;
    Ok(made.reply(context, "Next: purse waiting"))
}

fn parse(text: &str) -> Result<u32, Failure> {
    let seconds = if matches!(text, "0" | "none") { Some(0) } else { expiry::span(text) };
    seconds.and_then(|seconds| u32::try_from(seconds).ok()).ok_or_else(|| {
        Failure::usage(
            "DelayInvalid",
            format!("\"{text}\" is no delay"),
            "it is no span of time",
            "give a span of up to 30d, such as 90m, 24h or 7d; or 0",
        )
    })
}
