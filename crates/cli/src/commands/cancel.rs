//! `purse cancel`: takes a waiting change away.

use crate::args::{Change, Signing};
use crate::change::{self, How};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use clap::Args;
use purse_owner::Verb;

/// Flags of `purse cancel`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse cancel 42\n  purse cancel 42 --propose > batch.json")]
pub(crate) struct CancelArgs {
    /// The change's number: see purse waiting
    number: u32,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    signing: Signing,
}

/// Cancels, as owner or guardian.
pub(crate) async fn run(context: &Context, args: &CancelArgs) -> Result<Reply, Failure> {
    let how = How::sent_or_signed(args.change, &args.signing);
    let made = change::run(context, how, &[Verb::Cancel { change: args.number }]).await?;
    Ok(made.reply(context, "Next: purse waiting"))
}
