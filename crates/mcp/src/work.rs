//! What each tool does. Every answer is one JSON object; a refusal is one in the one shape.

use crate::arguments::{
    AskPrice, CanIPay, LimitChange, Listing, NewPayee, Nothing, OfPurchase, PayAndFetch, amount, invalid, read,
};
use crate::requests::{OwnerRequest, RequestError};
use alloy::primitives::{Address, U256};
use alloy::providers::Provider;
use purse_agent::buyer::without_query;
use purse_agent::journal::Purchase;
use purse_agent::{Buyer, PurchaseReceipt, Purchasing};
use purse_protocol::text::{printable, tamed};
use purse_protocol::time::rfc3339;
use purse_protocol::{Category, PaymentRefusal, RetryHow, WhoCanFix, format_amount};
use rmcp::model::JsonObject;
use serde::Serialize;
use serde_json::{Value, json};

/// Longest piece of an answer's body that a model gets, in bytes: more would drown it.
const MAX_SHOWN: usize = 64 * 1_024;
/// Longest content type of a seller that a model gets, in characters.
const MAX_CONTENT_TYPE: usize = 100;
/// How many purchases are listed where nothing is said.
const USUAL_LISTING: u32 = 20;
/// The windows of limits.
const WINDOWS: [&str; 4] = ["1h", "24h", "7d", "30d"];

/// The tools' work, for one session.
pub(crate) struct Work<P> {
    buyer: Buyer<P>,
}

type Done = Result<Value, PaymentRefusal>;

impl<P: Provider> Work<P> {
    pub(crate) fn new(buyer: Buyer<P>) -> Self {
        Self { buyer }
    }

    /// Runs a tool; `None` where there is none of that name. A refusal comes as its JSON.
    pub(crate) async fn run(&self, name: &str, arguments: Option<JsonObject>) -> Option<Result<Value, Value>> {
        let done = match name {
            "pay_and_fetch" => self.pay_and_fetch(arguments).await,
            "quote" => self.quote(arguments).await,
            "budget" => self.budget(arguments).await,
            "payments" => self.payments(arguments).await,
            "receipt" => self.receipt(arguments).await,
            "can_i_pay" => self.can_i_pay(arguments).await,
            "request_limit_change" => self.request_limit_change(arguments).await,
            "request_payee" => self.request_payee(arguments).await,
            _ => return None,
        };
        Some(done.map_err(|refusal| to_json(&refusal)))
    }

    async fn pay_and_fetch(&self, arguments: Option<JsonObject>) -> Done {
        let given: PayAndFetch = read(arguments)?;
        let mut purchasing = Purchasing::get(&given.url, given.reason)?;
        shaped(&mut purchasing, given.method, given.body, given.content_type)?;
        purchasing.purchase = Some(given.purchase_id);
        purchasing.max = match (&given.max_amount, &given.token) {
            (None, _) => None,
            (Some(text), Some(token)) => Some(self.amount(text, token).await?),
            (Some(_), None) => return Err(invalid("max_amount needs a token".to_owned())),
        };
        let bought = self.buyer.pay_url(&purchasing).await?;
        let body = bought.answer.body.unwrap_or_default();
        let shown = tamed(&String::from_utf8_lossy(&body[..body.len().min(MAX_SHOWN)]));
        let receipt = match &bought.receipt {
            Some(receipt) => Some(self.shown(receipt).await?),
            None => None,
        };
        Ok(json!({
            "ok": true,
            "paid": bought.receipt.as_ref().is_some_and(|receipt| receipt.settled),
            "replayed": bought.replayed,
            "receipt": receipt,
            "status": bought.answer.status,
            "content_type": bought.answer.content_type.as_deref().map(|text| printable(text, MAX_CONTENT_TYPE)),
            "seller_content": shown,
            "truncated": body.len() > MAX_SHOWN,
        }))
    }

    async fn quote(&self, arguments: Option<JsonObject>) -> Done {
        let given: AskPrice = read(arguments)?;
        let mut purchasing = Purchasing::get(&given.url, "quote")?;
        shaped(&mut purchasing, given.method, given.body, given.content_type)?;
        Ok(match self.buyer.quote(&purchasing).await? {
            Some(quote) => json!({ "ok": true, "payment_demanded": true, "quote": to_json(&quote) }),
            None => json!({ "ok": true, "payment_demanded": false }),
        })
    }

    async fn budget(&self, arguments: Option<JsonObject>) -> Done {
        let Nothing {} = read(arguments)?;
        let (symbol, decimals) = self.buyer.token().await?;
        let (allowance, left_today) = self.buyer.allowance()?;
        let show = |base: Option<u128>| base.map(|base| format_amount(U256::from(base), decimals));
        Ok(json!({
            "ok": true,
            "budget": to_json(&self.buyer.agent().budget(&symbol, decimals).await?),
            "operator": {
                "per_purchase": show(allowance.per_purchase),
                "per_24h": show(allowance.per_day),
                "left_of_24h": show(left_today),
            },
        }))
    }

    async fn payments(&self, arguments: Option<JsonObject>) -> Done {
        let given: Listing = read(arguments)?;
        self.buyer.reconcile().await?;
        let list = self.buyer.journal().list(given.limit.unwrap_or(USUAL_LISTING).clamp(1, 100))?;
        let mut rows = Vec::new();
        for purchase in &list {
            rows.push(self.row(purchase).await?);
        }
        Ok(json!({ "ok": true, "payments": rows }))
    }

