//! `purse audit verify` and `purse audit bundle`: for whoever trusts neither the owner nor an index. The evidence comes from
//! one node, which needs no archive, or from a bundle, without any; the judgement is the same.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::ledger::{Follow, Ledger};
use crate::library_failure;
use crate::names::address;
use crate::output::{Reply, bold, green, red, yellow};
use crate::release::locked_vault;
use crate::sanitize::clean_prose;
use alloy::primitives::{Address, B256, U256};
use clap::Args;
use purse_audit::{Check, Difference, Evidence, Known, LimitUse, Outcome, Proof, Report, Subject, bundle, verify};
use purse_indexer::collect;
use purse_protocol::time::rfc3339;
use purse_protocol::{Chain, format_amount};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Differences printed of one check; `--json` has them all.
const SHOWN_DIFFERENCES: usize = 5;
/// Limits printed, the fullest first; `--json` has them all.
const SHOWN_LIMITS: usize = 5;

/// Flags of `purse audit verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse audit verify --vault 0x31c8000000000000000000000000000000000000 --rpc-url http://127.0.0.1:8545\n  purse audit verify --bundle ops.bundle.jsonl\n  purse audit verify --bundle ops.bundle.jsonl --json | jq .checks"
)]
pub(crate) struct VerifyArgs {
    /// Verify this bundle, without a node
    #[arg(long, value_name = "FILE", conflicts_with = "from_block")]
    bundle: Option<PathBuf>,
    /// The hash of the head's block, from a source that you trust
    #[arg(long, value_name = "HASH")]
    checkpoint: Option<B256>,
    /// The block that created the vault, or any before it and its first money [default: the profile's, else 0]
    #[arg(long, value_name = "NUMBER")]
    from_block: Option<u64>,
}

/// Flags of `purse audit bundle`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse audit bundle ops.bundle.jsonl\n  purse audit bundle ops.bundle.jsonl --from-block 38144000"
)]
pub(crate) struct BundleArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The block that created the vault, or any before it and its first money [default: the profile's, else 0]
    #[arg(long, value_name = "NUMBER")]
    from_block: Option<u64>,
}

/// Verifies a vault by a node, or a bundle without one.
pub(crate) async fn run(context: &Context, args: &VerifyArgs) -> Result<Reply, Failure> {
    let begun = Instant::now();
    let (evidence, source) = match &args.bundle {
        None => (from_node(context, args.from_block).await?, "the node's answers".to_owned()),
        Some(path) => {
            let (evidence, hash) = from_file(path)?;
            (evidence, format!("{}, SHA-256 {hash:x}", path.display()))
        }
    };
    if let Some(text) = &context.global.vault
        && address(text)? != evidence.of.vault
    {
        return Err(altered(
            "OtherVault",
            format!("it is of the vault {}", evidence.of.vault),
            "name the bundle of this vault",
        ));
    }
    let reply = judge(&evidence, args.checkpoint, &source)?;
    Ok(with_effort(reply, begun.elapsed(), context.sent.requests()))
}

/// Writes a bundle, and says whether it verifies.
pub(crate) async fn write(context: &Context, args: &BundleArgs) -> Result<Reply, Failure> {
    let begun = Instant::now();
    let evidence = from_node(context, args.from_block).await?;
    let (text, hash) = bundle::write(&evidence).map_err(|error| {
        Failure::error("BundleNotWritten", "the evidence has no form", error.to_string(), "report this as a bug")
    })?;
    files::write_whole(&args.file, &text, 0o644)?;
    let reply = judge(&evidence, None, &format!("{}, SHA-256 {hash:x}", args.file.display()))?;
    let mut reply = with_effort(reply, begun.elapsed(), context.sent.requests());
    let vault = evidence.of.vault;
    let head = evidence.head.hash;
    reply.text.push_str(&format!(
        "\n{} {}, {} bytes\nKeep its hash {hash:x} elsewhere, and that of block {}: {head}\nNext: purse audit verify --vault {vault} --bundle {}",
        green("wrote"),
        args.file.display(),
        text.len(),
        evidence.head.number,
        args.file.display()
    ));
    if let Some(object) = reply.json.as_object_mut() {
        object.insert("file".to_owned(), json!(args.file));
        object.insert("hash".to_owned(), json!(hash));
        object.insert("bytes".to_owned(), json!(text.len()));
    }
    Ok(reply)
}

