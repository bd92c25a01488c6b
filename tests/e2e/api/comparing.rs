//! The states of an index held against the chain's own, in the background: when it begins, what it finds, and when that ends.

use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider};
use alloy::sol_types::{SolCall as _, SolValue};
use anyhow::{Context, ensure};
use purse_api::{Doubt, Found, Health, Readers, States};
use purse_deployer::deploy_vault;
use purse_indexer::source::AccountProof;
use purse_indexer::{
    BlockRef, ChainLog, ChainReceipt, ChainSource, Header, Indexer, Progress, RpcSource, SourceError, Span,
    SqliteStore, Store, VaultHead, Wanted,
};
use purse_protocol::abi::{IErc20, IVault};
use purse_protocol::{VaultConfig, storage};
use purse_tests::Scene;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// More than a comparison takes anywhere.
const FOUND_WITHIN: Duration = Duration::from_secs(30);

/// What becomes of a proof on its way.
const HONEST: u8 = 0;
const DECLINED: u8 = 1;
const FORGED: u8 = 2;

/// A node whose proofs a test may twist; clones are the same node.
#[derive(Clone)]
struct Twisted {
    node: Arc<RpcSource<DynProvider>>,
    twist: Arc<AtomicU8>,
}

impl ChainSource for Twisted {
    async fn chain_id(&self) -> Result<u64, SourceError> {
        self.node.chain_id().await
    }

    async fn head(&self) -> Result<Header, SourceError> {
        self.node.head().await
    }

    async fn finalized(&self) -> Result<Option<u64>, SourceError> {
        self.node.finalized().await
    }

    async fn header(&self, number: u64) -> Result<Option<Header>, SourceError> {
        self.node.header(number).await
    }

    async fn logs(&self, span: Span, wanted: &Wanted) -> Result<Vec<ChainLog>, SourceError> {
        self.node.logs(span, wanted).await
    }

    async fn receipts(&self, block: B256) -> Result<Option<Vec<ChainReceipt>>, SourceError> {
        self.node.receipts(block).await
    }

    async fn vault_head(&self, vault: Address, at: BlockRef) -> Result<Option<VaultHead>, SourceError> {
        self.node.vault_head(vault, at).await
    }

    async fn has_code(&self, address: Address) -> Result<bool, SourceError> {
        self.node.has_code(address).await
    }

    async fn storage(
        &self,
        account: Address,
        slots: &[B256],
        at: BlockRef,
    ) -> Result<Option<AccountProof>, SourceError> {
        let mut proof = self.node.storage(account, slots, at).await?;
        match self.twist.load(Ordering::Relaxed) {
            DECLINED => return Ok(None),
            FORGED => {
                for word in proof.iter_mut().flat_map(|proof| &mut proof.account.words) {
                    word.value ^= U256::ONE;
                }
            }
            _ => {}
        }
        Ok(proof)
    }
}

/// An index that is followed by hand, and compared meanwhile.
struct Followed {
    scene: Scene,
    indexer: Indexer<Twisted>,
    twist: Arc<AtomicU8>,
    health: Arc<Health>,
    found: UnboundedReceiver<Found>,
    _folder: TempDir,
}

impl Followed {
    /// Of a scene with a session, so many blocks later.
    async fn after(blocks: u64) -> anyhow::Result<Self> {
        let scene = Scene::with_session().await?;
        scene.provider.anvil_mine(Some(blocks), None).await?;
        let twist = Arc::new(AtomicU8::new(HONEST));
        let node = Arc::new(RpcSource::new(scene.provider.clone()));
        let source = Twisted { node, twist: twist.clone() };
        let (folder, chain_id) = (tempfile::tempdir()?, scene.chain_id());
        let path = folder.path().join("index.db");
        let store = Box::new(SqliteStore::open(&path, chain_id)?);
        let indexer = Indexer::over(source, store, scene.build.factory_address(), 1)
            .with_creation_code(scene.build.vault.creation_code.clone());
        let readers = Readers::new(move || Ok(Box::new(SqliteStore::open(&path, chain_id)?) as Box<dyn Store>));
        let health = Arc::new(Health::new(100));
        let states = States::new(indexer.source(), readers, health.clone());
        let (told, found) = unbounded_channel();
        tokio::spawn(states.compare(move |found| drop(told.send(found))));
        Ok(Self { scene, indexer, twist, health, found, _folder: folder })
    }

    /// A poll that finds what happened since.
    async fn poll(&mut self) -> anyhow::Result<()> {
        let health = self.health.clone();
        let synced = self.indexer.sync_to_head(|progress| match &progress {
            Progress::Committed { to, head, logs, .. } => health.committed(*to, *head, *logs),
            Progress::RolledBack(rollback) => health.rolled_back(rollback),
        });
        let head = synced.await?.block.context("there are blocks")?.number;
        self.health.polled(self.indexer.store().moment()?, head);
        Ok(())
    }

