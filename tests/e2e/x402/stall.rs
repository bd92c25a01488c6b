//! A market, and a buyer before it.

use super::market::{Market, Script};
use alloy::primitives::{Address, U256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use anyhow::{Context, ensure};
use purse_agent::buyer::Bounds;
use purse_agent::journal::Purchase;
use purse_agent::{Agent, Bought, Buyer, Purchasing, SessionFile, SessionKey};
use purse_protocol::abi::IPurses::IPursesInstance;
use purse_protocol::abi::IVault;
use purse_protocol::{MoneyMoved, PaymentRefusal, SessionId, create2};
use purse_tests::Scene;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The flags with which `purse` pays as the scene's agent, in the home of `Home::of`.
pub(crate) const AS_AGENT: &[&str] = &["--agent", "researcher", "--password-file", "password", "--no-input"];

/// What `GET /cent` costs, in base units.
pub(crate) const CENT: u128 = 10_000;

/// A scene on the wall's clock with a market, and the agent's session file.
pub(crate) struct Stall {
    pub(crate) scene: Scene,
    pub(crate) market: Market,
    pub(crate) session: SessionFile,
    home: tempfile::TempDir,
}

impl Stall {
    /// Opens it before the stock facilitator.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        Self::on(Scene::with_session_now().await?, None).await
    }

    /// The same, where something was bought for a cent: the purse is open and full.
    pub(crate) async fn stocked() -> anyhow::Result<Self> {
        let stall = Self::open().await?;
        stall.buyer()?.pay_url(&get(&stall.market.seller, "/cent")?).await?;
        Ok(stall)
    }

    /// Opens it. The second payee is under a category that the session has not got.
    pub(crate) async fn on(scene: Scene, facilitator: Option<&str>) -> anyhow::Result<Self> {
        let payees = scene.actors.payees;
        let entries = vec![IVault::PayeeEntry { payee: payees[1], category: Scene::CATEGORY + 1 }];
        scene.own(&IVault::setPayeesCall { entries }).await?;
        let market = Market::open(&scene, &payees, facilitator)?;
        let home = tempfile::tempdir()?;
        let path = home.path().join("researcher.session.toml");
        let id = SessionId::new(Scene::SESSION).context("sessions start at 1")?;
        let key = Path::new("researcher.key.json");
        let mut session = SessionFile::new(&path, scene.vault, scene.chain_id(), id, scene.usdc, key);
        session.rpc_url = Some(scene.rpc_url());
        session.create()?;
        Ok(Self { scene, market, session, home })
    }

    /// The folder of the session file.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The node as an agent sees it.
    pub(crate) fn provider(&self) -> anyhow::Result<DynProvider> {
        Ok(ProviderBuilder::default().connect_http(self.scene.rpc_url().parse()?).erased())
    }

    /// A buyer with a journal connection of its own, as another process has.
    pub(crate) fn buyer(&self) -> anyhow::Result<Buyer<DynProvider>> {
        self.buyer_at(&self.session)
    }

    pub(crate) fn buyer_at(&self, session: &SessionFile) -> anyhow::Result<Buyer<DynProvider>> {
        self.buyer_over(self.provider()?, session)
    }

    /// A buyer to whose node something happens, as `tests/x402/meddler.mjs` says.
    pub(crate) fn meddled(&self, mut meddling: Value) -> anyhow::Result<(Script, Buyer<DynProvider>)> {
        meddling["rpcUrl"] = self.scene.rpc_url().into();
        let script = Script::start("tests/x402/meddler.mjs", &meddling)?;
        let node = ProviderBuilder::default().connect_http(script.url("node")?.parse()?).erased();
        Ok((script, self.buyer_over(node, &self.session)?))
    }

    fn buyer_over(&self, node: DynProvider, session: &SessionFile) -> anyhow::Result<Buyer<DynProvider>> {
        let key = SessionKey::from_bytes(&self.scene.actors.agents[0].to_bytes().0).context("a key of the curve")?;
        Ok(Buyer::new(Agent::new(node, session.clone(), key))?)
    }

    /// The session as another machine has it, with nothing beside it yet.
    pub(crate) fn session_in(&self, home: &Path) -> anyhow::Result<SessionFile> {
        let text = std::fs::read_to_string(self.session.path())?;
        Ok(SessionFile::parse(&text, &home.join("researcher.session.toml"))?)
    }

    /// A buyer that does not wait long.
    pub(crate) fn impatient(&self) -> anyhow::Result<Buyer<DynProvider>> {
        let bounds = Bounds {
            settle_within: Duration::from_millis(1_500),
            seen_within: Duration::from_millis(500),
            ..Bounds::default()
        };
        Ok(self.buyer()?.within(bounds))
    }

    /// A block of this minute: the newest one of a public chain is never old, as this scene's chain is.
    pub(crate) async fn catch_up(&self) -> anyhow::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        self.scene.mine_at(now - 60).await
    }

    /// What the first payee has got.
    pub(crate) async fn earned(&self) -> anyhow::Result<u128> {
        self.has(self.scene.actors.payees[0]).await
    }

    /// What an address has of the token.
    pub(crate) async fn has(&self, holder: Address) -> anyhow::Result<u128> {
        Ok(self.scene.balance(self.scene.usdc, holder).await?.saturating_to())
    }

    /// What has left the vault.
    pub(crate) async fn left_vault(&self) -> anyhow::Result<u128> {
        Ok(Scene::FUNDS * Scene::USDC - self.has(self.scene.vault).await?)
    }

    /// The one purse of these stories.
    pub(crate) async fn purse(&self) -> anyhow::Result<Address> {
        let purses = IPursesInstance::new(create2::purses_address(self.scene.vault), &self.scene.provider);
        Ok(purses.purseOf(Scene::SESSION, self.scene.usdc, Scene::CATEGORY).call().await?)
    }
}

/// A GET of that URL.
pub(crate) fn get(url: &str, path: &str) -> anyhow::Result<Purchasing> {
    Ok(Purchasing::get(&format!("{url}{path}"), "forecast for order 7781")?)
}

/// The same under an id.
pub(crate) fn named(url: &str, path: &str, id: &str) -> anyhow::Result<Purchasing> {
    Ok(get(url, path)?.under(id.parse()?))
}

/// A refusal of that name, that says so much of the money.
pub(crate) fn refused(
    bought: Result<Bought, PaymentRefusal>,
    code: &str,
    money: MoneyMoved,
) -> anyhow::Result<PaymentRefusal> {
    let refusal = match bought {
        Ok(bought) => anyhow::bail!("bought, though {code} was due: {bought:?}"),
        Err(refusal) => refusal,
    };
    ensure!((refusal.code.as_ref(), refusal.money_moved) == (code, money), "not {code} {money}: {refusal:?}");
    ensure!(!refusal.what_happened.is_empty() && !refusal.next_step.is_empty(), "{refusal:?}");
    Ok(refusal)
}

/// The purchase as it is kept.
pub(crate) fn kept(buyer: &Buyer<DynProvider>, id: &str) -> anyhow::Result<Purchase> {
    buyer.journal().find(&id.parse()?)?.context("it is kept")
}

/// An amount for a balance.
pub(crate) fn base(amount: u128) -> U256 {
    U256::from(amount)
}
