//! A write that succeeded and yet does not stand is an error, loudly.

use super::session;
use alloy::network::Ethereum;
use alloy::primitives::Address;
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, PendingTransactionBuilder, Provider, RootProvider};
use alloy::rpc::types::TransactionRequest;
use alloy::transports::TransportResult;
use anyhow::Context;
use purse_owner::{Owner, Verb};
use purse_tests::Scene;
use std::future::Future;
use std::pin::Pin;

/// A node where somebody undoes what is sent, in the same block and right behind it.
struct Undoing {
    node: DynProvider,
    undo: TransactionRequest,
}

impl Provider for Undoing {
    fn root(&self) -> &RootProvider<Ethereum> {
        self.node.root()
    }

    fn send_transaction<'node, 'answer>(
        &'node self,
        transaction: TransactionRequest,
    ) -> Pin<Box<dyn Future<Output = TransportResult<PendingTransactionBuilder<Ethereum>>> + Send + 'answer>>
    where
        'node: 'answer,
        Self: 'answer,
    {
        Box::pin(async move {
            self.node.anvil_set_auto_mine(false).await?;
            let sent = self.node.send_transaction(transaction).await?;
            let _ = self.node.send_transaction(self.undo.clone()).await?;
            self.node.anvil_mine(Some(1), None).await?;
            self.node.anvil_set_auto_mine(true).await?;
            Ok(sent)
        })
    }
}

async fn outcome(scene: &Scene, verb: Verb, undo: Verb) -> anyhow::Result<String> {
    let sender = scene.actors.owner.address();
    let undo = TransactionRequest::default().from(sender).to(scene.vault).input(undo.calldata().into());
    let node = Undoing { node: scene.provider.clone(), undo: undo.gas_limit(300_000) };
    let owner = Owner::connect(node, scene.chain_id(), scene.vault, sender).await?;
    let error = owner.send(&verb).await.err().context("it was undone")?;
    assert_eq!(error.code(), "NotInForce");
    assert!(error.fix().contains("look at the vault again"));
    Ok(error.to_string())
}

#[tokio::test]
async fn what_was_undone_in_the_same_block_is_not_reported_as_done() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let told = outcome(&scene, Verb::Pause, Verb::Unpause).await?;
    assert!(told.contains("paused is false, not true"), "{told}");
    let (guardian, other) = (Address::repeat_byte(1), Address::repeat_byte(2));
    let told = outcome(&scene, Verb::SetGuardian { guardian }, Verb::SetGuardian { guardian: other }).await?;
    assert!(told.contains(&other.to_string()), "{told}");
    let session = session()?;
    let cap = |cap| Verb::SetPerPaymentCap { session, token: scene.usdc, cap };
    let told = outcome(&scene, cap(1), cap(2)).await?;
    assert!(told.contains("the per-payment cap is 2, not 1"), "{told}");
    Ok(())
}
