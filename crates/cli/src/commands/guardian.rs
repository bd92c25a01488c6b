//! `purse guardian …`: who may stop things besides the owner.

use crate::args::Change;
use crate::change;
use crate::context::Context;
use crate::failure::Failure;
use crate::names::address;
use crate::output::Reply;
use alloy::primitives::Address;
use clap::{Args, Subcommand};
use purse_owner::Verb;

/// What can be done about the guardian.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  purse guardian set 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n  purse guardian set none"
)]
pub(crate) enum GuardianCommand {
    /// Name the guardian
    Set(SetArgs),
}

/// Flags of `purse guardian set`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse guardian set 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n  purse guardian set none --dry-run"
)]
pub(crate) struct SetArgs {
    /// The guardian's address, or none
    guardian: String,
    #[command(flatten)]
    change: Change,
}

/// Sets the guardian, as owner.
pub(crate) async fn set(context: &Context, args: &SetArgs) -> Result<Reply, Failure> {
    let guardian = if args.guardian == "none" { Address::ZERO } else { address(&args.guardian)? };
    let made = change::run(context, args.change, &[Verb::SetGuardian { guardian }]).await?;
    Ok(made.reply(context, "A guardian can pause and revoke, never pay or withdraw. Next: purse status"))
}
