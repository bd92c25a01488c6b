//! `purse approve`: the owner's signature on one payment above an agent's per-payment cap (I5). Sends nothing.

use super::check::refused;
use crate::context::{Context, Vault};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::would_pay;
use crate::money::{Token, of_view};
use crate::names::short;
use crate::output::{Reply, bold, green};
use crate::rpc_failure;
use crate::sanitize::clean;
use crate::sessions::{Session, Spending, roughly, spending};
use crate::signer::Signer;
use alloy::primitives::{Bytes, U256};
use clap::Args;
use purse_agent::ApprovalRequest;
use purse_protocol::time::rfc3339;
use purse_protocol::{Category, Refusal, RpcFault};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Flags of `purse approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse approve request.json\n  purse approve request.json --propose\n  purse approve request.json --signature 0x5f3e…"
)]
pub(crate) struct ApproveArgs {
    /// The file that the agent wrote with --request-approval
    file: PathBuf,
    /// Where the approval goes [default: into that file]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Show it, ask the vault, and sign nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the typed data for another wallet to sign
    #[arg(long, conflicts_with = "dry_run")]
    propose: bool,
    /// The signature that another wallet made: 0x and hex digits
    #[arg(long, value_name = "SIGNATURE", conflicts_with_all = ["dry_run", "propose"])]
    signature: Option<Bytes>,
}

/// Approves, as owner.
pub(crate) async fn run(context: &Context, args: &ApproveArgs) -> Result<Reply, Failure> {
    let mut request = load(&args.file)?;
    let vault = context.vault().await?;
    if (request.chain_id, request.vault) != (vault.node.chain_id, vault.address) {
        return Err(Failure::error(
            "OtherVault",
            "that payment is of another vault",
            format!("{} is for the vault {} on chain {}", args.file.display(), request.vault, request.chain_id),
            format!("name it: --vault {} --chain {}", request.vault, request.chain_id),
        ));
    }
    let payment = request.payment.clone();
    let token = Token::read(&vault, payment.token).await?;
    let session = Session::read(&vault, payment.session, &token).await?;
    if request.signer() != Some(session.view.key) {
        return Err(Failure::new(
            Exit::Key,
            "NotTheAgent",
            "the agent has not asked for this payment",
            format!("the request is not signed with the key of session {}", payment.session),
            "do not approve it; ask the agent's operator who wrote it",
        ));
    }
    let amount = token.show(U256::from(payment.amount));
    if let Some(refusal) = would_pay(&vault, &token, &payment, true).await? {
        return Err(refused(&refusal, &amount));
    }
    if would_pay(&vault, &token, &payment, false).await?.is_none() {
        return Err(Failure::usage(
            "ApprovalNotNeeded",
            "this payment needs no approval",
            "it is within the agent's cap per payment",
            format!("let the agent pay: purse pay --approval {}", args.file.display()),
        ));
    }
    let shown = Shown::read(&vault, &token, &session, &request).await?;
    context.output.note(&shown.text);
    let facts = json!({
        "payee": { "name": vault.names.of_payee(payment.payee), "address": payment.payee },
        "amount": token.plain(U256::from(payment.amount)),
        "fee": token.plain(U256::from(payment.fee)),
        "token": token.symbol,
        "category": shown.category,
        "session": payment.session,
        "nonce": payment.nonce,
        "deadline": rfc3339(payment.deadline.into()),
        "reference": payment.r#ref,
        "purchase": request.purchase,
        "purpose": request.purpose,
        "digest": request.approval_digest(),
        "remaining": shown.remaining,
    });
    if args.dry_run {
        let text = format!("{} pay {amount} with the owner's approval; nothing was signed", green("would"));
        return Ok(Reply::new(text, facts));
    }
    if args.propose {
        let typed = purse_owner::approval_typed_data(request.chain_id, request.vault, &payment);
        context.output.note(
            "Nothing was signed. Sign this typed data (eth_signTypedData_v4), then: purse approve FILE --signature SIGNATURE",
        );
        let text = serde_json::to_string_pretty(&typed).unwrap_or_default();
        let mut json = facts;
        json["typed_data"] = typed;
        return Ok(Reply::new(text, json));
    }
    request.approval = Some(match &args.signature {
        Some(signature) => signature.clone(),
        None => sign(context, &vault, &request).await?,
    });
    proven(&vault, &token, &request).await?;
    let path = args.out.as_ref().unwrap_or(&args.file);
    request.replace(path, &shown.line).map_err(|error| {
        Failure::error(error.code(), format!("cannot write {}", path.display()), error.to_string(), error.fix())
    })?;
    let text = format!(
        "{}  {amount} to {}\n{}  {} (give it back to the agent)\nNothing was sent. Next, as the agent: purse pay --approval {}",
        green("approved"),
        vault.names.show_payee(payment.payee),
        green("written"),
        path.display(),
        path.display()
    );
    let mut json = facts;
    json["file"] = json!(path);
    json["approval"] = json!(request.approval);
    Ok(Reply::new(text, json))
}

/// Asks, and signs with the owner's key.
async fn sign(context: &Context, vault: &Vault, request: &ApprovalRequest) -> Result<Bytes, Failure> {
    context.asking().confirm("Approve this payment?").await?;
    let signer = Signer::open(context, vault.node.chain_id).await?;
    let owner = vault.contract().owner().call().await.map_err(of_view)?;
    if signer.address != owner {
        return Err(Failure::new(
            Exit::Key,
            "WrongKey",
            "only the owner approves",
            format!("the key is of {}, the owner is {owner}", short(signer.address)),
            "use the owner's keystore; or --propose, where the owner is a contract or another wallet",
        ));
    }
    let signed = purse_owner::approve(request.chain_id, request.vault, &request.payment, &signer.key);
    signed.map_err(|error| {
        Failure::error("NotSigned", "the approval could not be signed", error.to_string(), "run the command again")
    })
}

/// Asks the vault whether it would make the payment with this very approval.
async fn proven(vault: &Vault, token: &Token, request: &ApprovalRequest) -> Result<(), Failure> {
    let approval = request.approval.clone().unwrap_or_default();
    let contract = vault.contract();
    let call = contract.pay(request.payment.clone(), request.signature.clone(), approval);
    match call.call().await.map_err(RpcFault::from) {
        Ok(_) => Ok(()),
        Err(RpcFault::Reverted { data }) => {
            let refusal = Refusal::decode(&data, &vault.words(token));
            Err(rpc_failure::of_refusal(&refusal).about("the vault does not take this approval; nothing was written"))
        }
        Err(fault) => Err(rpc_failure::of_fault(&fault)),
    }
}

/// Reads the file.
pub(crate) fn load(path: &Path) -> Result<ApprovalRequest, Failure> {
    ApprovalRequest::load(path).map_err(|error| {
        let message = format!("cannot use the approval request {}", path.display());
        Failure::error(error.code(), message, error.to_string(), error.fix())
    })
}

/// What the owner is to decide about, in words.
struct Shown {
    text: String,
    line: String,
    category: String,
    remaining: Vec<serde_json::Value>,
}

impl Shown {
    async fn read(vault: &Vault, token: &Token, session: &Session, request: &ApprovalRequest) -> Result<Self, Failure> {
        let (payment, now) = (&request.payment, vault.head().await?.time);
        let number = crate::judge::category(vault, payment.payee).await?;
        let category = Category::new(number).map_or_else(|| number.to_string(), |category| category.to_string());
        let (agent, payee) = (vault.names.show_session(payment.session), vault.names.show_payee(payment.payee));
        let amount = token.show(U256::from(payment.amount));
        let cap = token.show(U256::from(session.per_payment_cap));
        let mut lines = vec![
            format!("\n  {} asks to pay {}", bold(&agent), bold(&amount)),
            format!("    to         {payee}, {category}"),
        ];
        if payment.fee != 0 {
            let fee = token.show(U256::from(payment.fee));
            lines.push(format!("    fee        {fee} to {}", vault.names.show_payee(payment.feeRecipient)));
        }
        let deadline = u64::from(payment.deadline);
        lines.extend([
            format!("    cap        {cap} per payment without your approval"),
            format!("    until      {} ({})", rfc3339(deadline), roughly(deadline.saturating_sub(now))),
            format!("    purchase   {} (as the agent says)", quoted(&request.purchase)),
            format!("    purpose    {} (as the agent says)", quoted(&request.purpose)),
        ]);
        let spending = spending(vault, token, session, Category::new(number)).await?;
        let left = spending.iter().map(Spending::show).collect::<Vec<_>>();
        lines.push(format!("    left now   {}\n", left.join(", ")));
        let line = format!("{agent} asks to pay {amount} to {payee}, {category}, for: {}", clean(&request.purpose));
        let remaining = spending.iter().map(Spending::json).collect();
        Ok(Self { text: lines.join("\n"), line, category, remaining })
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "not told".to_owned() } else { format!("\"{}\"", clean(text)) }
}
