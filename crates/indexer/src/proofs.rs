//! What an audit asks beside the vault's views: the calls that hold the owner's approvals (I5), the call that created the
//! vault (I14), and what a lens tells of the most that can leave (I17).

use crate::observe::{ObserveError, patient};
use crate::rows::BlockRef;
use crate::rpc::source_error;
use alloy::consensus::Transaction as _;
use alloy::eips::BlockId;
use alloy::primitives::{Address, B256, Bytes};
use alloy::providers::Provider;
use alloy::sol_types::SolCall as _;
use purse_audit::observed::{ObservedApproval, ObservedOrigin, ObservedOutflow};
use purse_audit::{Questions, Trail};
use purse_protocol::Scope;
use purse_protocol::abi::IVaultFactory::createVaultCall;
use purse_protocol::abi::IVaultLens::IVaultLensInstance;

/// Horizons that a lens is asked for, in seconds: a day, and 30.
const HORIZONS: [u32; 2] = [86_400, 2_592_000];

/// The calls that must hold approvals; one that the node does not have is left out.
pub(crate) async fn approvals<P: Provider>(
    provider: &P,
    at: BlockId,
    questions: &Questions,
) -> Result<Vec<ObservedApproval>, ObserveError> {
    let mut found = Vec::with_capacity(questions.approvals.len());
    for &(tx, owner) in &questions.approvals {
        let Some(call) = provider.get_transaction_by_hash(tx).await.map_err(source_error)? else { continue };
        let code = provider.get_code_at(owner).block_id(at).await.map_err(source_error)?;
        let (to, input) = (call.to(), call.input().clone());
        found.push(ObservedApproval { tx, to, input, owner, owner_is_contract: !code.is_empty() });
    }
    Ok(found)
}

/// The call that created a vault: the transaction of its first event, if it called `factory`. One that is no `createVault` is
/// there with no code, which leads to no address.
///
/// # Errors
/// When the node does not answer.
pub async fn origin<P: Provider>(
    provider: &P,
    factory: Address,
    trail: &Trail,
    expected_code_hash: B256,
) -> Result<Option<ObservedOrigin>, ObserveError> {
    let Some(first) = trail.events.first() else { return Ok(None) };
    let call = patient(provider).get_transaction_by_hash(first.place.tx).await.map_err(source_error)?;
    let Some(call) = call.filter(|call| call.to() == Some(factory)) else { return Ok(None) };
    let (creation_code, salt) = match createVaultCall::abi_decode(call.input()) {
        Ok(create) => (create.creationCode, create.salt),
        Err(_) => (Bytes::new(), B256::ZERO),
    };
    Ok(Some(ObservedOrigin { factory, creation_code, salt, expected_code_hash }))
}

/// What the lens says of every session in every token, at `block`.
///
/// # Errors
/// When the node does not answer, or the lens refuses.
pub async fn outflows<P: Provider>(
    provider: &P,
    block: BlockRef,
    lens: Address,
    trail: &Trail,
) -> Result<Vec<ObservedOutflow>, ObserveError> {
    let calls: Vec<_> = trail.waiting.iter().map(|change| change.call.clone()).collect();
    let lens = IVaultLensInstance::new(lens, patient(provider));
    let mut found = Vec::new();
    for &(scope, token) in trail.policies.keys() {
        let Scope::Session(session) = scope else { continue };
        for horizon in HORIZONS {
            let asked = lens.maxOutflow(trail.vault, session.get(), token, horizon, calls.clone());
            let most = asked.block(BlockId::hash(block.hash)).call().await?;
            found.push(ObservedOutflow { session, token, horizon, most });
        }
    }
    Ok(found)
}
