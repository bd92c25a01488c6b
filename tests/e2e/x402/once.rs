//! One purchase, one payment (I3 for purses): under retries, in many processes, without the journal, after a kill.

use super::stall::{AS_AGENT, CENT, Stall, get, kept, named, refused};
use crate::cli::purse::{Home, Ran};
use anyhow::{Context, ensure};
use purse_agent::Journal;
use purse_agent::journal::State;
use purse_protocol::MoneyMoved;
use serde_json::Value;
use std::process::Stdio;
use std::sync::Arc;

#[tokio::test]
async fn the_same_purchase_gives_the_first_receipt() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let bought = stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await?;
    let again = stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await?;
    ensure!(again.replayed && again.receipt == bought.receipt && again.answer == bought.answer);
    ensure!(stall.earned().await? == CENT);
    let other = stall.buyer()?.pay_url(&named(&stall.market.seller, "/half", "order-7781")?).await;
    refused(other, "PurchaseIdTaken", MoneyMoved::No)?;
    Ok(())
}

/// The token refuses a nonce twice, and the nonce follows from the id: so also without the journal.
#[tokio::test]
async fn a_lost_journal_pays_nothing_twice() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let first = stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await?;
    for lost in std::fs::read_dir(stall.home())?.collect::<Result<Vec<_>, _>>()? {
        if lost.file_name().to_string_lossy().contains(".journal") {
            std::fs::remove_file(lost.path())?;
        }
    }
    let again = stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await;
    let refusal = refused(again, "AlreadyPaid", MoneyMoved::Yes)?;
    let transaction = first.receipt.and_then(|receipt| receipt.transaction).context("paid")?;
    ensure!(refusal.facts["transaction"] == transaction.to_string());
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// Eight processes of one machine, which share key and journal: all get the one receipt.
#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_make_one_payment() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let url = format!("{}/cent", stall.market.seller);
    let pay = ["pay", &url, "--reason", "forecast", "--purchase-id", "order-7781", "--json"];
    let processes = (0..8).map(|_| {
        let mut command = home.command(&[&pay[..], AS_AGENT].concat())?;
        Ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
    });
    let processes = processes.collect::<anyhow::Result<Vec<_>>>()?;
    let mut paid = Vec::new();
    for process in processes {
        let ran = Ran::of(process.wait_with_output()?)?;
        ensure!(ran.code == 0, "{}{}", ran.stdout, ran.stderr);
        let said: Value = serde_json::from_str(&ran.stdout)?;
        paid.push(said["payment"]["tx"].as_str().context("paid")?.to_owned());
    }
    ensure!(paid.windows(2).all(|pair| pair[0] == pair[1]) && stall.earned().await? == CENT, "{paid:?}");
    Ok(())
}

/// Eight machines that share a key and no journal: at most one payment, and none says that nothing moved who cannot know.
#[tokio::test(flavor = "multi_thread")]
async fn eight_machines_make_one_payment() -> anyhow::Result<()> {
    let stall = Arc::new(Stall::open().await?);
    stall.buyer()?.pay_url(&named(&stall.market.seller, "/half", "the purse is open and full")?).await?;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let stall = stall.clone();
            tokio::spawn(async move {
                let home = tempfile::tempdir()?;
                let session = stall.session_in(home.path())?;
                let buyer = stall.buyer_at(&session)?;
                let bought = buyer.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await;
                Ok::<_, anyhow::Error>(bought)
            })
        })
        .collect();
    let mut served = 0;
    for task in tasks {
        match task.await?? {
            Ok(_) => served += 1,
            Err(refusal) => ensure!(refusal.money_moved != MoneyMoved::No, "{refusal:?}"),
        }
    }
    ensure!(served >= 1 && stall.earned().await? == CENT + 500_000);
    Ok(())
}

/// A process that ends anywhere leaves a purchase that the next one finishes or writes off.
#[tokio::test]
async fn what_a_killed_process_left_is_found_again() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let buyer = stall.buyer()?;
    buyer.pay_url(&get(&stall.market.seller, "/cent")?).await?;
    let model = buyer.journal().list(1)?.remove(0);
    let journal = Journal::open(
        &Journal::beside(stall.session.path()),
        stall.scene.chain_id(),
        stall.scene.vault,
        stall.session.session.get(),
    )?;
    let purchasing = named(&stall.market.seller, "/cent", "killed")?;
    let funds = purse_agent::journal::Funds { balance: u128::MAX, block: 0, time: 0 };

    // killed after it reserved: nothing was signed
    let mut left = model.bought.clone();
    left.purchase = "killed".parse()?;
    left.request = model.bought.request;
    left.derived = false;
    left.nonce = left.purchase.nonce(stall.session.session.get(), stall.session.salt.get(), 0);
    journal.reserve(&left, funds, 1)?.map_err(|short| anyhow::anyhow!("{short:?}"))?;
    let decided = buyer.reconcile().await?;
    ensure!(decided.len() == 1 && decided[0].state == State::Refused && decided[0].reconciled);
    let bought = buyer.pay_url(&purchasing).await?;
    ensure!(bought.receipt.context("paid")?.settled && kept(&buyer, "killed")?.state == State::Settled);
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}

/// Killed after the seller got it: the chain says that it was paid, and asking again pays nothing more.
#[tokio::test]
async fn what_was_settled_after_the_client_left_is_reconciled() -> anyhow::Result<()> {
    let stall = Stall::stocked().await?;
    let asked = stall.impatient()?.pay_url(&named(&stall.market.slow, "/cent", "slow")?).await;
    let refusal = refused(asked, "SellerSilent", MoneyMoved::Unknown)?;
    ensure!(refusal.facts.contains_key("dead_after") && refusal.facts["purchase_id"] == "slow");
    ensure!(kept(&stall.buyer()?, "slow")?.state == State::Unknown && stall.earned().await? == CENT);

    reqwest::get(format!("{}/release", stall.market.odd)).await?;
    let buyer = stall.buyer()?;
    let mut decided = Vec::new();
    while decided.is_empty() {
        decided = buyer.reconcile().await?;
    }
    ensure!(decided[0].state == State::Settled && decided[0].reconciled && decided[0].transaction.is_some());
    ensure!(stall.earned().await? == 2 * CENT);
    let again = buyer.pay_url(&named(&stall.market.slow, "/cent", "slow")?).await;
    refused(again, "SettledButRefused", MoneyMoved::Yes)?;
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}
