//! `purse lodge`: hands in an act that the owner or the guardian has signed. Anyone may, and pays the gas.

use crate::act_file::ActFile;
use crate::args::Change;
use crate::change::{self, How};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use crate::worst_case;
use alloy::primitives::Bytes;
use clap::Args;
use std::path::PathBuf;

/// Flags of `purse lodge`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse lodge revoke.json --keystore relayer.json\n  purse lodge grant.json --signature 0x5f3e… --dry-run"
)]
pub(crate) struct LodgeArgs {
    /// The file that a command wrote with --sign
    file: PathBuf,
    /// The signature of another wallet, where the file has none: 0x and hex digits
    #[arg(long, value_name = "SIGNATURE")]
    signature: Option<Bytes>,
    #[command(flatten)]
    change: Change,
}

/// Lodges.
pub(crate) async fn run(context: &Context, args: &LodgeArgs) -> Result<Reply, Failure> {
    let file = ActFile::load(&args.file)?;
    let vault = context.vault().await?;
    if (file.chain_id, file.vault) != (vault.node.chain_id, vault.address) {
        return Err(Failure::error(
            "OtherVault",
            "that act is for another vault",
            format!("{} is for the vault {} on chain {}", args.file.display(), file.vault, file.chain_id),
            format!("name it: --vault {} --chain {}", file.vault, file.chain_id),
        ));
    }
    let signature = args.signature.clone().or(file.signature.clone()).ok_or_else(|| {
        Failure::usage(
            "SignatureMissing",
            "nobody has signed that act",
            format!("{} has no signature", args.file.display()),
            "add the wallet's: --signature SIGNATURE",
        )
    })?;
    let verb = file.verb(signature);
    if let Some(worst) = worst_case::of(context, &vault, std::slice::from_ref(&verb)).await? {
        context.output.note(&worst.text);
    }
    let made = change::run(context, How::sent(args.change), &[verb]).await?;
    Ok(made.reply(context, "Next: purse status"))
}
