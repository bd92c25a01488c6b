//! `purse completions`: a shell's completions, made from the command line's own definition.

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Reply;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use serde_json::json;

/// Flags of `purse completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse completions bash > ~/.local/share/bash-completion/completions/purse\n  purse completions fish > ~/.config/fish/completions/purse.fish"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs) -> Result<Reply, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "purse", &mut script);
    let script = String::from_utf8_lossy(&script).trim_end().to_owned();
    let json = json!({ "shell": args.shell.to_string(), "script": script });
    Ok(Reply::new(script, json))
}
