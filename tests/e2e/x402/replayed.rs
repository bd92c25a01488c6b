//! A payment that somebody else got hold of, such as from a log of headers, and brings to the stock seller.

use super::market::told;
use super::stall::{CENT, Stall, get, kept, named};
use anyhow::{Context, ensure};
use purse_protocol::MoneyMoved;
use std::sync::Arc;

/// Asks with a header that is somebody else's; the status.
async fn ask_with(url: &str, header: &str) -> anyhow::Result<u16> {
    let response = reqwest::Client::new().get(url).header("PAYMENT-SIGNATURE", header).send().await?;
    Ok(response.status().as_u16())
}

/// I3: what was settled buys nothing more, neither the same thing nor another at that price.
#[tokio::test]
async fn a_settled_payment_serves_nobody_again() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, seller) = (stall.buyer()?, &stall.market.seller);
    buyer.pay_url(&named(seller, "/cent", "one")?).await?;
    let header = kept(&buyer, "one")?.header.context("it was signed")?;
    for path in ["/cent", "/cent", "/other/thing", "/half"] {
        ensure!(ask_with(&format!("{seller}{path}"), &header).await? == 402, "{path}");
    }
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// I3: presented twice before it is settled, the stock facilitator settles it once and the stock seller serves one of the
/// two. If that is the thief, the client is told that its money moved, and pays no second time.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_presented_twice_at_once_is_settled_once() -> anyhow::Result<()> {
    let stall = Arc::new(Stall::open().await?);
    let (slow, odd) = (stall.market.slow.clone(), stall.market.odd.clone());
    stall.buyer()?.pay_url(&get(&stall.market.seller, "/cent")?).await?; // the purse is open and full
    let buying = tokio::spawn({
        let (stall, slow) = (stall.clone(), slow.clone());
        async move { anyhow::Ok(stall.buyer()?.pay_url(&named(&slow, "/cent", "one")?).await) }
    });
    let held = format!("{odd}/holding");
    while told(&held, "holding").await? < 1 {
        ensure!(!buying.is_finished(), "the payment was not held");
    }
    let header = kept(&stall.buyer()?, "one")?.header.context("it was signed")?;
    let stealing = tokio::spawn(async move { ask_with(&format!("{slow}/cent"), &header).await });
    while told(&held, "holding").await? < 2 {
        ensure!(!stealing.is_finished(), "the stolen payment was not held");
    }
    reqwest::get(format!("{odd}/release")).await?;
    let stolen = usize::from(stealing.await?? == 200);
    let served = match buying.await?? {
        Ok(bought) => usize::from(bought.receipt.is_some_and(|receipt| receipt.settled)),
        Err(refusal) => {
            ensure!(
                (refusal.code.as_ref(), refusal.money_moved) == ("SettledButRefused", MoneyMoved::Yes),
                "{refusal:?}"
            );
            0
        }
    };
    ensure!(served + stolen == 1, "{served} served to who paid, {stolen} to the thief");
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}
