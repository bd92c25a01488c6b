//! What the demo plays on: a local chain with Circle's USDC, a vault, and an agent's session.

use crate::anvil::Anvil;
use crate::buying::of_refusal;
use crate::change::send;
use crate::commands::init::{Contracts, compile, deploy};
use crate::connect::{LOCAL_CHAIN, Node};
use crate::context::{Context, Vault};
use crate::demo_seller::{DemoSeller, Trade};
use crate::demo_teller::{Teller, differs};
use crate::failure::Failure;
use crate::money::{Token, of_view};
use crate::policy::{LimitText, Policy};
use crate::rate::Rate;
use crate::sent::Sent;
use crate::signer::{Signer, development_account};
use crate::{library_failure, project, rpc_failure};
use alloy::network::EthereumWallet;
use alloy::primitives::{Address, U256, address};
use alloy::providers::{DynProvider, Provider as _};
use purse_agent::{Agent, Buyer, SessionFile, SessionKey, keystore};
use purse_deployer::deploy_test_usdc;
use purse_owner::Verb;
use purse_protocol::abi::IVaultLens::IVaultLensInstance;
use purse_protocol::{Category, CategoryMask, SessionId, VaultConfig, Window};
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// How far the story's clock begins behind the wall's, in seconds: x402 sellers judge by the wall's, and blocks that are made
/// faster than one a second must not run ahead of it.
const BEHIND: u64 = 300;
/// Up to how much the purse is refilled, in base units: a refill takes fifteen sixteenths of it, 0.15.
const TARGET: u128 = 160_000;
/// What the vault holds: 25.00 USDC.
const FUNDS: u64 = 25_000_000;
/// A cent, in base units.
pub(crate) const CENT: u128 = 10_000;
/// Ether for the agent's gas: one.
const GAS_MONEY: u64 = 1_000_000_000_000_000_000;
/// A day, in seconds.
const DAY: u32 = 86_400;

/// Everything that the story needs; all of it goes when this goes.
pub(crate) struct Stage {
    /// The vault, and the names of the demo's agent and payees.
    pub(crate) vault: Vault,
    /// What was deployed.
    pub(crate) contracts: Contracts,
    /// What is paid with.
    pub(crate) token: Token,
    /// Whose vault it is: anvil's first development account.
    pub(crate) owner: Signer,
    /// The agent, and what it buys with.
    pub(crate) buyer: Buyer<DynProvider>,
    /// Where its files lie.
    pub(crate) folder: tempfile::TempDir,
    /// The chain.
    pub(crate) anvil: Anvil,
    root: PathBuf,
}

/// Whom the agent may pay.
pub(crate) const WEATHER: Address = Address::repeat_byte(0x11);
/// In the book, under a category that it has not.
pub(crate) const FILMS: Address = Address::repeat_byte(0x22);
/// Not in the book.
pub(crate) const STRANGER: Address = Address::repeat_byte(0x33);
/// The development account that brings the seller's authorisations to the chain: anvil's tenth.
const FACILITATOR: Address = address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720");

