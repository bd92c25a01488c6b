//! Authorisations that end: by time, by revocation.

use super::stall::{CENT, Stall, kept, named, refused};
use anyhow::ensure;
use purse_agent::journal::State;
use purse_protocol::MoneyMoved;
use purse_protocol::abi::IVault;
use purse_tests::Scene;

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
