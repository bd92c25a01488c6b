//! `purse audit`: rebuilds the trail from logs alone and compares it with what the chain says at the same block.

use crate::context::{Context, Vault};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::history::Words;
use crate::ledger::{self, Follow, Ledger};
use crate::library_failure;
use crate::money::Token;
use crate::output::{Reply, bold, green, red};
use clap::Args;
use purse_audit::{Difference, Outcome, Report, Subject, Trail, compare};
use purse_indexer::{BlockRef, observe};
use serde_json::json;

/// Differences printed of one check; `--json` has them all.
const SHOWN_DIFFERENCES: usize = 5;

/// Flags of `purse audit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse audit\n  purse audit --vault 0x31c8000000000000000000000000000000000000 --rpc-url http://127.0.0.1:8545 --factory 0x5FbDB2315678afecb367f032d93F642f64180aa3\n  purse audit --json | jq .checks"
)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    follow: Follow,
}

/// Audits the vault.
pub(crate) async fn run(context: &Context, args: &AuditArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let token = context.token(&vault, None, None).await?;
    let ledger = Ledger::find(context, vault.node.chain_id, &args.follow)?;
    let (store, _) = ledger.sync(vault.node.provider.clone(), context.output).await?;
    let trail = ledger::trail(&store, &vault)?;
    let block = store.cursor().map_err(|error| library_failure::of_store(&error))?;
    let block =
        block.ok_or_else(|| Failure::error("NoTrail", "the index is empty", "no block yet", "run purse index"))?;
    let report = examine(&vault, &trail, block, ledger.from_block).await?;
    Ok(render(&vault, &token, &trail, &report))
}

/// Reads the chain at `block` and compares.
pub(crate) async fn examine(vault: &Vault, trail: &Trail, block: BlockRef, from_block: u64) -> Result<Report, Failure> {
    let observed = observe(&vault.node.provider, block, from_block, &trail.questions()).await;
    let observed = observed.map_err(|error| library_failure::of_observe(&error))?;
    Ok(compare(trail, &observed))
}

fn render(vault: &Vault, token: &Token, trail: &Trail, report: &Report) -> Reply {
    let mut lines = vec![format!(
        "Trail of {}: {} events, {} payments, up to block {}",
        vault.address, report.events, report.payments, report.block.number
    )];
    lines.push(String::new());
    for (number, check) in (1..).zip(&report.checks) {
        let mark = if check.outcome == Outcome::Holds { green("ok") } else { red("DIFFERS") };
        lines.push(format!("{number:>2} {:<4} {}   {mark}", check.promise, check.title));
        lines.push(format!("        {}", check.detail));
        for difference in check.differences.iter().take(SHOWN_DIFFERENCES) {
            lines.push(format!("        {} {}", red("-"), tell(difference, vault, token, trail)));
        }
        let more = check.differences.len().saturating_sub(SHOWN_DIFFERENCES);
        if more > 0 {
            lines.push(format!("        and {more} more (--json has them all)"));
        }
    }
    lines.push(String::new());
    let holds = report.holds();
    lines.push(if holds {
        format!("{}: trail equals chain", bold(&green("PASS")))
    } else {
        format!("{}: the trail and the chain differ", bold(&red("FAIL")))
    });
    let mut json = serde_json::to_value(report).unwrap_or_default();
    if let Some(object) = json.as_object_mut() {
        object.insert("pass".to_owned(), json!(holds));
    }
    let failure = (!holds).then(|| {
        Failure::new(
            Exit::Differs,
            "TrailDiffers",
            "the trail and the chain differ",
            format!("{} differences, listed above", report.differences().count()),
            "ask another node; if it says the same, do not trust this trail",
        )
    });
    Reply { json, text: lines.join("\n"), failure }
}

/// One difference in a line, naming the payment it is about.
fn tell(difference: &Difference, vault: &Vault, token: &Token, trail: &Trail) -> String {
    let words = Words { vault, token };
    let place = match &difference.subject {
        Subject::Payment(payment) => Some(payment.place),
        Subject::Event { place, .. } => Some(*place),
        _ => None,
    };
    let about = match place.and_then(|place| trail.events.iter().find(|event| event.place == place)) {
        Some(event) => words.line(event).join("  "),
        None => match &difference.subject {
            Subject::Block { number } => format!("block {number}"),
            other => serde_json::to_string(other).unwrap_or_default(),
        },
    };
    let sides = match (&difference.trail, &difference.chain) {
        (Some(trail), Some(chain)) => format!(" (trail {trail}, chain {chain})"),
        _ => String::new(),
    };
    format!("{}{sides}: {about}", difference.problem)
}
