//! An agent's desk: a scene, and a session file and key file on disk.

use alloy::eips::BlockNumberOrTag;
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use anyhow::Context;
use purse_agent::{Agent, PaymentRequest, SessionFile, SessionKey, keystore};
use purse_protocol::SessionId;
use purse_tests::Scene;
use std::ops::Deref;
use std::path::Path;

/// A scene with a session, and what its agent has of it on disk.
pub(crate) struct Desk {
    /// The chain, the vault, the session.
    pub(crate) scene: Stage,
    /// The agent's session file; the key file lies beside it.
    pub(crate) session: SessionFile,
    _home: tempfile::TempDir,
}

/// A scene that also tells its latest block.
pub(crate) struct Stage(Scene);

impl Deref for Stage {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.0
    }
}

impl Stage {
    /// The latest block's number.
    pub(crate) async fn block(&self) -> anyhow::Result<u64> {
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
        Ok(block.context("there is always a latest block")?.header.number)
    }
}

impl Desk {
    /// Opens the key file.
    pub(crate) const PASSWORD: &str = "correct horse battery staple";

    /// The scene's session, with its key encrypted on disk.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let desk = Self::without_key_file().await?;
        keystore::store(&desk.session.keystore_path(), &desk.key()?, Self::PASSWORD)?;
        Ok(desk)
    }

    /// The same without a key file, which takes a moment to encrypt.
    pub(crate) async fn without_key_file() -> anyhow::Result<Self> {
        let scene = Stage(Scene::with_session().await?);
        let home = tempfile::tempdir()?;
        let path = home.path().join("researcher.session.toml");
        let session = SessionId::new(Scene::SESSION).context("sessions start at 1")?;
        let mut session = SessionFile::new(
            &path,
            scene.vault,
            scene.chain_id(),
            session,
            scene.usdc,
            Path::new("researcher.key.json"),
        );
        session.rpc_url = Some(scene.rpc_url());
        session.create()?;
        Ok(Self { scene, session, _home: home })
    }

    /// The session's key, straight from the actor who holds it.
    pub(crate) fn key(&self) -> anyhow::Result<SessionKey> {
        SessionKey::from_bytes(&self.scene.actors.agents[0].to_bytes().0).context("a key of the curve")
    }

    /// The node as an agent sees it: no wallet behind it.
    pub(crate) fn provider(&self) -> anyhow::Result<DynProvider> {
        Ok(ProviderBuilder::default().connect_http(self.scene.rpc_url().parse()?).erased())
    }

    /// The agent at work.
    pub(crate) async fn agent(&self) -> anyhow::Result<Agent<DynProvider>> {
        Ok(Agent::connect(self.provider()?, self.session.clone(), self.key()?).await?)
    }

    /// The session file with something changed.
    pub(crate) fn session_but(&self, change: impl FnOnce(&mut SessionFile)) -> SessionFile {
        let mut session = self.session.clone();
        change(&mut session);
        session
    }

    /// A payment that the session may make.
    pub(crate) fn request(&self, amount: u128) -> PaymentRequest {
        PaymentRequest::new(self.scene.actors.payees[0], amount, "order 7781", "forecast")
    }
}
