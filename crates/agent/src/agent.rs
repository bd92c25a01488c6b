//! The agent: builds a payment, asks the vault about it, signs it.

use crate::ledger::ChainNonces;
use crate::payment::{PaymentRequest, SignedPayment};
use crate::session_key::Hand;
use crate::{AgentError, NonceStore, SessionFile, SessionKey, reference};
use alloy::eips::BlockNumberOrTag;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, U64, U256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::{SolCall, SolError};
use alloy::transports::TransportResult;
use purse_protocol::abi::IVault::{self, IVaultInstance, Payment, checkCall};
use purse_protocol::abi::IVaultLens::{LimitView, SessionView};
use purse_protocol::{Meter, Refusal, RefusalContext, RpcFault, Scope, Window, meter, storage, typed_data};
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// Longest wait for one answer of a node; a healthy one takes well under a second.
const RPC_WAIT: Duration = Duration::from_secs(20);

/// An agent at work: a session, its key, and a node to ask. Share it between tasks by reference or in an `Arc`; other
/// processes may use the same session file at the same time.
pub struct Agent<P> {
    pub(crate) provider: P,
    pub(crate) session: SessionFile,
    pub(crate) key: Hand,
    pub(crate) nonces: NonceStore,
    context: RefusalContext,
}

impl<P> fmt::Debug for Agent<P> {
    /// Without the provider, which knows the node's URL.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Agent").field("session", &self.session).field("key", &self.key).finish_non_exhaustive()
    }
}

/// The chain as an agent sees it before a payment.
#[derive(Clone, Debug)]
pub(crate) struct ChainView {
    pub(crate) session: SessionView,
    /// Time of the latest block.
    pub(crate) time: u64,
    /// Time of the block to come, as far as the node tells; at least `time`.
    pub(crate) next_time: u64,
}

impl ChainView {
    pub(crate) fn nonces(&self) -> ChainNonces {
        ChainNonces { highest: self.session.nonceHighest, window: self.session.nonceWindow, time: self.time }
    }

    /// A deadline by the chain's clock. A chain that makes blocks only when it has to (anvil) may have stood still for
    /// long, so the time of the block to come counts where the node tells it. The local clock never does.
    pub(crate) fn deadline(&self, seconds: u32) -> Result<u32, AgentError> {
        let deadline = self.next_time.saturating_add(u64::from(seconds));
        u32::try_from(deadline).map_err(|_| AgentError::DeadlineTooLate)
    }
}

impl<P: Provider> Agent<P> {
    /// An agent on the node behind `provider`, which needs no wallet. Its nonces are kept beside the session file.
    ///
    /// # Errors
    /// [`AgentError::WrongChain`], [`AgentError::VaultMissing`], or the node cannot be asked.
    pub async fn connect(provider: P, session: SessionFile, key: SessionKey) -> Result<Self, AgentError> {
        let (actual, code) = tokio::try_join!(
            answer(async { provider.get_chain_id().await }),
            answer(async { provider.get_code_at(session.vault).await })
        )?;
        if actual != session.chain_id {
            return Err(AgentError::WrongChain { expected: session.chain_id, actual });
        }
        if code.is_empty() {
            return Err(AgentError::VaultMissing { vault: session.vault, chain_id: actual });
        }
        Ok(Self::new(provider, session, key))
    }

    /// As [`Agent::connect`], without asking the node anything.
    pub fn new(provider: P, session: SessionFile, key: SessionKey) -> Self {
        Self::with(provider, session, Hand::Key(key))
    }

    /// An agent that asks and signs nothing, since it has its key's address only; where that is not known, the one that the
    /// vault has for the session is taken.
    ///
    /// # Errors
    /// The node cannot be asked.
    pub async fn asking(provider: P, session: SessionFile, address: Option<Address>) -> Result<Self, AgentError> {
        let agent = Self::with(provider, session, Hand::AddressOnly(address.unwrap_or_default()));
        if address.is_some() {
            return Ok(agent);
        }
        let words = agent.words(vec![storage::key_slot(agent.session.session.get())]).await?;
        let address = storage::key(words.first().copied().unwrap_or_default());
        Ok(Self { key: Hand::AddressOnly(address), ..agent })
    }

    fn with(provider: P, session: SessionFile, key: Hand) -> Self {
        let nonces = NonceStore::beside(session.path());
        let context = RefusalContext::default().paying_with(session.token);
        Self { provider, session, key, nonces, context }
    }

    /// Names for the words of refusals: token, session, payees.
    pub fn with_context(mut self, context: RefusalContext) -> Self {
        self.context = context.paying_with(self.session.token);
        self
    }

