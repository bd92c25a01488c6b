//! Blocks of a real node, proven by their headers and receipts: Ethereum's, and those of the OP stack with a deposit.

use crate::trail::{index, sync};
use alloy::primitives::{Address, B256, Bytes, TxHash, U256};
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::sol_types::SolCall;
use anyhow::{Context, ensure};
use purse_audit::AccountEvidence;
use purse_audit::storage::prove;
use purse_indexer::{BlockRef, ChainSource, IndexError, RpcSource, StoredRange, Truth};
use purse_protocol::abi::IErc20;
use purse_protocol::{Chain, storage};
use purse_tests::{LocalChain, Scene};
use serde_json::{Value, json};

/// Pays three times, and indexes with everything proven: nothing but the vault's own logs, all of them.
async fn proven(scene: &Scene) -> anyhow::Result<()> {
    for nonce in 1..=3 {
        scene.pay(&scene.payment(nonce, Scene::USDC), &scene.actors.agents[0]).await?;
    }
    let mut claimed = index(scene)?;
    sync(&mut claimed).await?;
    let mut indexer = index(scene)?.with_truth(Truth::Proven);
    sync(&mut indexer).await?;
    let last = scene.provider.get_block_number().await?;
    assert_eq!(indexer.store().ranges()?, [StoredRange { first: 1, last, truth: Truth::Proven }]);
    assert_eq!(indexer.store().logs(scene.vault)?, claimed.store().logs(scene.vault)?);
    let transfers = indexer.store().transfers(scene.vault)?;
    assert_eq!(transfers.iter().filter(|moved| moved.from == scene.vault).count(), 3);
    assert_eq!(transfers, claimed.store().transfers(scene.vault)?);
    Ok(())
}

#[tokio::test]
async fn every_block_of_ethereum_is_proven() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    proven(&scene).await?;
    let hash = B256::repeat_byte(9);
    let mut elsewhere = index(&scene)?.with_checkpoint(BlockRef { number: 3, hash });
    let error = elsewhere.sync_to_head(|_| {}).await;
    assert!(matches!(error, Err(IndexError::CheckpointMissed { block: 3, expected, .. }) if expected == hash));
    Ok(())
}

/// A proof of storage leads to the root of its own block, or it is none.
#[tokio::test]
async fn an_edited_proof_of_storage_is_none() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let source = RpcSource::new(scene.provider.clone());
    let head = source.head().await?;
    let root = head.seal.context("its fields make its hash")?.state_root;
    let block = BlockRef::from(&head);
    let slots = [storage::VAULT_WORD, storage::key_slot(1), storage::payee_slot(scene.actors.deployer.address())];
    let given = source.storage(scene.vault, &slots, block).await?.context("a proof")?.account;
    let words = prove(root, scene.vault, &given, &slots).map_err(anyhow::Error::msg)?;
    assert_eq!(storage::key(words[&slots[1]]), scene.actors.agents[0].address());
    assert_eq!(words[&slots[2]], B256::ZERO);
    let refused = |given: &AccountEvidence, slots: &[B256], why: &str| {
        let error = prove(root, scene.vault, given, slots).err().unwrap_or_default();
        ensure!(error.contains(why), "{why}: {error}");
        Ok(())
    };
    for place in 0..slots.len() {
        let mut edited = given.clone();
        edited.words[place].value += U256::ONE;
        refused(&edited, &slots, "does not lead to the storage root")?;
        let mut edited = given.clone();
        edited.words[place].value = U256::ZERO;
        if place < 2 {
            refused(&edited, &slots, "does not lead to the storage root")?;
        }
    }
    for edit in [
        |given: &mut AccountEvidence| given.balance += U256::ONE,
        |given: &mut AccountEvidence| given.storage_root = B256::repeat_byte(1),
        |given: &mut AccountEvidence| given.code_hash = B256::repeat_byte(1),
        |given: &mut AccountEvidence| drop(given.proof.pop()),
    ] {
        let mut edited = given.clone();
        edit(&mut edited);
        refused(&edited, &slots, "the account does not lead to the state root")?;
    }
    refused(&given, &slots[..2], "another number of words")?;
    refused(&given, &[slots[1], slots[0], slots[2]], "does not lead to the storage root")?;
    // Of another block.
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;
    let head = source.head().await?;
    let later = source.storage(scene.vault, &slots, BlockRef::from(&head)).await?.context("a proof")?.account;
    refused(&later, &slots, "the account does not lead to the state root")
}

/// A deposit, as the chain below makes it: no key signs it, and its receipt has two fields that no other has.
pub(crate) async fn deposit(scene: &Scene, from: Address, to: Address, call: &impl SolCall) -> anyhow::Result<Value> {
    let deposit = json!({
        "type": "0x7e", "from": from, "to": to, "gas": "0x7a120", "value": "0x0",
        "input": Bytes::from(call.abi_encode()), "sourceHash": B256::repeat_byte(7), "mint": "0x0",
        "isSystemTx": false,
    });
    // In one block, not in the one that it makes by itself and the one that it is told to make
    scene.provider.anvil_set_auto_mine(false).await?;
    let tx: TxHash = scene.provider.raw_request("eth_sendTransaction".into(), [deposit]).await?;
    scene.mine().await?;
    scene.provider.anvil_set_auto_mine(true).await?;
    let receipt: Value = scene.provider.raw_request("eth_getTransactionReceipt".into(), [tx]).await?;
    let is_deposit = receipt["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("0x7e"));
    ensure!(is_deposit && receipt["status"] == "0x1", "no deposit: {receipt}");
    Ok(receipt)
}

#[tokio::test]
async fn every_block_of_the_op_stack_is_proven() -> anyhow::Result<()> {
    let scene = Scene::on(LocalChain::start_optimism(Chain::ANVIL).await?).await?.granted().await?;
    let call = IErc20::transferCall { to: scene.vault, value: Default::default() };
    let receipt = deposit(&scene, scene.actors.deployer.address(), scene.usdc, &call).await?;
    let block: B256 = serde_json::from_value(receipt["blockHash"].clone())?;
    let receipts = RpcSource::new(scene.provider.clone()).receipts(block).await?.unwrap_or_default();
    ensure!(matches!(receipts[0].body, purse_indexer::ReceiptBody::Deposit(_)), "{receipts:?}");
    let header = scene.provider.get_block_by_hash(block).await?.map(|block| block.header.receipts_root);
    assert_eq!(purse_indexer::receipts::root(&receipts), header);
    proven(&scene).await
}
