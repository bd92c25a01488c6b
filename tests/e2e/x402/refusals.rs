//! What the vault refuses is refused before anything is signed, by name.

use super::stall::{CENT, Stall, get, named, refused};
use anyhow::ensure;
use purse_protocol::MoneyMoved;
use purse_protocol::abi::IVault;
use purse_tests::Scene;

/// I5, I6, I8: nothing is signed, nothing moves, and the refusal has the vault's own name.
#[tokio::test]
async fn the_vaults_refusals_keep_their_names() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, seller) = (stall.buyer()?, &stall.market.seller);
    for (path, code) in
        [("/dear", "AbovePerPaymentCap"), ("/unlisted", "PayeeNotInBook"), ("/other-category", "CategoryNotGranted")]
    {
        refused(buyer.pay_url(&get(seller, path)?).await, code, MoneyMoved::No)?;
    }
    refused(buyer.pay_url(&get(seller, "/cent")?.at_most(CENT - 1)).await, "AboveMax", MoneyMoved::No)?;
    stall.scene.own(&IVault::pauseCall {}).await?;
    refused(buyer.pay_url(&get(seller, "/cent")?).await, "VaultPaused", MoneyMoved::No)?;
    ensure!(buyer.journal().list(1)?.is_empty() && stall.left_vault().await? == 0);
    Ok(())
}

/// I4: the window is full and the purse is empty; then a purse that still holds enough pays all the same.
#[tokio::test]
async fn a_full_window_refuses_the_refill() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, seller) = (stall.buyer()?, &stall.market.seller);
    buyer.pay_url(&get(seller, "/cent")?).await?;
    let spent = stall.left_vault().await?;
    for (nonce, amount) in (100..).zip([10 * Scene::USDC, 10 * Scene::USDC, 5 * Scene::USDC - spent]) {
        stall.scene.pay(&stall.scene.payment(nonce, amount), &stall.scene.actors.agents[0]).await?;
    }
    let mut bought = 0_u32;
    let refusal = loop {
        match buyer.pay_url(&get(seller, "/half")?).await {
            Ok(_) => bought += 1,
            refusal => break refused(refusal, "LimitExceeded", MoneyMoved::No)?,
        }
    };
    ensure!(bought == 4, "what the purse held was charged already: {bought}");
    ensure!(refusal.facts.contains_key("retry_after") && stall.left_vault().await? == 25 * Scene::USDC, "{refusal:?}");
    Ok(())
}

/// A category's own limit binds the refill.
#[tokio::test]
async fn a_categorys_limit_binds() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let limit = IVault::setLimitCall {
        session: Scene::SESSION,
        category: Scene::CATEGORY,
        token: stall.scene.usdc,
        window: 86_400,
        cap: CENT,
    };
    stall.scene.own(&limit).await?;
    let buyer = stall.buyer()?;
    refused(buyer.pay_url(&get(&stall.market.seller, "/half")?).await, "PriceAbovePurse", MoneyMoved::No)?;
    ensure!(stall.left_vault().await? == 0);
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_over_pays_nothing() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    buyer.pay_url(&named(&stall.market.seller, "/cent", "one")?).await?;
    stall.scene.own(&IVault::revokeCall { session: Scene::SESSION }).await?;
    refused(buyer.pay_url(&named(&stall.market.seller, "/cent", "two")?).await, "SessionRevoked", MoneyMoved::No)?;
    ensure!(stall.earned().await? == CENT);
    let again = buyer.pay_url(&named(&stall.market.seller, "/cent", "one")?).await?;
    ensure!(again.replayed, "what was bought stays bought");
    Ok(())
}
