//! `purse agent purse`: an agent's purses for x402 sellers: shown, opened, sized, swept back into the vault.

use crate::args::{Change, Condition};
use crate::change::{self, How};
use crate::condition::on_condition;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::library_failure;
use crate::money::{Token, of_view};
use crate::output::{Reply, green};
use crate::policy::parse_category;
use crate::purses::{self, OpenPurse};
use crate::rpc_failure;
use alloy::primitives::{Address, U256};
use alloy::providers::Provider as _;
use clap::Args;
use purse_owner::Verb;
use purse_protocol::abi::IErc20::IErc20Instance;
use purse_protocol::abi::IPurse::IPurseInstance;
use purse_protocol::{Category, Refusal, RpcFault, SessionId};
use serde_json::json;

/// Flags of `purse agent purse`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse agent purse researcher\n  purse agent purse researcher --category data --target 2.50\n  purse agent purse researcher --category data --sweep"
)]
#[group(id = "deed", args = ["target", "open", "sweep"])]
pub(crate) struct PurseArgs {
    /// The agent's name or session number
    agent: String,
    /// The purse's category
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// As owner: refill it to at most so much, such as 2.50; 0 = no more. At most a quarter of the least limit
    #[arg(long, value_name = "AMOUNT", requires = "category")]
    target: Option<String>,
    /// Open it; anyone may. An agent that buys opens it by itself
    #[arg(long, requires = "category")]
    open: bool,
    /// Send what it holds back to the vault: the owner at any time, anyone once the session is over
    #[arg(long, requires = "category")]
    sweep: bool,
    /// The token [default: the profile's]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    condition: Condition,
}

/// Shows or changes.
pub(crate) async fn run(context: &Context, args: &PurseArgs) -> Result<Reply, Failure> {
    let category = args.category.as_deref().map(parse_category).transpose()?;
    let vault = context.vault().await?;
    let session = vault.names.session(&args.agent)?;
    let token = context.token(&vault, args.token.as_deref(), None).await?;
    let Some(category) = category.filter(|_| args.sweep || args.open || args.target.is_some()) else {
        return show(&vault, &token, session, category).await;
    };
    if args.sweep {
        return sweep(context, args, &token, session, category).await;
    }
    let verb = match &args.target {
        Some(amount) => {
            let target = if amount == "0" { 0 } else { token.parse_cap(amount)? };
            Verb::SetPurseTarget { session, category, token: token.address, target }
        }
        None => Verb::OpenPurse { session, category, token: token.address },
    };
    let read = |text: &str| if text == "none" { Ok(U256::ZERO) } else { token.parse_cap(text).map(U256::from) };
    let verbs = on_condition(&vault, &args.condition, vec![verb], read).await?;
    let made = change::run(context, How::sent(args.change), &verbs).await?;
    Ok(made.reply(context, &format!("Next: purse agent purse {}", args.agent)))
}

async fn show(vault: &Vault, token: &Token, session: SessionId, category: Option<Category>) -> Result<Reply, Failure> {
    let mut purses = OpenPurse::all(vault, token).await?;
    purses.retain(|purse| purse.session == session.get());
    purses.retain(|purse| category.is_none_or(|category| category.number() == purse.category));
    let text = match purses.is_empty() {
        true => format!("{} has no purse yet: its first purchase opens one", vault.names.show_session(session.get())),
        false => purses::table(vault, token, &purses),
    };
    let list = purses.iter().map(|purse| purse.json(vault, token)).collect::<Vec<_>>();
    Ok(Reply::new(text, json!({ "purses": list })))
}

/// A transaction to the purse itself, which alone can send its money.
async fn sweep(
    context: &Context,
    args: &PurseArgs,
    token: &Token,
    session: SessionId,
    category: Category,
) -> Result<Reply, Failure> {
    if args.change.propose {
        return Err(Failure::usage(
            "Usage",
            "a sweep cannot be proposed",
            "it is a call of the purse, not of the vault",
            "have the owner's wallet call sweep(address token) on the purse, whose address purse agent purse shows",
        ));
    }
    let (vault, signer) = context.vault_with_key().await?;
    let book = purses::contract(&vault);
    let purse: Address = book.purseOf(session.get(), token.address, category.number()).call().await.map_err(of_view)?;
    if vault.node.provider.get_code_at(purse).await.map_err(rpc_failure::of)?.is_empty() {
        return Err(Failure::error(
            "PurseNotOpen",
            "there is no such purse",
            format!("nothing was ever opened for {} under {category}", vault.names.show_session(session.get())),
            format!("see what is open: purse agent purse {}", args.agent),
        ));
    }
    let erc20 = IErc20Instance::new(token.address, &vault.node.provider);
    let held = erc20.balanceOf(purse).call().await.map_err(of_view)?;
    let contract = IPurseInstance::new(purse, &vault.node.provider);
    let call = contract.sweep(token.address).from(signer.address);
    let refused = |error: alloy::contract::Error| match RpcFault::from(error) {
        RpcFault::Reverted { data } => {
            library_failure::of_refused_change(&Refusal::decode(&data, &vault.words(token)), "sweep the purse")
        }
        fault => rpc_failure::of_fault(&fault),
    };
    call.call().await.map_err(refused)?;
    if args.change.dry_run {
        let text = format!("would send {} from the purse back to the vault; nothing was sent", token.show(held));
        return Ok(Reply::new(text, json!({ "sent": false, "purse": purse, "amount": token.plain(held) })));
    }
    let pending = call.send().await.map_err(refused)?;
    let receipt = pending.get_receipt().await.map_err(|error| rpc_failure::of_fault(&pending_fault(&error)))?;
    let left = erc20.balanceOf(purse).call().await.map_err(of_view)?;
    if !receipt.status() || !left.is_zero() {
        return Err(Failure::error(
            "SweepFailed",
            "the purse still holds money",
            format!("it holds {}", token.show(left)),
            "look at the transaction and try again",
        ));
    }
    let text = format!(
        "{}  {} from the purse of {} for {category} back to the vault   tx {}\nNext: purse status",
        green("done"),
        token.show(held),
        vault.names.show_session(session.get()),
        receipt.transaction_hash
    );
    Ok(Reply::new(text, json!({ "purse": purse, "amount": token.plain(held), "tx": receipt.transaction_hash })))
}

/// A transaction that was sent, and of which nothing was heard since.
fn pending_fault(error: &alloy::providers::PendingTransactionError) -> RpcFault {
    RpcFault::nonsense(format!("no receipt of what was sent: {error}"))
}
