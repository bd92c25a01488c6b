//! Sellers with bad manners on the wire: they lead elsewhere, never end, take their time over every byte, or say no for no
//! reason. The client's bounds end it, its payment goes to nobody else, and the refusal says where the money is.

use super::market::{Script, told};
use super::stall::{CENT, Stall, get, kept, named, refused};
use alloy::providers::DynProvider;
use anyhow::{Context, ensure};
use purse_agent::Buyer;
use purse_agent::buyer::{Bounds, Purpose, X402Layer};
use purse_agent::journal::State;
use purse_protocol::MoneyMoved::{No, Unknown};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the client waits for anything here; and by when it must have given up, on a busy machine.
const PATIENCE: Duration = Duration::from_millis(700);
const AT_LAST: Duration = Duration::from_secs(8);

/// A stall whose purse is open and full, and the rude sellers beside it.
async fn rude() -> anyhow::Result<(Stall, Script, String)> {
    let stall = Stall::stocked().await?;
    let (chain, payee) = (stall.scene.chain_id(), stall.scene.actors.payees[0]);
    let config = json!({ "chainId": chain, "token": stall.scene.usdc, "payee": payee });
    let script = Script::start("tests/x402/rude.mjs", &config)?;
    let seller = script.url("seller")?;
    Ok((stall, script, seller))
}

/// A buyer that waits for nothing longer than [`PATIENCE`].
fn short_of_time(stall: &Stall) -> anyhow::Result<Buyer<DynProvider>> {
    let bounds =
        Bounds { answer_within: PATIENCE, settle_within: PATIENCE, seen_within: PATIENCE, largest_answer: 256 * 1_024 };
    Ok(stall.buyer()?.within(bounds))
}

/// What another origin was sent: the headers of each request.
async fn seen_elsewhere(seller: &str) -> anyhow::Result<Vec<Value>> {
    Ok(serde_json::from_slice(&reqwest::get(format!("{seller}/seen")).await?.bytes().await?)?)
}

/// Before anything is paid: nothing is signed, and nothing is waited for without end.
#[tokio::test]
async fn nothing_is_signed_for_a_seller_that_does_not_behave() -> anyhow::Result<()> {
    let (stall, _script, seller) = rude().await?;
    let buyer = short_of_time(&stall)?;
    let before = buyer.journal().list(10)?.len();
    for (path, code) in [
        ("/loop", "TooManyRedirects"),
        ("/endless", "AnswerTooLarge"),
        ("/headers", "SellerUnreachable"),
        ("/body", "SellerUnreachable"),
        ("/elsewhere", "RedirectedElsewhere"),
        ("/nothing", "ZeroPrice"),
        ("/hurried", "TimeoutTooShort"),
        ("/version-3", "X402VersionUnknown"),
        ("/no-offer", "SellerDemandBroken"),
    ] {
        let begun = Instant::now();
        refused(buyer.pay_url(&get(&seller, path)?).await, code, No)?;
        ensure!(begun.elapsed() < AT_LAST, "{path} took {:?}", begun.elapsed());
    }
    let mut large = get(&seller, "/serves")?;
    large.body = vec![b'a'; 4 * 1_024 * 1_024 + 1];
    refused(buyer.pay_url(&large).await, "RequestTooLarge", No)?;
    ensure!(buyer.journal().list(10)?.len() == before && seen_elsewhere(&seller).await?.is_empty());
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// To a payment: the authorisation is out, so the money's fate is not known; and no other origin ever sees it.
#[tokio::test]
async fn a_payment_goes_to_nobody_else_and_is_not_called_lost() -> anyhow::Result<()> {
    let (stall, _script, seller) = rude().await?;
    let buyer = short_of_time(&stall)?;
    for (path, code, cause) in [
        ("/paid-elsewhere", "SellerSilent", "another origin"),
        ("/paid-loop", "SellerSilent", "redirects more than"),
        ("/paid-headers", "SellerSilent", "no answer within"),
        ("/paid-body", "SellerSilent", "no answer within"),
        ("/paid-endless", "AnswerTooLarge", ""),
        ("/fails", "SellerFailed", ""),
        ("/refuses", "SellerRefusedPayment", ""),
    ] {
        let begun = Instant::now();
        let refusal = refused(buyer.pay_url(&named(&seller, path, path)?).await, code, Unknown)?;
        ensure!(begun.elapsed() < AT_LAST, "{path} took {:?}", begun.elapsed());
        ensure!(refusal.facts.contains_key("dead_after"), "{path}: {refusal:?}");
        ensure!(cause.is_empty() || refusal.facts["cause"].contains(cause), "{path}: {refusal:?}");
        ensure!(kept(&buyer, path)?.state == State::Unknown, "{path} is under way until it is dead");
    }
    ensure!(seen_elsewhere(&seller).await?.is_empty(), "{:?}", seen_elsewhere(&seller).await?);
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// A seller that serves before it settles: the answer is there, the journal says that nothing was settled; and when the
/// authorisation is dead, that nothing will be.
#[tokio::test]
async fn what_is_served_before_it_is_settled_is_under_way() -> anyhow::Result<()> {
    let (stall, _script, seller) = rude().await?;
    let buyer = short_of_time(&stall)?;
    let bought = buyer.pay_url(&named(&seller, "/serves", "gift")?).await?;
    ensure!(!bought.receipt.context("a payment is demanded")?.settled);
    let purchase = kept(&buyer, "gift")?;
    let why = purchase.refusal.context("why it is not settled")?;
    ensure!((why.code.as_ref(), why.money_moved) == ("NotSettledYet", Unknown), "{why:?}");
    ensure!(purchase.state == State::Unknown && purchase.handed_over);
    let snapshot = stall.scene.snapshot().await?;
    stall.scene.mine_at(purchase.bought.valid_before).await?;
    let decided = buyer.reconcile().await?.pop().context("it is decided")?;
    stall.scene.revert(snapshot).await?; // a chain that is ahead of this machine's clock is paid nothing
    ensure!(decided.state == State::Refused && decided.refusal.is_some_and(|why| why.code == "AuthorizationOver"));
    let other = buyer.pay_url(&named(&stall.market.seller, "/cent", "gift")?).await?;
    ensure!(!other.replayed && other.answer.body.as_deref() != Some(b"as a gift"), "the answer of another request");
    ensure!(other.receipt.context("a payment is demanded")?.settled && stall.earned().await? == 2 * CENT);
    Ok(())
}

/// While one process is at a purchase, another that wants the same waits, and then says so; it never pays beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_under_way_is_left_to_whoever_is_at_it() -> anyhow::Result<()> {
    let (stall, _script, seller) = rude().await?;
    let stall = Arc::new(stall);
    let first = tokio::spawn({
        let (stall, seller) = (stall.clone(), seller.clone());
        async move { anyhow::Ok(stall.buyer()?.pay_url(&named(&seller, "/silent", "one")?).await) }
    });
    while told(&format!("{seller}/holding"), "holding").await? == 0 {
        ensure!(!first.is_finished(), "it had its answer");
    }
    let second = short_of_time(&stall)?.pay_url(&named(&seller, "/silent", "one")?).await;
    refused(second, "PurchaseUnderWay", Unknown)?;
    first.abort();
    ensure!(told(&format!("{seller}/holding"), "holding").await? == 1 && stall.earned().await? == CENT);
    Ok(())
}

/// A seller that names another payee than the one it was paid at, which is not in the book.
#[tokio::test]
async fn a_seller_that_names_another_payee_than_before_is_told_apart() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, odd) = (stall.buyer()?, &stall.market.odd);
    refused(buyer.pay_url(&get(odd, "/moves")?).await, "PayeeNotInBook", No)?;
    buyer.pay_url(&get(odd, "/kind")?).await?;
    let refusal = refused(buyer.pay_url(&get(odd, "/moves")?).await, "PayToChanged", No)?;
    ensure!(refusal.facts["paid_before"] == stall.scene.actors.payees[0].to_string(), "{refusal:?}");
    Ok(())
}

