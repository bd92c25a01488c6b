//! `purse quote`: what a URL costs, whom it pays, and whether the vault would pay it. Nothing is signed or paid.

use crate::agent_session::Whose;
use crate::buying::{self, Desk, of_refusal};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Reply, green, yellow};
use crate::sanitize::clean;
use clap::Args;
use purse_agent::{Purchasing, Quote};
use serde_json::json;

/// Flags of `purse quote`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse quote https://api.weather.example/v1/now\n  purse quote https://api.weather.example/v1/now --agent researcher --json"
)]
pub(crate) struct QuoteArgs {
    /// What would be bought
    url: String,
    #[command(flatten)]
    whose: Whose,
}

/// Asks.
pub(crate) async fn run(context: &Context, args: &QuoteArgs) -> Result<Reply, Failure> {
    let purchasing = Purchasing::get(&args.url, "quote").map_err(|refusal| of_refusal(&refusal))?;
    told(&buying::open(context, &args.whose).await?, &purchasing).await
}

/// The quote of a purchase.
pub(crate) async fn told(desk: &Desk, purchasing: &Purchasing) -> Result<Reply, Failure> {
    let quote = desk.buyer.quote(purchasing).await.map_err(|refusal| of_refusal(&refusal))?;
    let Some(quote) = quote else {
        let json = json!({ "payment_demanded": false });
        return Ok(Reply::new("the seller demands no payment; nothing was signed or paid", json));
    };
    let json = json!({ "payment_demanded": true, "quote": quote });
    Ok(Reply::new(text(desk, &quote), json))
}

fn text(desk: &Desk, quote: &Quote) -> String {
    let payee = desk.vault.names.show_payee(quote.payee);
    let category = quote.category.as_deref().unwrap_or("not in the payee book");
    let mut lines = vec![format!("price   {} {} to {payee}   {category}", quote.amount, quote.token)];
    if let Some(description) = &quote.description {
        lines.push(format!("seller  \"{}\"", clean(description)));
    }
    match &quote.refusal {
        None => {
            let purse = match (&quote.left_in_purse, quote.refill) {
                (Some(left), false) => format!("; {left} {} would be left in the purse", quote.token),
                _ => "; the purse would be refilled first".to_owned(),
            };
            lines.push(format!("{}{purse}; nothing was signed or paid", green("would pay")));
        }
        Some(refusal) => {
            lines.push(format!("{} [{}]: {}", yellow("would not pay"), refusal.code, refusal.what_happened));
            lines.push(format!("fix     ({}) {}", refusal.who_can_fix, refusal.next_step));
        }
    }
    lines.join("\n")
}
