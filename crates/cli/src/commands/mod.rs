//! One file per command: its flags, and what it does with the libraries.

pub(crate) mod agent;
pub(crate) mod agent_add;
pub(crate) mod agent_limit;
pub(crate) mod agent_list;
pub(crate) mod agent_purse;
pub(crate) mod agent_rotate;
pub(crate) mod agent_show;
pub(crate) mod approve;
pub(crate) mod audit;
pub(crate) mod audit_verify;
pub(crate) mod cancel;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod delay;
pub(crate) mod demo;
mod demo_keep;
pub(crate) mod execute;
pub(crate) mod explain;
pub(crate) mod guardian;
pub(crate) mod index;
pub(crate) mod index_archive;
pub(crate) mod init;
pub(crate) mod limit;
pub(crate) mod lodge;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod mcp;
pub(crate) mod pause;
pub(crate) mod pay;
pub(crate) mod pay_batch;
pub(crate) mod pay_url;
pub(crate) mod payee;
pub(crate) mod payee_request;
pub(crate) mod payments;
pub(crate) mod policy;
pub(crate) mod quote;
pub(crate) mod resume;
pub(crate) mod revoke;
pub(crate) mod status;
pub(crate) mod waiting;
pub(crate) mod withdraw;

use crate::args::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Reply;
use agent::AgentCommand;
use audit::AuditCommand;
use delay::DelayCommand;
use guardian::GuardianCommand;
use index::IndexCommand;
use payee::PayeeCommand;
use policy::PolicyCommand;

/// Runs a command.
pub(crate) async fn run(context: &Context, command: Command) -> Result<Reply, Failure> {
    match command {
        Command::Demo(args) => demo::run(context, &args).await,
        Command::Init(args) => init::run(context, &args).await,
        Command::Agent(AgentCommand::Add(args)) => agent_add::run(context, &args).await,
        Command::Agent(AgentCommand::List(_)) => agent_list::run(context).await,
        Command::Agent(AgentCommand::Show(args)) => agent_show::run(context, &args).await,
        Command::Agent(AgentCommand::Rotate(args)) => agent_rotate::run(context, &args).await,
        Command::Agent(AgentCommand::Limit(args)) => agent_limit::run(context, &args).await,
        Command::Agent(AgentCommand::Purse(args)) => agent_purse::run(context, &args).await,
        Command::Payee(PayeeCommand::Add(args)) => payee::add(context, &args).await,
        Command::Payee(PayeeCommand::Request(args)) => payee_request::run(context, &args).await,
        Command::Payee(PayeeCommand::Remove(args)) => payee::remove(context, &args).await,
        Command::Payee(PayeeCommand::List(_)) => payee::list(context).await,
        Command::Guardian(GuardianCommand::Set(args)) => guardian::set(context, &args).await,
        Command::Limit(args) => limit::run(context, &args).await,
        Command::Delay(DelayCommand::Show(_)) => delay::show(context).await,
        Command::Delay(DelayCommand::Set(args)) => delay::set(context, &args).await,
        Command::Waiting(_) => waiting::run(context).await,
        Command::Execute(args) => execute::run(context, &args).await,
        Command::Cancel(args) => cancel::run(context, &args).await,
        Command::Lodge(args) => lodge::run(context, &args).await,
        Command::Approve(args) => approve::run(context, &args).await,
        Command::Pay(args) => pay::run(context, &args).await,
        Command::Quote(args) => quote::run(context, &args).await,
        Command::Payments(args) => payments::run(context, &args).await,
        Command::Mcp(args) => mcp::run(context, &args).await,
        Command::Check(args) => check::run(context, &args).await,
        Command::Status(args) => status::run(context, &args).await,
        Command::Pause(args) => pause::run(context, &args).await,
        Command::Resume(args) => resume::run(context, &args).await,
        Command::Revoke(args) => revoke::run(context, &args).await,
        Command::Withdraw(args) => withdraw::run(context, &args).await,
        Command::Index(args) => match &args.command {
            None => index::run(context, &args).await,
            Some(IndexCommand::Archive(args)) => index_archive::run(context, args).await,
        },
        Command::Audit(args) => match args.command {
            None => audit::run(context, &args).await,
            Some(AuditCommand::Verify(args)) => audit_verify::run(context, &args).await,
            Some(AuditCommand::Bundle(args)) => audit_verify::write(context, &args).await,
        },
        Command::Explain(args) => explain::run(context, &args).await,
        Command::Policy(PolicyCommand::Test(args)) => policy::test(context, &args).await,
        Command::Log(args) => log::run(context, &args).await,
        Command::Completions(args) => completions::run(&args),
        Command::Man(_) => man::run(),
    }
}
