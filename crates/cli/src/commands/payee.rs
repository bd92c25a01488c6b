//! `purse payee …`: whom agents may pay, and under which category.

use super::pay_url::is_url;
use crate::args::{Change, Condition, Signing};
use crate::buying::of_refusal;
use crate::change::{self, How};
use crate::condition::on_condition;
use crate::context::{Context, Vault};
use crate::failure::Failure;
use crate::judge::category;
use crate::ledger::{self, Follow, Ledger};
use crate::names::{Names, address, valid_name};
use crate::output::Reply;
use crate::policy::parse_category;
use crate::table::aligned;
use alloy::primitives::{Address, U256};
use clap::{Args, Subcommand};
use purse_agent::buyer::{Origin, Seller};
use purse_agent::x402::Wanted;
use purse_owner::Verb;
use purse_protocol::Category;
use serde_json::json;
use std::collections::BTreeSet;

/// What can be done about payees.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  purse payee add 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --category data --name api.weather.example\n  purse payee list"
)]
pub(crate) enum PayeeCommand {
    /// Put a payee in the book, or move it to another category
    Add(AddArgs),
    /// Ask the owner for a payee, as an agent: writes a request to a file, and changes nothing
    Request(super::payee_request::RequestArgs),
    /// Take a payee out of the book
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
    /// List payees that are known here
    #[command(visible_alias = "ls")]
    List(ListArgs),
}

/// Flags of `purse payee add`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse payee add 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --category data --name api.weather.example\n  purse payee add https://api.weather.example/v1/now --category data\n  purse payee add 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --seller https://api.weather.example --category data\n  purse payee add 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --category mcc:7375 --dry-run"
)]
pub(crate) struct AddArgs {
    /// The payee's address; or a URL that it sells by HTTP 402, whose answer names the address
    payee: String,
    /// What it is paid for: a category's name or number, or mcc:CODE
    #[arg(long)]
    category: String,
    /// What to call it on this machine
    #[arg(long)]
    name: Option<String>,
    /// Of an address: where its seller is, such as https://api.weather.example, so that you are warned when it names
    /// another one
    #[arg(long, value_name = "URL")]
    seller: Option<String>,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    condition: Condition,
}

/// Flags of `purse payee remove`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  purse payee remove api.weather.example\n  purse payee remove 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --propose"
)]
pub(crate) struct RemoveArgs {
    /// The payee's name or address
    payee: String,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    signing: Signing,
}

/// Flags of `purse payee list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse payee list\n  purse payee list --json | jq '.payees[].address'")]
pub(crate) struct ListArgs {}

/// Adds a payee, as owner.
pub(crate) async fn add(context: &Context, args: &AddArgs) -> Result<Reply, Failure> {
    let category = parse_category(&args.category)?;
    let typed = if is_url(&args.payee) { None } else { Some(address(&args.payee)?) };
    let vault = context.vault().await?;
    let met = match typed {
        Some(_) => None,
        None => Some(meet(context, &vault, &args.payee).await?),
    };
    let payee = typed.or(met.as_ref().map(|seller| seller.pay_to)).unwrap_or_default();
    let origin = seller_of(args, typed.is_some())?.or(met.as_ref().map(|seller| seller.origin.clone()));
    if let Some(origin) = &origin {
        warn_if_changed(context, &vault, origin, payee);
    }
    let name = args.name.clone().or_else(|| met.as_ref().map(|seller| seller.host.clone()));
    let name = name.filter(|name| args.name.is_some() || valid_name(name).is_ok());
    if let Some(name) = &name {
        valid_name(name)?;
        vault.names.free_for_payee(name, payee)?;
    }
    let read = |text: &str| match text {
        "none" => Ok(U256::ZERO),
        text => parse_category(text).map(|category| U256::from(category.number())),
    };
    let verbs = vec![Verb::SetPayees(vec![(payee, category)])];
    let verbs = on_condition(&vault, &args.condition, verbs, read).await?;
    let note = |names: &mut Names| {
        if let Some(name) = &name {
            names.set_payee(name, payee);
        }
        if let Some(origin) = &origin {
            names.set_origin(origin.as_str(), payee);
        }
    };
    let how = How::sent_or_signed(args.change, &args.signing);
    let made = change::run_naming(context, how, &verbs, note).await?;
    if (made.done || !made.waits.is_empty()) && (name.is_some() || origin.is_some()) {
        let mut names = context.vault().await?.names;
        note(&mut names);
        names.save()?;
    }
    Ok(made.reply(context, "Next: purse agent add NAME"))
}

