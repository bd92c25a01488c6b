//! `purse payments`: what the agent bought from sellers on this machine, and what became of each purchase.

use super::pay_url::{category, receipt_json};
use crate::agent_session::Whose;
use crate::buying::{self, of_refusal};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use crate::sanitize::clean;
use crate::table::aligned;
use alloy::primitives::U256;
use clap::Args;
use purse_agent::PurchaseReceipt;
use purse_agent::buyer::without_query;
use purse_protocol::time::rfc3339;
use serde_json::json;

/// Flags of `purse payments`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse payments --agent researcher\n  purse payments --limit 5 --json | jq '.payments[].tx'"
)]
pub(crate) struct PaymentsArgs {
    /// How many, the newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    #[command(flatten)]
    whose: Whose,
}

/// Lists.
pub(crate) async fn run(context: &Context, args: &PaymentsArgs) -> Result<Reply, Failure> {
    let desk = buying::look_at_all(context, &args.whose).await?;
    let list = desk.buyer.journal().list(args.limit).map_err(|error| of_refusal(&error.into()))?;
    let head = ["TIME", "STATE", "AMOUNT", "CATEGORY", "SELLER", "PURCHASE", "TX"].map(str::to_owned).to_vec();
    let (mut rows, mut payments) = (vec![head], Vec::new());
    for purchase in &list {
        let bought = &purchase.bought;
        let state =
            if purchase.reconciled { format!("{} (by the chain)", purchase.state) } else { purchase.state.to_string() };
        rows.push(vec![
            rfc3339(purchase.created),
            state,
            desk.token.show(U256::from(bought.amount)),
            category(bought.category),
            clean(without_query(&bought.url)),
            clean(bought.purchase.as_str()),
            purchase.transaction.map_or_else(|| "-".to_owned(), |tx| tx.to_string()),
        ]);
        let mut row = receipt_json(&desk, &PurchaseReceipt::of(purchase));
        row["state"] = purchase.state.name().into();
        row["reconciled"] = purchase.reconciled.into();
        row["url"] = without_query(&bought.url).into();
        row["reason"] = bought.reason.clone().into();
        row["asked_at"] = rfc3339(purchase.created).into();
        row["refusal"] = json!(purchase.refusal);
        payments.push(row);
    }
    let text = if payments.is_empty() {
        "Nothing was bought here yet. Next: purse pay URL --reason TEXT".to_owned()
    } else {
        aligned(&rows)
    };
    Ok(Reply::new(text, json!({ "payments": payments })))
}
