//! What an id promises, and where there is none: which requests are the same.

use super::stall::{AS_AGENT, CENT, Stall, get, kept, named, refused};
use crate::cli::purse::Home;
use anyhow::ensure;
use purse_agent::Purchasing;
use purse_protocol::MoneyMoved;

fn with(request: Purchasing, name: &'static str, value: &'static str) -> anyhow::Result<Purchasing> {
    let mut request = request;
    request.headers.insert(name, value.parse()?);
    Ok(request)
}

/// A payment to an address is not paid once per id, so it takes none; and a URL takes no mere reference for one.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_takes_no_purchase_id() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let payee = stall.scene.actors.payees[0].to_string();
    let pay = ["pay", &payee, "1.50", "USDC", "--reason", "data set 12", "--purchase-id", "order-7781"];
    let ran = home.run(&[&pay[..], AS_AGENT].concat())?;
    ensure!(ran.code == 2 && ran.stderr.contains("error[PurchaseIdForUrlOnly]"), "{}{}", ran.stdout, ran.stderr);
    ensure!(ran.stderr.contains("--purchase;") && ran.stderr.contains("purse log"), "{}", ran.stderr);

    let url = format!("{}/cent", stall.market.seller);
    let pay = ["pay", &url, "--reason", "data set 12", "--purchase", "order-7781"];
    let ran = home.run(&[&pay[..], AS_AGENT].concat())?;
    ensure!(ran.code == 2 && ran.stderr.contains("--purchase-id ID"), "{}{}", ran.stdout, ran.stderr);
    ensure!(stall.left_vault().await? == 0, "nothing was paid");

    let pay = ["pay", &payee, "1.50", "USDC", "--reason", "data set 12", "--purchase", "order-7781"];
    home.done(&[&pay[..], AS_AGENT].concat())?;
    ensure!(stall.earned().await? == 1_500_000);
    Ok(())
}

/// Without an id, what was left unfinished goes on only for who asks with the same headers: another's token, or another
/// form, is another purchase. Headers of one try make no difference.
#[tokio::test]
async fn an_unfinished_answer_goes_to_no_other_request() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, odd) = (stall.buyer()?, &stall.market.odd);
    let of = |token: &'static str| with(get(odd, "/fails-once")?, "authorization", token);
    refused(buyer.pay_url(&of("Bearer one")?).await, "PaidButNotServed", MoneyMoved::Yes)?;
    refused(buyer.pay_url(&of("Bearer two")?).await, "PaidButNotServed", MoneyMoved::Yes)?;
    ensure!(stall.earned().await? == 2 * CENT, "two requests, two purchases");
    buyer.pay_url(&with(of("Bearer one")?, "traceparent", "00-2")?).await?;
    buyer.pay_url(&of("Bearer two")?).await?;
    ensure!(stall.earned().await? == 2 * CENT, "each was gone on with");
    Ok(())
}

/// Under the caller's id it is the same purchase whatever the headers are: a token that was renewed pays nothing twice.
#[tokio::test]
async fn other_headers_under_one_id_pay_nothing_twice() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, odd) = (stall.buyer()?, &stall.market.odd);
    let of = |token: &'static str| with(named(odd, "/fails-once", "order-7781")?, "authorization", token);
    refused(buyer.pay_url(&of("Bearer one")?).await, "PaidButNotServed", MoneyMoved::Yes)?;
    buyer.pay_url(&of("Bearer two")?).await?;
    ensure!(stall.earned().await? == CENT && kept(&buyer, "order-7781")?.handed_over);
    Ok(())
}
