//! Paying: check, lease a nonce, sign, submit with the session key's own gas, wait for the receipt.

use crate::AgentError;
use crate::agent::{Agent, ChainView, answer};
use crate::ledger::{LeaseRefused, NONCE_LEAP};
use crate::nonce::NonceGuard;
use crate::payment::{NotMined, Outcome, Paid, PaymentRequest, SignedPayment};
use alloy::consensus::{SignableTransaction, TxEip1559};
use alloy::eips::eip1559::Eip1559Estimation;
use alloy::eips::{BlockId, Encodable2718};
use alloy::network::TransactionBuilder;
use alloy::primitives::{B256, TxKind, U256};
use alloy::providers::Provider;
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use purse_protocol::abi::IVault::{IVaultEvents, Paid as PaidEvent, Payment};
use purse_protocol::{Refusal, RpcFault, event, format_amount};
use std::time::{Duration, Instant};

/// A transaction gets a quarter more gas than estimated: other payments may change what this one must write.
const GAS_MARGIN: (u64, u64) = (5, 4);
/// First pause between two looks for a receipt; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Longest pause between two looks: the block time of the common L2s.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Wall time beyond the payment's own deadline after which the wait ends, should the chain stand still.
const EXTRA_WAIT: Duration = Duration::from_secs(60);
/// Digits after the point of ether, and of the own coin of every chain of ours.
const ETHER_DECIMALS: u8 = 18;

/// A payment on its way.
struct Sent {
    signed: SignedPayment,
    transaction: B256,
    gas_limit: u64,
}

/// Why a payment was not sent.
enum NotSent {
    Refused(Refusal),
    Failed(AgentError),
}

impl From<AgentError> for NotSent {
    fn from(error: AgentError) -> Self {
        Self::Failed(error)
    }
}

