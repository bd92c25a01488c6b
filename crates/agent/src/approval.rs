//! Payments above the per-payment cap (I5): signed by the session's key, written to a file for the owner to approve, and
//! made with the owner's signature.

use crate::approval_request::ApprovalRequest;
use crate::pay::LOOK_AGAIN;
use crate::payment::{Outcome, PaymentRequest, SignedPayment};
use crate::{Agent, AgentError, DEFAULT_DEADLINE_SECONDS};
use alloy::primitives::Bytes;
use alloy::providers::Provider;
use purse_protocol::Refusal;
use std::time::{Duration, Instant};

/// Longest wait for the agent's other payments, whose deadlines are two minutes.
const PATIENCE: Duration = Duration::from_secs(180);
/// Longest wait for the block, in seconds: the deadline of an approved payment may be a day away.
const MOST_WAIT: u32 = DEFAULT_DEADLINE_SECONDS;

impl<P: Provider> Agent<P> {
    /// Signs a payment that the vault makes only with the owner's approval, under a nonce held for it until the request's
    /// deadline. The deadline must leave the owner time: [`APPROVAL_DEADLINE_SECONDS`](crate::APPROVAL_DEADLINE_SECONDS).
    ///
    /// # Errors
    /// The outer error: it could not be done. The inner one: the vault would refuse it even with an approval.
    pub async fn request_approval(
        &self,
        request: &PaymentRequest,
    ) -> Result<Result<ApprovalRequest, Refusal>, AgentError> {
        if let Err(refusal) = self.judge_request(request, true).await? {
            return Ok(Err(refusal));
        }
        let (mut guard, view) = self.lock().await?;
        let mut payment = self.payment(request, &view)?;
        payment.nonce = guard.ledger.hold(view.nonces(), payment.deadline)?;
        guard.save()?;
        let SignedPayment { payment, signature, .. } = self.sign(payment)?;
        Ok(Ok(ApprovalRequest {
            chain_id: self.session.chain_id,
            vault: self.session.vault,
            payment,
            purchase: request.purchase.clone(),
            purpose: request.purpose.clone(),
            signature,
            approval: None,
        }))
    }

    /// Makes a payment that the owner has approved; without the approval where it is not needed any more.
    ///
    /// Waits until no payment of this agent is under way that would be left behind (I3).
    ///
    /// # Errors
    /// [`AgentError::NotOurRequest`] where another key signed the request, or for another vault; else as
    /// [`Agent::pay`].
    pub async fn pay_approved(&self, request: &ApprovalRequest) -> Result<Outcome, AgentError> {
        let of_ours = (request.chain_id, request.vault) == (self.session.chain_id, self.session.vault)
            && request.payment.session == self.session.session.get()
            && request.signer() == Some(self.key.address());
        if !of_ours {
            return Err(AgentError::NotOurRequest);
        }
        let payment = &request.payment;
        let started = Instant::now();
        let (guard, view) = loop {
            let (mut guard, view) = self.lock().await?;
            match guard.ledger.blocks(view.nonces(), payment.nonce) {
                Some(_) if started.elapsed() < PATIENCE => {
                    drop(guard);
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                _ => break (guard, view),
            }
        };
        let alone = self.judge(payment, &view.session, false).await?;
        let approval = match (alone, &request.approval) {
            (Ok(()), _) => Bytes::new(),
            (Err(refusal), None) => return Ok(Outcome::Refused(refusal)),
            (Err(_), Some(approval)) => match self.judge(payment, &view.session, true).await? {
                Ok(()) => approval.clone(),
                Err(refusal) => return Ok(Outcome::Refused(refusal)),
            },
        };
        let signed = SignedPayment {
            payment: payment.clone(),
            digest: request.digest(),
            signature: request.signature.clone(),
            approval,
        };
        let left = u64::from(payment.deadline).saturating_sub(view.time);
        self.make(guard, signed, u32::try_from(left).unwrap_or(u32::MAX).min(MOST_WAIT)).await
    }
}
