//! What was decided once and turns out otherwise: reorganisations, other machines, categories that are taken away.

use super::stall::{CENT, Stall, get, kept, named, refused};
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::anvil::ReorgOptions;
use anyhow::{Context, ensure};
use purse_agent::journal::State;
use purse_protocol::MoneyMoved;
use purse_protocol::abi::IVault;
use purse_tests::{LocalChain, Scene};

/// A chain whose blocks are final by its own `finalized` tag, two epochs of 32 behind the newest.
const BASE: u64 = 8_453;

/// Blocks after which anvil calls the first of them final.
const EPOCHS: u64 = 65;

/// A payment that a reorganisation took away is not called paid, whoever was told so before; and once none can any more,
/// it is called final and not looked at again.
#[tokio::test]
async fn a_payment_is_paid_for_good_when_no_reorganisation_can_take_it_away() -> anyhow::Result<()> {
    let scene = Scene::on(LocalChain::start_now(BASE).await?).await?.granted().await?;
    let stall = Stall::on(scene, None).await?;
    stall.catch_up().await?;
    stall.buyer()?.pay_url(&get(&stall.market.seller, "/cent")?).await?; // the purse is open and full
    let bought = stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await?;
    let receipt = bought.receipt.context("paid")?;
    ensure!(receipt.settled && !receipt.is_final && stall.earned().await? == 2 * CENT);

    let gone = ReorgOptions { depth: 1, tx_block_pairs: Vec::new() };
    stall.scene.provider.anvil_reorg(gone).await?;
    ensure!(stall.earned().await? == CENT, "the block with the payment is gone");
    ensure!(stall.buyer()?.reconcile_unfinished().await?.is_empty(), "before a purchase nothing is asked about others");
    let changed = stall.buyer()?.reconcile().await?;
    ensure!(
        changed.len() == 1 && changed[0].state == State::Unknown && changed[0].transaction.is_none(),
        "{changed:?}"
    );
    let again = stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await?;
    let receipt = again.receipt.context("signed for")?;
    ensure!(again.replayed && !receipt.settled && receipt.transaction.is_none(), "{receipt:?}");

    for _ in 0..EPOCHS {
        stall.scene.mine().await?;
    }
    ensure!(stall.buyer()?.reconcile_unfinished().await?.is_empty(), "none stands otherwise");
    let list = stall.buyer()?.journal().list(10)?;
    let finals: Vec<_> = list.iter().map(|purchase| (purchase.state, purchase.is_final)).collect();
    ensure!(finals == [(State::Unknown, false), (State::Settled, true)], "{finals:?}");
    Ok(())
}

/// Another machine bought it from the purse of a category that the session has lost since; this one knows nothing of it.
#[tokio::test]
async fn a_category_taken_away_hides_no_payment() -> anyhow::Result<()> {
    const OTHER: u8 = Scene::CATEGORY + 2;
    let stall = Stall::open().await?;
    stall.buyer()?.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await?;
    let payee = stall.scene.actors.payees[0];
    let categories = 1_u64 << OTHER;
    stall.scene.own(&IVault::setCategoriesCall { session: Scene::SESSION, categories }).await?;
    let entries = vec![IVault::PayeeEntry { payee, category: OTHER }];
    stall.scene.own(&IVault::setPayeesCall { entries }).await?;

    let home = tempfile::tempdir()?;
    let machine = stall.buyer_at(&stall.session_in(home.path())?)?;
    let again = machine.pay_url(&named(&stall.market.seller, "/cent", "order-7781")?).await;
    refused(again, "AlreadyPaid", MoneyMoved::Yes)?;
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// Two machines sign other terms under one id: the token takes one of them, and the receipt of the other says what moved.
#[tokio::test]
async fn a_receipt_says_what_really_moved() -> anyhow::Result<()> {
    let stall = Stall::stocked().await?;
    let slow = stall.impatient()?.pay_url(&named(&stall.market.slow, "/cent", "order-7781")?).await;
    refused(slow, "SellerSilent", MoneyMoved::Unknown)?;

    let home = tempfile::tempdir()?;
    let machine = stall.buyer_at(&stall.session_in(home.path())?)?;
    machine.pay_url(&named(&stall.market.seller, "/half", "order-7781")?).await?;
    let buyer = stall.buyer()?;
    let decided = buyer.reconcile().await?;
    ensure!(decided.len() == 1 && decided[0].state == State::Settled && decided[0].transaction.is_some());
    ensure!(decided[0].bought.amount == 500_000, "not the cent that was signed for here: {decided:?}");
    reqwest::get(format!("{}/release", stall.market.odd)).await?;
    Ok(())
}

/// Whoever buys through the library has what others left reconciled without asking for it.
#[tokio::test]
async fn the_first_purchase_of_a_buyer_reconciles_what_was_left() -> anyhow::Result<()> {
    let stall = Stall::stocked().await?;
    let slow = stall.impatient()?.pay_url(&named(&stall.market.slow, "/cent", "slow")?).await;
    refused(slow, "SellerSilent", MoneyMoved::Unknown)?;
    reqwest::get(format!("{}/release", stall.market.odd)).await?;
    while stall.earned().await? < 2 * CENT {
        tokio::task::yield_now().await;
    }
    let buyer = stall.buyer()?;
    ensure!(kept(&buyer, "slow")?.state == State::Unknown);
    buyer.pay_url(&get(&stall.market.seller, "/half")?).await?;
    let slow = kept(&buyer, "slow")?;
    ensure!(
        slow.state == State::Settled && slow.reconciled && slow.is_final,
        "every block of anvil is final: {slow:?}"
    );
    Ok(())
}

/// Killed with the answer in its hands, before anybody has it: the same command finds it again, and pays nothing more.
#[tokio::test]
async fn an_answer_that_nobody_has_yet_is_not_bought_again() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let cent = get(&stall.market.seller, "/cent")?;
    let first = stall.buyer()?.hand_over_later().pay_url(&cent).await?;
    let buyer = stall.buyer()?.hand_over_later();
    let again = buyer.pay_url(&cent).await?;
    ensure!(again.replayed && again.answer == first.answer && stall.earned().await? == CENT);
    buyer.handed_over(&again.receipt.context("paid")?)?;
    let anew = stall.buyer()?.pay_url(&cent).await?;
    ensure!(!anew.replayed && stall.earned().await? == 2 * CENT, "handed over: asking again is another purchase");
    Ok(())
}
