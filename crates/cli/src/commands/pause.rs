//! `purse pause`: stops every payment.

use crate::args::{Change, Signing};
use crate::change::{self, How};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use clap::Args;
use purse_owner::Verb;

/// Flags of `purse pause`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse pause\n  purse pause --propose > batch.json\n  purse pause --sign pause.json"
)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    signing: Signing,
}

/// Pauses, as owner or guardian.
pub(crate) async fn run(context: &Context, args: &PauseArgs) -> Result<Reply, Failure> {
    let made = change::run(context, How::sent_or_signed(args.change, &args.signing), &[Verb::Pause]).await?;
    Ok(made.reply(context, "No agent can pay now; money can still be withdrawn. Next: purse resume"))
}