/// A chain whose clock is ahead of this machine's: what is signed by this one would be dead there.
#[tokio::test]
async fn a_clock_that_differs_from_the_chains_signs_nothing() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    buyer.pay_url(&get(&stall.market.seller, "/cent")?).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    stall.scene.mine_at(now + 600).await?;
    let refusal = refused(buyer.pay_url(&get(&stall.market.seller, "/cent")?).await, "ClocksDiffer", No)?;
    ensure!(refusal.facts.contains_key("chain_time") && stall.earned().await? == CENT, "{refusal:?}");
    Ok(())
}

/// The layer of a caller's client: neither its payment nor the caller's own headers go to an origin that it was led to;
/// whatever the client was told of redirects.
#[tokio::test]
async fn a_layer_tells_no_other_origin_anything() -> anyhow::Result<()> {
    let (stall, _script, seller) = rude().await?;
    let follows = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(10));
    let client = X402Layer::over(follows, Arc::new(short_of_time(&stall)?))?.build();
    for path in ["/elsewhere", "/paid-elsewhere"] {
        let asked = client.get(format!("{seller}{path}")).header("x-api-key", "a secret of the caller's");
        let error = asked.with_extension(Purpose::new("forecast")).send().await.err().context("it leads elsewhere")?;
        ensure!(error.to_string().contains("another origin") || error.to_string().contains("SellerSilent"), "{error}");
    }
    ensure!(seen_elsewhere(&seller).await?.is_empty(), "{:?}", seen_elsewhere(&seller).await?);
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// A body that is a stream is gone when the 402 comes.
#[tokio::test]
async fn a_body_that_cannot_be_sent_twice_is_not_paid_for() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let seller = &stall.market.seller;
    let client = X402Layer::over(reqwest::Client::builder(), Arc::new(stall.buyer()?))?.build();
    let stream = reqwest::Body::from(reqwest::get(format!("{seller}/free")).await?);
    let asked = client.post(format!("{seller}/cent")).body(stream).with_extension(Purpose::new("forecast"));
    let error = asked.send().await.err().context("refused")?;
    ensure!(error.to_string().contains("BodyNotResendable"), "{error}");
    ensure!(stall.buyer()?.journal().list(1)?.is_empty() && stall.left_vault().await? == 0);
    Ok(())
}
