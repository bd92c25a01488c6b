//! The stock JavaScript client pays from a purse, by the few lines of `examples/js`. It asks the vault nothing, so what it
//! must not pay reaches the stock facilitator.

use super::market::node;
use super::stall::{CENT, Stall, get};
use alloy::hex;
use anyhow::ensure;
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use serde_json::{Value, json};

/// A market whose purse is open and filled, for the price of a cent.
async fn filled() -> anyhow::Result<Stall> {
    let stall = Stall::open().await?;
    stall.buyer()?.pay_url(&get(&stall.market.seller, "/cent")?).await?;
    Ok(stall)
}

/// The status that the stock client ends with.
async fn status(stall: &Stall, path: &str) -> anyhow::Result<Value> {
    let config = json!({
        "url": format!("{}{path}", stall.market.seller),
        "key": hex::encode_prefixed(stall.scene.actors.agents[0].to_bytes()),
        "purse": stall.purse().await?,
    });
    let output = node("tests/x402/stock_client.mjs", &config)?.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    Ok(answer["status"].clone())
}

#[tokio::test]
async fn the_stock_client_pays_from_a_purse() -> anyhow::Result<()> {
    let stall = filled().await?;
    ensure!(status(&stall, "/cent").await? == 200);
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}

/// I15: signed by the session's own key and brought by the stock facilitator: the purse says no to whatever the vault does
/// not allow, and nothing moves.
#[tokio::test]
async fn the_stock_facilitator_is_refused_what_the_vault_refuses() -> anyhow::Result<()> {
    let stall = filled().await?;
    let held = stall.has(stall.purse().await?).await?;
    for path in ["/unlisted", "/other-category", "/dear"] {
        ensure!(status(&stall, path).await? == 402, "{path}");
    }
    let (session, token) = (Scene::SESSION, stall.scene.usdc);
    stall.scene.own(&IVault::setPerPaymentCapCall { session, token, perPaymentCap: CENT - 1 }).await?;
    ensure!(status(&stall, "/cent").await? == 402, "above the cap per payment");
    stall.scene.own(&IVault::revokeCall { session }).await?;
    ensure!(status(&stall, "/cent").await? == 402, "revoked");
    ensure!(stall.earned().await? == CENT && stall.has(stall.purse().await?).await? == held);
    Ok(())
}

/// The same of a vault that is paused, which stops what is signed already.
#[tokio::test]
async fn the_stock_facilitator_is_refused_while_the_vault_is_paused() -> anyhow::Result<()> {
    let stall = filled().await?;
    stall.scene.own(&IVault::pauseCall {}).await?;
    ensure!(status(&stall, "/cent").await? == 402);
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// I8: the same of a session whose span has ended: its key still signs, and the purse says no.
#[tokio::test]
async fn the_stock_facilitator_is_refused_when_the_session_has_expired() -> anyhow::Result<()> {
    let stall = filled().await?;
    let held = stall.has(stall.purse().await?).await?;
    let end = stall.scene.now().await? + 60;
    let (session, valid_until) = (Scene::SESSION, u32::try_from(end)?);
    stall.scene.own(&IVault::setValidityCall { session, validFrom: 0, validUntil: valid_until }).await?;
    ensure!(status(&stall, "/cent").await? == 200, "until then it pays");
    stall.scene.mine_at(end).await?; // still behind the wall's clock, by which the facilitator judges
    ensure!(status(&stall, "/cent").await? == 402);
    ensure!(stall.earned().await? == 2 * CENT && stall.has(stall.purse().await?).await? == held - CENT);
    Ok(())
}
