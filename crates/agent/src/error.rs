//! What can go wrong for an agent, other than a refusal by the vault (which is an outcome, not an error).

use crate::LARGEST_BATCH;
use crate::ledger::LeaseRefused;
use crate::nonce::NonceError;
use crate::session_key::SigningFailed;
use alloy::primitives::{Address, B256};
use purse_protocol::RpcFault;

/// Why an agent could not ask, sign or send. None of these holds the key or the node's URL.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The node gave no usable answer; nothing was sent.
    #[error("{0}; nothing was sent")]
    Rpc(#[from] RpcFault),
    /// The node serves another chain.
    #[error("the node serves chain {actual}, the session is on chain {expected}")]
    WrongChain {
        /// The session file's chain.
        expected: u64,
        /// The node's.
        actual: u64,
    },
    /// Nothing is deployed at the vault's address.
    #[error("there is no contract at the vault's address {vault} on chain {chain_id}")]
    VaultMissing {
        /// The session file's vault.
        vault: Address,
        /// The node's chain.
        chain_id: u64,
    },
    /// The nonces' state cannot be used; nothing was signed.
    #[error("{0}")]
    Nonce(#[from] NonceError),
    /// No nonce can be leased now; nothing was signed.
    #[error("{0}; nothing was signed")]
    NoNonce(#[from] LeaseRefused),
    /// The request cannot be a payment.
    #[error("the payment's deadline would be after the year 2106, beyond what a vault can count")]
    DeadlineTooLate,
    /// An approval request that this agent did not write.
    #[error("this session's key did not sign that request, or it is for another session or vault")]
    NotOurRequest,
    /// More payments than one transaction takes.
    #[error("{items} payments in one batch; the most is {LARGEST_BATCH}")]
    BatchTooLong {
        /// How many were asked for.
        items: usize,
    },
    /// Nothing was signed.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The node did not take the transaction: it will not be mined, and its nonce is skipped.
    #[error("the node did not take the transaction: {message}")]
    TransactionRejected {
        /// The node's words.
        message: String,
    },
    /// The account that pays the gas has too little for it.
    #[error("{account} has {balance} ether, the gas of the transaction may take up to {needed} ether")]
    GasAccountShort {
        /// The session key's address.
        account: Address,
        /// Its balance in ether.
        balance: String,
        /// The most that the transaction can take, in ether.
        needed: String,
    },
    /// The connection failed after the transaction was on its way: it may or may not be mined.
    #[error("transaction {transaction} was sent (nonce {nonce}), but what became of it is not known: {fault}")]
    OutcomeUnknown {
        /// The transaction.
        transaction: B256,
        /// The payment's nonce.
        nonce: u32,
        /// The payment's deadline, in chain time: from then on it can no longer be paid.
        deadline: u32,
        /// Why.
        fault: RpcFault,
    },
    /// The transaction failed on the chain, and the same call does not fail when asked again.
    #[error("transaction {transaction} failed on the chain without a reason ({gas_used} of {gas_limit} gas used)")]
    FailedWithoutReason {
        /// The transaction.
        transaction: B256,
        /// Gas it used.
        gas_used: u64,
        /// Gas it was given.
        gas_limit: u64,
    },
    /// The transaction succeeded, but the vault's log does not show this payment.
    #[error("transaction {transaction} succeeded, but the vault's log does not show this payment")]
    PaidEventMismatch {
        /// The transaction.
        transaction: B256,
    },
}

impl AgentError {
    /// The error's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rpc(fault) => fault.code(),
            Self::WrongChain { .. } => "WrongChain",
            Self::VaultMissing { .. } => "VaultMissing",
            Self::Nonce(error) => error.code(),
            Self::NoNonce(LeaseRefused::WindowFull { .. }) => "TooManyPaymentsUnderWay",
            Self::NoNonce(LeaseRefused::TooFarAhead { .. }) => "NoncesTooFarAhead",
            Self::NoNonce(LeaseRefused::UsedUp) => "NoncesUsedUp",
            Self::NotOurRequest => "NotOurRequest",
            Self::BatchTooLong { .. } => "BatchTooLong",
            Self::DeadlineTooLate => "DeadlineTooLate",
            Self::Signing(SigningFailed::Arithmetic) => "SigningFailed",
            Self::Signing(SigningFailed::AddressOnly) => "KeyNotOpen",
            Self::TransactionRejected { .. } => "TransactionRejected",
            Self::GasAccountShort { .. } => "GasAccountShort",
            Self::OutcomeUnknown { .. } => "OutcomeUnknown",
            Self::FailedWithoutReason { .. } => "FailedWithoutReason",
            Self::PaidEventMismatch { .. } => "PaidEventMismatch",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::Rpc(fault) => fault.fix().to_owned(),
            Self::WrongChain { expected, .. } => format!("set --rpc-url to a node of chain {expected}"),
            Self::VaultMissing { .. } => "check vault and chain_id in the session file".to_owned(),
            Self::Nonce(error) => error.fix(),
            Self::NoNonce(LeaseRefused::UsedUp) => "have the owner rotate the session's key".to_owned(),
            Self::NoNonce(_) => "wait for the payments under way, then try again".to_owned(),
            Self::NotOurRequest => "name the session file of the agent that asked for the approval".to_owned(),
            Self::BatchTooLong { .. } => format!("pay {LARGEST_BATCH} at a time"),
            Self::DeadlineTooLate => "ask for a shorter deadline; the default is two minutes".to_owned(),
            Self::Signing(SigningFailed::Arithmetic) => "build the payment again".to_owned(),
            Self::Signing(SigningFailed::AddressOnly) => "open the key file with its password".to_owned(),
            Self::TransactionRejected { .. } => {
                "read the node's words; if they concern the nonce, let nobody else send from the session key".to_owned()
            }
            Self::GasAccountShort { account, .. } => format!("send some ether for gas to {account}"),
            Self::OutcomeUnknown { transaction, .. } => {
                format!("do not pay again before the deadline; when the node answers, run   cast receipt {transaction}")
            }
            Self::FailedWithoutReason { .. } => "pay again; if it fails again, ask another node".to_owned(),
            Self::PaidEventMismatch { transaction } => {
                format!("do not trust this node: look at transaction {transaction} by another one before paying again")
            }
        }
    }
}
