//! Every kind of payment: plain token and real USDC, the first of its kind and a later one, relayed.

use crate::bench::{AMOUNT, BY_CATEGORY, Bench, DAY, ONE_LIMIT, PER_PAYMENT, TWO_LIMITS, UNIT};
use alloy::primitives::{Address, U256};
use purse_protocol::abi::{IErc20, IVault};

/// What the tokens alone cost: transfers by an account with a key, to a holder.
pub(crate) async fn floors(bench: &mut Bench) -> anyhow::Result<()> {
    let [payee, _, relayer] = bench.scene.actors.payees;
    let treasury = bench.scene.actors.treasury.address();
    for (name, token) in bench.tokens() {
        bench.scene.own(&IVault::withdrawCall { token, amount: U256::from(100 * UNIT) }).await?;
        let transfer = |to| IErc20::transferCall { to, value: U256::from(AMOUNT) };
        bench.scene.send(treasury, token, &transfer(relayer)).await?;
        bench.scene.send(treasury, token, &transfer(payee)).await?;
        let receipt = bench.scene.send(treasury, token, &transfer(payee)).await?;
        bench.note(&format!("floor_transfer_{name}"), &receipt, 1);
    }
    Ok(())
}

/// Payments without a limit of the vault; then, aside, with one: the vault never forgets that it had one.
pub(crate) async fn steady(bench: &mut Bench) -> anyhow::Result<()> {
    for (name, token) in bench.tokens() {
        for when in ["first", "steady"] {
            bench.pay(&format!("pay_{name}_{when}"), ONE_LIMIT, token, 0).await?;
        }
        for when in ["first", "steady"] {
            bench.pay(&format!("pay_fee_{name}_{when}"), ONE_LIMIT, token, UNIT).await?;
        }
        for when in ["first", "steady"] {
            bench.pay(&format!("pay_{name}_two_limits_{when}"), TWO_LIMITS, token, 0).await?;
        }
        for when in ["first", "steady"] {
            bench.pay(&format!("pay_category_{name}_{when}"), BY_CATEGORY, token, 0).await?;
        }
        bench.pay(&format!("pay_category_fee_{name}_steady"), BY_CATEGORY, token, UNIT).await?;
        approved(bench, name, token).await?;
        batches(bench, name, token).await?;
    }
    let before = bench.scene.snapshot().await?;
    under_vault_limits(bench).await?;
    bench.scene.revert(before).await
}

/// Above the per-payment cap, with the owner's signature.
async fn approved(bench: &mut Bench, name: &str, token: Address) -> anyhow::Result<()> {
    let item = bench.item(ONE_LIMIT, token, PER_PAYMENT + UNIT, 0)?;
    let call = IVault::payCall { payment: item.payment, signature: item.signature, approval: item.approval };
    bench.act(&format!("pay_approval_{name}_steady"), bench.scene.actors.relayer.address(), &call).await
}

/// Ten to one payee, one alone, the most there can be, and ten of which one is refused: gas for each.
async fn batches(bench: &mut Bench, name: &str, token: Address) -> anyhow::Result<()> {
    for (count, amount) in [(1, AMOUNT), (10, AMOUNT), (32, UNIT)] {
        let items = (0..count).map(|_| bench.item(ONE_LIMIT, token, amount, 0)).collect::<Result<_, _>>()?;
        bench.pay_batch(&format!("batch{count}_{name}_each"), items).await?;
    }
    let mut items: Vec<_> = (0..9).map(|_| bench.item(ONE_LIMIT, token, UNIT, 0)).collect::<Result<_, _>>()?;
    items.insert(4, bench.item(TWO_LIMITS, token, 0, 0)?);
    bench.pay_batch(&format!("batch10_one_refused_{name}_each"), items).await
}

/// The vault's own limit, alone and with everything else.
async fn under_vault_limits(bench: &mut Bench) -> anyhow::Result<()> {
    for (name, token) in bench.tokens() {
        let limit = |window| IVault::setLimitCall { session: 0, category: 0, token, window, cap: 1_000 * UNIT };
        bench.own(&format!("set_vault_limit_{name}_first"), &limit(DAY)).await?;
        for when in ["first", "steady"] {
            bench.pay(&format!("pay_vault_limit_{name}_{when}"), ONE_LIMIT, token, 0).await?;
        }
        for when in ["first", "steady"] {
            bench.pay(&format!("pay_all_scopes_fee_{name}_{when}"), BY_CATEGORY, token, UNIT).await?;
        }
    }
    Ok(())
}