async fn from_node(context: &Context, from_block: Option<u64>) -> Result<Evidence, Failure> {
    let vault = context.vault().await?;
    let from_block = match from_block {
        Some(block) => block,
        None => match Ledger::find(context, vault.node.chain_id, &Follow::default()) {
            Ok(ledger) => ledger.from_block,
            Err(failure) if failure.code == "FactoryMissing" => 0,
            Err(failure) => return Err(failure),
        },
    };
    let evidence = collect(&vault.node.provider, vault.address, from_block).await;
    evidence.map_err(|error| library_failure::of_collect(&error))
}

fn from_file(path: &Path) -> Result<(Evidence, B256), Failure> {
    let text = files::read_if_there(path)?.ok_or_else(|| {
        let (message, cause) = (format!("no bundle {}", path.display()), "there is no such file");
        Failure::error("BundleMissing", message, cause, "check the path, or write one: purse audit bundle FILE")
    })?;
    bundle::read(&text).map_err(|error| altered(error.code(), error.to_string(), error.fix()))
}

fn altered(code: &str, cause: String, fix: &str) -> Failure {
    Failure::new(Exit::Differs, code, "the evidence does not verify", cause, fix)
}

/// What it took, and which program says so: who trusts nobody compares the program's hash with that of their own build.
fn with_effort(mut reply: Reply, took: Duration, requests: u64) -> Reply {
    let program = own_hash();
    let requests_in_words = match requests {
        0 => "no RPC call".to_owned(),
        1 => "1 RPC call".to_owned(),
        more => format!("{more} RPC calls"),
    };
    let hash = program.map_or_else(|| "a file that cannot be read".to_owned(), |hash| format!("SHA-256 {hash:x}"));
    reply.text.push_str(&format!(
        "\n{:.1} s, {requests_in_words}, by purse {} ({hash})",
        took.as_secs_f64(),
        env!("CARGO_PKG_VERSION")
    ));
    if let Some(object) = reply.json.as_object_mut() {
        object.insert("milliseconds".to_owned(), json!(took.as_millis()));
        object.insert("rpc_calls".to_owned(), json!(requests));
        object.insert("program".to_owned(), json!({ "version": env!("CARGO_PKG_VERSION"), "sha256": program }));
    }
    reply
}

/// The hash of this program's file; none where the system does not say which it is, or it may not be read.
fn own_hash() -> Option<B256> {
    let mut file = std::fs::File::open(std::env::current_exe().ok()?).ok()?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).ok()?;
    Some(B256::from_slice(&hash.finalize()))
}

fn judge(evidence: &Evidence, checkpoint: Option<B256>, source: &str) -> Result<Reply, Failure> {
    let (creation_code, runtime_code) = (locked_vault("creation")?, locked_vault("runtime")?);
    let known = Known { creation_code, runtime_code, checkpoint };
    let (_, report) =
        verify(evidence, &known).map_err(|error| altered(error.code(), error.to_string(), error.fix()))?;
    Ok(render(&report, source, checkpoint.is_some()))
}

fn render(report: &Report, source: &str, anchored: bool) -> Reply {
    let money = Money { chain_id: report.chain_id };
    let block = report.block;
    let mut lines = vec![
        format!(
            "Vault {} on chain {}: {} events, {} payments",
            report.vault, report.chain_id, report.events, report.payments
        ),
        format!("up to block {} of {}, {}", block.number, rfc3339(block.time), block.hash),
        format!("Evidence: {source}"),
        match anchored {
            true => "Trusted here: this program, that your checkpoint is a block of the chain, and that the headers of the blocks before it are (the times, transactions and transfers in them).",
            false => {
                "Trusted here: this program, and that these blocks are of the chain (--checkpoint HASH for the last)."
            }
        }
        .to_owned(),
        String::new(),
    ];
    for (number, check) in (1..).zip(&report.checks) {
        lines.extend(row(number, check, &money));
        if check.id == "limits" {
            lines.extend(fullest(report, &money));
        }
    }
    let holds = report.holds();
    let notes = report.checks.iter().filter(|check| check.outcome == Outcome::Noted).count();
    lines.push(String::new());
    lines.push(match (holds, notes) {
        (true, 0) => bold(&green("PASS")),
        (true, 1) => format!("{} with 1 note", bold(&green("PASS"))),
        (true, _) => format!("{} with {notes} notes", bold(&green("PASS"))),
        (false, _) => bold(&red("FAIL")),
    });
    let mut json = json!(report);
    if let Some(object) = json.as_object_mut() {
        object.insert("pass".to_owned(), json!(holds));
        object.insert("checkpoint".to_owned(), json!(anchored));
        object.insert("unit".to_owned(), json!("amounts are base units of the token beside them"));
    }
    let failure = (!holds).then(|| {
        let cause = format!("{} differences, listed above", report.differences().count());
        let fix = "keep the evidence; ask another node, and the owner";
        Failure::new(Exit::Differs, "VerificationFailed", "the vault's promises were not all kept", cause, fix)
    });
    Reply { failure, ..Reply::new(lines.join("\n"), json) }
}

