//! `purse check`: would the vault pay? Nothing is signed and nothing is paid.

use crate::agent_session::Whose;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::judge::{CHECKED_AT, Question, ask};
use crate::money::looks_like_amount;
use crate::output::{Reply, green};
use crate::rpc_failure;
use clap::Args;
use purse_protocol::Refusal;
use serde_json::json;

/// Flags of `purse check`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse check api.weather.example 0.01 --session researcher.session.toml\n  purse check 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 0.01 --agent researcher"
)]
pub(crate) struct CheckArgs {
    /// To whom: a name or an address
    payee: String,
    /// How much, such as 0.01
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// The token [default: the session's]
    token: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// Asks the vault.
pub(crate) async fn run(context: &Context, args: &CheckArgs) -> Result<Reply, Failure> {
    looks_like_amount(&args.amount)?;
    let session = args.whose.load()?;
    let node = context.node_of(&session).await?;
    let vault = Vault::at(node, session.vault, context.folder()).await?;
    let payee = vault.names.payee(&args.payee)?;
    let token = context.token(&vault, args.token.as_deref(), Some(session.token)).await?;
    let amount = token.parse(&args.amount)?;
    let question = Question { session: session.session, payee, amount };
    match ask(&vault, &token, question).await? {
        Some(refusal) => Err(refused(&refusal, &token.show(amount))),
        None => {
            let text = format!(
                "{} {} to {}; nothing was signed or paid",
                green("would pay"),
                token.show(amount),
                vault.names.show_payee(payee)
            );
            let json = json!({
                "would_pay": true,
                "amount": token.plain(amount),
                "token": token.symbol,
                "payee": { "name": vault.names.of_payee(payee), "address": payee },
                "session": session.session,
            });
            Ok(Reply::new(text, json))
        }
    }
}

/// The failure of a refused payment.
pub(crate) fn refused(refusal: &Refusal, amount: &str) -> Failure {
    // A payment that was refused only when it was mined had been signed, and cost its gas.
    let what =
        if refusal.facts.contains_key("transaction") { "nothing was paid" } else { "nothing was signed or paid" };
    let when = refusal.facts.get(CHECKED_AT).map_or_else(String::new, |block| format!(" (checked at block {block})"));
    let failure = rpc_failure::of_refusal(refusal).about(format!("the vault refused {amount}; {what}{when}"));
    failure.with_fact("nothing_paid", true)
}
