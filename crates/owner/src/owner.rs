//! An owner or guardian at work: dry run, send, read back.

use crate::in_force;
use crate::state::{self, State, within};
use crate::{Act, OwnerError, Verb};
use alloy::eips::BlockId;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256};
use alloy::providers::Provider;
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::transports::TransportResult;
use purse_protocol::abi::IVault::{IVaultEvents, IVaultInstance};
use purse_protocol::{Refusal, RefusalContext, RpcFault, VaultReader, event};
use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

/// Longest wait for a receipt: fifteen blocks of the slowest chain.
const RECEIPT_WAIT: Duration = Duration::from_secs(180);
/// For how long a change can be executed once it may be: seven days, as the vault has it.
const EXECUTION_WINDOW: u32 = 7 * 86_400;
/// First pause between two looks for a receipt; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Longest pause between two looks: the block time of the common L2s.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Whoever changes a vault: its owner, its guardian, or an agent that revokes itself. The vault decides which verbs
/// that account has.
pub struct Owner<P> {
    provider: P,
    chain_id: u64,
    vault: Address,
    sender: Address,
    names: RefusalContext,
}

impl<P> fmt::Debug for Owner<P> {
    /// Without the provider, which knows the node's URL and may hold the sender's key.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("Owner");
        out.field("chain_id", &self.chain_id).field("vault", &self.vault).field("sender", &self.sender);
        out.finish_non_exhaustive()
    }
}

/// An act that was done and read back; or that was put by, where it loosens and the vault has a delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What the verb touches, before.
    pub before: State,
    /// The same, at the end of the block that did it. As before, where it waits.
    pub after: State,
    /// Where it waits: nothing of it is in force until it is executed.
    pub waits: Option<Waits>,
    /// The transaction.
    pub transaction: B256,
    /// The block's number.
    pub block: u64,
    /// Gas used by the whole transaction.
    pub gas_used: u64,
}

/// A change that waits out the owner's delay (I9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// Its number.
    pub change: u32,
    /// From when on anyone may execute it, in chain time.
    pub executable_from: u32,
    /// From when on nobody can.
    pub executable_until: u32,
}

impl Change {
    /// Whether there was nothing to change, as when a paused vault is paused.
    pub fn is_idle(&self) -> bool {
        self.before == self.after && self.waits.is_none()
    }
}

impl<P: Provider> Owner<P> {
    /// Acts on `vault` as `sender`, for whom `provider` must hold the key (for dry runs it need not).
    ///
    /// # Errors
    /// [`OwnerError::WrongChain`], [`OwnerError::VaultMissing`], or the node cannot be asked.
    pub async fn connect(provider: P, chain_id: u64, vault: Address, sender: Address) -> Result<Self, OwnerError> {
        let (actual, code) = tokio::try_join!(
            answer(async { provider.get_chain_id().await }),
            answer(async { provider.get_code_at(vault).await })
        )?;
        if actual != chain_id {
            return Err(OwnerError::WrongChain { expected: chain_id, actual });
        }
        if code.is_empty() {
            return Err(OwnerError::VaultMissing { vault, chain_id });
        }
        Ok(Self { provider, chain_id, vault, sender, names: RefusalContext::default() })
    }

    /// Names for the words of refusals: tokens, sessions, payees.
    pub fn with_names(mut self, names: RefusalContext) -> Self {
        self.names = names;
        self
    }

    /// The vault.
    pub const fn vault(&self) -> Address {
        self.vault
    }

    /// The account that acts.
    pub const fn sender(&self) -> Address {
        self.sender
    }

    /// Asks the vault whether it would do that now, by a call from the sender's address. Sends nothing.
    ///
    /// # Errors
    /// The outer error: the vault could not be asked. The inner one: what it said.
    pub async fn dry_run(&self, verb: &Verb) -> Result<Result<(), Refusal>, OwnerError> {
        self.call(verb, BlockId::latest()).await.map_err(OwnerError::from)
    }

    /// What the verb touches, as it stands now.
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn state(&self, verb: &Verb) -> Result<State, OwnerError> {
        Ok(state::read(&self.provider, self.vault, verb, BlockId::latest()).await?)
    }

    /// Whether what the verb asks for stands already, so that it would change nothing. While any change waits a verb is
    /// never idle: it may be made to kill that one.
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn stands(&self, verb: &Verb) -> Result<bool, OwnerError> {
        let state = self.state(verb).await?;
        if in_force::missing(verb, self.sender, &state, &[]).is_some() {
            return Ok(false);
        }
        let waiting = within(VaultReader::now(self.vault, &self.provider).waiting()).await?;
        Ok(waiting.is_empty() || *verb == Verb::Unpause)
    }

    /// For how many seconds the verb would wait, were it made now; `None` where it takes effect at once.
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn would_wait(&self, verb: &Verb) -> Result<Option<u32>, OwnerError> {
        let vault = self.instance();
        let delay = within(async { vault.delay().call().await.map_err(RpcFault::from) }).await?;
        Ok((delay != 0 && verb.loosens(&self.state(verb).await?)).then_some(delay))
    }

    /// The same verb on condition that what it replaces is what stands now. `None` where it replaces no value, or several
    /// that differ.
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn if_unchanged(&self, verb: &Verb) -> Result<Option<Verb>, OwnerError> {
        let expected = verb.replaced(&self.state(verb).await?);
        Ok(expected.map(|expected| Verb::Replace { expected, verb: Box::new(verb.clone()) }))
    }

