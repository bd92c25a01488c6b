//! `purse pay`: pays as an agent. The vault decides; a refusal costs nothing.

use super::approve;
use super::check::refused;
use super::{pay_batch, pay_url};
use crate::agent_session::Whose;
use crate::context::{Context, Vault};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::library_failure;
use crate::money::{Token, looks_like_amount};
use crate::output::{Reply, green};
use crate::sanitize::clean;
use crate::sessions::{Session, Spending, spending};
use crate::signer;
use alloy::primitives::U256;
use alloy::providers::DynProvider;
use clap::Args;
use purse_agent::{APPROVAL_DEADLINE_SECONDS, Agent, NotMined, Outcome, Paid, PaymentRequest, SessionFile};
use purse_protocol::chain::Finality;
use purse_protocol::{Category, Chain, Refusal};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Flags of `purse pay`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse pay https://api.weather.example/v1/now --reason \"forecast for order 7781\" --max 0.05\n  purse pay api.weather.example 0.01 --reason \"forecast for order 7781\"\n  purse pay 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 1.50 USDC --reason \"data set 12\" --agent researcher --json\n  purse pay api.weather.example 30 --reason \"a year of data\" --request-approval request.json\n  purse pay --approval request.json\n  purse pay --batch payments.csv"
)]
#[group(id = "what", required = true, args = ["payee", "approval", "batch"])]
pub(crate) struct PayArgs {
    /// To whom: a name or an address; or a URL whose seller demands a payment (HTTP 402)
    #[arg(value_name = "PAYEE", requires = "reason")]
    payee: Option<String>,
    /// How much, such as 0.01; a URL has its own price
    #[arg(allow_negative_numbers = true)]
    pub(crate) amount: Option<String>,
    /// The token [default: the session's]
    token: Option<String>,
    /// What for. Of an address its hash is published, mixed with the session's salt; of a URL nothing is: it stays in the
    /// journal on this machine
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Of an address: what is bought, such as an order number; only its hash is published. It is a reference: paying
    /// twice under it pays twice
    #[arg(long, value_name = "ID", requires = "payee")]
    pub(crate) purchase: Option<String>,
    /// Of a URL: the purchase, such as an order number; under one id it is paid for once, however often it is tried
    #[arg(long, value_name = "ID", requires = "payee")]
    pub(crate) purchase_id: Option<String>,
    /// Of a URL: the most to pay, such as 0.05
    #[arg(long, value_name = "AMOUNT", requires = "payee")]
    pub(crate) max: Option<String>,
    /// Of a URL: only ask what it costs and whether the vault would pay it
    #[arg(long, requires = "payee")]
    pub(crate) dry_run: bool,
    /// Of a URL: the request's method [default: GET, with --data POST]
    #[arg(long, value_name = "METHOD", requires = "payee")]
    pub(crate) method: Option<String>,
    /// Of a URL: a header of the request, such as "Accept: text/csv"; may be repeated
    #[arg(long, value_name = "NAME: VALUE", requires = "payee")]
    pub(crate) header: Vec<String>,
    /// Of a URL: the request's body
    #[arg(long, value_name = "TEXT", requires = "payee")]
    pub(crate) data: Option<String>,
    /// Where the payment is above the cap per payment: write a request to this file, for the owner to approve
    #[arg(long, value_name = "FILE", requires = "payee")]
    request_approval: Option<PathBuf>,
    /// Make the payment that the owner has approved in this file
    #[arg(long, value_name = "FILE")]
    approval: Option<PathBuf>,
    /// Make the payments listed in this file (JSON lines, or CSV under payee,amount,reason,purchase), together
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) whose: Whose,
}

/// Pays.
pub(crate) async fn run(context: &Context, args: &PayArgs) -> Result<Reply, Failure> {
    if let Some(file) = &args.batch {
        return pay_batch::run(context, &args.whose, file).await;
    }
    if let Some(file) = &args.approval {
        return approved(context, args, file).await;
    }
    if let (Some(url), Some(reason)) = (args.payee.as_deref().filter(|payee| pay_url::is_url(payee)), &args.reason) {
        return pay_url::run(context, args, url, reason).await;
    }
    if let Some(payee) = &args.payee {
        pay_url::not_half_a_url(payee)?;
    }
    if args.dry_run || args.max.is_some() || args.method.is_some() || args.data.is_some() || !args.header.is_empty() {
        return Err(Failure::usage("Usage", "that is no URL", "these flags are for URLs", "to ask first: purse check"));
    }
    if args.purchase_id.is_some() {
        return Err(Failure::usage(
            "PurchaseIdForUrlOnly",
            "a payment to a name or an address takes no purchase id; nothing was paid",
            "only what a URL sells is paid for once under an id; this payment, made twice, pays twice",
            "name what is bought with --purchase; if an earlier try may have paid, run purse log first",
        ));
    }
    let asked = (args.payee.as_deref(), args.amount.as_deref(), args.reason.as_deref());
    let (Some(payee), Some(amount), Some(reason)) = asked else {
        return Err(Failure::usage("Usage", "what is to be paid?", "a payee, an amount and a reason", "see --help"));
    };
    looks_like_amount(amount)?;
    let session = args.whose.load()?;
    let node = context.node_of(&session).await?;
    let vault = Vault::at(node, session.vault, context.folder()).await?;
    let payee = vault.names.payee(payee)?;
    let token = context.token(&vault, args.token.as_deref(), Some(session.token)).await?;
    let amount = token.parse(amount)?;

    let agent = agent(context, &vault, &token, session).await?;
    let request = PaymentRequest::new(payee, amount, args.purchase.as_deref().unwrap_or_default(), reason);
    let outcome = agent.pay(&request).await.map_err(|error| library_failure::of_agent(&error))?;
    match (&outcome, &args.request_approval) {
        (Outcome::Refused(refusal), Some(file)) if refusal.code == "AbovePerPaymentCap" => {
            Err(request_approval(&vault, &token, &agent, request, refusal, file).await?)
        }
        _ => told(&vault, &token, outcome, &token.show(amount)).await,
    }
}

