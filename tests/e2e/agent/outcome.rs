//! What happens between the dry run and the block: the owner was faster, or the payment was never mined.

use super::desk::Desk;
use alloy::network::Ethereum;
use alloy::primitives::B256;
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, PendingTransactionBuilder, Provider, RootProvider};
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall;
use alloy::transports::TransportResult;
use purse_agent::{Agent, Outcome};
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use std::future::Future;
use std::pin::Pin;

/// What happens to a transaction on its way.
#[derive(Clone, Copy)]
enum Fate {
    /// The owner pauses the vault just before it is mined.
    OwnerPausesFirst,
    /// It is lost, and its deadline passes.
    Lost,
}

/// A node that plays fate with what is sent.
struct Node {
    agent: DynProvider,
    owner: DynProvider,
    pause: TransactionRequest,
    fate: Fate,
}

impl Provider for Node {
    fn root(&self) -> &RootProvider<Ethereum> {
        self.agent.root()
    }

    fn send_raw_transaction<'node, 'bytes, 'answer>(
        &'node self,
        encoded: &'bytes [u8],
    ) -> Pin<Box<dyn Future<Output = TransportResult<PendingTransactionBuilder<Ethereum>>> + Send + 'answer>>
    where
        'node: 'answer,
        'bytes: 'answer,
        Self: 'answer,
    {
        Box::pin(async move {
            match self.fate {
                Fate::OwnerPausesFirst => {
                    self.owner.send_transaction_sync(self.pause.clone()).await?;
                    self.agent.send_raw_transaction(encoded).await
                }
                Fate::Lost => {
                    self.owner.anvil_set_auto_mine(false).await?;
                    let sent = self.agent.send_raw_transaction(encoded).await?;
                    let lost: Option<B256> = self.owner.anvil_drop_transaction(*sent.tx_hash()).await?;
                    assert_eq!(lost, Some(*sent.tx_hash()));
                    self.owner.anvil_mine(Some(200), None).await?; // a second each
                    self.owner.anvil_set_auto_mine(true).await?;
                    Ok(sent)
                }
            }
        })
    }
}

async fn agent(desk: &Desk, fate: Fate) -> anyhow::Result<Agent<Node>> {
    let pause = TransactionRequest::default()
        .from(desk.scene.actors.owner.address())
        .to(desk.scene.vault)
        .input(IVault::pauseCall {}.abi_encode().into());
    let node = Node { agent: desk.provider()?, owner: desk.scene.provider.clone(), pause, fate };
    Ok(Agent::connect(node, desk.session.clone(), desk.key()?).await?)
}

/// I8, I11: a stop is effective in its block; the payment that it overtook is refused by name, and cost gas only.
#[tokio::test]
async fn a_payment_that_a_stop_overtook_is_refused_by_name() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let funds = desk.scene.balance(desk.scene.usdc, desk.scene.vault).await?;
    let outcome = agent(&desk, Fate::OwnerPausesFirst).await?.pay(&desk.request(Scene::USDC)).await?;
    let Outcome::Refused(refusal) = outcome else { anyhow::bail!("{outcome:?}") };
    assert_eq!(refusal.code, "VaultPaused");
    assert_eq!(refusal.facts.get("block"), Some(&desk.scene.block().await?.to_string()), "{refusal:?}");
    assert!(refusal.facts.contains_key("transaction") && refusal.facts.contains_key("gas_used"));
    assert_eq!(desk.scene.balance(desk.scene.usdc, desk.scene.vault).await?, funds);
    Ok(())
}

/// A payment that was not mined by its deadline never will be, and the next one goes on with the next nonce.
#[tokio::test]
async fn a_lost_payment_is_reported_once_its_deadline_is_over() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let outcome = agent(&desk, Fate::Lost).await?.pay(&desk.request(Scene::USDC)).await?;
    let Outcome::NotMined(lost) = outcome else { anyhow::bail!("{outcome:?}") };
    assert!(lost.over);
    let Outcome::Paid(paid) = desk.agent().await?.pay(&desk.request(Scene::USDC)).await? else {
        anyhow::bail!("the lost transaction is in the way")
    };
    assert_eq!((lost.payment.nonce, paid.payment.nonce), (1, 2));
    Ok(())
}