    /// A poll, and until so many states were compared: what is altered before is not of a block that is still asked for.
    async fn poll_until(&mut self, compared: u64) -> anyhow::Result<()> {
        self.poll().await?;
        while self.health.counts().compared < compared {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// What is found next.
    async fn next(&mut self) -> anyhow::Result<Found> {
        let found = tokio::time::timeout(FOUND_WITHIN, self.found.recv()).await.context("nothing is found")?;
        found.context("nothing is compared any more")
    }

    /// Until a doubt of a vault begins: why.
    async fn doubt(&mut self) -> anyhow::Result<(Address, String)> {
        match self.next().await? {
            Found::Doubt(vault, Doubt::Raised { cause, .. }) => {
                ensure!(self.health.readiness(0).cause.as_ref() == Some(&cause), "{cause}");
                Ok((vault, cause))
            }
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// Until the doubt of a vault ends in this way.
    async fn end(&mut self, vault: Address, how: Doubt) -> anyhow::Result<()> {
        let found = self.next().await?;
        ensure!(matches!(&found, Found::Doubt(of, doubt) if *of == vault && *doubt == how), "{found:?}");
        ensure!(self.health.readiness(0).ready);
        Ok(())
    }

    /// Changes what a vault's book says of a payee, which no event tells.
    async fn alter(&self, vault: Address, category: u8) -> anyhow::Result<()> {
        let slot = U256::from_be_bytes(storage::payee_slot(self.scene.actors.payees[0]).0);
        self.scene.provider.anvil_set_storage_at(vault, slot, B256::with_last_byte(category)).await?;
        Ok(())
    }

    /// Changes what a vault holds of USDC by the token, which no transfer tells.
    async fn hold(&self, amount: u128) -> anyhow::Result<()> {
        let slot = keccak256((self.scene.vault, U256::from(9)).abi_encode());
        let (slot, held) = (U256::from_be_bytes(slot.0), B256::from(U256::from(amount)));
        self.scene.provider.anvil_set_storage_at(self.scene.usdc, slot, held).await?;
        Ok(())
    }

    async fn pay(&self, nonce: u32) -> anyhow::Result<()> {
        self.scene.pay(&self.scene.payment(nonce, Scene::USDC), &self.scene.actors.agents[0]).await?;
        Ok(())
    }
}

/// While an index is first filled its last block is an old one, of which few nodes have the state.
#[tokio::test]
async fn nothing_is_compared_before_the_head_was_reached() -> anyhow::Result<()> {
    let mut followed = Followed::after(0).await?;
    followed.twist.store(DECLINED, Ordering::Relaxed);
    followed.indexer.sync_to_head(|_| {}).await?;
    for block in 1..=12 {
        followed.health.committed(block, 1_000, 1);
        // Long enough for an answer that must not come.
        let found = tokio::time::timeout(Duration::from_millis(100), followed.found.recv()).await;
        ensure!(found.is_err(), "{found:?}");
    }
    // A vault of which nothing is logged from here on.
    followed.twist.store(HONEST, Ordering::Relaxed);
    followed.poll().await?;
    let found = followed.next().await?;
    ensure!(matches!(found, Found::Proven { words } if words > 20), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn the_alarm_of_a_vault_that_a_reorganisation_removed_ends() -> anyhow::Result<()> {
    let mut followed = Followed::after(0).await?;
    followed.poll().await?;
    ensure!(matches!(followed.next().await?, Found::Proven { .. }));
    let scene = &followed.scene;
    let (snapshot, actors) = (scene.snapshot().await?, &scene.actors);
    let config = VaultConfig {
        owner: actors.owner.address(),
        treasury: actors.treasury.address(),
        guardian: actors.guardian.address(),
    };
    let salt = B256::with_last_byte(9);
    let vault = deploy_vault(&scene.provider, scene.chain_id(), scene.build, &config, salt).await?.record().address;
    // What no event tells: the pending owner.
    scene.provider.anvil_set_storage_at(vault, U256::from(2), B256::with_last_byte(7)).await?;
    scene.mine().await?;
    followed.poll().await?;
    let (of, cause) = followed.doubt().await?;
    ensure!(of == vault && cause.contains("the pending owner differs"), "{cause}");
    followed.scene.revert(snapshot).await?;
    followed.pay(1).await?;
    followed.scene.provider.anvil_mine(Some(5), None).await?;
    followed.poll().await?;
    followed.end(vault, Doubt::Gone).await
}

/// From the first event on that this program does not know, nobody can say what its words should be.
#[tokio::test]
async fn the_alarm_of_a_vault_that_cannot_be_read_any_more_ends() -> anyhow::Result<()> {
    let mut followed = Followed::after(0).await?;
    let vault = followed.scene.vault;
    followed.alter(vault, 9).await?;
    followed.scene.mine().await?;
    followed.poll().await?;
    ensure!(followed.doubt().await?.0 == vault);
    // To `pause()` it logs an event that nobody knows, with the next number; to anything else it says nothing:
    // PUSH0 CALLDATALOAD PUSH1 224 SHR PUSH4 selector EQ PUSH1 15 JUMPI INVALID JUMPDEST,
    // PUSH1 next PUSH0 MSTORE PUSH1 0xab PUSH1 32 PUSH0 LOG1.
    let next = u8::try_from(followed.scene.vault().head().call().await?.sequence + 1)?;
    let mut code = vec![0x5f, 0x35, 0x60, 224, 0x1c, 0x63];
    code.extend(IVault::pauseCall::SELECTOR);
    code.extend([0x14, 0x60, 15, 0x57, 0xfe, 0x5b, 0x60, next, 0x5f, 0x52, 0x60, 0xab, 0x60, 32, 0x5f, 0xa1]);
    followed.scene.provider.anvil_set_code(vault, code.into()).await?;
    followed.scene.own(&IVault::pauseCall {}).await?;
    followed.poll().await?;
    // The first comparison that proved anything is told too, whatever it found.
    ensure!(matches!(followed.next().await?, Found::Proven { .. }));
    followed.end(vault, Doubt::Gone).await
}

#[tokio::test]
async fn a_forged_proof_is_an_alarm_until_one_proves() -> anyhow::Result<()> {
    let mut followed = Followed::after(0).await?;
    let vault = followed.scene.vault;
    followed.twist.store(FORGED, Ordering::Relaxed);
    followed.poll().await?;
    let (of, cause) = followed.doubt().await?;
    let block = followed.scene.provider.get_block_number().await?;
    let named = format!("what the node gave as proof of {vault} at block {block} is none");
    ensure!(of == vault && cause.contains(&named), "{cause}");
    ensure!(followed.health.counts().forged == 1 && !followed.health.readiness(0).ready);
    // Nothing happens to the vault, and yet it is asked for again.
    followed.twist.store(HONEST, Ordering::Relaxed);
    followed.scene.mine().await?;
    followed.poll().await?;
    followed.end(vault, Doubt::Over).await
}

/// To a vault and to its purse: no event of the vault tells either.
#[tokio::test]
async fn a_vault_is_compared_when_only_a_token_of_its_moves() -> anyhow::Result<()> {
    let mut followed = Followed::after(0).await?;
    let (vault, token, category) = (followed.scene.vault, followed.scene.usdc, Scene::CATEGORY);
    let purse = followed.scene.vault().openPurse(Scene::SESSION, token, category).call().await?;
    followed.scene.own(&IVault::openPurseCall { session: Scene::SESSION, token, category }).await?;
    followed.pay(1).await?;
    let payee = followed.scene.actors.payees[0];
    followed.poll().await?;
    ensure!(matches!(followed.next().await?, Found::Proven { .. }));
    let treasury = followed.scene.actors.treasury.address();
    followed.scene.own(&IVault::withdrawCall { token, amount: U256::from(10) }).await?;
    followed.poll_until(2).await?;
    for to in [vault, purse] {
        followed.alter(vault, 9).await?;
        followed.scene.send(treasury, token, &IErc20::transferCall { to, value: U256::ONE }).await?;
        followed.poll().await?;
        let (of, cause) = followed.doubt().await?;
        ensure!(of == vault && cause.contains(&format!("chain: 9): payee {payee}")), "{cause}");
        followed.alter(vault, category).await?;
        followed.scene.mine().await?;
        followed.poll().await?;
        followed.end(vault, Doubt::Over).await?;
    }
    Ok(())
}

/// Where only the vault holds a token, and in either direction; the blocks before it are final.
#[tokio::test]
async fn a_balance_that_no_transfer_explains_is_a_difference() -> anyhow::Result<()> {
    let mut followed = Followed::after(100).await?;
    let vault = followed.scene.vault;
    followed.poll().await?;
    ensure!(matches!(followed.next().await?, Found::Proven { .. }));
    let mut nonce = 0;
    for wrong in [-5_i64, 5] {
        nonce += 1;
        followed.pay(nonce).await?;
        let right = followed.scene.balance(followed.scene.usdc, vault).await?.to::<u128>();
        followed.hold(right.saturating_add_signed(wrong.into())).await?;
        followed.scene.mine().await?;
        followed.poll().await?;
        let (of, cause) = followed.doubt().await?;
        ensure!(of == vault && cause.contains(&format!("the balance of {vault}")), "{cause}");
        followed.hold(right).await?;
        followed.scene.mine().await?;
        followed.poll().await?;
        followed.end(vault, Doubt::Over).await?;
    }
    ensure!(followed.health.counts().early == 0);
    Ok(())
}
