//! `purse explain PAYMENT`: the policy that stood when a payment was made, and the arithmetic of its limits.

use super::audit::token;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::history::Words;
use crate::ledger::{self, Follow, Ledger};
use crate::library_failure;
use crate::output::Reply;
use crate::policy::show_categories;
use crate::table::aligned;
use alloy::primitives::{B256, U256};
use clap::Args;
use purse_audit::{Explanation, Trail, TrailPayment, explain};
use purse_protocol::time::rfc3339;
use serde_json::json;

/// Flags of `purse explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse explain 12\n  purse explain researcher:7\n  purse explain 0x8be00000000000000000000000000000000000000000000000000000000041d7"
)]
pub(crate) struct ExplainArgs {
    /// A payment: the number of its event (purse log), AGENT:NONCE, or its transaction
    #[arg(value_name = "PAYMENT")]
    payment: String,
    #[command(flatten)]
    follow: Follow,
}

/// Explains a payment, or all of one transaction.
pub(crate) async fn run(context: &Context, args: &ExplainArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let ledger = Ledger::find(context, vault.node.chain_id, &args.follow)?;
    let (store, _) = ledger.sync(vault.node.provider.clone(), context.output).await?;
    let trail = ledger::trail(&*store, &vault)?;
    let token = token(context, &vault, &trail).await?;
    let words = Words { vault: &vault, token: &token, calls: &trail.calls };
    let logs = store.logs(vault.address).map_err(|error| library_failure::of_store(&error))?;
    let (mut texts, mut objects) = (Vec::new(), Vec::new());
    for payment in named(&args.payment, &vault, &trail)? {
        let logs = logs.iter().cloned().map(Into::into);
        let explained = explain(trail.chain_id, vault.address, logs, payment.place.sequence)
            .map_err(|error| library_failure::of_trail(&error))?;
        let Some(explained) = explained else { continue };
        texts.push(tell(&explained, words));
        objects.push(json!(explained));
    }
    let json = json!({ "payments": objects, "unit": "amounts are base units of the token beside them" });
    Ok(Reply::new(texts.join("\n\n"), json))
}

/// The payments that a text names.
fn named<'a>(text: &str, vault: &Vault, trail: &'a Trail) -> Result<Vec<&'a TrailPayment>, Failure> {
    let found: Vec<_> = if let Ok(tx) = text.parse::<B256>() {
        trail.payments.iter().filter(|payment| payment.place.tx == tx).collect()
    } else if let Some((agent, nonce)) = text.rsplit_once(':') {
        let (session, nonce) = (vault.names.session(agent)?, nonce.parse::<u32>().ok());
        // After a rotation a nonce may come again, by another key.
        let same = |payment: &&TrailPayment| payment.session == session && Some(payment.nonce) == nonce;
        trail.payments.iter().filter(same).collect()
    } else {
        let sequence = text.strip_prefix('#').unwrap_or(text).parse::<u32>().ok();
        trail.payments.iter().filter(|payment| Some(payment.place.sequence) == sequence).collect()
    };
    if found.is_empty() {
        return Err(Failure::error(
            "PaymentUnknown",
            format!("no payment \"{text}\""),
            format!("the vault's trail has {} payments, none of that name", trail.payments.len()),
            "list them: purse log --payments; write an event's number, AGENT:NONCE or a transaction's hash",
        ));
    }
    Ok(found)
}

fn tell(explained: &Explanation, words: Words<'_>) -> String {
    let Explanation { payment, total, .. } = explained;
    let (names, token) = (&words.vault.names, payment.token);
    let amount = |base: U256| words.amount(token, base);
    let fee = match payment.fee {
        0 => String::new(),
        fee => format!(" and {} to {}", amount(U256::from(fee)), names.show_payee(payment.fee_recipient)),
    };
    let cap = U256::from(explained.per_payment_cap);
    let by_cap = match (explained.refill, explained.approved) {
        (true, _) => {
            format!("a refill of a purse of its own: of it the {} per payment bind the fee alone", amount(cap))
        }
        (false, false) => format!("{} of at most {} per payment", amount(*total), amount(cap)),
        (false, true) => format!(
            "{} is above {} per payment: the owner {} approved it",
            amount(*total),
            amount(cap),
            explained.owner
        ),
    };
    let time = payment.place.time;
    let mut lines = vec![
        format!(
            "#{}  {} paid {} to {} ({}){fee}",
            payment.place.sequence,
            names.show_session(payment.session.get()),
            amount(U256::from(payment.amount)),
            names.show_payee(payment.payee),
            payment.category
        ),
        format!("    {}, block {}, tx {}", rfc3339(time), payment.place.block, payment.place.tx),
        format!("    key {}, nonce {}, reference {}", payment.key, payment.nonce, payment.reference),
        "  The policy just before it:".to_owned(),
        format!(
            "    valid from {} until {}",
            rfc3339(explained.valid_from.into()),
            rfc3339(explained.valid_until.into())
        ),
        format!("    may pay {}", show_categories(explained.categories)),
        format!("    {by_cap}"),
    ];
    let rows = explained.limits.iter().map(|step| {
        vec![
            format!("    {} {}:", words.scope(step.scope.session(), step.scope.category()), step.window.phrase()),
            format!("{} - {} used", amount(step.cap), amount(step.used_before)),
            format!("= {} left", amount(step.left_before)),
            format!("- {}", amount(step.counted)),
            format!("= {} left", amount(step.left_after)),
        ]
    });
    lines.push(aligned(&rows.collect::<Vec<_>>()));
    lines.join("\n")
}
