//! `purse policy test FILE`: what another policy would have refused of what an agent has paid.

use crate::context::Context;
use crate::expiry;
use crate::failure::Failure;
use crate::history::Words;
use crate::ledger::{self, Follow, Ledger};
use crate::output::{Reply, green, yellow};
use crate::policy::PolicyText;
use crate::table::aligned;
use alloy::primitives::U256;
use clap::{Args, Subcommand};
use purse_audit::TrailPayment;
use purse_audit::what_if::{Refused, Rules, refused};
use purse_protocol::time::rfc3339;
use serde_json::json;
use std::path::PathBuf;

/// What can be done about policies.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  purse policy test new.toml --agent researcher --against 30d")]
pub(crate) enum PolicyCommand {
    /// Hold a policy against what an agent has paid
    Test(TestArgs),
}

/// Flags of `purse policy test`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse policy test new.toml --agent researcher --against 30d\n  purse policy test new.toml --agent 1 --json | jq '.refused | length'"
)]
pub(crate) struct TestArgs {
    /// The policy file (TOML), as for purse agent add --policy
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose payments
    #[arg(long, value_name = "NAME")]
    agent: String,
    /// How far back: 24h, 30d
    #[arg(long, value_name = "SPAN", default_value = "30d")]
    against: String,
    #[command(flatten)]
    follow: Follow,
}

/// Tries a policy.
pub(crate) async fn test(context: &Context, args: &TestArgs) -> Result<Reply, Failure> {
    let span = expiry::span(&args.against).ok_or_else(|| {
        let message = format!("\"{}\" is no span", args.against);
        Failure::usage("SpanInvalid", message, "it is how far back payments are looked at", "write 24h or 30d")
    })?;
    let text = PolicyText::load(&args.file)?;
    let vault = context.vault().await?;
    let session = vault.names.session(&args.agent)?;
    let ledger = Ledger::find(context, vault.node.chain_id, &args.follow)?;
    let (store, _) = ledger.sync(vault.node.provider.clone(), context.output).await?;
    let trail = ledger::trail(&*store, &vault)?;
    let token = context.token(&vault, text.token.as_deref(), None).await?;
    let now = vault.head().await?.time;
    let policy = text.parse(&token, now)?;
    let rules = Rules {
        token: token.address,
        unit_bits: token.unit_bits,
        per_payment_cap: policy.per_payment,
        categories: policy.categories,
        limits: policy.limits.iter().map(|limit| (limit.category, limit.window, limit.cap)).collect(),
    };
    let from = now.saturating_sub(span);
    let of = |payment: &&TrailPayment| payment.session == session && payment.place.time >= from;
    let tried: Vec<_> = trail.payments.iter().filter(of).collect();
    let found = refused(&rules, &trail.purses, tried.iter().copied());
    let words = Words { vault: &vault, token: &token, calls: &trail.calls };
    let mut lines = vec![format!(
        "{} payments of {} since {}: {}",
        tried.len(),
        vault.names.show_session(session.get()),
        rfc3339(from),
        match found.len() {
            0 => green("it would have refused none"),
            some => yellow(&format!("it would have refused {some}")),
        }
    )];
    let rows = found.iter().map(|(payment, why)| {
        vec![
            format!("  #{}", payment.place.sequence),
            rfc3339(payment.place.time),
            format!(
                "{} to {} ({})",
                words.amount(payment.token, payment.total()),
                vault.names.show_payee(payment.payee),
                payment.category
            ),
            reason(why, words, payment, payment.refills(&trail.purses)),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        lines.push(aligned(&rows));
    }
    lines.push("Its limits begin empty at the first of these payments; what it refuses counts nowhere.".to_owned());
    let refused: Vec<_> = found.iter().map(|(payment, why)| json!({ "payment": payment, "why": why })).collect();
    let json = json!({
        "from": rfc3339(from),
        "payments": tried.len(),
        "refused": refused,
        "unit": "amounts are base units of the token beside them",
    });
    Ok(Reply::new(lines.join("\n"), json))
}

fn reason(why: &Refused, words: Words<'_>, payment: &TrailPayment, refill: bool) -> String {
    match why {
        Refused::Token => format!("it knows no {}", words.token(payment.token)),
        Refused::Category { category } => format!("{category} is not granted"),
        Refused::Cap { cap } => {
            let cap = words.amount(payment.token, U256::from(*cap));
            match refill {
                true => format!("its fee is above {cap} per payment"),
                false => format!("above {cap} per payment: the owner would have to approve"),
            }
        }
        Refused::Limit { category, window, cap, left } => {
            let of = category.map_or_else(String::new, |category| format!(" of {category}"));
            let (cap, left) = (words.amount(payment.token, *cap), words.amount(payment.token, *left));
            format!("{left} left of {cap} {}{of}", window.phrase())
        }
    }
}
