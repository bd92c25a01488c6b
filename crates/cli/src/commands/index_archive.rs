//! `purse index archive`: what is final in the index, as Parquet files that anything reads for ever; and whether such files
//! still are what was written.

use crate::context::Context;
use crate::failure::Failure;
use crate::ledger::{Follow, Ledger};
use crate::library_failure;
use crate::output::{Reply, green};
use crate::sanitize::clean_prose;
use alloy::primitives::B256;
use clap::Args;
use purse_archive::{Checked, Flaw, Source, check, write};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Flags of `purse index archive`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse index archive archive\n  purse index archive archive --check\n  purse index archive archive --check --hash 0x8f3b5e6f0c0c7b6d2d1f4a1f9a3d1c5e7b9a0d2c4e6f8091a2b3c4d5e6f70812"
)]
pub(crate) struct ArchiveArgs {
    /// The folder; what is in it is added to
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Write nothing: read every file again and hold it against the manifest. Needs neither the index nor a node
    #[arg(long, conflicts_with_all = ["factory", "from_block"])]
    check: bool,
    /// The hash that you noted down when it was written
    #[arg(long, value_name = "HASH", requires = "check")]
    hash: Option<B256>,
    #[command(flatten)]
    follow: Follow,
}

/// Adds to an archive, or checks it.
pub(crate) async fn run(context: &Context, args: &ArchiveArgs) -> Result<Reply, Failure> {
    if args.check { verify(args) } else { add(context, args).await }
}

async fn add(context: &Context, args: &ArchiveArgs) -> Result<Reply, Failure> {
    let chain_id = match context.expected_chain()? {
        Some(chain_id) => chain_id,
        None => context.node().await?.chain_id,
    };
    let ledger = Ledger::find(context, chain_id, &args.follow)?;
    let store = ledger.open_existing()?.ok_or_else(|| {
        Failure::error(
            "NoIndex",
            "there is nothing to archive",
            format!("{} is not there", ledger.name()),
            "run purse index",
        )
    })?;
    let source = Source { store: &*store, factory: ledger.factory, from_block: ledger.from_block };
    let written = write(&source, &args.folder, |part| {
        context.output.detail(&format!("blocks {} to {}: {} files", part.first, part.last, part.files.len()));
    });
    let written = written.map_err(|error| library_failure::of_archive(&error))?;
    let folder = args.folder.display();
    let (commitment, last) = (written.manifest.commitment(), written.manifest.parts.last().map(|part| part.last));
    let text = match (written.parts, last) {
        (0, None) => "nothing of the index is final and holds a row: nothing was written\nNext: purse index".to_owned(),
        (0, Some(last)) => format!("nothing new is final since block {last}\nIts hash is {commitment}"),
        (parts, last) => format!(
            "{} {} logs and {} movements of tokens in {parts} parts, up to block {}\nKeep its hash elsewhere: {commitment}\nNext: purse index archive {folder} --check",
            green("archived"),
            written.logs,
            written.movements,
            last.unwrap_or_default()
        ),
    };
    let json = json!({
        "folder": args.folder,
        "chain": chain_id,
        "parts": written.parts,
        "logs": written.logs,
        "movements": written.movements,
        "last_block": last,
        "final_block": written.final_to,
        "leftovers": written.leftovers,
        "hash": commitment,
    });
    Ok(Reply::new(text, json))
}

fn verify(args: &ArchiveArgs) -> Result<Reply, Failure> {
    let checked = check(&args.folder).map_err(|error| library_failure::of_archive(&error))?;
    let missed = args.hash.filter(|expected| !checked.iter().any(|one| one.was_at(*expected)));
    let missed = missed.map(|expected| Flaw::CommitmentMissed { expected });
    let flaws: Vec<_> = checked.iter().flat_map(|one| &one.flaws).chain(&missed).collect();
    if let Some(first) = flaws.first() {
        let listed: Vec<Value> = flaws.iter().map(|flaw| json!(clean_prose(&flaw.to_string()))).collect();
        let mut failure = library_failure::of_flaw(first).with_fact("flaws", listed);
        if flaws.len() > 1 {
            failure.cause.push_str(&format!("; and {} more (--json lists them)", flaws.len() - 1));
        }
        return Err(failure);
    }
    let lines: Vec<_> = checked.iter().map(line).collect();
    let json = json!({
        "folder": args.folder,
        "chains": checked.iter().filter_map(|one| one.manifest.as_ref()).map(|manifest| json!({
            "chain": manifest.chain,
            "factory": manifest.factory,
            "first_block": manifest.from_block,
            "last_block": manifest.parts.last().map(|part| part.last),
            "parts": manifest.parts.len(),
            "hash": manifest.commitment(),
        })).collect::<Vec<_>>(),
    });
    Ok(Reply::new(lines.join("\n"), json))
}

/// `chain 8453: blocks 5 to 105 in 2 parts are what was written`.
fn line(one: &Checked) -> String {
    let parts = one.manifest.as_ref().map(|manifest| &manifest.parts[..]).unwrap_or_default();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return format!("chain {}: nothing is archived", one.chain);
    };
    let (chain, commitment) = (one.chain, last.commitment);
    let count = format!("{} parts", parts.len());
    format!(
        "{} chain {chain}: blocks {} to {} in {count} are what was written; its hash is {commitment}",
        green("ok"),
        first.first,
        last.last
    )
}
