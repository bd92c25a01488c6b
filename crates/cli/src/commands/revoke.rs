//! `purse revoke`: revokes an agent for good, and proves it by asking the vault for a payment.

use crate::args::{Change, Signing};
use crate::change::{self, How};
use crate::context::Context;
use crate::failure::Failure;
use crate::judge::{Question, ask};
use crate::output::{Reply, green};
use crate::sessions::Session;
use alloy::primitives::Address;
use clap::Args;
use purse_owner::Verb;
use serde_json::json;

/// Flags of `purse revoke`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse revoke researcher\n  purse revoke 7 --yes\n  purse revoke researcher --propose > batch.json"
)]
pub(crate) struct RevokeArgs {
    /// The agent's name or session number
    agent: String,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    signing: Signing,
}

/// Revokes, as owner or guardian.
pub(crate) async fn run(context: &Context, args: &RevokeArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let id = vault.names.session(&args.agent)?;
    let token = context.token(&vault, None, None).await?;
    Session::existing(&vault, id, &token).await?;
    let how = How::sent_or_signed(args.change, &args.signing);
    if how.sends() {
        let question = format!("Revoke {} (session {id})? This can't be undone.", vault.names.show_session(id.get()));
        context.asking().confirm_by_typing(&question, &args.agent).await?;
    }
    let mut made = change::run(context, how, &[Verb::Revoke { session: id }]).await?;
    if made.done {
        // Any payee serves: the vault looks at the session before it looks at the payee.
        let payee = vault.names.payees().next().map_or(Address::repeat_byte(1), |(_, payee)| payee);
        let refusal = ask(&vault, &token, Question { session: id, payee, amount: 1 }).await?;
        let refusal = refusal.ok_or_else(|| {
            Failure::error(
                "StillPays",
                "the vault would still pay for this agent",
                "the session was revoked, but a payment is not refused",
                "run purse pause, and look at the session: purse agent show",
            )
        })?;
        made.text.push_str(&format!(
            "\n{}  a payment by this agent is now refused: {}",
            green("checked"),
            refusal.code
        ));
        made.json["refused_now"] = json!(refusal.code);
    }
    Ok(made.reply(context, "Next: purse status"))
}
