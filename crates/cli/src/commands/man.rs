//! `purse man`: the manual page, made from the command line's own definition.

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Reply;
use clap::{Args, CommandFactory as _};
use serde_json::json;

/// Flags of `purse man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse man > purse.1 && man ./purse.1")]
pub(crate) struct ManArgs {}

/// Prints the page, in roff.
pub(crate) fn run() -> Result<Reply, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(|error| {
        Failure::error("Internal", "the manual page could not be made", error.to_string(), "report this as a bug")
    })?;
    let page = String::from_utf8_lossy(&page).trim_end().to_owned();
    let json = json!({ "roff": page });
    Ok(Reply::new(page, json))
}