impl Stage {
    /// Builds it. With a `password`, session file and key file are written, so that other processes are this agent too.
    pub(crate) async fn build(context: &Context, teller: &mut Teller, password: Option<&str>) -> Result<Self, Failure> {
        let mut clock = Instant::now();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let anvil = Anvil::start(now.saturating_sub(BEHIND)).await?;
        let owner = development_account(None, LOCAL_CHAIN)?;
        // What is sent here concerns nobody outside the story, so it is not remembered with the command's own.
        let sent = Sent::new(context.output, Rate::new(None));
        let node =
            Node::connect(&anvil.url, Some(LOCAL_CHAIN), Some(EthereumWallet::from(owner.key.clone())), &sent).await?;
        let version = node.provider.get_client_version().await.map_err(rpc_failure::of)?;
        let version =
            version.trim_start_matches("anvil/v").chars().take_while(|c| *c != '-' && *c != '+').collect::<String>();
        teller.ready(&format!("Starting a local chain (anvil {version})"), &mut clock);

        let root = project::root()?;
        let build = compile(root.clone()).await?;
        let config =
            VaultConfig { owner: owner.address, treasury: Address::repeat_byte(0x7e), guardian: Address::ZERO };
        let contracts = deploy(&node, &build, &config, 0).await?;
        let address = contracts.vault.record().address;
        let usdc = deploy_test_usdc(&node.provider, &root, owner.address, &[(address, U256::from(FUNDS))]).await;
        let usdc = usdc.map_err(|error| library_failure::of_test_usdc(&error))?;

        let folder = tempfile::tempdir().map_err(|error| {
            Failure::error("FileNotWritten", "no folder for the demo", error.to_string(), "check TMPDIR")
        })?;
        let mut vault = Vault::at(node, address, folder.path()).await?;
        for (name, payee) in [("weather", WEATHER), ("films", FILMS)] {
            vault.names.set_payee(name, payee);
        }
        let session = session_id()?;
        vault.names.set_agent("demo", session);
        let token = Token::read(&vault, usdc).await?;
        let names = vault.words(&token);
        let payees = vec![(WEATHER, category("data")?), (FILMS, category("media")?)];
        send(&vault, owner.address, &Verb::AddToken { token: usdc, unit_bits: 0 }, &names).await?;
        send(&vault, owner.address, &Verb::SetPayees(payees), &names).await?;
        teller.ready("Deploying Circle's USDC and a vault with 25.00", &mut clock);

        let key = SessionKey::generate();
        let wei = U256::from(GAS_MONEY);
        let funded = vault.node.provider.raw_request::<_, Value>("anvil_setBalance".into(), (key.address(), wei)).await;
        funded.map_err(rpc_failure::of)?;
        let mut file = SessionFile::new(
            &folder.path().join("demo.session.toml"),
            address,
            LOCAL_CHAIN,
            session,
            usdc,
            "demo.key.json".as_ref(),
        );
        if let Some(password) = password {
            let path = file.keystore_path();
            keystore::store(&path, &key, password).map_err(|error| library_failure::of_keystore(&error, &path))?;
            file.rpc_url = Some(anvil.url.clone());
            file.create().map_err(|error| {
                Failure::error(error.code(), "cannot write the demo's session file", error.to_string(), error.fix())
            })?;
        }
        let grant = policy(vault.head().await?.time)?.grant(session, key.address(), usdc);
        send(&vault, owner.address, &Verb::Grant(grant), &names).await?;
        let lens = IVaultLensInstance::new(contracts.lens.record().address, &vault.node.provider);
        let most = lens.maxOutflow(address, session.get(), usdc, DAY, Vec::new()).call().await.map_err(of_view)?;
        let most = format!("at most {} a day", token.plain(most.min(U256::from(FUNDS))));
        teller.line("Granting \"demo\" 2.00 a payment, 5.00 an hour", "done", &most);
        let target = Verb::SetPurseTarget { session, category: category("data")?, token: usdc, target: TARGET };
        send(&vault, owner.address, &target, &names).await?;
        let agent = Agent::new(vault.node.provider.clone(), file, key).with_context(names);
        let buyer = Buyer::new(agent).map_err(|refusal| of_refusal(&refusal))?;
        Ok(Self { vault, contracts, token, owner, buyer, folder, anvil, root })
    }

    /// Opens the x402 seller, before a stock facilitator.
    pub(crate) async fn seller(&self) -> Result<DemoSeller, Failure> {
        let facilitator = development_account(Some(FACILITATOR), LOCAL_CHAIN)?;
        let (token, payee) = (self.token.address, WEATHER);
        let key = facilitator.key.to_bytes();
        let trade = Trade { rpc_url: &self.anvil.url, chain_id: LOCAL_CHAIN, key, token, payee };
        DemoSeller::start(&self.root, trade).await
    }
}

fn policy(now: u64) -> Result<Policy, Failure> {
    let now = u32::try_from(now).unwrap_or(u32::MAX);
    let limit = |window, cap| LimitText { category: None, window, cap };
    Ok(Policy {
        per_payment: 200 * CENT,
        limits: vec![limit(Window::Hour, 500 * CENT), limit(Window::Day, 1_000 * CENT)],
        categories: CategoryMask::from_iter([category("data")?]),
        valid_from: now,
        valid_until: now.saturating_add(30 * 86_400),
    })
}

/// The session of the demo's agent.
pub(crate) fn session_id() -> Result<SessionId, Failure> {
    SessionId::new(1).ok_or_else(|| differs("the session", "1", "nothing"))
}

fn category(name: &str) -> Result<Category, Failure> {
    Category::by_name(name).ok_or_else(|| differs("a category", name, "nothing"))
}
