//! What goes well.

use super::stall::{CENT, Stall, get, named};
use anyhow::{Context, ensure};
use purse_agent::buyer::{Purpose, X402Layer};
use purse_agent::journal::State;
use purse_agent::{PurchaseReceipt, Purchasing};
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use std::sync::Arc;

/// I13, I16: an unmodified seller with an unmodified facilitator is paid from the purse, which the vault filled within
/// its limits; refilled = paid + balance.
#[tokio::test]
async fn a_stock_seller_is_paid_out_of_the_vault() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    let bought = buyer.pay_url(&get(&stall.market.seller, "/cent")?).await?;
    ensure!(bought.answer.status == 200 && !bought.replayed);
    ensure!(String::from_utf8(bought.answer.body.unwrap_or_default())?.contains("\"path\":\"/cent\""));
    let receipt = bought.receipt.context("it was paid for")?;
    ensure!(receipt.settled && receipt.amount == CENT && receipt.category == Scene::CATEGORY, "{receipt:?}");
    ensure!(receipt.payee == stall.scene.actors.payees[0] && receipt.transaction.is_some());
    ensure!(stall.earned().await? == CENT);

    let (left, purse) = (stall.left_vault().await?, stall.has(receipt.purse).await?);
    ensure!(purse > 0 && left == CENT + purse, "refilled {left}, paid {CENT}, holds {purse}");
    let kept = buyer.journal().list(10)?;
    ensure!(kept.len() == 1 && kept[0].state == State::Settled && kept[0].transaction == receipt.transaction);

    // the next one needs no transaction of the agent's
    let again = buyer.pay_url(&get(&stall.market.seller, "/cent")?).await?.receipt.context("paid")?;
    ensure!(again.transaction != receipt.transaction, "a settled purchase ends: the URL can be bought again");
    ensure!(stall.left_vault().await? == left && stall.has(receipt.purse).await? == purse - CENT);
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}

#[tokio::test]
async fn the_cheapest_offer_is_taken_and_free_things_are_free() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    let bought = buyer.pay_url(&get(&stall.market.seller, "/choice")?).await?;
    ensure!(bought.receipt.context("paid")?.amount == CENT);
    let free = buyer.pay_url(&get(&stall.market.seller, "/free")?).await?;
    ensure!(free.receipt.is_none() && free.answer.status == 200);
    ensure!(buyer.journal().list(10)?.len() == 1);
    Ok(())
}

/// `payment-identifier` where the seller wants one; bodies are sent again; redirects within the origin; version 1.
#[tokio::test]
async fn sellers_are_met_as_they_are() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    let mut post = get(&stall.market.seller, "/cent")?;
    post.method = "POST".parse()?;
    post.headers.insert("content-type", "application/json".parse()?);
    post.body = br#"{"city":"Ulm"}"#.to_vec();
    let answer = buyer.pay_url(&post).await?.answer;
    ensure!(String::from_utf8(answer.body.unwrap_or_default())?.contains("\"city\":\"Ulm\""));
    for (url, path) in
        [(&stall.market.seller, "/identified"), (&stall.market.odd, "/within"), (&stall.market.odd, "/v1")]
    {
        let bought = buyer.pay_url(&get(url, path)?).await?;
        let receipt = bought.receipt.with_context(|| path.to_owned())?;
        ensure!(bought.answer.status == 200 && receipt.settled, "{path}: {receipt:?}");
    }
    ensure!(stall.earned().await? == 4 * CENT);
    Ok(())
}

/// The purse is refilled when it runs short, as often as the limits let it.
#[tokio::test]
async fn a_purse_that_runs_short_is_refilled() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    for number in 1..=12_u128 {
        buyer.pay_url(&get(&stall.market.seller, "/half")?).await?;
        ensure!(stall.earned().await? == number * 500_000);
    }
    let purse = stall.has(stall.purse().await?).await?;
    ensure!(stall.left_vault().await? == 6_000_000 + purse);
    ensure!(stall.left_vault().await? <= 25 * Scene::USDC, "I4");
    Ok(())
}

/// Purchases at the same time, from several processes: each is paid once, and together they promise no more than there is.
#[tokio::test(flavor = "multi_thread")]
async fn many_buy_at_once() -> anyhow::Result<()> {
    let stall = Arc::new(Stall::open().await?);
    stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "first")?).await?; // the purse is open and full
    let tasks: Vec<_> = (0..4)
        .map(|number| {
            let stall = stall.clone();
            tokio::spawn(async move {
                let buyer = stall.buyer()?;
                buyer.pay_url(&named(&stall.market.seller, "/half", &format!("order {number}"))?).await?;
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    ensure!(stall.earned().await? == CENT + 4 * 500_000);
    Ok(())
}

/// As a layer of the caller's own client: the request is paid for if it has a purpose.
#[tokio::test]
async fn a_layer_of_a_http_client_pays() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let client = X402Layer::over(reqwest::Client::builder(), Arc::new(stall.buyer()?))?.build();
    let url = format!("{}/cent", stall.market.seller);
    ensure!(client.get(&url).send().await?.status() == 402, "nothing says what for");
    let response = client.get(&url).with_extension(Purpose::new("forecast")).send().await?;
    ensure!(response.status() == 200);
    let receipt = response.extensions().get::<PurchaseReceipt>().cloned().context("a receipt comes along")?;
    ensure!(receipt.settled && stall.earned().await? == CENT);
    let dear = format!("{}/dear", stall.market.seller);
    let error = client.get(&dear).with_extension(Purpose::new("forecast")).send().await;
    ensure!(error.err().context("refused")?.to_string().contains("AbovePerPaymentCap"));
    Ok(())
}

/// A quote says what it costs and whether it would be paid, and signs nothing.
#[tokio::test]
async fn a_quote_signs_nothing() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    let quote = |path: &'static str| {
        let (buyer, url) = (&buyer, &stall.market.seller);
        async move { anyhow::Ok(buyer.quote(&get(url, path)?).await?.context("a price")?) }
    };
    let cent = quote("/cent").await?;
    ensure!((cent.amount.as_str(), cent.would_pay, cent.refill) == ("0.01", true, true), "{cent:?}");
    ensure!(cent.category.as_deref() == Some("data") && cent.description.as_deref() == Some("weather, by the hour"));
    let dear = quote("/dear").await?;
    let refusal = dear.refusal.context("refused")?;
    ensure!(!dear.would_pay && refusal.code == "AbovePerPaymentCap");
    ensure!(quote("/unlisted").await?.category.is_none());
    ensure!(buyer.quote(&get(&stall.market.seller, "/free")?).await?.is_none());
    ensure!(buyer.journal().list(1)?.is_empty() && stall.left_vault().await? == 0);
    buyer.pay_url(&Purchasing::get(&format!("{}/cent", stall.market.seller), "x")?).await?;
    let cent = quote("/cent").await?;
    ensure!(!cent.refill && cent.left_in_purse.is_some());
    stall.scene.own(&IVault::pauseCall {}).await?;
    ensure!(quote("/cent").await?.refusal.context("paused")?.code == "VaultPaused");
    Ok(())
}
