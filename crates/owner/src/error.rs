//! What can go wrong for an owner.

use alloy::primitives::{Address, B256};
use purse_protocol::{Refusal, RpcFault};

/// Why an act was not done, or is not known to be done.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// The node gave no usable answer; nothing was sent.
    #[error("{0}; nothing was sent")]
    Rpc(#[from] RpcFault),
    /// The node serves another chain.
    #[error("the node serves chain {actual}, the vault is on chain {expected}")]
    WrongChain {
        /// The chain asked for.
        expected: u64,
        /// The node's.
        actual: u64,
    },
    /// Nothing is deployed at the vault's address.
    #[error("there is no contract at the vault's address {vault} on chain {chain_id}")]
    VaultMissing {
        /// The address asked for.
        vault: Address,
        /// The node's chain.
        chain_id: u64,
    },
    /// The vault refused. Where it refused on the chain, the refusal's facts name the transaction.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The node did not take the transaction.
    #[error("the node did not take the transaction: {message}")]
    TransactionRejected {
        /// The node's words.
        message: String,
    },
    /// The transaction was sent and not mined while we waited; it still may be.
    #[error("transaction {transaction} was sent but not mined within {waited_seconds} s; it still may be")]
    NotMined {
        /// The transaction.
        transaction: B256,
        /// How long we waited.
        waited_seconds: u64,
    },
    /// The transaction was sent; then the node gave no usable answer.
    #[error("transaction {transaction} was sent, but what became of it is not known: {fault}")]
    OutcomeUnknown {
        /// The transaction.
        transaction: B256,
        /// Why.
        fault: RpcFault,
    },
    /// The transaction failed on the chain, and the same call does not fail when asked again.
    #[error("transaction {transaction} failed on the chain without a reason")]
    FailedWithoutReason {
        /// The transaction.
        transaction: B256,
    },
    /// The transaction succeeded, yet the vault does not show what was asked for.
    #[error("{verb} was mined in transaction {transaction}, but is not in force: {missing}")]
    NotInForce {
        /// What was asked for.
        verb: &'static str,
        /// The transaction.
        transaction: B256,
        /// What the vault shows in its place.
        missing: String,
    },
}

impl OwnerError {
    /// The error's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rpc(fault) => fault.code(),
            Self::WrongChain { .. } => "WrongChain",
            Self::VaultMissing { .. } => "VaultMissing",
            Self::Refused(refusal) => refusal.code,
            Self::TransactionRejected { .. } => "TransactionRejected",
            Self::NotMined { .. } => "NotMined",
            Self::OutcomeUnknown { .. } => "OutcomeUnknown",
            Self::FailedWithoutReason { .. } => "FailedWithoutReason",
            Self::NotInForce { .. } => "NotInForce",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::Rpc(fault) => fault.fix().to_owned(),
            Self::WrongChain { expected, .. } => format!("set --rpc-url to a node of chain {expected}"),
            Self::VaultMissing { .. } => "check the vault's address and the chain".to_owned(),
            Self::Refused(refusal) => refusal.fix.clone(),
            Self::TransactionRejected { .. } => {
                "read the node's words; most often the account needs some ether for gas".to_owned()
            }
            Self::NotMined { transaction, .. } | Self::OutcomeUnknown { transaction, .. } => {
                format!("look before you repeat it:   cast receipt {transaction}")
            }
            Self::FailedWithoutReason { .. } => "try again; if it fails again, ask another node".to_owned(),
            Self::NotInForce { transaction, .. } => format!(
                "somebody may have changed it back in the same block: look at the vault again, and at {transaction}"
            ),
        }
    }
}
