//! The owner's and the guardian's verbs by signature, lodged by the relayer.

use crate::bench::{BY_CATEGORY, Bench, CATEGORY, DAY, ONE_LIMIT, TWO_LIMITS, UNIT, day_limit, grant};
use crate::changes::limit;
use alloy::primitives::{Address, U256, keccak256};
use purse_protocol::abi::IVault;

/// A session that only this module knows.
const NEW: u32 = 10;

/// Measured aside: what follows wants the sessions alive.
pub(crate) async fn by_signature(bench: &mut Bench) -> anyhow::Result<()> {
    let before = bench.scene.snapshot().await?;
    let (owner, guardian) = (bench.scene.actors.owner.clone(), bench.scene.actors.guardian.clone());
    let [_, second, _] = bench.scene.actors.payees;
    let plain = bench.plain;

    let new = grant(NEW, Bench::key(NEW)?.address(), &[plain], &[day_limit(1_000 * UNIT)]);
    bench.lodge("lodge_grant", &owner, &new).await?;
    bench.lodge("lodge_set_limit", &owner, &limit(ONE_LIMIT, 0, plain, DAY, 500)).await?;
    let entries = vec![IVault::PayeeEntry { payee: second, category: CATEGORY + 1 }];
    bench.lodge("lodge_set_payees", &owner, &IVault::setPayeesCall { entries }).await?;
    let new_key = Address::from_word(keccak256("a lodged key"));
    bench.lodge("lodge_rotate_key", &owner, &IVault::rotateKeyCall { session: NEW, newKey: new_key }).await?;
    let some = IVault::withdrawCall { token: plain, amount: U256::from(UNIT) };
    bench.lodge("lodge_withdraw_plain", &owner, &some).await?;
    bench.lodge("lodge_remove_payee", &owner, &IVault::removePayeeCall { payee: second }).await?;
    bench.lodge("lodge_revoke", &owner, &IVault::revokeCall { session: TWO_LIMITS }).await?;
    bench.lodge("lodge_revoke_by_guardian", &guardian, &IVault::revokeCall { session: BY_CATEGORY }).await?;
    bench.lodge("lodge_pause", &owner, &IVault::pauseCall {}).await?;
    bench.lodge("lodge_revoke_all", &owner, &IVault::revokeAllCall {}).await?;
    bench.scene.revert(before).await
}
