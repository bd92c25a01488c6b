//! Puts the factory, the lens and vaults on a chain, each at the one address that follows from its code. Idempotent: what is
//! there is verified, not deployed again.

use crate::artifact::Artifact;
use crate::build::Build;
use crate::deploy_error::DeployError;
use crate::verify::{factory_immutables, vault_immutables, verify_runtime};
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, b256, keccak256};
use alloy::providers::{PendingTransactionError, Provider};
use alloy::rpc::types::{Filter, TransactionReceipt, TransactionRequest};
use alloy::sol_types::{SolCall, SolEvent};
use alloy::transports::TransportError;
use purse_protocol::abi::IVaultFactory::{VaultCreated, createVaultCall};
use purse_protocol::create2::{self, DEPLOYER_SALT, DETERMINISTIC_DEPLOYER, VaultConfig};
use purse_protocol::{Deployed, Refusal, RefusalContext, RpcFault};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a transaction is waited for: ten Ethereum blocks. Later the operator decides.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(120);

/// keccak256 of the code of the deterministic deployer.
const DETERMINISTIC_DEPLOYER_CODE: B256 = b256!("2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989");

/// What a deployment came to. Both carry the contract's record for the address book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was deployed now.
    Deployed(Deployed),
    /// It was there already, verified; nothing was sent. Block and transaction are filled in where the chain tells.
    AlreadyThere(Deployed),
}

impl Outcome {
    /// The contract's record.
    pub fn record(&self) -> &Deployed {
        match self {
            Self::Deployed(record) | Self::AlreadyThere(record) => record,
        }
    }

    /// Whether anything was deployed.
    pub fn is_new(&self) -> bool {
        matches!(self, Self::Deployed(_))
    }
}

/// Refuses a node of another chain than `expected` (EIP-155 id).
///
/// # Errors
/// [`DeployError::ChainIdWrong`], or [`DeployError::Rpc`].
pub async fn check_chain_id(provider: &impl Provider, expected: u64) -> Result<(), DeployError> {
    let actual = provider.get_chain_id().await.map_err(DeployError::rpc("asking for the chain id"))?;
    if actual == expected { Ok(()) } else { Err(DeployError::ChainIdWrong { expected, actual }) }
}

/// Deploys the factory on chain `chain_id` through the deterministic deployer, paid by the provider's wallet.
///
/// # Errors
/// [`DeployError`], each with a [`fix`](DeployError::fix).
pub async fn deploy_factory(provider: &impl Provider, chain_id: u64, build: &Build) -> Result<Outcome, DeployError> {
    let what = (&build.factory, build.factory_address(), factory_immutables(build));
    deploy_once(provider, chain_id, build, what, &build.factory_init_code()).await
}

/// Deploys the lens, which tells the most that can leave a vault (I17), in the same way.
///
/// # Errors
/// [`DeployError`], each with a [`fix`](DeployError::fix).
pub async fn deploy_lens(provider: &impl Provider, chain_id: u64, build: &Build) -> Result<Outcome, DeployError> {
    let what = (&build.lens, build.lens_address(), BTreeMap::new());
    deploy_once(provider, chain_id, build, what, &build.lens.creation_code).await
}

/// Deploys a contract of which a chain has one, for everybody.
async fn deploy_once(
    provider: &impl Provider,
    chain_id: u64,
    build: &Build,
    (artifact, address, immutables): (&Artifact, Address, BTreeMap<&str, B256>),
    init_code: &[u8],
) -> Result<Outcome, DeployError> {
    check_chain_id(provider, chain_id).await?;
    let verified = async || verify_runtime(artifact, address, &code_at(provider, address).await?, &immutables);
    if has_code(provider, address).await? {
        return Ok(Outcome::AlreadyThere(found(build, address, verified().await?)));
    }
    if keccak256(code_at(provider, DETERMINISTIC_DEPLOYER).await?) != DETERMINISTIC_DEPLOYER_CODE {
        return Err(DeployError::DeterministicDeployerMissing { chain_id, address: DETERMINISTIC_DEPLOYER });
    }

    let data = [DEPLOYER_SALT.as_slice(), init_code].concat();
    match send(provider, DETERMINISTIC_DEPLOYER, data.into()).await {
        Ok(receipt) => Ok(Outcome::Deployed(deployed(build, address, verified().await?, &receipt))),
        // Anyone may deploy it: somebody else may have been first.
        Err(error) => match verified().await {
            Ok(code_hash) => Ok(Outcome::AlreadyThere(found(build, address, code_hash))),
            Err(_) => Err(error),
        },
    }
}