    async fn receipt(&self, arguments: Option<JsonObject>) -> Done {
        let given: OfPurchase = read(arguments)?;
        self.buyer.reconcile().await?;
        match self.buyer.journal().find(&given.purchase_id)? {
            Some(purchase) => Ok(json!({ "ok": true, "payment": self.row(&purchase).await? })),
            None => Err(PaymentRefusal::new("PurchaseUnknown", "no purchase of that id was made on this machine")
                .retry(RetryHow::Now)
                .next("list the purchases with payments")),
        }
    }

    async fn can_i_pay(&self, arguments: Option<JsonObject>) -> Done {
        let given: CanIPay = read(arguments)?;
        let payee = given.payee.parse::<Address>().map_err(|_| invalid("the payee is no address".to_owned()))?;
        let amount = self.amount(&given.amount, &given.token).await?;
        let refusal = self.buyer.agent().can_pay(payee, amount).await.err();
        Ok(json!({ "ok": true, "would_pay": refusal.is_none(), "refusal": refusal.as_ref().map(to_json) }))
    }

    async fn request_limit_change(&self, arguments: Option<JsonObject>) -> Done {
        let given: LimitChange = read(arguments)?;
        let base = self.amount(&given.amount, &given.token).await?;
        if !WINDOWS.contains(&given.window.as_str()) {
            return Err(invalid(format!("the window must be one of {}", WINDOWS.join(", "))));
        }
        let category = given.category.as_deref().map(category).transpose()?;
        let (_, decimals) = self.buyer.token().await?;
        let amount = format_amount(U256::from(base), decimals);
        self.ask(&OwnerRequest::limit(
            self.buyer.agent().session().into(),
            &amount,
            &given.window,
            category,
            &given.reason,
        ))
    }

    async fn request_payee(&self, arguments: Option<JsonObject>) -> Done {
        let given: NewPayee = read(arguments)?;
        let category = category(&given.category)?;
        let purchasing = Purchasing::get(&given.url, "request a payee")?;
        let origin = purchasing.origin()?;
        let Some(quote) = self.buyer.quote(&purchasing).await? else {
            return Err(PaymentRefusal::new("NothingDemanded", "the seller demands no payment")
                .next("fetch it: no payee is needed"));
        };
        self.ask(&OwnerRequest::payee(
            self.buyer.agent().session().into(),
            quote.payee,
            &origin,
            category,
            &given.reason,
        ))
    }

    fn ask(&self, request: &OwnerRequest) -> Done {
        let path = request.write(self.buyer.agent().session().path()).map_err(|error| {
            let code = match &error {
                RequestError::File(error) => error.code(),
                RequestError::TooMany(_) => "TooManyRequests",
            };
            PaymentRefusal::new(code, error.to_string())
                .by(WhoCanFix::Owner)
                .retry(RetryHow::After)
                .next("let the owner look at the requests that wait")
        })?;
        Ok(json!({
            "ok": true,
            "changed": false,
            "request_file": path.display().to_string(),
            "owner_command": request.command,
            "next_step": "nothing is changed: only the owner can grant it; tell whoever you work for",
        }))
    }

    async fn amount(&self, text: &str, token: &str) -> Result<u128, PaymentRefusal> {
        let (symbol, decimals) = self.buyer.token().await?;
        amount(text, token, &symbol, decimals)
    }

    /// A receipt with its amount as decimal text.
    async fn shown(&self, receipt: &PurchaseReceipt) -> Result<Value, PaymentRefusal> {
        let (symbol, decimals) = self.buyer.token().await?;
        let mut value = to_json(receipt);
        value["amount"] = format_amount(U256::from(receipt.amount), decimals).into();
        value["token"] = symbol.into();
        value["valid_before"] = rfc3339(receipt.valid_before).into();
        Ok(value)
    }

    async fn row(&self, purchase: &Purchase) -> Result<Value, PaymentRefusal> {
        let mut value = self.shown(&PurchaseReceipt::of(purchase)).await?;
        value["state"] = purchase.state.name().into();
        value["reconciled"] = purchase.reconciled.into();
        value["url"] = without_query(&purchase.bought.url).into();
        value["reason"] = purchase.bought.reason.clone().into();
        value["refusal"] = purchase.refusal.as_ref().map_or(Value::Null, to_json);
        value["asked_at"] = rfc3339(purchase.created).into();
        Ok(value)
    }
}

/// Gives a request the method and the body that a model asks for.
fn shaped(
    purchasing: &mut Purchasing,
    method: Option<String>,
    body: Option<String>,
    content_type: Option<String>,
) -> Result<(), PaymentRefusal> {
    if let Some(method) = method {
        let known = ["GET", "POST", "PUT"].contains(&method.as_str());
        let method = known.then(|| method.parse().ok()).flatten();
        purchasing.method = method.ok_or_else(|| invalid("the method must be GET, POST or PUT".to_owned()))?;
    }
    if let Some(body) = body {
        let content_type = content_type.as_deref().unwrap_or("application/json").parse();
        let content_type = content_type.map_err(|_| invalid("content_type is none".to_owned()))?;
        purchasing.headers.insert("content-type", content_type);
        purchasing.body = body.into_bytes();
    }
    Ok(())
}

fn category(text: &str) -> Result<Category, PaymentRefusal> {
    text.parse().map_err(|_| invalid("there is no category of that name".to_owned()))
}

fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