    /// The verb as an act to be signed: valid at the owner nonce as it is now, until `deadline` (chain time).
    ///
    /// # Errors
    /// The vault could not be asked.
    pub async fn act(&self, verb: &Verb, deadline: u32) -> Result<Act, OwnerError> {
        let vault = self.instance();
        let nonce = within(async { vault.ownerNonce().call().await.map_err(RpcFault::from) }).await?;
        Ok(Act::new(verb, nonce, deadline))
    }

    /// Does it: dry run, send, wait for the receipt, read back from the very block, compare with what was asked.
    ///
    /// # Errors
    /// [`OwnerError`]; those that name a transaction say that it was sent.
    pub async fn send(&self, verb: &Verb) -> Result<Change, OwnerError> {
        if let Err(refusal) = self.dry_run(verb).await? {
            return Err(OwnerError::Refused(Box::new(refusal)));
        }
        let before = self.state(verb).await?;
        let receipt = self.mined(verb).await?;
        let (transaction, block) = (receipt.transaction_hash, receipt.block_number.unwrap_or_default());
        let at = receipt.block_hash.map_or_else(|| BlockId::number(block), BlockId::hash);
        if !receipt.status() {
            return Err(self.refused_on_chain(verb, &receipt, block).await);
        }
        let after = state::read(&self.provider, self.vault, verb, at)
            .await
            .map_err(|fault| OwnerError::OutcomeUnknown { transaction, fault })?;
        let logs = receipt.inner.logs().iter().filter(|log| log.address() == self.vault);
        let events: Vec<IVaultEvents> = logs.filter_map(|log| event::decode(&log.inner.data).ok()).collect();
        let waits = events.iter().find_map(waits);
        if waits.is_none()
            && let Some(missing) = in_force::missing(verb, self.sender, &after, &events)
        {
            return Err(OwnerError::NotInForce { verb: verb.name(), transaction, missing });
        }
        Ok(Change { before, after, waits, transaction, block, gas_used: receipt.gas_used })
    }

    async fn mined(&self, verb: &Verb) -> Result<TransactionReceipt, OwnerError> {
        let request = self.request(verb).with_chain_id(self.chain_id);
        let transaction = match answer(async { self.provider.send_transaction(request).await }).await {
            Ok(pending) => *pending.tx_hash(),
            Err(RpcFault::Rejected { message, .. }) => return Err(OwnerError::TransactionRejected { message }),
            Err(RpcFault::Reverted { data }) => return Err(OwnerError::Refused(Box::new(self.refusal(verb, &data)))),
            Err(fault) => return Err(fault.into()),
        };
        let (started, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let looked = answer(async { self.provider.get_transaction_receipt(transaction).await }).await;
            let waited = started.elapsed();
            match looked {
                Ok(Some(receipt)) => return Ok(receipt),
                Ok(None) if waited >= RECEIPT_WAIT => {
                    return Err(OwnerError::NotMined { transaction, waited_seconds: waited.as_secs() });
                }
                Err(fault) if waited >= RECEIPT_WAIT => return Err(OwnerError::OutcomeUnknown { transaction, fault }),
                Ok(None) | Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Why a mined act failed: the same call, asked again at the end of its block.
    async fn refused_on_chain(&self, verb: &Verb, receipt: &TransactionReceipt, block: u64) -> OwnerError {
        let transaction = receipt.transaction_hash;
        match self.call(verb, BlockId::number(block)).await {
            Ok(Ok(())) => OwnerError::FailedWithoutReason { transaction },
            Ok(Err(mut refusal)) => {
                refusal.facts.insert("transaction".to_owned(), transaction.to_string());
                refusal.facts.insert("block".to_owned(), block.to_string());
                refusal.facts.insert("gas_used".to_owned(), receipt.gas_used.to_string());
                OwnerError::Refused(Box::new(refusal))
            }
            Err(fault) => OwnerError::OutcomeUnknown { transaction, fault },
        }
    }

    async fn call(&self, verb: &Verb, block: BlockId) -> Result<Result<(), Refusal>, RpcFault> {
        match answer(async { self.provider.call(self.request(verb)).block(block).await }).await {
            Ok(_) => Ok(Ok(())),
            Err(RpcFault::Reverted { data }) => Ok(Err(self.refusal(verb, &data))),
            Err(fault) => Err(fault),
        }
    }

    fn refusal(&self, verb: &Verb, revert: &[u8]) -> Refusal {
        let names = self.names.clone();
        Refusal::decode(revert, &verb.token().map_or(names.clone(), |token| names.paying_with(token)))
    }

    fn instance(&self) -> IVaultInstance<&P> {
        IVaultInstance::new(self.vault, &self.provider)
    }

    fn request(&self, verb: &Verb) -> TransactionRequest {
        TransactionRequest::default().with_from(self.sender).with_to(self.vault).with_input(verb.calldata())
    }
}

/// The change that an event says waits.
fn waits(event: &IVaultEvents) -> Option<Waits> {
    match event {
        IVaultEvents::ChangeWaiting(log) => Some(Waits {
            change: log.change,
            executable_from: log.executableFrom,
            executable_until: log.executableFrom.saturating_add(EXECUTION_WINDOW),
        }),
        _ => None,
    }
}

/// A node's answer, in bounded time.
async fn answer<T>(question: impl Future<Output = TransportResult<T>>) -> Result<T, RpcFault> {
    within(async { question.await.map_err(RpcFault::from) }).await
}
