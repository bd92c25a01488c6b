//! `purse guardian …`: who may stop things besides the owner.

use crate::args::{Change, Condition};
use crate::change::{self, How};
use crate::condition::{address_word, on_condition};
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
    after_help = "Examples:\n  purse guardian set 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n  purse guardian set none --dry-run\n  purse guardian set none --expect 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
)]
pub(crate) struct SetArgs {
    /// The guardian's address, or none
    guardian: String,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    condition: Condition,
}

/// Sets the guardian, as owner.
pub(crate) async fn set(context: &Context, args: &SetArgs) -> Result<Reply, Failure> {
    let read = |text: &str| if text == "none" { Ok(Address::ZERO) } else { address(text) };
    let verbs = vec![Verb::SetGuardian { guardian: read(&args.guardian)? }];
    let vault = context.vault().await?;
    let verbs = on_condition(&vault, &args.condition, verbs, |text| read(text).map(address_word)).await?;
    let made = change::run(context, How::sent(args.change), &verbs).await?;
    Ok(made.reply(context, "A guardian can pause and revoke, never pay or withdraw. Next: purse status"))
}