/// Where the seller is whose address was typed.
fn seller_of(args: &AddArgs, typed: bool) -> Result<Option<Origin>, Failure> {
    let Some(text) = &args.seller else { return Ok(None) };
    let usage = |what: &str, fix: &str| Failure::usage("UrlInvalid", "--seller cannot be used", what, fix);
    if !typed {
        return Err(usage("the payee is a URL already", "leave --seller out"));
    }
    let origin = text.parse::<Origin>();
    let fix = "give scheme and host, such as https://api.weather.example";
    origin.map(Some).map_err(|error| usage(&error.to_string(), fix))
}

/// Warns where a seller named another address before.
fn warn_if_changed(context: &Context, vault: &Vault, origin: &Origin, payee: Address) {
    if let Some(before) = vault.names.of_origin(origin.as_str()).filter(|before| *before != payee) {
        context.output.note(&format!(
            "WARNING: before, {origin} named {before}. Compare both with the seller by another way than its URL"
        ));
    }
}

/// Asks a seller whom to pay, and says it.
async fn meet(context: &Context, vault: &Vault, url: &str) -> Result<Seller, Failure> {
    let token = context.token(vault, None, None).await?;
    let (chain_id, symbol, decimals) = (vault.node.chain_id, token.symbol.clone(), token.decimals);
    let wanted = Wanted { chain_id, token: token.address, symbol, decimals, max: None };
    let seller = Seller::meet(url, &wanted).await.map_err(|refusal| of_refusal(&refusal))?;
    context.output.note(&format!("{} names {} (payTo of its 402 answer)", seller.origin, seller.pay_to));
    Ok(seller)
}

/// Removes a payee, as owner or guardian.
pub(crate) async fn remove(context: &Context, args: &RemoveArgs) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let payee = vault.names.payee(&args.payee)?;
    let how = How::sent_or_signed(args.change, &args.signing);
    let made = change::run(context, how, &[Verb::RemovePayee { payee }]).await?;
    if made.done {
        let mut names = vault.names;
        names.forget_payee(payee);
        names.save()?;
    }
    Ok(made.reply(context, "Next: purse payee list"))
}

/// Lists the payees that have a name or are in the index, with what the vault says of them now.
pub(crate) async fn list(context: &Context) -> Result<Reply, Failure> {
    let vault = context.vault().await?;
    let mut known: BTreeSet<Address> = vault.names.payees().map(|(_, payee)| payee).collect();
    let follow = Follow::default();
    let store = match Ledger::find(context, vault.node.chain_id, &follow) {
        Ok(ledger) => ledger.open_existing()?,
        Err(_) => None,
    };
    if let Some(trail) = store.and_then(|store| ledger::trail(&*store, &vault).ok()) {
        known.extend(trail.payees.keys());
    } else {
        context.output.note("payees without a name show once the vault is indexed: purse index");
    }
    let mut rows = vec![vec!["PAYEE".to_owned(), "ADDRESS".to_owned(), "CATEGORY".to_owned()]];
    let mut payees = Vec::new();
    for payee in known {
        let number = category(&vault, payee).await?;
        let category = Category::new(number).map(|category| category.to_string());
        let shown = category.clone().unwrap_or_else(|| "not in the book".to_owned());
        let name = vault.names.of_payee(payee);
        rows.push(vec![name.unwrap_or("-").to_owned(), payee.to_string(), shown]);
        payees.push(json!({ "name": name, "address": payee, "category": category }));
    }
    let text = if payees.is_empty() {
        "No payees known here. Next: purse payee add ADDRESS --category data".to_owned()
    } else {
        aligned(&rows)
    };
    Ok(Reply::new(text, json!({ "payees": payees })))
}