    /// The session.
    pub fn session(&self) -> &SessionFile {
        &self.session
    }

    /// The node.
    pub fn provider(&self) -> &P {
        &self.provider
    }

    /// The session key's address, which also pays the gas.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// Builds the payment as it would be signed now: deadline by the chain's clock, the chain's next nonce. The nonce
    /// is not leased: [`Agent::prepare`] and [`Agent::pay`] lease one and set it, and the deadline anew, when they sign.
    ///
    /// # Errors
    /// The node cannot be asked, or the deadline is out of range.
    pub async fn build(&self, request: &PaymentRequest) -> Result<Payment, AgentError> {
        let view = self.view().await?;
        self.payment(request, &view)
    }

    /// Asks the vault whether it would make this payment now, by the judge that judges payments (`check`), and whether
    /// the session's key is this agent's. Nothing is signed or sent.
    ///
    /// # Errors
    /// The outer error: the vault could not be asked. The inner one: what it said.
    pub async fn check(&self, payment: &Payment) -> Result<Result<(), Refusal>, AgentError> {
        let view = self.view().await?;
        self.judge(payment, &view.session, false).await
    }

    /// Signs a payment. The vault, not this function, decides whether it may be made: see [`Agent::check`].
    ///
    /// # Errors
    /// [`AgentError::Signing`], which no known payment brings about.
    pub fn sign(&self, payment: Payment) -> Result<SignedPayment, AgentError> {
        let digest = typed_data::payment_digest(self.session.chain_id, self.session.vault, &payment);
        let signature = Bytes::copy_from_slice(&self.key.sign(digest)?.as_erc2098());
        Ok(SignedPayment { payment, digest, signature, approval: Bytes::new() })
    }

    pub(crate) fn payment(&self, request: &PaymentRequest, view: &ChainView) -> Result<Payment, AgentError> {
        Ok(Payment {
            session: self.session.session.get(),
            nonce: view.session.nonceHighest.saturating_add(1),
            deadline: view.deadline(request.deadline_seconds)?,
            token: self.session.token,
            payee: request.payee,
            amount: request.amount,
            fee: request.fee.map_or(0, |fee| fee.amount),
            feeRecipient: request.fee.map_or(Address::ZERO, |fee| fee.recipient),
            r#ref: reference(self.session.salt.get(), &request.purchase, &request.purpose),
        })
    }

    pub(crate) async fn view(&self) -> Result<ChainView, AgentError> {
        let (session, time, next) =
            tokio::try_join!(self.session_view(), self.time(), async { Ok(self.pending_time().await) })?;
        Ok(ChainView { session, time, next_time: next.unwrap_or(0).max(time) })
    }

    /// The time of the latest block.
    pub(crate) async fn time(&self) -> Result<u64, RpcFault> {
        let block = answer(async { self.provider.get_block_by_number(BlockNumberOrTag::Latest).await }).await?;
        block.map(|block| block.header.timestamp).ok_or_else(|| RpcFault::nonsense("no latest block"))
    }

    /// The time of the block to come, where the node tells one. Read by hand: a pending block lacks fields.
    async fn pending_time(&self) -> Option<u64> {
        let block: serde_json::Value =
            answer(async { self.provider.raw_request("eth_getBlockByNumber".into(), ("pending", false)).await })
                .await
                .ok()?;
        let time: U64 = serde_json::from_value(block.get("timestamp")?.clone()).ok()?;
        Some(time.to())
    }

