//! What waits out the owner's delay: put by, executed, cancelled, killed. Measured aside.

use crate::bench::{Bench, CATEGORY, DAY, HOUR, ONE_LIMIT, UNIT, day_limit, grant};
use crate::changes::limit;
use alloy::primitives::Bytes;
use alloy::sol_types::SolCall;
use anyhow::ensure;
use purse_protocol::abi::IVault;

/// A session that only this module knows.
const NEW: u32 = 11;

pub(crate) async fn delayed(bench: &mut Bench) -> anyhow::Result<()> {
    let before = bench.scene.snapshot().await?;
    bench.own("set_delay_first", &IVault::setDelayCall { newDelay: HOUR }).await?;
    let plain = bench.plain;

    // Each alone on the list
    let raised = limit(ONE_LIMIT, 0, plain, DAY, 1_500);
    waits_and_is_executed(bench, "set_limit", &raised).await?;
    let new = grant(NEW, Bench::key(NEW)?.address(), &[plain], &[day_limit(1_000 * UNIT)]);
    waits_and_is_executed(bench, "grant", &new).await?;
    let [_, second, _] = bench.scene.actors.payees;
    let entries = vec![IVault::PayeeEntry { payee: second, category: CATEGORY + 1 }];
    waits_and_is_executed(bench, "set_payees_one", &IVault::setPayeesCall { entries }).await?;

    // Beside another
    let change = put_by(bench, "", &limit(ONE_LIMIT, 0, plain, DAY, 1_600)).await?;
    let other = put_by(bench, "set_limit_waits_second", &limit(ONE_LIMIT, 0, plain, DAY, 1_700)).await?;
    bench.own("cancel", &IVault::cancelCall { change }).await?;
    let guardian = bench.scene.actors.guardian.clone();
    bench.act("cancel_by_guardian", guardian.address(), &IVault::cancelCall { change: other }).await?;
    let change = put_by(bench, "", &limit(ONE_LIMIT, 0, plain, DAY, 1_800)).await?;
    bench.lodge("lodge_cancel", &guardian, &IVault::cancelCall { change }).await?;

    // A tightening and the stops, where something waits
    put_by(bench, "", &limit(ONE_LIMIT, 0, plain, DAY, 1_900)).await?;
    bench.own("set_limit_kills", &limit(ONE_LIMIT, 0, plain, DAY, 500)).await?;
    bench.own("remove_payee_kills", &IVault::removePayeeCall { payee: second }).await?;
    bench.own("pause_kills", &IVault::pauseCall {}).await?;
    put_by(bench, "unpause_waits", &IVault::unpauseCall {}).await?;
    bench.own("set_delay_longer", &IVault::setDelayCall { newDelay: 2 * HOUR }).await?;
    bench.own("revoke_kills", &IVault::revokeCall { session: NEW }).await?;
    bench.own("revoke_all_kills", &IVault::revokeAllCall {}).await?;
    bench.scene.revert(before).await
}

/// Notes `<name>_waits` and, an hour later, `execute_<name>`.
async fn waits_and_is_executed(bench: &mut Bench, name: &str, call: &impl SolCall) -> anyhow::Result<()> {
    let change = put_by(bench, &format!("{name}_waits"), call).await?;
    bench.scene.set_next_time(bench.scene.now().await? + u64::from(HOUR)).await?;
    let call = Bytes::from(call.abi_encode());
    let relayer = bench.scene.actors.relayer.address();
    bench.act(&format!("execute_{name}"), relayer, &IVault::executeCall { change, call }).await
}

/// Has the owner ask for what must wait; its number. No name: not noted.
async fn put_by(bench: &mut Bench, name: &str, call: &impl SolCall) -> anyhow::Result<u32> {
    if name.is_empty() {
        bench.scene.own(call).await?;
    } else {
        bench.own(name, call).await?;
    }
    let change = bench.scene.vault().ownerNonce().call().await?;
    let waiting = bench.scene.reader().waiting().await?;
    ensure!(waiting.iter().any(|one| one.change == change && !one.killed), "{name}: nothing waits");
    Ok(change)
}
