//! `purse audit`: rebuilds the trail from logs alone and compares it with what the chain says at the same block.

use super::audit_verify::{BundleArgs, VerifyArgs};
use crate::context::{Context, Vault};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::history::Words;
use crate::ledger::{self, Follow, Ledger};
use crate::library_failure;
use crate::money::Token;
use crate::outflow;
use crate::output::{Reply, bold, green, red, yellow};
use crate::release::locked_vault;
use alloy::primitives::{Address, U256};
use clap::{Args, Subcommand};
use purse_audit::check::indexed;
use purse_audit::{Difference, Observed, Outcome, Place, Report, Subject, Trail, compare};
use purse_indexer::{BlockRef, indexed_by, observe, proofs};
use purse_protocol::meter::{Meter, base_units};
use serde_json::json;

/// Differences printed of one check; `--json` has them all.
const SHOWN_DIFFERENCES: usize = 5;

/// Flags of `purse audit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse audit\n  purse audit --vault 0x31c8000000000000000000000000000000000000 --rpc-url http://127.0.0.1:8545 --factory 0x5FbDB2315678afecb367f032d93F642f64180aa3\n  purse audit --json | jq .checks\n  purse audit bundle ops.bundle.jsonl\n  purse audit verify --bundle ops.bundle.jsonl"
)]
pub(crate) struct AuditArgs {
    /// What else to do than compare the local index with the chain
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
    #[command(flatten)]
    follow: Follow,
}

/// Audits without the local index.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify a vault by one node alone, or a bundle without any
    Verify(VerifyArgs),
    /// Write all that is needed to verify a vault for ever into one file
    Bundle(BundleArgs),
}

/// Audits the vault.
pub(crate) async fn run(context: &Context, args: &AuditArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let ledger = Ledger::find(context, vault.node.chain_id, &args.follow)?;
    let (store, _) = ledger.sync(vault.node.provider.clone(), context.output).await?;
    let trail = ledger::trail(&*store, &vault)?;
    let token = token(context, &vault, &trail).await?;
    let extent = store.extent().map_err(|error| library_failure::of_store(&error))?;
    let block = extent
        .cursor
        .ok_or_else(|| Failure::error("NoTrail", "the index is empty", "no block yet", "run purse index"))?;
    let beside = Beside { factory: Some(ledger.factory), lens: outflow::lens(context, &vault).await? };
    let (mut report, observed) = examine(&vault, &trail, block, ledger.from_block, beside).await?;
    let in_index = indexed_by(&*store, &trail).map_err(|error| library_failure::of_store(&error))?;
    report.checks.push(indexed::check(&trail, &observed, &in_index));
    Ok(render(&vault, &token, &trail, &report))
}

/// What stands beside the vault on its chain, where it is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside {
    /// The factory that made it.
    pub(crate) factory: Option<Address>,
    /// The lens that tells the most that can leave.
    pub(crate) lens: Option<Address>,
}

/// Reads the chain at `block` and compares.
pub(crate) async fn examine(
    vault: &Vault,
    trail: &Trail,
    block: BlockRef,
    from_block: u64,
    beside: Beside,
) -> Result<(Report, Observed), Failure> {
    let provider = &vault.node.provider;
    let observed = observe(provider, block, from_block, &trail.questions()).await;
    let mut observed = observed.map_err(|error| library_failure::of_observe(&error))?;
    if let Some(factory) = beside.factory {
        let origin = proofs::origin(provider, factory, trail, locked_vault("creation")?).await;
        observed.origin = origin.map_err(|error| library_failure::of_observe(&error))?;
    }
    if let Some(lens) = beside.lens {
        let outflows = proofs::outflows(provider, block, lens, trail).await;
        observed.outflows = outflows.map_err(|error| library_failure::of_observe(&error))?;
    }
    Ok((compare(trail, &observed), observed))
}

/// The token whose amounts are written out: the usual one, or else the first that the vault lists.
pub(crate) async fn token(context: &Context, vault: &Vault, trail: &Trail) -> Result<Token, Failure> {
    match (context.token(vault, None, None).await, trail.tokens.keys().next()) {
        (Err(failure), Some(listed)) if failure.code == "TokenMissing" => Token::read(vault, *listed).await,
        (token, _) => token,
    }
}