    /// `approved`: as if the owner had approved the payment.
    pub(crate) async fn judge(
        &self,
        payment: &Payment,
        session: &SessionView,
        approved: bool,
    ) -> Result<Result<(), Refusal>, AgentError> {
        let call = TransactionRequest::default()
            .with_to(self.session.vault)
            .with_input(checkCall { payment: payment.clone(), approved }.abi_encode());
        match answer(async { self.provider.call(call).await }).await {
            Ok(_) if session.key == self.key.address() => Ok(Ok(())),
            Ok(_) => Ok(Err(self.not_our_key().await?)),
            Err(RpcFault::Reverted { data }) => Ok(Err(self.refusal(&data, payment).await)),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The vault's revert bytes in words. For a full limit the vault is asked when the payment fits.
    pub(crate) async fn refusal(&self, revert: &[u8], payment: &Payment) -> Refusal {
        let mut context = self.context.clone().paying_with(payment.token);
        if revert.starts_with(&IVault::LimitExceeded::SELECTOR) {
            context = match self.fits_at(payment).await {
                Ok(Some(time)) => context.fits_at(time),
                Ok(None) => context.never_fits(),
                Err(_) => context, // the node does not tell
            };
        }
        Refusal::decode(revert, &context)
    }

    /// The first time at which the payment fits every limit that it counts in, if nothing else is paid until then; `None`
    /// when it never does.
    async fn fits_at(&self, payment: &Payment) -> Result<Option<u64>, RpcFault> {
        let vault = self.vault();
        let category = async |payee: Address| {
            if payee.is_zero() {
                return Ok(0);
            }
            within(async { vault.payeeOf(payee).call().await.map_err(RpcFault::from) }).await
        };
        let (category, fee_category, token, time) = tokio::try_join!(
            category(payment.payee),
            category(payment.feeRecipient),
            async { within(async { vault.tokenOf(payment.token).call().await.map_err(RpcFault::from) }).await },
            self.time()
        )?;
        let total = U256::from(payment.amount) + U256::from(payment.fee);
        let mut counts = vec![(payment.session, 0, total), (0, 0, total), (payment.session, category, total)];
        if fee_category != category && fee_category != 0 {
            counts.push((payment.session, fee_category, U256::from(payment.fee)));
        }
        let mut fits = time;
        for (session, category, total) in counts {
            let (_, limits) = self.remaining(session, category, payment.token, time).await?;
            let units = meter::units_up(total, token.unitBits);
            for limit in &limits {
                let window = Window::from_seconds(limit.window)
                    .ok_or_else(|| RpcFault::nonsense(format!("a limit over {} seconds", limit.window)))?;
                match Meter::from_word(limit.meter).fits_at(units, window, time) {
                    Some(fit) => fits = fits.max(fit),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(fits))
    }

    /// `check` judges the session; that this agent's key is not the session's is refused here, in the vault's words.
    async fn not_our_key(&self) -> Result<Refusal, AgentError> {
        let (session, key) = (self.session.session.get(), self.key.address());
        let vault = self.vault();
        let call = vault.sessionOfKey(key);
        let served = within(async { call.call().await.map_err(RpcFault::from) }).await?;
        let revert = if served == session {
            IVault::KeyRetired { session, key }.abi_encode()
        } else {
            IVault::SignerNotSessionKey { session, signer: key }.abi_encode()
        };
        Ok(Refusal::decode(&revert, &self.context))
    }

    /// The session as it stands, from the vault's own words.
    async fn session_view(&self) -> Result<SessionView, RpcFault> {
        let (ours, number) = (self.key.address(), self.session.session.get());
        let slots = vec![storage::key_slot(number), storage::session_slot(ours), storage::VAULT_WORD];
        let words = self.words(slots).await?;
        let [key, word, vault] = words[..] else { return Err(RpcFault::nonsense("words are missing")) };
        let key = storage::key(key);
        let word = match key == ours {
            true => word,
            false => self.words(vec![storage::session_slot(key)]).await?.first().copied().unwrap_or_default(),
        };
        Ok(storage::session(key, word, vault))
    }

    /// The per-payment cap of a scope, its limits, and what is left of them at a time.
    pub(crate) async fn remaining(
        &self,
        session: u32,
        category: u8,
        token: Address,
        time: u64,
    ) -> Result<(u128, Vec<LimitView>), RpcFault> {
        let Some(scope) = Scope::new(session, category) else { return Ok((0, Vec::new())) };
        let words = self.words(storage::limit_slots(scope, token)).await?;
        storage::remaining(scope, &words, time).ok_or_else(|| RpcFault::nonsense("words are missing"))
    }

    async fn words(&self, slots: Vec<B256>) -> Result<Vec<B256>, RpcFault> {
        let vault = self.vault();
        let call = vault.stateAt(slots);
        within(async { call.call().await.map_err(RpcFault::from) }).await
    }

    /// The category under which a payee is in the book; 0 = it is not.
    pub(crate) async fn category_of(&self, payee: Address) -> Result<u8, RpcFault> {
        let vault = self.vault();
        let call = vault.payeeOf(payee);
        within(async { call.call().await.map_err(RpcFault::from) }).await
    }

    pub(crate) fn vault(&self) -> IVaultInstance<&P> {
        IVaultInstance::new(self.session.vault, &self.provider)
    }
}

/// A node's answer, in bounded time.
pub(crate) async fn answer<T>(question: impl Future<Output = TransportResult<T>>) -> Result<T, RpcFault> {
    within(async { question.await.map_err(RpcFault::from) }).await
}

async fn within<T>(question: impl Future<Output = Result<T, RpcFault>>) -> Result<T, RpcFault> {
    match tokio::time::timeout(RPC_WAIT, question).await {
        Ok(answered) => answered,
        Err(_) => Err(RpcFault::Unreachable { cause: format!("no answer within {} s", RPC_WAIT.as_secs()) }),
    }
}
