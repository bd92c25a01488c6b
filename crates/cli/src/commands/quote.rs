//! `purse quote`: what a URL costs, whom it pays, and whether the vault would pay it. Nothing is signed or paid.

use super::pay_url::{not_half_a_url, shaped};
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
    after_help = "Examples:\n  purse quote https://api.weather.example/v1/now\n  purse quote https://api.weather.example/v1/now --agent researcher --json\n  purse quote https://api.weather.example/v1/routes --data '{\"from\":\"Bern\"}'"
)]
pub(crate) struct QuoteArgs {
    /// What would be bought
    url: String,
    /// The request's method [default: GET, with --data POST]
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// A header of the request, such as "Accept: text/csv"; may be repeated
    #[arg(long, value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// The request's body
    #[arg(long, value_name = "TEXT")]
    data: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// Asks.
pub(crate) async fn run(context: &Context, args: &QuoteArgs) -> Result<Reply, Failure> {
    not_half_a_url(&args.url)?;
    let mut purchasing = Purchasing::get(&args.url, "quote").map_err(|refusal| of_refusal(&refusal))?;
    shaped(&mut purchasing, args.method.as_deref(), &args.header, args.data.as_deref())?;
    told(&buying::look(context, &args.whose).await?, &purchasing).await
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
            let filled = quote.refill_amount.as_ref();
            let filled = filled.map(|amount| format!("; {amount} {} would be put into the purse first", quote.token));
            let filled = filled.unwrap_or_default();
            lines.push(format!("{}{filled}; nothing was signed or paid", green("would pay")));
            let limits = quote.limits.iter();
            let limits = limits.filter_map(|limit| Some((limit.left_after.as_ref()?, &limit.window, &limit.scope)));
            let limits = limits.map(|(left, window, scope)| format!("{left}/{window} of {scope}"));
            let purse = quote.left_in_purse.iter().map(|left| format!("{left} in the purse"));
            lines.push(format!("after   {}", purse.chain(limits).collect::<Vec<_>>().join(", ")));
        }
        Some(refusal) => {
            lines.push(format!("{} [{}]: {}", yellow("would not pay"), refusal.code, refusal.what_happened));
            lines.push(format!("fix     ({}) {}", refusal.who_can_fix, refusal.next_step));
            let limits = quote.limits.iter();
            let limits = limits.map(|limit| format!("{}/{} of {}", limit.left_now, limit.window, limit.scope));
            lines.push(format!("left    {}", limits.collect::<Vec<_>>().join(", ")));
            lines.extend(quote.fits_again.iter().map(|time| format!("when    it fits again from {time}")));
        }
    }
    lines.join("\n")
}
