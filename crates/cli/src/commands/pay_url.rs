//! `purse pay URL`: fetches what a seller sells by HTTP 402, and pays for it from the session's purse.

use super::pay::PayArgs;
use super::quote;
use crate::buying::{self, Desk, of_refusal};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Reply, green};
use crate::sanitize::clean;
use alloy::primitives::U256;
use purse_agent::{Bought, PurchaseReceipt, Purchasing};
use purse_protocol::Category;
use serde_json::{Value, json};

/// Whether what is to be paid is a URL.
pub(crate) fn is_url(text: &str) -> bool {
    text.contains("://")
}

/// Buys.
pub(crate) async fn run(context: &Context, args: &PayArgs, url: &str, reason: &str) -> Result<Reply, Failure> {
    let purchasing = purchasing(args, url, reason)?;
    let mut desk = match args.dry_run {
        true => buying::look(context, &args.whose).await?,
        false => buying::open(context, &args.whose).await?,
    };
    desk.buyer = desk.buyer.hand_over_later();
    let purchasing = match &args.max {
        Some(max) => purchasing.at_most(desk.token.parse(max)?),
        None => purchasing,
    };
    if args.dry_run {
        return quote::told(&desk, &purchasing).await;
    }
    let bought = desk.buyer.pay_url(&purchasing).await.map_err(|refusal| of_refusal(&refusal))?;
    let mut json = json!({ "response": response(&bought), "replayed": bought.replayed });
    if let Some(receipt) = &bought.receipt {
        let paid = receipt_json(&desk, receipt);
        context.output.note(&line(&desk, receipt, bought.replayed));
        if let Some(left) = left(&desk, receipt).await {
            context.output.note(&format!("left {}", left.join(", ")));
            json["remaining"] = left.into();
        }
        json["payment"] = paid;
    }
    if let Some(receipt) = &bought.receipt {
        // Until here nobody has the answer: a command that is killed before finds it again, and pays nothing more
        desk.buyer.handed_over(receipt).map_err(|refusal| of_refusal(&refusal))?;
    }
    let mut reply = Reply::new("", json);
    reply.body = bought.answer.body;
    Ok(reply)
}

fn purchasing(args: &PayArgs, url: &str, reason: &str) -> Result<Purchasing, Failure> {
    if args.amount.is_some() {
        return Err(Failure::usage(
            "Usage",
            "a URL has its own price",
            "an amount was given beside the URL",
            "leave the amount out, or say the most to pay with --max",
        ));
    }
    if args.purchase.is_some() {
        return Err(Failure::usage(
            "Usage",
            "--purchase is for names and addresses",
            "there it is a reference; a purchase from a URL has an id, under which it is paid for once",
            "say --purchase-id ID",
        ));
    }
    let mut purchasing = Purchasing::get(url, reason).map_err(|refusal| of_refusal(&refusal))?;
    if let Some(id) = &args.purchase_id {
        purchasing = purchasing.under(id.parse().map_err(|error: purse_agent::PurchaseIdError| {
            Failure::usage("PurchaseIdInvalid", "that is no purchase id", error.to_string(), "give a short id")
        })?);
    }
    shaped(&mut purchasing, args.method.as_deref(), &args.header, args.data.as_deref())?;
    Ok(purchasing)
}

/// Gives a request method, headers and body.
pub(crate) fn shaped(
    purchasing: &mut Purchasing,
    method: Option<&str>,
    headers: &[String],
    data: Option<&str>,
) -> Result<(), Failure> {
    let unfit = |what: &str| {
        Failure::usage("Usage", format!("--{what} cannot be used"), "it does not fit an HTTP request", "correct it")
    };
    if let Some(method) = method {
        purchasing.method = method.to_uppercase().parse().map_err(|_| unfit("method"))?;
    }
    for header in headers {
        let (name, value) = header.split_once(':').ok_or_else(|| unfit("header"))?;
        let name = name.trim().to_lowercase();
        let name = name.parse::<http::HeaderName>().map_err(|_| unfit("header"))?;
        purchasing.headers.insert(name, value.trim().parse().map_err(|_| unfit("header"))?);
    }
    if let Some(data) = data {
        purchasing.body = data.as_bytes().to_vec();
        if method.is_none() {
            purchasing.method = http::Method::POST;
        }
        let kind = purchasing.headers.entry(http::header::CONTENT_TYPE);
        kind.or_insert(http::HeaderValue::from_static("application/json"));
    }
    Ok(())
}

/// Refuses a payee that can only be a URL without its beginning: no name and no address has a slash.
pub(crate) fn not_half_a_url(text: &str) -> Result<(), Failure> {
    if !text.contains('/') || is_url(text) {
        return Ok(());
    }
    Err(Failure::usage(
        "UrlInvalid",
        "a URL begins with https://",
        "neither a payee's name nor an address has a slash in it",
        format!("write   purse pay https://{}   and the reason, if it is a URL", clean(text)),
    ))
}

/// One purchase that was made, in a line.
fn line(desk: &Desk, receipt: &PurchaseReceipt, replayed: bool) -> String {
    let said = match (receipt.settled, replayed) {
        (true, false) => green("paid"),
        (true, true) => "paid before:".to_owned(),
        (false, _) => "promised:".to_owned(),
    };
    let tx = receipt.transaction.map_or_else(|| "not seen yet".to_owned(), |tx| tx.to_string());
    format!(
        "{said} {} to {}   {}   tx {tx}",
        desk.token.show(U256::from(receipt.amount)),
        desk.vault.names.show_payee(receipt.payee),
        category(receipt.category),
    )
}

/// The same for programs.
pub(crate) fn receipt_json(desk: &Desk, receipt: &PurchaseReceipt) -> Value {
    json!({
        "id": receipt.purchase_id,
        "amount": desk.token.plain(U256::from(receipt.amount)),
        "token": desk.token.symbol,
        "payee": { "name": desk.vault.names.of_payee(receipt.payee), "address": receipt.payee },
        "category": category(receipt.category),
        "purse": receipt.purse,
        "nonce": receipt.nonce,
        "reference": receipt.reference,
        "settled": receipt.settled,
        "final": receipt.is_final,
        "tx": receipt.transaction,
        "block": receipt.block,
    })
}

/// What is left of the limits that counted it. It was paid all the same when the node does not tell.
async fn left(desk: &Desk, receipt: &PurchaseReceipt) -> Option<Vec<String>> {
    let budget = desk.buyer.agent().budget(&desk.token.symbol, desk.token.decimals).await.ok()?;
    let of = category(receipt.category);
    let counts = budget.limits.iter().filter(|limit| ["session", "vault", &of].contains(&limit.scope.as_str()));
    let purse = budget.purses.iter().filter(|purse| purse.category == of);
    let in_purse = purse.map(|purse| format!("{} in the purse", purse.holds));
    let limits = counts.map(|limit| format!("{}/{} of {}", limit.remaining, limit.window, limit.scope));
    Some(in_purse.chain(limits).collect())
}

fn response(bought: &Bought) -> Value {
    let body = bought.answer.body.as_deref().and_then(|body| std::str::from_utf8(body).ok());
    let content_type = bought.answer.content_type.as_deref().map(clean);
    json!({ "status": bought.answer.status, "content_type": content_type, "body": body })
}

/// A category's name.
pub(crate) fn category(number: u8) -> String {
    Category::new(number).map_or_else(|| number.to_string(), |category| category.to_string())
}
