//! `purse`: owners grant, change and stop; agents pay; anyone audits. Thin commands over the libraries.
//!
//! - `args`: the command line; `commands`: one file per command
//! - `context`: from flags, environment and config file to the node and the vault
//! - `config`, `names`, `files`, `unfinished`: what is kept on disk, written whole or not at all
//! - `connect`, `sent`, `rate`, `signer`, `secrets`: nodes, what was sent to them and how often, keys and passwords
//! - `change`, `read_back`: every change of the vault the same way: dry run, proposal or transaction, then read back
//! - `act_file`, `condition`, `waits`: changes by signature, on condition, and those that wait
//! - `judge`: would the vault pay?; `agent_session`: the agent that pays; `batch_file`: what it is to pay
//! - `buying`: the buyer of a session, for sellers that demand a payment by HTTP 402
//! - `gas_money`: ether for agents
//! - `ledger`, `following`, `history`, `granted`: the index, kept up to date, the logs, and what they tell
//! - `release`: what this program knows of itself
//! - `project`, `anvil`: the checkout to deploy from, a local chain of our own
//! - `demo_stage`, `demo_seller`, `demo_teller`: what the demo plays on, and how it is told
//! - `policy`, `expiry`, `money`, `sessions`, `outflow`: what agents may spend
//! - `output`, `table`, `sanitize`: words for people and programs
//! - `failure`, `rpc_failure`, `library_failure`, `exit`, `interrupt`: how a command fails or is stopped

mod act_file;
mod agent_session;
mod anvil;
mod args;
mod batch_file;
mod buying;
mod change;
mod commands;
mod condition;
mod config;
mod connect;
mod context;
mod demo_seller;
mod demo_stage;
mod demo_teller;
mod exit;
mod expiry;
mod failure;
mod files;
mod following;
mod gas_money;
mod granted;
mod history;
mod interrupt;
mod judge;
mod ledger;
mod library_failure;
mod money;
mod names;
mod outflow;
mod output;
mod policy;
mod project;
mod purses;
mod rate;
mod read_back;
mod release;
mod rpc_failure;
mod sanitize;
mod secrets;
mod sent;
mod sessions;
mod signer;
mod table;
mod unfinished;
mod waits;
mod worst_case;

use args::{Cli, Color};
use clap::Parser as _;
use context::Context;
use exit::Exit;
use failure::Failure;
use interrupt::interrupted;
use output::{Output, Reply};
use rate::Rate;
use sent::Sent;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(not_understood(&error).code()),
    };
    anstream::ColorChoice::write_global(match cli.global.color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::AlwaysAnsi,
        Color::Never => anstream::ColorChoice::Never,
    });
    let output = Output { json: cli.global.json, quiet: cli.global.quiet, verbose: cli.global.verbose };
    let sent = Sent::new(output, Rate::new(cli.global.rate));
    let answer = if cli.command.runs_until_stopped() {
        run(cli, output, sent).await
    } else {
        tokio::select! {
            biased; // or a Ctrl-C in the first moment would find nobody listening
            () = interrupted() => Err(stopped(&sent)),
            answer = run(cli, output, sent.clone()) => answer,
        }
    };
    let exit = output.answer(&answer);
    // Not by returning: a question that nobody answers still holds a thread.
    std::process::exit(exit.code().into());
}

async fn run(cli: Cli, output: Output, sent: Sent) -> Result<Reply, Failure> {
    let context = Context::new(cli.global, output, sent, cli.command.does_without_config())?;
    commands::run(&context, cli.command).await
}

/// The failure of being stopped: it says what had been sent.
fn stopped(sent: &Sent) -> Failure {
    let hashes = sent.hashes().iter().map(ToString::to_string).collect::<Vec<_>>();
    let (cause, fix) = match hashes.last() {
        None => ("nothing was sent".to_owned(), "run the command again".to_owned()),
        Some(last) => (
            format!("a transaction had been sent and may still take effect: {last}"),
            format!(
                "see what became of it before you run the command again: cast receipt {last}, or purse index and purse log"
            ),
        ),
    };
    let failure = Failure::new(Exit::Interrupted, "Interrupted", "stopped", cause, fix);
    if hashes.is_empty() { failure } else { failure.with_fact("transactions", hashes.join(" ")) }
}

/// Prints what clap has to say about a command line: help to stdout, errors as ours.
fn not_understood(error: &clap::Error) -> Exit {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return Exit::Ok;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return Exit::Usage;
    }
    let json = std::env::args().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    let output = Output { json, quiet: false, verbose: false };
    let said = error.render().to_string();
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let usage = said.lines().find_map(|line| line.trim().strip_prefix("Usage: ")).map(str::to_owned);
    let cause = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    let rest =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more")).collect::<Vec<_>>();
    let cause = if rest.is_empty() { cause } else { format!("{cause} {}", rest.join(" ")) };
    let fix = usage.map_or_else(|| "see purse --help".to_owned(), |usage| format!("write: {usage}"));
    output.answer(&Err(Failure::usage("Usage", "the command line could not be understood", cause, fix)))
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{Command, CommandFactory as _};

    fn every_command(command: &Command, path: String, visit: &mut impl FnMut(&Command, &str)) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let path = format!("{path} {}", sub.get_name());
            visit(sub, &path);
            every_command(sub, path, visit);
        }
    }

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_and_takes_json() {
        let mut root = Cli::command();
        root.build();
        let mut seen = 0;
        every_command(&root, "purse".to_owned(), &mut |command, path| {
            seen += 1;
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Examples:") && help.contains(&format!("\n  {path}")), "{path}: no example\n{help}");
            assert!(command.get_arguments().any(|arg| arg.get_id() == "json"), "{path}: no --json");
        });
        assert!(seen > 20, "{seen} commands");
    }

    #[test]
    fn every_verb_that_changes_the_vault_can_be_tried_and_proposed() {
        let mut root = Cli::command();
        root.build();
        let verbs = [
            "agent add",
            "agent rotate",
            "agent limit",
            "payee add",
            "agent purse",
            "payee remove",
            "guardian set",
            "delay set",
            "limit",
            "pause",
            "resume",
            "revoke",
            "withdraw",
            "execute",
            "cancel",
            "lodge",
        ];
        let mut found = 0;
        every_command(&root, "purse".to_owned(), &mut |command, path| {
            if verbs.iter().any(|verb| path == format!("purse {verb}")) {
                found += 1;
                for flag in ["dry_run", "propose"] {
                    assert!(command.get_arguments().any(|arg| arg.get_id() == flag), "{path}: no {flag}");
                }
            }
        });
        assert_eq!(found, verbs.len());
    }

    #[test]
    fn what_replaces_a_value_can_be_made_on_condition_and_some_of_it_by_signature() {
        let mut root = Cli::command();
        root.build();
        let with = |flag: &str| {
            let mut commands = Vec::new();
            every_command(&root, "purse".to_owned(), &mut |command, path| {
                if command.get_arguments().any(|arg| arg.get_id() == flag) {
                    commands.push(path.trim_start_matches("purse ").to_owned());
                }
            });
            commands.sort();
            commands
        };
        let replacing =
            ["agent limit", "agent purse", "agent rotate", "delay set", "guardian set", "limit", "payee add"];
        assert_eq!(with("if_unchanged"), replacing);
        assert_eq!(with("expect"), replacing);
        let signable = [
            "agent add",
            "agent limit",
            "agent rotate",
            "cancel",
            "limit",
            "pause",
            "payee add",
            "payee remove",
            "revoke",
            "withdraw",
        ];
        assert_eq!(with("sign"), signable);
    }
}
