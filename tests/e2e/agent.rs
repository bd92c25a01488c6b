//! The agent's stories: it pays, it is refused by name, it pays in parallel, and its key is never seen.

mod approval;
mod batch;
mod desk;
mod key_file;
mod outcome;
mod parallel;
mod refusals;
mod secrets;
mod trouble;

use alloy::primitives::U256;
use desk::Desk;
use purse_agent::{Outcome, PaymentRequest, SessionFile};
use purse_tests::Scene;

/// I2, I13: a payment signed by the session key moves the tokens, and the vault's log shows it.
#[tokio::test]
async fn an_agent_pays_with_its_own_gas() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let (agent, payee) = (desk.agent().await?, desk.scene.actors.payees[0]);
    let sequence = desk.scene.vault().head().call().await?.sequence;

    for nonce in 1..=2 {
        let request = PaymentRequest::new(payee, 2 * Scene::USDC, format!("order {nonce}"), "forecast");
        let built = agent.build(&request).await?;
        assert_eq!(agent.check(&built).await?, Ok(()));
        let Outcome::Paid(paid) = agent.pay(&request).await? else { anyhow::bail!("not paid") };
        assert_eq!(paid.payment.nonce, nonce);
        assert_eq!(paid.payment.r#ref, built.r#ref, "the same purchase has the same reference");
        assert_eq!(paid.payment.r#ref, purse_agent::reference(desk.session.salt.get(), &request.purchase, "forecast"));
        assert_eq!((paid.category, paid.sequence), (Scene::CATEGORY, sequence + nonce));
        assert_eq!(paid.block, desk.scene.block().await?);
        assert!(paid.gas_used > 50_000, "{}", paid.gas_used);
        assert_eq!(desk.scene.balance(desk.scene.usdc, payee).await?, U256::from(u128::from(nonce) * 2 * Scene::USDC));
    }
    Ok(())
}

/// A payment prepared by the agent can be submitted by anyone, once.
#[tokio::test]
async fn a_prepared_payment_is_submitted_by_somebody_else() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let agent = desk.agent().await?;
    let signed = agent.prepare(&desk.request(Scene::USDC)).await??;
    assert_eq!(signed.signature.len(), 64, "the compact form is the cheapest");
    let (relayer, vault) = (desk.scene.actors.relayer.address(), desk.scene.vault);
    let call = purse_protocol::abi::IVault::payCall {
        payment: signed.payment.clone(),
        signature: signed.signature.clone(),
        approval: Default::default(),
    };
    desk.scene.send(relayer, vault, &call).await?;
    let refused = purse_tests::refusal(desk.scene.send(relayer, vault, &call).await)?;
    assert_eq!(refused.code, "NonceUsed");
    let Outcome::Paid(paid) = agent.pay(&desk.request(Scene::USDC)).await? else { anyhow::bail!("not paid") };
    assert_eq!(paid.payment.nonce, signed.payment.nonce + 1);
    Ok(())
}

/// Everything an agent needs lies in two files.
#[tokio::test]
async fn a_session_file_and_a_password_are_enough() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let session = SessionFile::load(desk.session.path())?;
    let key = purse_agent::keystore::open(&session.keystore_path(), Desk::PASSWORD)?;
    let agent = purse_agent::Agent::connect(desk.provider()?, session, key).await?;
    assert!(matches!(agent.pay(&desk.request(Scene::USDC)).await?, Outcome::Paid(_)));
    Ok(())
}
