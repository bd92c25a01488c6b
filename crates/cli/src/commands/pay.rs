//! `purse pay`: pays as an agent. The vault decides; a refusal costs nothing.

use super::check::refused;
use crate::agent_session::Whose;
use crate::context::{Context, Vault};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::library_failure;
use crate::money::{Token, looks_like_amount};
use crate::output::{Reply, green};
use crate::sessions::Session;
use crate::signer;
use alloy::primitives::U256;
use clap::Args;
use purse_agent::{Agent, NotMined, Outcome, Paid, PaymentRequest};
use purse_protocol::chain::Finality;
use purse_protocol::{Category, Chain, Window};
use serde_json::json;

/// Flags of `purse pay`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse pay api.weather.example 0.01 --reason \"forecast for order 7781\"\n  purse pay 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 1.50 USDC --reason \"data set 12\" --agent researcher --json"
)]
pub(crate) struct PayArgs {
    /// To whom: a name or an address
    payee: String,
    /// How much, such as 0.01
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// The token [default: the session's]
    token: Option<String>,
    /// What for; only its hash is published
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What is bought, such as an order number; only its hash is published
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    purchase: String,
    #[command(flatten)]
    whose: Whose,
}

/// Pays.
pub(crate) async fn run(context: &Context, args: &PayArgs) -> Result<Reply, Failure> {
    looks_like_amount(&args.amount)?;
    let mut session = args.whose.load()?;
    let node = context.node_of(&session).await?;
    let vault = Vault::at(node, session.vault, context.folder()).await?;
    let payee = vault.names.payee(&args.payee)?;
    let token = context.token(&vault, args.token.as_deref(), Some(session.token)).await?;
    let amount = token.parse(&args.amount)?;
    session.token = token.address;

    let key = signer::unlock(context, &session.keystore_path()).await?;
    let id = session.session;
    let agent = Agent::new(vault.node.provider.clone(), session, key).with_context(vault.words(&token));
    let request = PaymentRequest::new(payee, amount, args.purchase.as_str(), args.reason.as_str());
    match agent.pay(&request).await.map_err(|error| library_failure::of_agent(&error))? {
        Outcome::Paid(paid) => {
            let left = Session::read(&vault, id.get(), &token).await?;
            Ok(receipt(&vault, &token, &left, &paid))
        }
        Outcome::Refused(refusal) => Err(refused(&refusal, &token.show(amount))),
        Outcome::NotMined(late) => Err(not_mined(&late, &token.show(amount))),
    }
}

fn receipt(vault: &Vault, token: &Token, left: &Session, paid: &Paid) -> Reply {
    let payment = &paid.payment;
    let amount = token.show(U256::from(payment.amount));
    let category = Category::new(paid.category).map_or_else(|| paid.category.to_string(), |c| c.to_string());
    let windows = left.limits.iter().filter_map(|limit| Some((Window::from_seconds(limit.window)?, limit.remaining)));
    let windows = windows.map(|(window, left)| (window, token.plain(U256::from(left)))).collect::<Vec<_>>();
    let rest = windows.iter().map(|(window, left)| format!("{left}/{window}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "{} {amount} to {}   {category}   {}   block {}   tx {}\nleft {rest}",
        green("paid"),
        vault.names.show_payee(payment.payee),
        vault.names.show_session(payment.session),
        paid.block,
        paid.transaction,
    );
    let is_final = Chain::by_id(vault.node.chain_id).is_some_and(|chain| chain.finality == Finality::Depth(0));
    let remaining =
        windows.iter().map(|(window, left)| json!({ "scope": "session", "window": window, "amount": left }));
    let json = json!({
        "payment": {
            "session": payment.session,
            "nonce": payment.nonce,
            "sequence": paid.sequence,
            "amount": token.plain(U256::from(payment.amount)),
            "token": token.symbol,
            "payee": { "name": vault.names.of_payee(payment.payee), "address": payment.payee },
            "category": category,
            "reference": payment.r#ref,
            "tx": paid.transaction,
            "block": paid.block,
            "gas_used": paid.gas_used,
            "final": is_final,
        },
        "remaining": remaining.collect::<Vec<_>>(),
    });
    Reply::new(text, json)
}

fn not_mined(late: &NotMined, amount: &str) -> Failure {
    let tx = late.transaction;
    let (cause, fix) = if late.over {
        ("its deadline has passed, so it can't be made any more", "pay again".to_owned())
    } else {
        ("it may still be made until its deadline", format!("look for {tx} before you pay again"))
    };
    Failure::new(
        Exit::NotFinal,
        "NotMined",
        format!("{amount} was sent but is in no block"),
        format!("transaction {tx}: {cause}"),
        fix,
    )
    .with_fact("tx", tx.to_string())
}
