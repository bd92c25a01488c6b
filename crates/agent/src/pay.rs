//! Paying: check, lease a nonce, sign, submit, and read in the vault's log what became of it.

use crate::AgentError;
use crate::agent::{Agent, ChainView};
use crate::ledger::{LeaseRefused, NONCE_LEAP};
use crate::nonce::NonceGuard;
use crate::payment::{NotMined, Outcome, Paid, PaymentRequest, SignedPayment};
use crate::submit::{Cargo, NotSent, Waited, on_chain};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionReceipt;
use purse_protocol::abi::IVault::{IVaultEvents, Paid as PaidEvent, Payment};
use purse_protocol::{Refusal, event};
use std::time::{Duration, Instant};

/// How often somebody who waits for the session's other payments looks again.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(250);

impl<P: Provider> Agent<P> {
    /// Makes a payment and says what became of it.
    ///
    /// A refused check costs nothing, signs nothing and burns no nonce. From the lease of the nonce until the
    /// transaction is sent the session's lock is held, so payments from any number of tasks and processes use different
    /// nonces of both kinds and are mined in order; the receipt is awaited outside it. Cancelling while it waits may
    /// leave a payment under way, until its deadline at most.
    ///
    /// # Errors
    /// [`AgentError`]; only [`AgentError::OutcomeUnknown`] and those that name a transaction leave anything on its way.
    pub async fn pay(&self, request: &PaymentRequest) -> Result<Outcome, AgentError> {
        if let Err(refusal) = self.judge_request(request, false).await? {
            return Ok(Outcome::Refused(refusal));
        }
        let (guard, signed) = self.lease_and_sign(request).await?;
        self.make(guard, signed, request.deadline_seconds).await
    }

    /// Checks and signs a payment for somebody else to submit, under a nonce leased for it.
    ///
    /// # Errors
    /// The outer error: it could not be done. The inner one: the vault would refuse it; nothing was signed.
    pub async fn prepare(&self, request: &PaymentRequest) -> Result<Result<SignedPayment, Refusal>, AgentError> {
        if let Err(refusal) = self.judge_request(request, false).await? {
            return Ok(Err(refusal));
        }
        let (_guard, signed) = self.lease_and_sign(request).await?;
        Ok(Ok(signed))
    }

    /// Asks the vault about a request before it has a nonce: under one halfway to the furthest, which the payments that
    /// others make meanwhile will neither use nor leave behind. `approved`: as if the owner had approved it.
    pub(crate) async fn judge_request(
        &self,
        request: &PaymentRequest,
        approved: bool,
    ) -> Result<Result<(), Refusal>, AgentError> {
        let view = self.view().await?;
        let mut payment = self.payment(request, &view)?;
        payment.nonce = view.session.nonceHighest.saturating_add(NONCE_LEAP / 2);
        self.judge(&payment, &view.session, approved).await
    }

    /// The lock, and the chain as it is under it.
    pub(crate) async fn lock(&self) -> Result<(NonceGuard, ChainView), AgentError> {
        let guard = self.nonces.lock(self.session.chain_id, self.session.vault, self.key.address()).await?;
        Ok((guard, self.view().await?))
    }

    /// Leases a nonce, notes it on disk, then signs: in this order, so that no end of the process lets two payments
    /// have one nonce. Waits while 32 payments are under way.
    async fn lease_and_sign(&self, request: &PaymentRequest) -> Result<(NonceGuard, SignedPayment), AgentError> {
        let started = Instant::now();
        let patience = Duration::from_secs(request.deadline_seconds.into());
        loop {
            let (mut guard, view) = self.lock().await?;
            let mut payment = self.payment(request, &view)?;
            match guard.ledger.lease(view.nonces(), payment.deadline) {
                Ok(nonce) => payment.nonce = nonce,
                Err(LeaseRefused::WindowFull { .. }) if started.elapsed() < patience => {
                    drop(guard);
                    tokio::time::sleep(LOOK_AGAIN).await;
                    continue;
                }
                Err(refused) => return Err(refused.into()),
            }
            guard.save()?;
            let signed = self.sign(payment)?;
            return Ok((guard, signed));
        }
    }

    /// Submits a signed payment under the lock, and waits for it outside.
    pub(crate) async fn make(
        &self,
        mut guard: NonceGuard,
        signed: SignedPayment,
        deadline_seconds: u32,
    ) -> Result<Outcome, AgentError> {
        let call = signed.calldata();
        let payment = signed.payment;
        let cargo = Cargo { call, nonce: payment.nonce, deadline: payment.deadline };
        let sent = match self.submit(&mut guard, cargo).await {
            Ok(sent) => sent,
            Err(NotSent::Reverted(data)) => return Ok(Outcome::Refused(self.refusal(&data, &payment).await)),
            Err(NotSent::Failed(error)) => return Err(error),
        };
        drop(guard);
        let transaction = sent.transaction;
        match self.wait(&sent, deadline_seconds).await? {
            Waited::Late { over } => Ok(Outcome::NotMined(NotMined { transaction, payment, over })),
            Waited::Mined(receipt) if receipt.status() => {
                self.paid(&payment, &receipt).map(Outcome::Paid).ok_or(AgentError::PaidEventMismatch { transaction })
            }
            Waited::Mined(receipt) => {
                let revert = self.revert_of(&sent, &receipt).await?;
                Ok(Outcome::Refused(on_chain(self.refusal(&revert, &payment).await, &receipt)))
            }
        }
    }

