//! Sellers that no stock package would be: each is met with a refusal that has a name and says where the money is.

use super::stall::{CENT, Stall, get, named, refused};
use anyhow::{Context, ensure};
use purse_protocol::{MoneyMoved, WhoCanFix};

/// Before anything is signed.
#[tokio::test]
async fn odd_demands_are_refused_before_anything_is_signed() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, odd) = (stall.buyer()?, &stall.market.odd);
    for (path, code) in [
        ("/other-token", "OtherToken"),
        ("/other-chain", "OtherChain"),
        ("/other-domain", "TokenDomainDiffers"),
        ("/upto", "SchemeNotSupported"),
        ("/broken", "SellerDemandBroken"),
        ("/html", "SellerNotX402"),
        ("/huge-header", "SellerDemandTooLarge"),
        ("/huge-body", "SellerDemandTooLarge"),
        ("/elsewhere", "RedirectedElsewhere"),
        ("/rotates", "PayeeNotInBook"),
    ] {
        let refusal = refused(buyer.pay_url(&get(odd, path)?).await, code, MoneyMoved::No)?;
        let text = format!("{refusal:?}");
        ensure!(!text.contains('\u{1b}') && !text.contains("0xdead"), "{text}");
    }
    refused(buyer.pay_url(&get("http://127.0.0.1:1", "/")?).await, "SellerUnreachable", MoneyMoved::No)?;
    ensure!(buyer.journal().list(1)?.is_empty() && stall.left_vault().await? == 0);
    Ok(())
}

/// The seller has the authorisation and the chain has no payment.
#[tokio::test]
async fn what_is_out_is_not_called_lost() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, odd) = (stall.buyer()?, &stall.market.odd);
    for (path, code) in [("/rises", "SellerChangedTerms"), ("/ecrecover-only", "ContractPayerRefused")] {
        let refusal = refused(buyer.pay_url(&get(odd, path)?).await, code, MoneyMoved::Unknown)?;
        ensure!(refusal.facts.contains_key("dead_after") && refusal.who_can_fix == WhoCanFix::Seller, "{refusal:?}");
    }
    let silent = stall.impatient()?.pay_url(&get(odd, "/silent")?).await;
    refused(silent, "SellerSilent", MoneyMoved::Unknown)?;
    ensure!(stall.earned().await? == 0);
    Ok(())
}

/// The seller has the money and does not deliver; asked again under the same id it gets the same authorisation.
#[tokio::test]
async fn money_that_moved_is_said_to_have_moved() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, odd) = (stall.buyer()?, &stall.market.odd);
    let failed = buyer.pay_url(&named(odd, "/fails-after", "fails")?).await;
    let refusal = refused(failed, "PaidButNotServed", MoneyMoved::Yes)?;
    ensure!(refusal.facts.contains_key("transaction"), "{refusal:?}");
    refused(buyer.pay_url(&named(odd, "/fails-after", "fails")?).await, "PaidButNotServed", MoneyMoved::Yes)?;
    ensure!(stall.earned().await? == CENT, "paid once");

    refused(buyer.pay_url(&get(odd, "/fails-once")?).await, "PaidButNotServed", MoneyMoved::Yes)?;
    let bought = buyer.pay_url(&get(odd, "/fails-once")?).await?; // no id is given: it is the retry all the same
    ensure!(String::from_utf8(bought.answer.body.unwrap_or_default())?.contains("the second time"));
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}

/// Somebody else brought the authorisation to the chain: the facilitator fails, the seller says 402, the money moved.
#[tokio::test]
async fn an_authorisation_settled_by_a_stranger_is_not_paid_again() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    let raced = buyer.pay_url(&named(&stall.market.raced, "/cent", "raced")?).await;
    let refusal = refused(raced, "SettledButRefused", MoneyMoved::Yes)?;
    ensure!(refusal.facts.contains_key("transaction"), "{refusal:?}");
    refused(buyer.pay_url(&named(&stall.market.raced, "/cent", "raced")?).await, "SettledButRefused", MoneyMoved::Yes)?;
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// What the seller claims is not believed: the chain is asked.
#[tokio::test]
async fn a_claim_is_only_a_claim() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "the purse is open and full")?).await?;
    let buyer = stall.impatient()?;
    for path in ["/generous", "/liar"] {
        let bought = buyer.pay_url(&get(&stall.market.odd, path)?).await?;
        let receipt = bought.receipt.context("a payment is demanded")?;
        ensure!(bought.answer.status == 200 && !receipt.settled && receipt.transaction.is_none(), "{receipt:?}");
    }
    ensure!(stall.earned().await? == CENT);
    Ok(())
}