impl From<RpcFault> for NotSent {
    fn from(fault: RpcFault) -> Self {
        Self::Failed(fault.into())
    }
}

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
        if let Err(refusal) = self.judge_request(request).await? {
            return Ok(Outcome::Refused(refusal));
        }
        match self.send(request).await {
            Ok(sent) => self.outcome(sent, request.deadline_seconds).await,
            Err(NotSent::Refused(refusal)) => Ok(Outcome::Refused(refusal)),
            Err(NotSent::Failed(error)) => Err(error),
        }
    }

    /// Checks and signs a payment for somebody else to submit, under a nonce leased for it.
    ///
    /// # Errors
    /// The outer error: it could not be done. The inner one: the vault would refuse it; nothing was signed.
    pub async fn prepare(&self, request: &PaymentRequest) -> Result<Result<SignedPayment, Refusal>, AgentError> {
        if let Err(refusal) = self.judge_request(request).await? {
            return Ok(Err(refusal));
        }
        let (_guard, signed) = self.lease_and_sign(request).await?;
        Ok(Ok(signed))
    }

    /// Asks the vault about a request before it has a nonce: under one halfway to the furthest, which the payments that
    /// others make meanwhile will neither use nor leave behind.
    async fn judge_request(&self, request: &PaymentRequest) -> Result<Result<(), Refusal>, AgentError> {
        let view = self.view().await?;
        let mut payment = self.payment(request, &view)?;
        payment.nonce = view.session.nonceHighest.saturating_add(NONCE_LEAP / 2);
        self.judge(&payment, &view.session).await
    }

    /// Leases a nonce, notes it on disk, then signs: in this order, so that no end of the process lets two payments
    /// have one nonce. Waits while 32 payments are under way.
    async fn lease_and_sign(&self, request: &PaymentRequest) -> Result<(NonceGuard, SignedPayment), AgentError> {
        let started = Instant::now();
        let patience = Duration::from_secs(request.deadline_seconds.into());
        loop {
            let mut guard = self.nonces.lock(self.session.chain_id, self.session.vault, self.key.address()).await?;
            let view: ChainView = self.view().await?;
            let mut payment = self.payment(request, &view)?;
            match guard.ledger.lease(view.nonces(), payment.deadline) {
                Ok(nonce) => payment.nonce = nonce,
                Err(LeaseRefused::WindowFull { .. }) if started.elapsed() < patience => {
                    drop(guard);
                    tokio::time::sleep(LONGEST_PAUSE / 8).await;
                    continue;
                }
                Err(refused) => return Err(refused.into()),
            }
            guard.save()?;
            let signed = self.sign(payment)?;
            return Ok((guard, signed));
        }
    }

    async fn send(&self, request: &PaymentRequest) -> Result<Sent, NotSent> {
        let (mut guard, signed) = self.lease_and_sign(request).await?;
        let call = self.call(&signed);
        let asked = tokio::try_join!(
            answer(async { self.provider.get_transaction_count(self.key.address()).pending().await }),
            answer(async { self.provider.estimate_gas(call).await }),
            answer(async { self.provider.estimate_eip1559_fees().await }),
            self.time()
        );
        let (pending, gas, fees, time) = match asked {
            Err(RpcFault::Reverted { data }) => {
                return Err(NotSent::Refused(self.refusal(&data, &signed.payment).await));
            }
            asked => asked?,
        };
        let gas_limit = gas.saturating_mul(GAS_MARGIN.0) / GAS_MARGIN.1;
        let nonce = guard.ledger.transaction_nonce(pending, time);
        let (hash, transaction) = self.transaction(&signed, nonce, gas_limit, &fees)?;
        let sent = answer(async { self.provider.send_raw_transaction(&transaction).await }).await;
        match sent {
            Ok(_) => {
                guard.ledger.sent(nonce, signed.payment.deadline);
                let _ = guard.save(); // it is sent; without the note the node's own count serves
                Ok(Sent { signed, transaction: hash, gas_limit })
            }
            Err(RpcFault::Rejected { message, .. }) => {
                let most = U256::from(gas_limit).saturating_mul(U256::from(fees.max_fee_per_gas));
                Err(NotSent::Failed(self.rejected(message, most).await))
            }
            Err(RpcFault::Reverted { data }) => Err(NotSent::Refused(self.refusal(&data, &signed.payment).await)),
            Err(fault) => Err(NotSent::Failed(unknown(hash, &signed.payment, fault))),
        }
    }

    /// The transaction that makes a payment, signed and encoded, with its hash.
    fn transaction(
        &self,
        signed: &SignedPayment,
        nonce: u64,
        gas_limit: u64,
        fees: &Eip1559Estimation,
    ) -> Result<(B256, Vec<u8>), AgentError> {
        let transaction = TxEip1559 {
            chain_id: self.session.chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to: TxKind::Call(self.session.vault),
            input: signed.calldata(),
            ..TxEip1559::default()
        };
        let signature = self.key.sign(transaction.signature_hash())?;
        let transaction = transaction.into_signed(signature);
        Ok((*transaction.hash(), transaction.encoded_2718()))
    }

    /// Waits for the receipt, until the chain's time has passed the deadline.
    async fn outcome(&self, sent: Sent, deadline_seconds: u32) -> Result<Outcome, AgentError> {
        let patience = Duration::from_secs(deadline_seconds.into()) + EXTRA_WAIT;
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        let payment = &sent.signed.payment;
        loop {
            // the time first: a receipt that is missing afterwards will be missing for good
            let looked = tokio::try_join!(self.time(), async {
                answer(async { self.provider.get_transaction_receipt(sent.transaction).await }).await
            });
            let waited_long = started.elapsed() >= patience;
            match looked {
                Ok((_, Some(receipt))) => return self.settle(sent, &receipt).await,
                Ok((time, None)) if time > u64::from(payment.deadline) || waited_long => {
                    let over = time >= u64::from(payment.deadline);
                    let (transaction, payment) = (sent.transaction, sent.signed.payment);
                    return Ok(Outcome::NotMined(NotMined { transaction, payment, over }));
                }
                Err(fault) if waited_long => return Err(unknown(sent.transaction, payment, fault)),
                Ok((_, None)) | Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Reads a receipt: the vault's own log must show this very payment.
    async fn settle(&self, sent: Sent, receipt: &TransactionReceipt) -> Result<Outcome, AgentError> {
        let (transaction, block) = (sent.transaction, receipt.block_number.unwrap_or_default());
        if !receipt.status() {
            return self.replay(sent, receipt, block).await;
        }
        let logs = receipt.logs().iter().filter(|log| log.address() == self.session.vault);
        let shown = logs.filter_map(|log| event::decode(&log.inner.data).ok()).find_map(|event| match event {
            IVaultEvents::Paid(paid) if is_of(&sent.signed.payment, &paid) => Some((paid.category, paid.sequence)),
            _ => None,
        });
        let (category, sequence) = shown.ok_or(AgentError::PaidEventMismatch { transaction })?;
        let (gas_used, payment) = (receipt.gas_used, sent.signed.payment);
        Ok(Outcome::Paid(Paid { transaction, block, gas_used, payment, category, sequence }))
    }

    /// Why a mined transaction failed: the same call, asked again at the end of its block.
    async fn replay(&self, sent: Sent, receipt: &TransactionReceipt, block: u64) -> Result<Outcome, AgentError> {
        let (transaction, gas_used) = (sent.transaction, receipt.gas_used);
        let call = self.call(&sent.signed);
        match answer(async { self.provider.call(call).block(BlockId::number(block)).await }).await {
            Err(RpcFault::Reverted { data }) => {
                let mut refusal = self.refusal(&data, &sent.signed.payment).await;
                refusal.facts.insert("transaction".to_owned(), transaction.to_string());
                refusal.facts.insert("block".to_owned(), block.to_string());
                refusal.facts.insert("gas_used".to_owned(), gas_used.to_string());
                Ok(Outcome::Refused(refusal))
            }
            Ok(_) => Err(AgentError::FailedWithoutReason { transaction, gas_used, gas_limit: sent.gas_limit }),
            Err(fault) => Err(unknown(transaction, &sent.signed.payment, fault)),
        }
    }

    /// Why the node did not take a transaction.
    async fn rejected(&self, message: String, most: U256) -> AgentError {
        let account = self.key.address();
        match answer(async { self.provider.get_balance(account).await }).await {
            Ok(balance) if balance < most => {
                let ether = |wei| format_amount(wei, ETHER_DECIMALS);
                AgentError::GasAccountShort { account, balance: ether(balance), needed: ether(most) }
            }
            _ => AgentError::TransactionRejected { message },
        }
    }

    fn call(&self, signed: &SignedPayment) -> TransactionRequest {
        TransactionRequest::default()
            .with_from(self.key.address())
            .with_to(self.session.vault)
            .with_input(signed.calldata())
    }
}

fn unknown(transaction: B256, payment: &Payment, fault: RpcFault) -> AgentError {
    AgentError::OutcomeUnknown { transaction, nonce: payment.nonce, deadline: payment.deadline, fault }
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
    use alloy::primitives::Address;
    use alloy::providers::ProviderBuilder;
    use purse_protocol::SessionId;
    use purse_protocol::abi::IVault::SessionView;

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
            let (hash, transaction) = agent.transaction(&signed, nonce, 100_000, &fees).unwrap();
            assert!(!hash.is_zero() && transaction.len() > 400);
            guard.ledger.sent(nonce, signed.payment.deadline);
            guard.save().unwrap();
            rounds.push(started.elapsed());
        }
        rounds.sort();
        let (fastest, median) = (rounds[0], rounds[rounds.len() / 2]); // what else the machine does is in few of them
        println!("client overhead per payment, without network and keystore: {fastest:?}, median {median:?}");
        assert!(median < MOST_OVERHEAD, "{median:?}");
    }
}
