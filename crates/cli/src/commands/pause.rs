//! `purse pause`: stops every payment.

use crate::args::Change;
use crate::change;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use clap::Args;
use purse_owner::Verb;

/// Flags of `purse pause`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse pause\n  purse pause --propose > batch.json")]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    change: Change,
}

/// Pauses, as owner or guardian.
pub(crate) async fn run(context: &Context, args: &PauseArgs) -> Result<Reply, Failure> {
    let made = change::run(context, args.change, &[Verb::Pause]).await?;
    Ok(made.reply(context, "No agent can pay now; money can still be withdrawn. Next: purse resume"))
}
