//! What stops: by owner, guardian and agent, first and again.

use crate::bench::{BY_CATEGORY, Bench, ONE_LIMIT, TWO_LIMITS};
use purse_protocol::abi::IVault;

pub(crate) async fn all(bench: &mut Bench) -> anyhow::Result<()> {
    let guardian = bench.scene.actors.guardian.address();
    bench.own("pause", &IVault::pauseCall {}).await?;
    bench.own("pause_again", &IVault::pauseCall {}).await?;
    bench.own("unpause", &IVault::unpauseCall {}).await?;
    let payee = bench.scene.actors.payees[1];
    bench.own("remove_payee", &IVault::removePayeeCall { payee }).await?;
    bench.own("revoke", &IVault::revokeCall { session: ONE_LIMIT }).await?;
    bench.act("revoke_by_guardian", guardian, &IVault::revokeCall { session: TWO_LIMITS }).await?;
    bench.own("revoke_all", &IVault::revokeAllCall {}).await?;
    bench.own("revoke_all_again", &IVault::revokeAllCall {}).await?;
    bench.own("revoke_again", &IVault::revokeCall { session: BY_CATEGORY }).await
}
