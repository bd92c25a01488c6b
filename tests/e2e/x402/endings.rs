//! Authorisations that end: by time, by revocation, by want of money.

use super::stall::{CENT, Stall, get, kept, named, refused};
use anyhow::ensure;
use purse_agent::journal::State;
use purse_protocol::MoneyMoved;
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use serde_json::Value;
use std::sync::Arc;

/// The same signed authorisation goes out until it is dead; from then on a new one, under the same nonce.
#[tokio::test]
async fn a_dead_authorisation_makes_way_for_a_new_one_under_its_nonce() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let purchasing = named(&stall.market.odd, "/silent", "silent")?;
    refused(stall.impatient()?.pay_url(&purchasing).await, "SellerSilent", MoneyMoved::Unknown)?;
    let first = kept(&stall.buyer()?, "silent")?;
    refused(stall.impatient()?.pay_url(&purchasing).await, "SellerSilent", MoneyMoved::Unknown)?;
    ensure!(kept(&stall.buyer()?, "silent")?.header == first.header, "the very same");

    stall.scene.mine_at(first.bought.valid_before).await?; // its HTTP payments are over
    let decided = stall.buyer()?.reconcile().await?;
    ensure!(decided.len() == 1 && decided[0].state == State::Refused && decided[0].reconciled);
    ensure!(decided[0].bought.nonce == first.bought.nonce && stall.earned().await? == 0);
    Ok(())
}

/// I8: revoked between signing and settling: it does not settle, and that is known for certain.
#[tokio::test]
async fn a_revocation_stops_what_is_signed() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "one")?).await?;
    let purchasing = named(&stall.market.slow, "/cent", "slow")?;
    refused(stall.impatient()?.pay_url(&purchasing).await, "SellerSilent", MoneyMoved::Unknown)?;
    stall.scene.own(&IVault::revokeCall { session: Scene::SESSION }).await?;
    reqwest::get(format!("{}/release", stall.market.odd)).await?;
    refused(stall.buyer()?.pay_url(&purchasing).await, "SessionRevoked", MoneyMoved::No)?;
    ensure!(stall.earned().await? == CENT && kept(&stall.buyer()?, "slow")?.state == State::Refused);
    Ok(())
}

/// I16: three machines sign against money for two, each unknown to the others and each believed by the facilitator.
/// Exactly two are paid.
#[tokio::test(flavor = "multi_thread")]
async fn of_three_authorisations_for_the_money_of_two_two_settle() -> anyhow::Result<()> {
    let stall = Arc::new(Stall::open().await?);
    let (session, category, token) = (Scene::SESSION, Scene::CATEGORY, stall.scene.usdc);
    stall.scene.own(&IVault::setPurseTargetCall { session, category, token, target: 3 * CENT + CENT / 2 }).await?;
    stall.buyer()?.pay_url(&get(&stall.market.seller, "/cent")?).await?; // opened and filled; two cents are left
    let machines: Vec<_> = (0..3)
        .map(|number| {
            let stall = stall.clone();
            tokio::spawn(async move {
                let home = tempfile::tempdir()?;
                let session = stall.session_in(home.path())?;
                let buyer = stall.buyer_at(&session)?;
                anyhow::Ok(buyer.pay_url(&named(&stall.market.slow, "/cent", &format!("order {number}"))?).await)
            })
        })
        .collect();
    let odd = &stall.market.odd;
    loop {
        let said: Value = serde_json::from_slice(&reqwest::get(format!("{odd}/holding")).await?.bytes().await?)?;
        ensure!(!machines.iter().any(|machine| machine.is_finished()), "one had its answer before its turn");
        if said["holding"] == 3 {
            break;
        }
    }
    reqwest::get(format!("{odd}/release")).await?;
    let mut served = 0;
    for machine in machines {
        match machine.await?? {
            Ok(bought) => served += usize::from(bought.receipt.is_some_and(|receipt| receipt.settled)),
            Err(refusal) => ensure!(refusal.money_moved == MoneyMoved::Unknown, "it may settle yet: {refusal:?}"),
        }
    }
    ensure!(served == 2 && stall.earned().await? == 3 * CENT, "{served} were served");
    ensure!(stall.left_vault().await? == 3 * CENT + stall.has(stall.purse().await?).await?);
    Ok(())
}

/// I8: a session whose span has ended signs nothing more.
#[tokio::test]
async fn a_session_that_has_expired_signs_nothing() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    stall.buyer()?.pay_url(&get(&stall.market.seller, "/cent")?).await?;
    let end = stall.scene.now().await? + 60;
    let (session, valid_until) = (Scene::SESSION, u32::try_from(end)?);
    stall.scene.own(&IVault::setValidityCall { session, validFrom: 0, validUntil: valid_until }).await?;
    stall.scene.mine_at(end).await?;
    let refusal =
        refused(stall.buyer()?.pay_url(&get(&stall.market.seller, "/cent")?).await, "SessionExpired", MoneyMoved::No)?;
    ensure!(stall.earned().await? == CENT && !refusal.next_step.is_empty());
    Ok(())
}
