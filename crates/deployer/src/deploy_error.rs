//! Why a deployment was refused or not finished.

use alloy::primitives::{Address, B256};
use purse_protocol::{Refusal, RpcFault};

/// Why a deployment was refused or not finished. The message is the cause; [`fix`](Self::fix) is what to do about it.
///
/// Deploying is idempotent: after any of these, running it again continues where it stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// The node serves another chain than the configured one.
    #[error("the node serves chain {actual}, but the configured chain is {expected}")]
    ChainIdWrong {
        /// EIP-155 id of the configured chain.
        expected: u64,
        /// EIP-155 id that the node answers.
        actual: u64,
    },
    /// The chain lacks the deterministic deployer; from any other, addresses would differ.
    #[error("chain {chain_id} has no deterministic deployer at {address}")]
    DeterministicDeployerMissing {
        /// EIP-155 id of the chain.
        chain_id: u64,
        /// Where it must be, on every chain.
        address: Address,
    },
    /// No contract where one must be.
    #[error("there is no {contract} at {address}")]
    NotDeployed {
        /// The contract's name.
        contract: String,
        /// Where it was looked for.
        address: Address,
    },
    /// The address has code that this build does not make.
    #[error("the code at {address} is not the {contract} of this build: {difference}")]
    CodeDiffers {
        /// The contract's name.
        contract: String,
        /// Where the code is.
        address: Address,
        /// Where the codes part.
        difference: String,
    },
    /// The code is right, but a value that its constructor put there is not.
    #[error("{} of the {} at {} is {}, not {}", .0.immutable, .0.contract, .0.address, .0.actual, .0.expected)]
    ImmutableDiffers(Box<ImmutableDifference>),
    /// The contract would refuse the transaction; nothing was sent.
    #[error("the deployment would be refused: {0}")]
    Refused(Refusal),
    /// The transaction was included and failed.
    #[error("transaction {tx} failed")]
    TransactionFailed {
        /// The transaction.
        tx: B256,
    },
    /// The transaction was sent and is not included yet.
    #[error("transaction {tx} was sent, but is in no block after {seconds} seconds")]
    ReceiptLate {
        /// The transaction.
        tx: B256,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The factory did not report the vault that it should have deployed.
    #[error("transaction {tx} logged no VaultCreated for {expected}")]
    EventMissing {
        /// The transaction.
        tx: B256,
        /// The vault that was expected.
        expected: Address,
    },
    /// The node gave no usable answer.
    #[error("{what}: {fault}")]
    Rpc {
        /// What was asked.
        what: &'static str,
        /// Why there is no answer.
        fault: RpcFault,
    },
}

/// An immutable with another value than it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImmutableDifference {
    /// The contract's name.
    pub contract: String,
    /// Where the code is.
    pub address: Address,
    /// The immutable's name in Solidity.
    pub immutable: String,
    /// The value that it must have.
    pub expected: B256,
    /// The value that it has.
    pub actual: B256,
}

impl DeployError {
    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::ChainIdWrong { expected, .. } => format!("name a node of chain {expected}, or correct the chain id"),
            Self::DeterministicDeployerMissing { .. } => {
                "ask the chain's operators for the deterministic deployment proxy \
                 (github.com/Arachnid/deterministic-deployment-proxy), or use a chain that has it"
                    .to_owned()
            }
            Self::NotDeployed { .. } => "deploy it first, or correct the address".to_owned(),
            Self::CodeDiffers { .. } | Self::ImmutableDiffers(_) => {
                "do not use that address; check out the version of the contracts that was deployed, \
                 or correct the address"
                    .to_owned()
            }
            Self::Refused(refusal) => refusal.fix.clone(),
            Self::TransactionFailed { tx } => format!("look at {tx} (often out of gas), then run it again"),
            Self::ReceiptLate { tx, .. } => {
                format!("wait for {tx}, then run it again: what is deployed is not deployed twice")
            }
            Self::EventMissing { .. } => "use another node: this one's receipt does not fit its code".to_owned(),
            Self::Rpc { fault, .. } => fault.fix().to_owned(),
        }
    }

    pub(crate) fn rpc<E: Into<RpcFault>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Rpc { what, fault: error.into() }
    }
}
