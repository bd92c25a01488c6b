//! What fails on this side of a purchase: the journal, the node, the account that pays the gas. After a payment has gone out
//! nobody is told that nothing moved, what is asked again pays nothing twice, and what is wrong with one purchase refuses no
//! other.

use super::griefing::act;
use super::stall::{CENT, Stall, kept, named, refused};
use alloy::primitives::{U256, hex};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider};
use alloy::sol_types::SolCall;
use anyhow::{Context, ensure};
use purse_agent::buyer::Bounds;
use purse_agent::journal::State;
use purse_agent::{Buyer, Journal};
use purse_protocol::MoneyMoved::{No, Unknown, Yes};
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use rusqlite::Connection;
use serde_json::json;
use std::time::Duration;

/// A journal that takes every note but one, as a disk that fills up at that moment does.
struct Deaf(Connection);

impl Deaf {
    fn to(stall: &Stall, note: &str) -> anyhow::Result<Self> {
        let file = Connection::open(Journal::beside(stall.session.path()))?;
        file.execute_batch(&format!(
            "CREATE TRIGGER deaf BEFORE UPDATE ON purchases WHEN {note} BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        ))?;
        Ok(Self(file))
    }

    fn hears_again(self) -> anyhow::Result<()> {
        Ok(self.0.execute_batch("DROP TRIGGER deaf")?)
    }
}

/// The authorisation is out, or used, when the journal fails.
#[tokio::test]
async fn a_journal_that_fails_after_sending_never_says_that_nothing_moved() -> anyhow::Result<()> {
    let stall = Stall::stocked().await?;
    let mut paid = CENT;
    for (id, note, money) in [
        ("answer", "NEW.answer_status IS NOT NULL", Unknown), // before the chain is asked
        ("settled", "NEW.state = 'settled'", Yes),
        ("final", "NEW.final = 1", Yes),
        ("handed-over", "NEW.handed_over = 1", Yes),
    ] {
        let deaf = Deaf::to(&stall, note)?;
        let purchasing = named(&stall.market.seller, "/cent", id)?;
        let refusal = refused(stall.buyer()?.pay_url(&purchasing).await, "JournalFailed", money)?;
        ensure!(refusal.facts["purchase_id"] == id && refusal.what_happened.contains("disk full"), "{refusal:?}");
        deaf.hears_again()?;
        paid += CENT;
        ensure!(stall.earned().await? == paid, "{id}: the seller was paid");
        let again = stall.buyer()?.pay_url(&purchasing).await;
        match again {
            Ok(bought) => ensure!(bought.receipt.is_some_and(|receipt| receipt.settled), "{id}"),
            // The answer was not kept, and a stock seller takes no payment twice
            Err(refusal) => ensure!((id, refusal.money_moved) == ("answer", Yes), "{id}: {refusal:?}"),
        }
        ensure!(stall.earned().await? == paid && kept(&stall.buyer()?, id)?.state == State::Settled, "{id}");
    }
    Ok(())
}

/// The same where the seller is silent and the money has not moved yet.
#[tokio::test]
async fn a_journal_that_fails_while_a_seller_is_silent_leaves_it_open() -> anyhow::Result<()> {
    let stall = Stall::stocked().await?;
    let deaf = Deaf::to(&stall, "NEW.state = 'unknown'")?;
    let slow = named(&stall.market.slow, "/cent", "slow")?;
    refused(stall.impatient()?.pay_url(&slow).await, "JournalFailed", Unknown)?;
    deaf.hears_again()?;
    reqwest::get(format!("{}/release", stall.market.odd)).await?;
    while stall.earned().await? < 2 * CENT {
        tokio::task::yield_now().await;
    }
    refused(stall.buyer()?.pay_url(&slow).await, "SettledButRefused", Yes)?;
    ensure!(stall.earned().await? == 2 * CENT && kept(&stall.buyer()?, "slow")?.state == State::Settled);
    Ok(())
}

/// The node says nothing of a purchase that was left: another one is bought all the same, and tells nothing of the first.
#[tokio::test]
async fn a_fault_about_one_purchase_refuses_no_other() -> anyhow::Result<()> {
    let stall = Stall::stocked().await?;
    let silent = named(&stall.market.odd, "/silent", "first")?;
    refused(stall.impatient()?.pay_url(&silent).await, "SellerSilent", Unknown)?;
    let nonce = hex::encode(kept(&stall.buyer()?, "first")?.bought.nonce);
    let (_meddler, buyer) = stall.meddled(json!({ "refuses": nonce }))?;
    refused_to_look(&buyer).await?;
    let bought = buyer.pay_url(&named(&stall.market.seller, "/cent", "second")?).await?;
    ensure!(bought.receipt.is_some_and(|receipt| receipt.settled && receipt.purchase_id == "second"));
    let refusal = refused(buyer.pay_url(&named(&stall.market.odd, "/html", "third")?).await, "SellerNotX402", No)?;
    ensure!(refusal.facts["purchase_id"] == "third" && !refusal.facts.contains_key("payee"), "{refusal:?}");
    ensure!(kept(&buyer, "first")?.state == State::Unknown && stall.earned().await? == 2 * CENT);
    Ok(())
}

/// That node does refuse to say what became of it.
async fn refused_to_look(buyer: &Buyer<DynProvider>) -> anyhow::Result<()> {
    let refusal = buyer.reconcile().await.err().context("the node says nothing of the first")?;
    ensure!(refusal.money_moved == Unknown && refusal.facts["purchase_id"] == "first", "{refusal:?}");
    Ok(())
}

/// Settled, and the session revoked, between the look at the chain and the look at the rules: the revocation alone would
/// say that nothing moved.
#[tokio::test]
async fn settled_and_revoked_in_between_is_not_called_unpaid() -> anyhow::Result<()> {
    let stall = Stall::stocked().await?;
    let owner = stall.scene.actors.owner.address();
    let revoke = act(owner, stall.scene.vault, &IVault::revokeCall { session: Scene::SESSION });
    let (script, buyer) = stall.meddled(json!({
        "when": hex::encode(IVault::checkCall::SELECTOR),
        "skip": 1, // the first is asked before anything is signed
        "visits": format!("{}/settle-refused", stall.market.odd),
        "first": [revoke],
    }))?;
    let bounds = Bounds { seen_within: Duration::from_millis(500), ..Bounds::default() };
    let buyer = buyer.within(bounds);
    let purchasing = named(&stall.market.odd, "/refuses-for-now", "race")?;
    let refusal = refused(buyer.pay_url(&purchasing).await, "SessionRevoked", Unknown)?;
    ensure!(stall.earned().await? == 2 * CENT, "it was settled before it was judged: {refusal:?}");
    drop(script);
    let decided = stall.buyer()?.reconcile().await?;
    ensure!(decided.len() == 1 && decided[0].state == State::Settled, "{decided:?}");
    Ok(())
}

/// An agent without ether opens no purse, and is told so before a seller is given anything; what is in the purse it can
/// spend without any.
#[tokio::test]
async fn an_agent_without_ether_spends_what_its_purse_holds() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (buyer, agent) = (stall.buyer()?, stall.scene.actors.agents[0].address());
    let node = &stall.scene.provider;
    let had = node.get_balance(agent).await?;
    node.anvil_set_balance(agent, U256::from(1)).await?;
    let cent = named(&stall.market.seller, "/cent", "first")?;
    let refusal = refused(buyer.pay_url(&cent).await, "GasAccountShort", No)?;
    ensure!(refusal.next_step.contains(&agent.to_string()) && stall.left_vault().await? == 0, "{refusal:?}");
    node.anvil_set_balance(agent, had).await?;
    buyer.pay_url(&cent).await?; // the purse is open and full
    node.anvil_set_balance(agent, U256::from(1)).await?;
    buyer.pay_url(&named(&stall.market.seller, "/cent", "second")?).await?;
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}
