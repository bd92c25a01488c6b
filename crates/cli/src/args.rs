//! The command line: global flags and the tree of commands. Each command's own flags stand in its file.

use crate::commands::{
    agent, approve, audit, cancel, check, completions, delay, demo, execute, explain, guardian, index, init, limit,
    lodge, log, man, mcp, pause, pay, payee, payments, policy, quote, resume, revoke, status, waiting, withdraw,
};
use crate::ledger::DatabaseUrl;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroU32;
use std::path::PathBuf;

/// The three commands that a newcomer wants.
const EXAMPLES: &str = "Examples:
  purse demo      the whole story on a local chain; nothing real is touched
  purse init      deploy a vault of your own
  purse status    what agents may still spend";

/// Lets AI agents pay from a vault, within limits that the chain enforces.
#[derive(Debug, Parser)]
#[command(
    name = "purse",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = EXAMPLES,
    after_long_help = crate::exit::help(EXAMPLES)
)]
pub(crate) struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes. A flag beats the environment, the environment beats the config file.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Print one JSON object instead of text, for results and errors alike
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Which profile of the config file to use
    #[arg(long, global = true, value_name = "NAME", env = "PURSE_PROFILE")]
    pub(crate) profile: Option<String>,
    /// The config file [default: config.toml in the XDG config folder purse/]
    #[arg(long, global = true, value_name = "PATH", env = "PURSE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The node to ask
    #[arg(short, long, global = true, value_name = "URL", env = "ETH_RPC_URL")]
    pub(crate) rpc_url: Option<String>,
    /// Ask nodes at most so many questions a second [default: as they come]
    #[arg(long, global = true, value_name = "N", env = "PURSE_RATE")]
    pub(crate) rate: Option<NonZeroU32>,
    /// The chain that the node must be on, by id or name
    #[arg(short, long, global = true, value_name = "CHAIN", env = "CHAIN")]
    pub(crate) chain: Option<String>,
    /// The vault [default: the profile's]
    #[arg(long, global = true, value_name = "ADDRESS", env = "PURSE_VAULT")]
    pub(crate) vault: Option<String>,
    /// A PostgreSQL that holds the index, such as postgresql://user@host/database [default: a file]
    #[arg(long, global = true, value_name = "URL", env = "PURSE_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<DatabaseUrl>,
    /// The account that sends; must be the keystore's, if both are given
    #[arg(short, long, global = true, value_name = "ADDRESS", env = "ETH_FROM")]
    pub(crate) from: Option<String>,
    /// The keystore (V3) of the account that sends
    #[arg(long, global = true, value_name = "PATH", env = "ETH_KEYSTORE")]
    pub(crate) keystore: Option<PathBuf>,
    /// A file that holds the keystore's password [default: ask]
    #[arg(long, global = true, value_name = "PATH", env = "ETH_PASSWORD")]
    pub(crate) password_file: Option<PathBuf>,
    /// Send from one of anvil's development accounts (chain 31337 only)
    #[arg(long, global = true)]
    pub(crate) unlocked: bool,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
    /// Never ask: fail where a question would come
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// When to colour [NO_COLOR and TERM=dumb are respected]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// No notes on stderr
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say on stderr what is asked of the node
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// When to colour.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Even into a pipe.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole story on a local chain: nothing real is touched
    Demo(demo::DemoArgs),
    /// Deploy a vault, or take up one that exists, and save a profile
    Init(init::InitArgs),
    /// Grant and change what agents may spend
    #[command(subcommand)]
    Agent(agent::AgentCommand),
    /// Change whom agents may pay
    #[command(subcommand)]
    Payee(payee::PayeeCommand),
    /// Change who may stop things
    #[command(subcommand)]
    Guardian(guardian::GuardianCommand),
    /// Show or set the limits of the whole vault
    Limit(limit::LimitArgs),
    /// How long changes wait that let agents do more
    #[command(subcommand)]
    Delay(delay::DelayCommand),
    /// List the changes that wait
    Waiting(waiting::WaitingArgs),
    /// Let a change that has waited take effect
    Execute(execute::ExecuteArgs),
    /// Take a waiting change away
    Cancel(cancel::CancelArgs),
    /// Hand in what the owner or the guardian has signed
    Lodge(lodge::LodgeArgs),
    /// Approve one payment above an agent's cap, as owner
    Approve(approve::ApproveArgs),
    /// Pay, as an agent
    Pay(pay::PayArgs),
    /// Ask what a URL costs, and whether the vault would pay it
    Quote(quote::QuoteArgs),
    /// List what an agent bought from sellers, and what became of it
    Payments(payments::PaymentsArgs),
    /// Serve one agent's purse to a language model (MCP over stdio)
    Mcp(mcp::McpArgs),
    /// Ask the vault whether it would pay, without paying
    Check(check::CheckArgs),
    /// Show what agents may still spend
    Status(status::StatusArgs),
    /// Stop every payment
    Pause(pause::PauseArgs),
    /// Let payments go on
    Resume(resume::ResumeArgs),
    /// Revoke an agent for good
    Revoke(revoke::RevokeArgs),
    /// Take money out, to the treasury
    Withdraw(withdraw::WithdrawArgs),
    /// Copy the vault's logs from the chain into the index, once or for good
    Index(index::IndexArgs),
    /// Rebuild the trail from logs and compare it with the chain
    Audit(audit::AuditArgs),
    /// Explain a payment: the policy of its moment, and what its limits had left
    Explain(explain::ExplainArgs),
    /// Try a policy before it is granted
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// List what happened, from the local index
    Log(log::LogArgs),
    /// Print a shell's completions
    Completions(completions::CompletionsArgs),
    /// Print the manual page
    #[command(hide = true)]
    Man(man::ManArgs),
}

impl Command {
    /// Whether it needs no config file: it makes one, or speaks of no vault of the operator's.
    pub(crate) fn does_without_config(&self) -> bool {
        matches!(self, Self::Init(_) | Self::Demo(_) | Self::Completions(_) | Self::Man(_))
    }

    /// Whether being stopped is its usual end, which it sees to itself.
    pub(crate) fn runs_until_stopped(&self) -> bool {
        match self {
            Self::Index(args) => args.follows(),
            Self::Demo(args) => args.keeps(),
            _ => false,
        }
    }
}

/// What every command that changes the vault takes.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Change {
    /// Ask the vault whether it would do it, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the transaction for another wallet (Safe batch JSON and calldata), and send nothing
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) propose: bool,
}

/// What commands take whose change may also come by signature.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Signing {
    /// Sign it for anyone to hand in (`purse lodge FILE`), and send nothing; with --propose: print what is to be signed
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) sign: Option<PathBuf>,
    /// How long the signature is valid: 24h, or a day such as 2026-12-31
    #[arg(long, value_name = "WHEN", default_value = "24h", requires = "sign")]
    pub(crate) valid_for: String,
}

/// What commands take that replace a value.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Condition {
    /// Only if nobody changes the value meanwhile that this replaces
    #[arg(long)]
    pub(crate) if_unchanged: bool,
    /// Only if the value that this replaces is that one, written as you write the new one, or none
    #[arg(long, value_name = "VALUE", conflicts_with = "if_unchanged")]
    pub(crate) expect: Option<String>,
}
