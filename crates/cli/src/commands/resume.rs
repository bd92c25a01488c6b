//! `purse resume`: lets payments go on.

use crate::args::Change;
use crate::change::{self, How};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use clap::Args;
use purse_owner::Verb;

/// Flags of `purse resume`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse resume\n  purse resume --dry-run")]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    change: Change,
}

/// Resumes, as owner.
pub(crate) async fn run(context: &Context, args: &ResumeArgs) -> Result<Reply, Failure> {
    let made = change::run(context, How::sent(args.change), &[Verb::Unpause]).await?;
    Ok(made.reply(context, "Agents can pay again, within their limits. Next: purse status"))
}
