//! `purse execute`: lets a change that has waited take effect. Anyone may.

use crate::args::Change;
use crate::change::{self, How};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use crate::waits;
use crate::worst_case;
use clap::Args;
use purse_owner::Verb;

/// Flags of `purse execute`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse execute 42\n  purse execute 42 --dry-run")]
pub(crate) struct ExecuteArgs {
    /// The change's number: see purse waiting
    number: u32,
    #[command(flatten)]
    change: Change,
}

/// Executes.
pub(crate) async fn run(context: &Context, args: &ExecuteArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let waiting = waits::all(context, &vault).await?;
    let one = waiting.into_iter().find(|one| one.view.change == args.number).ok_or_else(|| {
        Failure::error(
            "ChangeUnknown",
            format!("no change {} waits", args.number),
            "it took effect, was taken away, or never was",
            "see what waits: purse waiting",
        )
    })?;
    let call = one.call.ok_or_else(|| {
        Failure::error(
            "CallUnknown",
            format!("the call of change {} is not known here", args.number),
            "the vault keeps its hash only, and neither the index nor the node told the log that has it",
            "run purse index, or ask another node",
        )
    })?;
    let verb = Verb::Execute { change: args.number, call };
    if let Some(worst) = worst_case::of(context, &vault, std::slice::from_ref(&verb)).await? {
        context.output.note(&worst.text);
    }
    let made = change::run(context, How::sent(args.change), &[verb]).await?;
    Ok(made.reply(context, "Next: purse status"))
}
