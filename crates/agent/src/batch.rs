//! Several payments in one transaction: each pays or is refused by itself (I11).

use crate::ledger::{LeaseRefused, PARALLEL_NONCES};
use crate::nonce::NonceGuard;
use crate::pay::LOOK_AGAIN;
use crate::payment::{NotMined, Outcome, PaymentRequest, SignedPayment};
use crate::submit::{Cargo, NotSent, Sent, Waited, on_chain};
use crate::{Agent, AgentError};
use alloy::primitives::Bytes;
use alloy::providers::Provider;
use alloy::rpc::types::TransactionReceipt;
use alloy::sol_types::SolCall;
use purse_protocol::abi::IVault::{IVaultEvents, Payment, payBatchCall};
use std::time::{Duration, Instant};

/// Most payments in one transaction: what the vault takes, and as many nonces as may be under way at once.
pub const LARGEST_BATCH: usize = PARALLEL_NONCES as usize;

impl<P: Provider> Agent<P> {
    /// Makes up to [`LARGEST_BATCH`] payments in one transaction; the outcomes are in the order of the requests.
    ///
    /// What the vault would refuse now is not signed. The others are judged one after the other when they are mined, so
    /// that one may be refused for what those before it have spent.
    ///
    /// # Errors
    /// [`AgentError::BatchTooLong`]; else as [`Agent::pay`], for all of them.
    pub async fn pay_batch(&self, requests: &[PaymentRequest]) -> Result<Vec<Outcome>, AgentError> {
        if requests.len() > LARGEST_BATCH {
            return Err(AgentError::BatchTooLong { items: requests.len() });
        }
        let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(requests.len());
        for request in requests {
            outcomes.push(self.judge_request(request, false).await?.err().map(Outcome::Refused));
        }
        let open = requests.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_none());
        let open: Vec<&PaymentRequest> = open.map(|(request, _)| request).collect();
        let mut made = if open.is_empty() { Vec::new() } else { self.make_batch(&open).await? }.into_iter();
        let outcomes = outcomes.into_iter().map(|outcome| outcome.or_else(|| made.next()));
        Ok(outcomes.flatten().collect())
    }

    async fn make_batch(&self, requests: &[&PaymentRequest]) -> Result<Vec<Outcome>, AgentError> {
        let (mut guard, signed) = self.lease_and_sign_all(requests).await?;
        let payments: Vec<Payment> = signed.iter().map(|one| one.payment.clone()).collect();
        let items = signed.into_iter().map(SignedPayment::into_item).collect();
        let seconds = requests.iter().map(|request| request.deadline_seconds).max().unwrap_or_default();
        let cargo = Cargo {
            call: payBatchCall { items }.abi_encode().into(),
            nonce: payments.first().map_or(0, |payment| payment.nonce),
            deadline: payments.iter().map(|payment| payment.deadline).max().unwrap_or_default(),
        };
        let sent = match self.submit(&mut guard, cargo).await {
            Ok(sent) => sent,
            Err(NotSent::Reverted(revert)) => return Ok(self.all_refused(&payments, &revert, None).await),
            Err(NotSent::Failed(error)) => return Err(error),
        };
        drop(guard);
        match self.wait(&sent, seconds).await? {
            Waited::Late { over } => {
                let late = |payment| Outcome::NotMined(NotMined { transaction: sent.transaction, payment, over });
                Ok(payments.into_iter().map(late).collect())
            }
            Waited::Mined(receipt) if receipt.status() => self.settle_batch(&sent, &payments, &receipt).await,
            Waited::Mined(receipt) => {
                let revert = self.revert_of(&sent, &receipt).await?;
                Ok(self.all_refused(&payments, &revert, Some(&receipt)).await)
            }
        }
    }

    /// Leases all nonces or none, notes them on disk, then signs. Waits while too many payments are under way.
    async fn lease_and_sign_all(
        &self,
        requests: &[&PaymentRequest],
    ) -> Result<(NonceGuard, Vec<SignedPayment>), AgentError> {
        let started = Instant::now();
        let patience = requests.iter().map(|request| request.deadline_seconds).max().unwrap_or_default();
        let patience = Duration::from_secs(patience.into());
        'again: loop {
            let (mut guard, view) = self.lock().await?;
            let mut payments = Vec::with_capacity(requests.len());
            for request in requests {
                let mut payment = self.payment(request, &view)?;
                match guard.ledger.lease(view.nonces(), payment.deadline) {
                    Ok(nonce) => payment.nonce = nonce,
                    Err(LeaseRefused::WindowFull { .. }) if started.elapsed() < patience => {
                        drop(guard); // what is not saved is not leased
                        tokio::time::sleep(LOOK_AGAIN).await;
                        continue 'again;
                    }
                    Err(refused) => return Err(refused.into()),
                }
                payments.push(payment);
            }
            guard.save()?;
            let signed = payments.into_iter().map(|payment| self.sign(payment)).collect::<Result<_, _>>()?;
            return Ok((guard, signed));
        }
    }

    /// Reads a receipt: for each payment the vault's own log shows that it was made, or why not.
    async fn settle_batch(
        &self,
        sent: &Sent,
        payments: &[Payment],
        receipt: &TransactionReceipt,
    ) -> Result<Vec<Outcome>, AgentError> {
        let mut outcomes = Vec::with_capacity(payments.len());
        for payment in payments {
            let outcome = match (self.paid(payment, receipt), self.failed(payment, receipt)) {
                (Some(paid), _) => Outcome::Paid(paid),
                (None, Some(reason)) => Outcome::Refused(on_chain(self.refusal(&reason, payment).await, receipt)),
                // The vault names no failure that the session's key has not signed: the key was replaced meanwhile
                (None, None) => match self.judge(payment, &self.view().await?.session, false).await? {
                    Err(refusal) => Outcome::Refused(on_chain(refusal, receipt)),
                    Ok(()) => return Err(AgentError::PaidEventMismatch { transaction: sent.transaction }),
                },
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Why that very payment failed, as the vault's own log has it.
    fn failed(&self, payment: &Payment, receipt: &TransactionReceipt) -> Option<Bytes> {
        self.events(receipt).find_map(|event| match event {
            IVaultEvents::PaymentFailed(failed)
                if (failed.session, failed.nonce, failed.payee, failed.r#ref)
                    == (payment.session, payment.nonce, payment.payee, payment.r#ref) =>
            {
                Some(failed.reason)
            }
            _ => None,
        })
    }

    /// The whole batch was refused, for one reason.
    async fn all_refused(
        &self,
        payments: &[Payment],
        revert: &[u8],
        receipt: Option<&TransactionReceipt>,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(payments.len());
        for payment in payments {
            let refusal = self.refusal(revert, payment).await;
            outcomes.push(Outcome::Refused(match receipt {
                Some(receipt) => on_chain(refusal, receipt),
                None => refusal,
            }));
        }
        outcomes
    }
}