/// Makes a payment that the owner has approved.
async fn approved(context: &Context, args: &PayArgs, file: &Path) -> Result<Reply, Failure> {
    let request = approve::load(file)?;
    if request.approval.is_none() {
        return Err(Failure::error(
            "NotApproved",
            "the owner has not approved that payment",
            format!("{} has no approval", file.display()),
            format!("have the owner run: purse approve {}", file.display()),
        ));
    }
    let session = args.whose.load()?;
    let node = context.node_of(&session).await?;
    let vault = Vault::at(node, session.vault, context.folder()).await?;
    let token = Token::read(&vault, request.payment.token).await?;
    let agent = agent(context, &vault, &token, session).await?;
    let outcome = agent.pay_approved(&request).await.map_err(|error| library_failure::of_agent(&error))?;
    told(&vault, &token, outcome, &token.show(U256::from(request.payment.amount))).await
}

/// The agent of a session that pays in `token`.
pub(crate) async fn agent(
    context: &Context,
    vault: &Vault,
    token: &Token,
    mut session: SessionFile,
) -> Result<Agent<DynProvider>, Failure> {
    session.token = token.address;
    let key = signer::unlock(context, &session.keystore_path()).await?;
    Ok(Agent::new(vault.node.provider.clone(), session, key).with_context(vault.words(token)))
}

async fn told(vault: &Vault, token: &Token, outcome: Outcome, amount: &str) -> Result<Reply, Failure> {
    match outcome {
        Outcome::Paid(paid) => receipt(vault, token, &paid).await,
        Outcome::Refused(refusal) => Err(refused(&refusal, amount)),
        Outcome::NotMined(late) => Err(not_mined(&late, amount)),
    }
}

/// Writes the request; the answer is still the refusal, since nothing was paid.
async fn request_approval(
    vault: &Vault,
    token: &Token,
    agent: &Agent<DynProvider>,
    request: PaymentRequest,
    refusal: &Refusal,
    file: &Path,
) -> Result<Failure, Failure> {
    if file.exists() {
        return Err(Failure::error(
            "FileExists",
            format!("{} is there already", file.display()),
            "a request is never written over another file",
            "choose another name, or move the file away",
        ));
    }
    let request = PaymentRequest { deadline_seconds: APPROVAL_DEADLINE_SECONDS, ..request };
    let amount = token.show(U256::from(request.amount));
    let asked = agent.request_approval(&request).await.map_err(|error| library_failure::of_agent(&error))?;
    let asked = asked.map_err(|refusal| refused(&refusal, &amount))?;
    let who = vault.names.show_session(asked.payment.session);
    let text = format!(
        "{who} asks to pay {amount} to {}, for: {}",
        vault.names.show_payee(request.payee),
        clean(&request.purpose)
    );
    asked.create(file, &text).map_err(|error| {
        Failure::error(error.code(), format!("cannot write {}", file.display()), error.to_string(), error.fix())
    })?;
    let path = file.display();
    let mut failure = refused(refusal, &amount).with_fact("approval_request", path.to_string());
    failure.fix = format!(
        "a request is in {path}: have the owner run   purse approve {path}   then run   purse pay --approval {path}"
    );
    Ok(failure)
}

async fn receipt(vault: &Vault, token: &Token, paid: &Paid) -> Result<Reply, Failure> {
    let session = Session::read(vault, paid.payment.session, token).await?;
    let left = spending(vault, token, &session, Category::new(paid.category)).await?;
    let rest = left.iter().map(Spending::show).collect::<Vec<_>>().join(", ");
    let text = format!("{}\nleft {rest}", paid_line(vault, token, paid));
    let remaining = left.iter().map(Spending::json).collect::<Vec<_>>();
    Ok(Reply::new(text, json!({ "payment": paid_json(vault, token, paid), "remaining": remaining })))
}

/// One payment that was made, in a line.
pub(crate) fn paid_line(vault: &Vault, token: &Token, paid: &Paid) -> String {
    format!(
        "{} {} to {}   {}   {}   block {}   tx {}",
        green("paid"),
        token.show(U256::from(paid.payment.amount)),
        vault.names.show_payee(paid.payment.payee),
        category(paid.category),
        vault.names.show_session(paid.payment.session),
        paid.block,
        paid.transaction,
    )
}

/// The same for programs.
pub(crate) fn paid_json(vault: &Vault, token: &Token, paid: &Paid) -> Value {
    let payment = &paid.payment;
    let is_final = Chain::by_id(vault.node.chain_id).is_some_and(|chain| chain.finality == Finality::Depth(0));
    json!({
        "session": payment.session,
        "nonce": payment.nonce,
        "sequence": paid.sequence,
        "amount": token.plain(U256::from(payment.amount)),
        "token": token.symbol,
        "payee": { "name": vault.names.of_payee(payment.payee), "address": payment.payee },
        "category": category(paid.category),
        "reference": payment.r#ref,
        "tx": paid.transaction,
        "block": paid.block,
        "gas_used": paid.gas_used,
        "final": is_final,
    })
}

fn category(number: u8) -> String {
    Category::new(number).map_or_else(|| number.to_string(), |category| category.to_string())
}

/// The failure of a payment that is in no block.
pub(crate) fn not_mined(late: &NotMined, amount: &str) -> Failure {
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
