//! `purse withdraw`: takes money out; the vault sends it to its treasury and nowhere else.

use crate::args::{Change, Signing};
use crate::change::{self, How};
use crate::context::Context;
use crate::failure::Failure;
use crate::money::looks_like_amount;
use crate::output::Reply;
use alloy::primitives::U256;
use clap::Args;
use purse_owner::Verb;
use serde_json::Value;

/// Flags of `purse withdraw`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse withdraw 25.00\n  purse withdraw all USDC --propose > batch.json")]
pub(crate) struct WithdrawArgs {
    /// How much, such as 25.00, or all
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// The token [default: the profile's]
    token: Option<String>,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    signing: Signing,
}

/// Withdraws, as owner.
pub(crate) async fn run(context: &Context, args: &WithdrawArgs) -> Result<Reply, Failure> {
    let all = args.amount == "all";
    if !all {
        looks_like_amount(&args.amount)?;
    }
    let vault = context.vault().await?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let amount = if all { None } else { Some(U256::from(token.parse(&args.amount)?)) };
    let verb = Verb::Withdraw { token: token.address, amount };
    let made = change::run(context, How::sent_or_signed(args.change, &args.signing), &[verb]).await.map_err(at_most)?;
    Ok(made.reply(context, "Next: purse status"))
}

/// Who wants to withdraw has no use for the advice to send more.
fn at_most(failure: Failure) -> Failure {
    match failure.facts.get("balance").and_then(Value::as_str) {
        Some(balance) if failure.code == "VaultShort" => {
            let fix = format!("withdraw at most {balance}, or all of it: purse withdraw all");
            Failure { fix, ..failure }
        }
        _ => failure,
    }
}