/// Deploys the vault of `config` and `salt` on chain `chain_id` by this build's factory, paid by the provider's wallet.
///
/// # Errors
/// [`DeployError`], each with a [`fix`](DeployError::fix).
pub async fn deploy_vault(
    provider: &impl Provider,
    chain_id: u64,
    build: &Build,
    config: &VaultConfig,
    salt: B256,
) -> Result<Outcome, DeployError> {
    check_chain_id(provider, chain_id).await?;
    let factory = build.factory_address();
    verify_factory(provider, build).await?;
    let address = create2::vault_address(factory, chain_id, &build.vault.creation_code, config, salt);
    if has_code(provider, address).await? {
        return already_there(provider, chain_id, build, address).await;
    }

    let call = createVaultCall {
        creationCode: build.vault.creation_code.clone(),
        owner: config.owner,
        treasury: config.treasury,
        guardian: config.guardian,
        salt,
    };
    let receipt = match send(provider, factory, call.abi_encode().into()).await {
        Ok(receipt) => receipt,
        // Anyone may deploy it: somebody else may have been first.
        Err(error) => return already_there(provider, chain_id, build, address).await.map_err(|_| error),
    };
    let created = receipt.logs().iter().any(|log| {
        log.address() == factory && VaultCreated::decode_log_data(log.data()).is_ok_and(|event| event.vault == address)
    });
    if !created {
        return Err(DeployError::EventMissing { tx: receipt.transaction_hash, expected: address });
    }
    let code_hash = verify_vault(provider, chain_id, build, address).await?;
    Ok(Outcome::Deployed(deployed(build, address, code_hash, &receipt)))
}

/// Checks that the factory of this build is on the chain; returns the hash of its code.
///
/// # Errors
/// [`DeployError::NotDeployed`], [`DeployError::CodeDiffers`], [`DeployError::ImmutableDiffers`], [`DeployError::Rpc`].
pub async fn verify_factory(provider: &impl Provider, build: &Build) -> Result<B256, DeployError> {
    let address = build.factory_address();
    verify_runtime(&build.factory, address, &code_at(provider, address).await?, &factory_immutables(build))
}

/// Checks that the lens of this build is on the chain; returns the hash of its code.
///
/// # Errors
/// [`DeployError::NotDeployed`], [`DeployError::CodeDiffers`], [`DeployError::Rpc`].
pub async fn verify_lens(provider: &impl Provider, build: &Build) -> Result<B256, DeployError> {
    let address = build.lens_address();
    verify_runtime(&build.lens, address, &code_at(provider, address).await?, &BTreeMap::new())
}

/// Checks that the contract at `address` on chain `chain_id` is a vault of this build; returns the hash of its code.
///
/// # Errors
/// [`DeployError::NotDeployed`], [`DeployError::CodeDiffers`], [`DeployError::ImmutableDiffers`], [`DeployError::Rpc`].
pub async fn verify_vault(
    provider: &impl Provider,
    chain_id: u64,
    build: &Build,
    address: Address,
) -> Result<B256, DeployError> {
    verify_runtime(&build.vault, address, &code_at(provider, address).await?, &vault_immutables(chain_id, address))
}

async fn already_there(
    provider: &impl Provider,
    chain_id: u64,
    build: &Build,
    address: Address,
) -> Result<Outcome, DeployError> {
    let mut record = found(build, address, verify_vault(provider, chain_id, build, address).await?);
    // Many nodes search a short span of blocks only. Then the record does without.
    let filter = Filter::new()
        .address(build.factory_address())
        .event_signature(VaultCreated::SIGNATURE_HASH)
        .topic1(address)
        .from_block(0);
    if let Some(log) = provider.get_logs(&filter).await.ok().and_then(|logs| logs.into_iter().next()) {
        record.block = log.block_number;
        record.tx = log.transaction_hash;
    }
    Ok(Outcome::AlreadyThere(record))
}

/// Sends a transaction and waits until it is in a block, with success.
async fn send(provider: &impl Provider, to: Address, data: Bytes) -> Result<TransactionReceipt, DeployError> {
    let request = TransactionRequest::default().with_to(to).with_input(data);
    let pending = provider.send_transaction(request).await.map_err(refused_or_rpc)?.with_timeout(Some(RECEIPT_TIMEOUT));
    let tx = *pending.tx_hash();
    let late = DeployError::ReceiptLate { tx, seconds: RECEIPT_TIMEOUT.as_secs() };
    let receipt = pending.get_receipt().await.map_err(|error| match error {
        PendingTransactionError::TransportError(error) => DeployError::rpc("waiting for the receipt")(error),
        _ => late,
    })?;
    if receipt.status() { Ok(receipt) } else { Err(DeployError::TransactionFailed { tx }) }
}

/// The node estimates the gas before anything is sent: there the contract's refusal shows.
fn refused_or_rpc(error: TransportError) -> DeployError {
    let fault = RpcFault::from(error);
    match fault.revert_data() {
        Some(data) => DeployError::Refused(Refusal::decode(data, &RefusalContext::default())),
        None => DeployError::Rpc { what: "sending the transaction", fault },
    }
}

async fn code_at(provider: &impl Provider, address: Address) -> Result<Bytes, DeployError> {
    provider.get_code_at(address).await.map_err(DeployError::rpc("reading code"))
}

async fn has_code(provider: &impl Provider, address: Address) -> Result<bool, DeployError> {
    Ok(!code_at(provider, address).await?.is_empty())
}

fn found(build: &Build, address: Address, code_hash: B256) -> Deployed {
    Deployed { address, block: None, tx: None, code_hash, compiler: build.compiler.clone() }
}

fn deployed(build: &Build, address: Address, code_hash: B256, receipt: &TransactionReceipt) -> Deployed {
    let (block, tx) = (receipt.block_number, Some(receipt.transaction_hash));
    Deployed { block, tx, ..found(build, address, code_hash) }
}
