//! Strangers who give to a purse, and an owner who empties it, at the worst moment: refused by name or harmless, and no
//! more leaves the vault than its limits allow (I4, I16).

use super::market::told;
use super::stall::{CENT, Stall, base, get, kept, named, refused};
use alloy::hex;
use alloy::primitives::{Address, Bytes};
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::sol_types::SolCall;
use anyhow::{Context, ensure};
use purse_agent::DEFAULT_DEADLINE_SECONDS;
use purse_agent::journal::State;
use purse_protocol::MoneyMoved::{No, Unknown};
use purse_protocol::WhoCanFix;
use purse_protocol::abi::{IPurse, IVault};
use purse_tests::Scene;
use serde_json::{Value, json};
use std::sync::Arc;

alloy::sol! {
    function mint(address to, uint256 amount) external returns (bool);
}

/// What the purse of these stories is refilled to; `/half` costs nearly all of it.
const TARGET: u128 = 600_000;
const HALF: u128 = 500_000;

/// A stall whose purse is open and has had one `/half` paid out of it.
async fn low() -> anyhow::Result<(Stall, Address)> {
    let stall = Stall::open().await?;
    let (session, category, token) = (Scene::SESSION, Scene::CATEGORY, stall.scene.usdc);
    stall.scene.own(&IVault::setPurseTargetCall { session, category, token, target: TARGET }).await?;
    stall.buyer()?.pay_url(&get(&stall.market.seller, "/half")?).await?;
    let purse = stall.purse().await?;
    ensure!(stall.has(purse).await? < TARGET / 2, "it would not be refilled");
    Ok((stall, purse))
}

/// What anvil does for whoever asks: a call by one of its own accounts.
pub(super) fn act(from: Address, to: Address, call: &impl SolCall) -> Value {
    json!(["eth_sendTransactionSync", [{ "from": from, "to": to, "data": Bytes::from(call.abi_encode()) }]])
}

/// What left the vault, and what strangers gave, is at the payee and in the purse, to the last unit.
async fn adds_up(stall: &Stall, given: u128) -> anyhow::Result<()> {
    let (left, purse) = (stall.left_vault().await?, stall.has(stall.purse().await?).await?);
    ensure!(left + given == stall.earned().await? + purse, "left {left}, given {given}, the purse has {purse}");
    ensure!(left <= 25 * Scene::USDC, "I4: {left}");
    Ok(())
}

/// Given between the client's look at the purse and its refill, so that the refill would overfill it: the refill fails by
/// name, nothing is signed, and the next attempt pays.
#[tokio::test]
async fn a_gift_in_front_of_a_refill_is_the_givers_loss() -> anyhow::Result<()> {
    let (stall, purse) = low().await?;
    let gift = 100_000;
    let give =
        act(stall.scene.actors.deployer.address(), stall.scene.usdc, &mintCall { to: purse, amount: base(gift) });
    let (_meddler, buyer) = stall.meddled(json!({ "when": "eth_sendRawTransaction", "first": [give] }))?;
    let (left, spent) = (stall.left_vault().await?, stall.earned().await?);
    refused(buyer.pay_url(&named(&stall.market.seller, "/half", "two")?).await, "PurseOverfilled", No)?;
    ensure!(stall.left_vault().await? == left && stall.earned().await? == spent);
    buyer.pay_url(&named(&stall.market.seller, "/half", "two")?).await?;
    ensure!(stall.earned().await? == spent + HALF, "paid once");
    adds_up(&stall, gift).await
}

/// Given so much that the purse is not low any more, and yet not enough for the price: the refusal says so, and what was
/// given can be spent until the purse is low again.
#[tokio::test]
async fn a_gift_that_keeps_a_purse_from_being_refilled_is_spent() -> anyhow::Result<()> {
    let (stall, purse) = low().await?;
    let gift = TARGET / 2 - stall.has(purse).await?;
    let deployer = stall.scene.actors.deployer.address();
    stall.scene.send(deployer, stall.scene.usdc, &mintCall { to: purse, amount: base(gift) }).await?;
    let (buyer, left) = (stall.buyer()?, stall.left_vault().await?);
    let refusal = refused(buyer.pay_url(&get(&stall.market.seller, "/half")?).await, "PurseShort", No)?;
    ensure!(refusal.who_can_fix == WhoCanFix::Owner && refusal.facts["held"] == "0.00 USDC", "{refusal:?}");
    buyer.pay_url(&get(&stall.market.seller, "/cent")?).await?;
    ensure!(stall.left_vault().await? == left, "out of what was given");
    buyer.pay_url(&get(&stall.market.seller, "/half")?).await?;
    ensure!(stall.earned().await? == 2 * HALF + CENT);
    adds_up(&stall, gift).await
}