fn render(vault: &Vault, token: &Token, trail: &Trail, report: &Report) -> Reply {
    let mut lines = vec![format!(
        "Trail of {}: {} events, {} payments, up to block {}",
        vault.address, report.events, report.payments, report.block.number
    )];
    lines.push(String::new());
    for (number, check) in (1..).zip(&report.checks) {
        let mark = match check.outcome {
            Outcome::Holds => green("ok"),
            Outcome::Noted => yellow("ok, see the note"),
            Outcome::Broken => red("DIFFERS"),
            Outcome::NotJudged => yellow("not judged"),
        };
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
    let mut json = json!(report);
    if let Some(object) = json.as_object_mut() {
        object.insert("pass".to_owned(), json!(holds));
        object.insert("unit".to_owned(), json!("amounts are base units of the token beside them"));
        let known = json!([{ "address": token.address, "symbol": token.symbol, "decimals": token.decimals }]);
        object.insert("tokens".to_owned(), known);
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
    Reply { failure, ..Reply::new(lines.join("\n"), json) }
}

/// One difference in a line, naming the payment it is about.
fn tell(difference: &Difference, vault: &Vault, token: &Token, trail: &Trail) -> String {
    let words = Words { vault, token, calls: &trail.calls };
    let sides = match (&difference.trail, &difference.chain) {
        (Some(by_trail), Some(by_chain)) => {
            let [by_trail, by_chain] =
                [by_trail, by_chain].map(|side| side_of(&difference.subject, side, words, trail));
            format!(" (trail: {by_trail}; chain: {by_chain})")
        }
        _ => String::new(),
    };
    format!("{}{sides}: {}", difference.problem, about(&difference.subject, words, trail))
}

/// What a difference is about, in words.
fn about(subject: &Subject, words: Words<'_>, trail: &Trail) -> String {
    let names = &words.vault.names;
    let event = |place: Place| trail.events.iter().find(|event| event.place == place);
    let line = |place: Place, name: &str| match event(place) {
        Some(event) => words.line(event).join("  "),
        None => format!("{name} #{} in block {}", place.sequence, place.block),
    };
    match subject {
        Subject::Vault => format!("the vault {}", words.vault.address),
        Subject::Block { number } => format!("block {number}"),
        Subject::Payment(payment) => line(payment.place, "payment"),
        Subject::Event { name, place } => line(*place, name),
        Subject::Session { session } => names.show_session(session.get()),
        Subject::Key { key } => format!("the key {key}"),
        Subject::Limit { scope, token, window: Some(window) } => {
            let scope = words.scope(scope.session(), scope.category());
            format!("the limit of {scope} {}, {}", window.phrase(), words.token(*token))
        }
        Subject::Limit { scope, token, window: None } => {
            let scope = words.scope(scope.session(), scope.category());
            format!("the cap per payment of {scope}, {}", words.token(*token))
        }
        Subject::Change { change } => format!("waiting change {change}"),
        Subject::Payee { payee } => names.show_payee(*payee),
        Subject::Token { token } => words.token(*token),
        Subject::Transfer { token, to, value, block, tx } => {
            let amount = value.parse().map_or_else(|_| value.clone(), |base| words.amount(*token, base));
            format!("{amount} to {} in block {block}, transaction {tx}", names.show_payee(*to))
        }
    }
}

/// One side of a difference: a meter as its cap and what it counts, anything else as it is.
fn side_of(subject: &Subject, side: &str, words: Words<'_>, trail: &Trail) -> String {
    let Subject::Limit { token, window: Some(_), .. } = subject else { return side.to_owned() };
    let unit_bits = trail.tokens.get(token).copied().unwrap_or_default();
    match side.parse::<U256>() {
        Ok(word) if word > U256::from(u128::MAX) => {
            let meter = Meter::from_word(word);
            let [cap, used] = [meter.cap_units(), meter.used_units()].map(|units| base_units(units, unit_bits));
            format!("{} used of {}, meter {word:#x}", words.amount(*token, used), words.amount(*token, cap))
        }
        _ => side.to_owned(),
    }
}