    /// What the vault's own log in a receipt says of this very payment, if anything.
    pub(crate) fn paid(&self, payment: &Payment, receipt: &TransactionReceipt) -> Option<Paid> {
        self.events(receipt).find_map(|event| match event {
            IVaultEvents::Paid(paid) if is_of(payment, &paid) => Some(Paid {
                transaction: receipt.transaction_hash,
                block: receipt.block_number.unwrap_or_default(),
                gas_used: receipt.gas_used,
                payment: payment.clone(),
                category: paid.category,
                sequence: paid.sequence,
            }),
            _ => None,
        })
    }

    /// The vault's own events in a receipt.
    pub(crate) fn events(&self, receipt: &TransactionReceipt) -> impl Iterator<Item = IVaultEvents> {
        let vault = self.session.vault;
        let logs = receipt.logs().iter().filter(move |log| log.address() == vault);
        logs.filter_map(|log| event::decode(&log.inner.data).ok())
    }
}

/// Whether the vault's log shows that very payment.
fn is_of(payment: &Payment, paid: &PaidEvent) -> bool {
    (paid.session, paid.nonce, paid.r#ref) == (payment.session, payment.nonce, payment.r#ref)
        && (paid.token, paid.payee, paid.amount) == (payment.token, payment.payee, payment.amount)
        && (paid.fee, paid.feeRecipient) == (payment.fee, payment.feeRecipient)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::{SessionFile, SessionKey};
    use alloy::eips::eip1559::Eip1559Estimation;
    use alloy::primitives::Address;
    use alloy::providers::ProviderBuilder;
    use purse_protocol::SessionId;
    use purse_protocol::abi::IVaultLens::SessionView;

    /// Experience 3: a client's own work per payment, without network and keystore, takes at most this.
    const MOST_OVERHEAD: Duration = Duration::from_millis(5);
    const ROUNDS: u32 = 32;

    /// Builds, leases, saves, signs and encodes as `send` does, and says how long one payment takes.
    #[tokio::test]
    #[expect(clippy::print_stdout, reason = "the number is the point; cargo shows it with --nocapture")]
    async fn the_clients_own_work_takes_less_than_five_milliseconds() {
        let home = tempfile::tempdir().unwrap();
        let (vault, token) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let (path, keystore) = (home.path().join("a.session.toml"), std::path::Path::new("unused"));
        let session = SessionFile::new(&path, vault, 31_337, SessionId::new(1).unwrap(), token, keystore);
        let nobody = ProviderBuilder::default().connect_http("http://127.0.0.1:1".parse().unwrap());
        let agent = Agent::new(nobody, session, SessionKey::generate());
        let request = PaymentRequest::new(Address::repeat_byte(3), 1_000_000, "order 7781", "forecast");
        let fees = Eip1559Estimation { max_fee_per_gas: 2_000_000_000, max_priority_fee_per_gas: 1 };

        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            let started = Instant::now();
            let session = SessionView {
                key: agent.address(),
                validFrom: 0,
                validUntil: u32::MAX,
                categories: 2,
                nonceHighest: round,
                nonceWindow: 1,
                epoch: 0,
                revoked: false,
            };
            let view = ChainView { session, time: 1_000, next_time: 1_001 };
            let mut payment = agent.payment(&request, &view).unwrap();
            let mut guard = agent.nonces.lock(31_337, vault, agent.address()).await.unwrap();
            payment.nonce = guard.ledger.lease(view.nonces(), payment.deadline).unwrap();
            guard.save().unwrap();
            let signed = agent.sign(payment).unwrap();
            let nonce = guard.ledger.transaction_nonce(u64::from(round), view.time);
            let (hash, transaction) = agent.transaction(&signed.calldata(), nonce, 100_000, &fees).unwrap();
            assert!(!hash.is_zero() && transaction.len() > 400);
            guard.ledger.sent(nonce, signed.payment.deadline);
            guard.save().unwrap();
            rounds.push(started.elapsed());
        }
        rounds.sort();
        let (fastest, median) = (rounds[0], rounds[rounds.len() / 2]); // what else the machine does is in few of them
        println!("client overhead per payment, without network and keystore: {fastest:?}, median {median:?}");
        assert!(fastest < MOST_OVERHEAD, "{fastest:?}");
    }
}