/// The owner empties the purse while a payment out of it is with the facilitator: nothing moves, and the client knows that
/// something may yet. When the purse has been refilled, the same payment goes through, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_purse_swept_under_a_payment_pays_when_it_is_full_again() -> anyhow::Result<()> {
    let (stall, purse) = low().await?;
    let stall = Arc::new(stall);
    let (slow, odd) = (stall.market.slow.clone(), stall.market.odd.clone());
    let buying = tokio::spawn({
        let (stall, slow) = (stall.clone(), slow.clone());
        async move { anyhow::Ok(stall.buyer()?.pay_url(&named(&slow, "/cent", "slow")?).await) }
    });
    while told(&format!("{odd}/holding"), "holding").await? == 0 {
        ensure!(!buying.is_finished(), "it had its answer before its turn");
    }
    let back = stall.has(purse).await?;
    let sweep = IPurse::sweepCall { token: stall.scene.usdc };
    stall.scene.send(stall.scene.actors.owner.address(), purse, &sweep).await?;
    ensure!(stall.has(purse).await? == 0 && back > 0);
    reqwest::get(format!("{odd}/release")).await?;
    let refusal = refused(buying.await??, "PurseRefused", Unknown)?;
    ensure!(refusal.facts.contains_key("dead_after") && stall.earned().await? == HALF, "{refusal:?}");

    let buyer = stall.buyer()?;
    buyer.pay_url(&get(&stall.market.seller, "/cent")?).await?; // refills, beside what is promised
    let paid = buyer.pay_url(&named(&slow, "/cent", "slow")?).await?.receipt.context("a payment is demanded")?;
    ensure!(paid.settled && kept(&buyer, "slow")?.state == State::Settled, "{paid:?}");
    ensure!(stall.earned().await? == HALF + 2 * CENT);
    adds_up(&stall, 0).await
}

/// Revoked between the client's look at the rules and its last question, which is the purse's: nothing is sent.
#[tokio::test]
async fn a_purse_that_says_no_at_the_last_moment_has_the_last_word() -> anyhow::Result<()> {
    let (stall, _) = low().await?;
    let actors = &stall.scene.actors;
    let revoke = act(actors.owner.address(), stall.scene.vault, &IVault::revokeCall { session: Scene::SESSION });
    let asks_the_purse = hex::encode(IPurse::isValidSignatureCall::SELECTOR);
    let (_meddler, buyer) = stall.meddled(json!({ "when": asks_the_purse, "first": [revoke] }))?;
    refused(buyer.pay_url(&named(&stall.market.seller, "/cent", "late")?).await, "PurseRefused", No)?;
    ensure!(kept(&buyer, "late")?.state == State::Refused && stall.earned().await? == HALF);
    refused(buyer.pay_url(&named(&stall.market.seller, "/cent", "late")?).await, "SessionRevoked", No)?;
    Ok(())
}

/// The transaction that opens or fills the purse is lost by the node: that has a name, and the next attempt pays.
#[tokio::test(flavor = "multi_thread")]
async fn a_refill_that_is_in_no_block_is_told() -> anyhow::Result<()> {
    let stall = Arc::new(Stall::open().await?);
    let node = &stall.scene.provider;
    node.anvil_set_auto_mine(false).await?;
    let buying = tokio::spawn({
        let stall = stall.clone();
        async move { anyhow::Ok(stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "lost")?).await) }
    });
    loop {
        let pool: Value = node.raw_request("txpool_status".into(), ()).await?;
        if pool["pending"] == "0x1" {
            break;
        }
        ensure!(!buying.is_finished(), "it sent nothing");
    }
    node.anvil_drop_all_transactions().await?;
    let over = stall.scene.now().await? + u64::from(DEFAULT_DEADLINE_SECONDS) + 60; // and still behind the wall's clock
    stall.scene.mine_at(over).await?;
    refused(buying.await??, "RefillNotMined", No)?;
    node.anvil_set_auto_mine(true).await?;
    stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "lost")?).await?;
    ensure!(stall.earned().await? == CENT);
    adds_up(&stall, 0).await
}