fn row(number: usize, check: &Check, money: &Money) -> Vec<String> {
    let (mark, proof) = match (check.outcome, check.proof) {
        (Outcome::Broken, _) => (red("DIFFERS"), ""),
        (Outcome::NotJudged, _) => (yellow("not judged"), ""),
        (outcome, proof) => {
            let mark = if outcome == Outcome::Noted { yellow("ok, see the note") } else { green("ok") };
            let proof = match proof {
                Proof::Hash => "by hash",
                Proof::Receipt => "by receipt",
                Proof::Claimed => "claimed by the node",
            };
            (mark, proof)
        }
    };
    let mut lines = vec![
        format!("{number:>2} {:<4} {}   {mark} {proof}", check.promise, check.title).trim_end().to_owned(),
        format!("        {}", clean_prose(&check.detail)),
    ];
    lines.extend(
        check
            .differences
            .iter()
            .take(SHOWN_DIFFERENCES)
            .map(|one| format!("        {} {}", red("-"), tell(one, money))),
    );
    let more = check.differences.len().saturating_sub(SHOWN_DIFFERENCES);
    if more > 0 {
        lines.push(format!("        and {more} more (--json has them all)"));
    }
    lines
}

/// The limits that came nearest to their caps.
fn fullest(report: &Report, money: &Money) -> Vec<String> {
    let mut uses: Vec<&LimitUse> = report.limits.iter().filter(|limit| limit.at.is_some()).collect();
    // used / cap, descending, without dividing.
    uses.sort_by(|a, b| b.used.saturating_mul(a.cap).cmp(&a.used.saturating_mul(b.cap)));
    let line = |limit: &&LimitUse| {
        let (used, cap) = (money.amount(limit.token, limit.used), money.amount(limit.token, limit.cap));
        let when = limit.at.map(|place| rfc3339(place.time)).unwrap_or_default();
        format!("        worst {} of {}: {used} of {cap} ({when})", limit.window, limit.scope)
    };
    uses.iter().take(SHOWN_LIMITS).map(line).collect()
}

/// One difference in a line. What it quotes came from the evidence.
fn tell(difference: &Difference, money: &Money) -> String {
    let Subject::Payment(payment) = &difference.subject else { return clean_prose(&difference.to_string()) };
    let amount = money.amount(payment.token, U256::from(payment.amount));
    let (to, place) = (payment.payee, payment.place);
    let about = format!("payment #{}, {amount} to {to}, block {}, tx {}", place.sequence, place.block, place.tx);
    let sides = match (&difference.trail, &difference.chain) {
        (Some(trail), Some(chain)) => format!(" (trail: {trail}; chain: {chain})"),
        _ => String::new(),
    };
    clean_prose(&format!("{}{sides}: {about}", difference.problem))
}

/// Amounts in words, by what this program knows: no token is asked for its name.
struct Money {
    chain_id: u64,
}

impl Money {
    fn amount(&self, token: Address, base: U256) -> String {
        let known = Chain::by_id(self.chain_id).and_then(|chain| chain.tokens.iter().find(|one| one.address == token));
        match known {
            Some(known) => format!("{} {}", format_amount(base, known.decimals), known.symbol),
            None => format!("{base} base units of {token}"),
        }
    }
}
