//! A payment above the cap waits for its approval and stops no other (I3, I5).

use super::desk::Desk;
use alloy::primitives::U256;
use purse_agent::{ApprovalRequest, Outcome, PaymentRequest};
use purse_protocol::abi::IVault;
use purse_tests::Scene;

/// The owner approves, with his own key, what the file says.
fn approve(desk: &Desk, mut request: ApprovalRequest) -> anyhow::Result<ApprovalRequest> {
    let approval = purse_owner::approve(request.chain_id, request.vault, &request.payment, &desk.scene.actors.owner)?;
    request.approval = Some(approval);
    Ok(request)
}

fn above(desk: &Desk) -> PaymentRequest {
    PaymentRequest { deadline_seconds: 86_400, ..desk.request(11 * Scene::USDC) }
}

#[tokio::test]
async fn payments_go_on_while_one_waits_for_its_approval() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let agent = desk.agent().await?;
    let Outcome::Refused(refusal) = agent.pay(&above(&desk)).await? else { anyhow::bail!("above the cap") };
    assert_eq!(refusal.code, "AbovePerPaymentCap");
    let request = agent.request_approval(&above(&desk)).await??;
    assert_eq!(request.signer(), Some(agent.address()));

    // Nobody but the owner can approve it, and nobody can pay it without.
    let Outcome::Refused(refusal) = agent.pay_approved(&request).await? else { anyhow::bail!("paid alone") };
    assert_eq!(refusal.code, "AbovePerPaymentCap");
    let own = ApprovalRequest { approval: Some(request.signature.clone()), ..request.clone() };
    let Outcome::Refused(refusal) = agent.pay_approved(&own).await? else { anyhow::bail!("approved by the agent") };
    assert_eq!(refusal.code, "ApprovalInvalid");
    let approved = approve(&desk, request.clone())?;
    let mut other = approved.clone();
    other.payment.amount += 1;
    let error = agent.pay_approved(&other).await.err().map(|error| error.code());
    assert_eq!(error, Some("NotOurRequest"), "what was altered is not what was signed");

    for nonce in 1..=3 {
        let Outcome::Paid(paid) = agent.pay(&desk.request(Scene::USDC)).await? else { anyhow::bail!("not paid") };
        assert_eq!(paid.payment.nonce, nonce);
    }
    let Outcome::Paid(paid) = agent.pay_approved(&approved).await? else { anyhow::bail!("not paid") };
    assert_eq!((paid.payment.amount, paid.payment.nonce), (11 * Scene::USDC, request.payment.nonce));
    let Outcome::Paid(next) = agent.pay(&desk.request(Scene::USDC)).await? else { anyhow::bail!("not paid") };
    assert_eq!(next.payment.nonce, paid.payment.nonce + 1);
    assert_eq!(desk.scene.balance(desk.scene.usdc, desk.scene.actors.payees[0]).await?, U256::from(15 * Scene::USDC));
    Ok(())
}

/// An approval lifts the cap per payment and nothing else; where the cap was raised meanwhile it is not needed.
#[tokio::test]
async fn an_approval_lifts_one_cap_only() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let (agent, scene) = (desk.agent().await?, &desk.scene);
    let refused = agent.request_approval(&PaymentRequest { amount: 26 * Scene::USDC, ..above(&desk) }).await?;
    assert_eq!(refused.err().map(|refusal| refusal.code), Some("LimitExceeded"), "25 a day");
    let stranger = PaymentRequest { payee: scene.actors.relayer.address(), ..above(&desk) };
    assert_eq!(agent.request_approval(&stranger).await?.err().map(|refusal| refusal.code), Some("PayeeNotInBook"));

    let first = approve(&desk, agent.request_approval(&above(&desk)).await??)?;
    let second = approve(&desk, agent.request_approval(&above(&desk)).await??)?;
    let session = Scene::SESSION;
    let before = scene.snapshot().await?;
    scene.own(&IVault::pauseCall {}).await?;
    let Outcome::Refused(refusal) = agent.pay_approved(&first).await? else { anyhow::bail!("paused") };
    assert_eq!(refusal.code, "VaultPaused");
    scene.revert(before).await?;

    let raised = IVault::setPerPaymentCapCall { session, token: scene.usdc, perPaymentCap: 12 * Scene::USDC };
    scene.own(&raised).await?;
    let Outcome::Paid(_) = agent.pay_approved(&second).await? else { anyhow::bail!("the later one first") };
    let Outcome::Paid(_) = agent.pay_approved(&first).await? else { anyhow::bail!("then the earlier one") };
    Ok(())
}
