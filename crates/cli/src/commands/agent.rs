//! `purse agent …`: the commands about agents.

use super::agent_add::AddArgs;
use super::agent_limit::LimitArgs;
use super::agent_list::ListArgs;
use super::agent_purse::PurseArgs;
use super::agent_rotate::RotateArgs;
use super::agent_show::ShowArgs;
use clap::Subcommand;

/// What can be done about agents.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  purse agent add researcher --policy researcher.toml\n  purse agent list")]
pub(crate) enum AgentCommand {
    /// Grant a new agent a session
    Add(AddArgs),
    /// List agents
    #[command(visible_alias = "ls")]
    List(ListArgs),
    /// Show one agent whole
    Show(ShowArgs),
    /// Give an agent a new key; what it spent stays counted
    Rotate(RotateArgs),
    /// Set or remove a limit, the per-payment cap, the categories or the end
    Limit(LimitArgs),
    /// Show, open, size or sweep the purses from which it pays x402 sellers
    Purse(PurseArgs),
}
