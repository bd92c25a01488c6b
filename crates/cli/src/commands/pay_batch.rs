//! `purse pay --batch`: several payments, up to 32 in one transaction. Each is made or refused by itself.

use super::check::refused;
use super::pay::{agent, not_mined, paid_json, paid_line};
use crate::agent_session::Whose;
use crate::batch_file;
use crate::context::{Context, Vault};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::library_failure;
use crate::money::{Token, looks_like_amount};
use crate::output::{Reply, red, yellow};
use alloy::primitives::U256;
use purse_agent::{LARGEST_BATCH, Outcome, PaymentRequest};
use serde_json::{Value, json};
use std::path::Path;

/// Pays what a file lists.
pub(crate) async fn run(context: &Context, whose: &Whose, file: &Path) -> Result<Reply, Failure> {
    let items = batch_file::load(file)?;
    for item in &items {
        looks_like_amount(&item.amount)?;
    }
    let session = whose.load()?;
    let node = context.node_of(&session).await?;
    let vault = Vault::at(node, session.vault, context.folder()).await?;
    let token = context.token(&vault, None, Some(session.token)).await?;
    let mut requests = Vec::with_capacity(items.len());
    for item in &items {
        let (payee, amount) = (vault.names.payee(&item.payee)?, token.parse(&item.amount)?);
        requests.push(PaymentRequest::new(payee, amount, item.purchase.as_str(), item.reason.as_str()));
    }
    let agent = agent(context, &vault, &token, session).await?;
    let mut told = Told::default();
    for some in requests.chunks(LARGEST_BATCH) {
        match agent.pay_batch(some).await {
            Ok(outcomes) => {
                for (request, outcome) in some.iter().zip(outcomes) {
                    told.add(&vault, &token, request, outcome);
                }
            }
            Err(error) => {
                told.stopped = Some(library_failure::of_agent(&error));
                break;
            }
        }
    }
    Ok(told.reply(requests.len()))
}

/// What became of each.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    items: Vec<Value>,
    paid: usize,
    worst: Option<Failure>,
    stopped: Option<Failure>,
}

impl Told {
    fn add(&mut self, vault: &Vault, token: &Token, request: &PaymentRequest, outcome: Outcome) {
        let (amount, payee) = (token.show(U256::from(request.amount)), vault.names.show_payee(request.payee));
        let (failure, mark) = match outcome {
            Outcome::Paid(paid) => {
                self.paid += 1;
                self.lines.push(paid_line(vault, token, &paid));
                let mut json = paid_json(vault, token, &paid);
                json["outcome"] = json!("paid");
                self.items.push(json);
                return;
            }
            Outcome::Refused(refusal) => (refused(&refusal, &amount), red("refused")),
            Outcome::NotMined(late) => (not_mined(&late, &amount), yellow("not mined")),
        };
        self.lines.push(format!("{mark} {amount} to {payee}   {}: {}", failure.code, failure.cause));
        let outcome = if failure.exit == Exit::NotFinal { "not_mined" } else { "refused" };
        self.items.push(json!({
            "outcome": outcome,
            "amount": token.plain(U256::from(request.amount)),
            "token": token.symbol,
            "payee": { "name": vault.names.of_payee(request.payee), "address": request.payee },
            "purchase": request.purchase,
            "error": failure.to_json()["error"],
        }));
        // What may still be made is worse to overlook than what was refused
        if self.worst.as_ref().is_none_or(|worst| worst.exit != Exit::NotFinal) {
            self.worst = Some(failure);
        }
    }

    fn reply(mut self, asked: usize) -> Reply {
        let (done, paid) = (self.items.len(), self.paid);
        self.lines.push(format!("{paid} of {asked} paid"));
        let json = json!({ "items": self.items, "paid": paid, "asked": asked });
        let failure = self.stopped.map(|stopped| {
            let cause = format!("after {done} of {asked}: {}", stopped.cause);
            Failure { cause, ..stopped.about(format!("{paid} of {asked} payments were made")) }
        });
        let failure = failure.or_else(|| {
            self.worst.map(|worst| {
                Failure::new(
                    worst.exit,
                    "BatchIncomplete",
                    format!("{paid} of {asked} payments were made"),
                    format!("the others were not, each for its own reason; one: {}: {}", worst.code, worst.cause),
                    worst.fix,
                )
            })
        });
        Reply { failure, ..Reply::new(self.lines.join("\n"), json) }
    }
}
