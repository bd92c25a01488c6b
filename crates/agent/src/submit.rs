//! One transaction of the agent's: sent with the session key's own gas, and waited for until what it pays is over.

use crate::AgentError;
use crate::agent::{Agent, answer};
use crate::nonce::NonceGuard;
use alloy::consensus::{SignableTransaction, TxEip1559};
use alloy::eips::eip1559::Eip1559Estimation;
use alloy::eips::{BlockId, Encodable2718};
use alloy::network::TransactionBuilder;
use alloy::primitives::{B256, Bytes, TxKind, U256};
use alloy::providers::Provider;
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use purse_protocol::{Refusal, RpcFault, format_amount};
use std::time::{Duration, Instant};

/// A transaction gets a quarter more gas than estimated: other payments may change what this one must write.
const GAS_MARGIN: (u64, u64) = (5, 4);
/// First pause between two looks for a receipt; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Longest pause between two looks: the block time of the common L2s.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Wall time beyond the payments' own deadline after which the wait ends, should the chain stand still.
const EXTRA_WAIT: Duration = Duration::from_secs(60);
/// Digits after the point of ether, and of the own coin of every chain of ours.
const ETHER_DECIMALS: u8 = 18;

/// What a transaction carries: a call of the vault, that pays under nonces from `nonce` on, until `deadline`.
#[derive(Clone, Debug)]
pub(crate) struct Cargo {
    pub(crate) call: Bytes,
    pub(crate) nonce: u32,
    pub(crate) deadline: u32,
}

/// A transaction on its way.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) transaction: B256,
    cargo: Cargo,
    gas_limit: u64,
}

/// Why nothing was sent.
pub(crate) enum NotSent {
    /// The vault would refuse, with these revert bytes.
    Reverted(Bytes),
    Failed(AgentError),
}

impl From<AgentError> for NotSent {
    fn from(error: AgentError) -> Self {
        Self::Failed(error)
    }
}

impl From<RpcFault> for NotSent {
    fn from(fault: RpcFault) -> Self {
        match fault {
            RpcFault::Reverted { data } => Self::Reverted(data),
            fault => Self::Failed(fault.into()),
        }
    }
}

/// What a wait ended with.
pub(crate) enum Waited {
    Mined(Box<TransactionReceipt>),
    /// Not mined; `over` when the chain's time has passed the deadline, so that it never pays any more.
    Late {
        over: bool,
    },
}

impl<P: Provider> Agent<P> {
    /// Sends a transaction, under the lock that `guard` is.
    pub(crate) async fn submit(&self, guard: &mut NonceGuard, cargo: Cargo) -> Result<Sent, NotSent> {
        let call = self.request(&cargo.call);
        let (pending, gas, fees, time) = tokio::try_join!(
            answer(async { self.provider.get_transaction_count(self.key.address()).pending().await }),
            answer(async { self.provider.estimate_gas(call).await }),
            answer(async { self.provider.estimate_eip1559_fees().await }),
            self.time()
        )?;
        let gas_limit = gas.saturating_mul(GAS_MARGIN.0) / GAS_MARGIN.1;
        let nonce = guard.ledger.transaction_nonce(pending, time);
        let (hash, transaction) = self.transaction(&cargo.call, nonce, gas_limit, &fees)?;
        match answer(async { self.provider.send_raw_transaction(&transaction).await }).await {
            Ok(_) => {
                guard.ledger.sent(nonce, cargo.deadline);
                let _ = guard.save(); // it is sent; without the note the node's own count serves
                Ok(Sent { transaction: hash, cargo, gas_limit })
            }
            Err(RpcFault::Rejected { message, .. }) => {
                let most = U256::from(gas_limit).saturating_mul(U256::from(fees.max_fee_per_gas));
                Err(NotSent::Failed(self.rejected(message, most).await))
            }
            Err(RpcFault::Reverted { data }) => Err(NotSent::Reverted(data)),
            Err(fault) => Err(NotSent::Failed(unknown(hash, &cargo, fault))),
        }
    }

    /// A transaction that makes a call of the vault, signed and encoded, with its hash.
    pub(crate) fn transaction(
        &self,
        call: &Bytes,
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
            input: call.clone(),
            ..TxEip1559::default()
        };
        let signature = self.key.sign(transaction.signature_hash())?;
        let transaction = transaction.into_signed(signature);
        Ok((*transaction.hash(), transaction.encoded_2718()))
    }

    /// Waits for the receipt, until the chain's time has passed the deadline. `seconds` is how far that was away.
    pub(crate) async fn wait(&self, sent: &Sent, seconds: u32) -> Result<Waited, AgentError> {
        let patience = Duration::from_secs(seconds.into()) + EXTRA_WAIT;
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        let deadline = u64::from(sent.cargo.deadline);
        loop {
            // the time first: a receipt that is missing afterwards will be missing for good
            let looked = tokio::try_join!(self.time(), async {
                answer(async { self.provider.get_transaction_receipt(sent.transaction).await }).await
            });
            let waited_long = started.elapsed() >= patience;
            match looked {
                Ok((_, Some(receipt))) => return Ok(Waited::Mined(Box::new(receipt))),
                Ok((time, None)) if time > deadline || waited_long => {
                    return Ok(Waited::Late { over: time >= deadline });
                }
                Err(fault) if waited_long => return Err(unknown(sent.transaction, &sent.cargo, fault)),
                Ok((_, None)) | Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The revert bytes of a transaction that was mined and failed: the same call, asked again at the end of its block.
    pub(crate) async fn revert_of(&self, sent: &Sent, receipt: &TransactionReceipt) -> Result<Bytes, AgentError> {
        let (transaction, gas_used) = (sent.transaction, receipt.gas_used);
        let (call, block) = (self.request(&sent.cargo.call), BlockId::number(receipt.block_number.unwrap_or_default()));
        match answer(async { self.provider.call(call).block(block).await }).await {
            Err(RpcFault::Reverted { data }) => Ok(data),
            Ok(_) => Err(AgentError::FailedWithoutReason { transaction, gas_used, gas_limit: sent.gas_limit }),
            Err(fault) => Err(unknown(transaction, &sent.cargo, fault)),
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

    fn request(&self, call: &Bytes) -> TransactionRequest {
        TransactionRequest::default().with_from(self.key.address()).with_to(self.session.vault).with_input(call.clone())
    }
}

/// Adds to a refusal where it was made on the chain.
pub(crate) fn on_chain(mut refusal: Refusal, receipt: &TransactionReceipt) -> Refusal {
    let block = receipt.block_number.unwrap_or_default();
    refusal.facts.insert("transaction".to_owned(), receipt.transaction_hash.to_string());
    refusal.facts.insert("block".to_owned(), block.to_string());
    refusal.facts.insert("gas_used".to_owned(), receipt.gas_used.to_string());
    refusal
}

fn unknown(transaction: B256, cargo: &Cargo, fault: RpcFault) -> AgentError {
    AgentError::OutcomeUnknown { transaction, nonce: cargo.nonce, deadline: cargo.deadline, fault }
}
