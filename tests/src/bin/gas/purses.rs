//! Purses: opened, sized, filled, swept; and what a seller's facilitator pays to settle from one.

use crate::bench::{AMOUNT, Bench, CATEGORY, ONE_LIMIT, UNIT};
use alloy::primitives::{Address, keccak256};
use alloy::rpc::types::TransactionReceipt;
use anyhow::ensure;
use purse_protocol::abi::{IErc20, IPurse, IPurses, IVault};
use purse_protocol::create2::purses_address;
use purse_tests::Authorization;

/// What a payment from a purse on real USDC may cost more than the same by an account with a key.
const MOST_OVERHEAD: u64 = 25_000;

/// On real USDC; aside, as nothing else is to be measured in a vault with purses.
pub(crate) async fn all(bench: &mut Bench) -> anyhow::Result<()> {
    let before = bench.scene.snapshot().await?;
    let (token, stranger) = (bench.scene.usdc, bench.scene.actors.deployer.address());
    let opening = IVault::openPurseCall { session: ONE_LIMIT, token, category: CATEGORY };
    bench.act("open_purse", stranger, &opening).await?;
    let target = IVault::setPurseTargetCall { session: ONE_LIMIT, category: CATEGORY, token, target: 100 * UNIT };
    bench.own("set_purse_target", &target).await?;
    let purses = IPurses::new(purses_address(bench.scene.vault), &bench.scene.provider);
    let purse = purses.purseOf(ONE_LIMIT, token, CATEGORY).call().await?;

    // Above the per-payment cap, in two rounds
    for when in ["first", "steady"] {
        refill(bench, &format!("refill_usdc_{when}"), purse, 6 * AMOUNT).await?;
        for number in 0..2 {
            let receipt = settle(bench, purse, format!("purse {when} {number}")).await?;
            bench.note("x402_from_purse_steady", &receipt, 1);
        }
    }
    let holder = bench.scene.actors.treasury.address();
    bench
        .own(
            "withdraw_for_the_account",
            &IVault::withdrawCall { token, amount: alloy::primitives::U256::from(10 * AMOUNT) },
        )
        .await?;
    bench.gas.remove("withdraw_for_the_account");
    for number in 0..2 {
        let receipt = settle(bench, holder, format!("account {number}")).await?;
        bench.note("x402_from_account_steady", &receipt, 1);
    }
    let receipt = bench.scene.send(bench.scene.actors.owner.address(), purse, &IPurse::sweepCall { token }).await?;
    bench.note("sweep_purse_usdc", &receipt, 1);
    let told = IErc20::new(token, &bench.scene.provider).balanceOf(purse).call().await?;
    ensure!(told.is_zero(), "the purse still holds {told}");

    let of = |name: &str| bench.gas.get(name).copied().unwrap_or_default();
    let (from_purse, from_account) = (of("x402_from_purse_steady"), of("x402_from_account_steady"));
    ensure!(
        from_purse <= from_account + MOST_OVERHEAD,
        "a payment from a purse takes {from_purse} gas, from an account {from_account}"
    );
    bench.scene.revert(before).await
}

async fn refill(bench: &mut Bench, name: &str, purse: Address, amount: u128) -> anyhow::Result<()> {
    let mut payment = bench.item(ONE_LIMIT, bench.scene.usdc, AMOUNT, 0)?.payment;
    (payment.payee, payment.amount) = (purse, amount);
    let signature = bench.scene.sign_compact(&payment, &Bench::key(ONE_LIMIT)?)?;
    let call = IVault::payCall { payment, signature, approval: Default::default() };
    bench.act(name, bench.scene.actors.relayer.address(), &call).await
}

/// A facilitator settles 10 tokens to a seller who has some.
async fn settle(bench: &Bench, from: Address, what: String) -> anyhow::Result<TransactionReceipt> {
    let (scene, token) = (&bench.scene, bench.scene.usdc);
    let authorization =
        Authorization { token, from, to: scene.actors.payees[0], value: AMOUNT, nonce: keccak256(what) };
    let treasury = &scene.actors.treasury;
    let call = match from == treasury.address() {
        true => authorization.of_account(&scene.provider, treasury).await?,
        false => authorization.of_purse(&scene.provider, &Bench::key(ONE_LIMIT)?).await?,
    };
    scene.send(scene.actors.relayer.address(), token, &call).await
}
