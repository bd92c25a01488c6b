//! Version 1 of x402, which most sellers still speak, as it was shipped: the stock packages `x402-express` and `x402`,
//! on a chain with the id and the name of a real one.

use super::market::{Script, told};
use super::stall::{CENT, Stall, get, kept, named, refused};
use alloy::hex;
use anyhow::{Context, ensure};
use purse_agent::journal::State;
use purse_protocol::abi::IVault;
use purse_protocol::{Chain, MoneyMoved};
use purse_tests::{LocalChain, Scene};
use serde_json::json;
use std::sync::Arc;

/// Version 1 knows no network by number; this is the smallest of those that it knows by name and so do we.
const NETWORK: &str = "base-sepolia";

/// A market on a chain with the id of that network, and a seller of version 1 before it.
async fn market() -> anyhow::Result<(Stall, Script)> {
    let id = Chain::by_name(NETWORK).context("it is in the table")?.id;
    let stall = Stall::on(Scene::on(LocalChain::start_now(id).await?).await?.granted().await?, None).await?;
    let config = json!({
        "rpcUrl": stall.scene.rpc_url(),
        "key": hex::encode_prefixed(stall.scene.actors.relayer.to_bytes()),
        "network": NETWORK,
        "token": stall.scene.usdc,
        "payee": stall.scene.actors.payees[0],
    });
    let script = Script::start("tests/x402/version_one.mjs", &config)?;
    Ok((stall, script))
}

/// I13, I15: an unmodified seller of version 1 is paid from a purse; and what is revoked after it was signed, the stock facilitator refuses.
#[tokio::test(flavor = "multi_thread")]
async fn a_stock_seller_of_version_one_is_paid() -> anyhow::Result<()> {
    let (stall, script) = market().await?;
    let (stall, seller) = (Arc::new(stall), script.url("seller")?);
    stall.catch_up().await?;
    let bought = stall.buyer()?.pay_url(&get(&seller, "/cent")?).await?;
    ensure!(String::from_utf8(bought.answer.body.unwrap_or_default())?.contains("\"version\":1"));
    let receipt = bought.receipt.context("it was paid for")?;
    ensure!(receipt.settled && receipt.transaction.is_some() && stall.earned().await? == CENT, "{receipt:?}");

    let task = tokio::spawn({
        let (stall, seller) = (stall.clone(), seller.clone());
        async move { anyhow::Ok(stall.buyer()?.pay_url(&named(&seller, "/held", "held")?).await) }
    });
    while told(&format!("{seller}/holding"), "holding").await? == 0 {
        ensure!(!task.is_finished(), "it had its answer before its turn");
    }
    stall.scene.own(&IVault::revokeCall { session: Scene::SESSION }).await?;
    reqwest::get(format!("{seller}/release")).await?;
    let refusal = refused(task.await??, "SessionRevoked", MoneyMoved::No)?;
    ensure!(refusal.facts["seller_says"].contains("signature"), "{refusal:?}");
    ensure!(kept(&stall.buyer()?, "held")?.state == State::Refused && stall.earned().await? == CENT);
    Ok(())
}
