//! `purse demo`: the whole story on a local chain of its own, by the same code as the real commands.

use super::audit::{Beside, examine};
use super::init::{compile, deploy};
use crate::anvil::Anvil;
use crate::buying::of_refusal;
use crate::change::send;
use crate::connect::{LOCAL_CHAIN, Node};
use crate::context::{Context, Vault};
use crate::demo_seller::{DemoSeller, Trade};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::money::{Token, of_view};
use crate::output::{Output, Reply, bold, green, yellow};
use crate::policy::{LimitText, Policy};
use crate::purses::OpenPurse;
use crate::sent::Sent;
use crate::signer::{Signer, development_account};
use crate::{ledger, library_failure, project, rpc_failure};
use alloy::network::{EthereumWallet, TransactionBuilder as _};
use alloy::primitives::{Address, U256, address};
use alloy::providers::{DynProvider, Provider as _};
use alloy::rpc::types::TransactionRequest;
use clap::Args;
use purse_agent::{Agent, Bought, Buyer, Outcome, Paid, PaymentRequest, Purchasing, SessionFile, SessionKey};
use purse_deployer::deploy_test_usdc;
use purse_indexer::{Indexer, SqliteStore};
use purse_owner::Verb;
use purse_protocol::abi::IPurse::IPurseInstance;
use purse_protocol::abi::IVaultLens::IVaultLensInstance;
use purse_protocol::{Category, CategoryMask, Refusal, RefusalContext, RpcFault, SessionId, VaultConfig, Window};
use serde_json::{Value, json};
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
const CENT: u128 = 10_000;
/// Ether for the agent's gas: one.
const GAS_MONEY: u64 = 1_000_000_000_000_000_000;
/// How long loosenings wait in the story, in seconds: an hour.
const DELAY: u32 = 3_600;
/// A day, in seconds.
const DAY: u32 = 86_400;
/// Seconds until what was spent in an hour's window has surely left it: one and a quarter windows.
const HOUR_AND_A_QUARTER: u64 = 4_500;
/// Width of the column of deeds.
const DEEDS: usize = 50;
/// Width of the column of verdicts.
const VERDICTS: usize = 9;

/// Flags of `purse demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse demo\n  purse demo --json | jq .steps")]
pub(crate) struct DemoArgs {}

/// Tells the story.
pub(crate) async fn run(context: &Context, _args: &DemoArgs) -> Result<Reply, Failure> {
    let started = Instant::now();
    let mut teller = Teller { output: context.output, steps: Vec::new() };
    let stage = Stage::build(context, &mut teller).await?;
    story(&stage, &mut teller).await?;
    audit(&stage, &mut teller).await?;

    let seconds = started.elapsed().as_secs_f64();
    let refusals = teller.steps.iter().filter(|step| step["verdict"] == "refused").count();
    let text = format!(
        "\n{}\n{refusals} refusals in {seconds:.1} s. Next: purse init (nothing here used real money)",
        bold("All of that was decided by the contract, not by this program.")
    );
    Ok(Reply::new(text, json!({ "steps": teller.steps, "refusals": refusals, "seconds": seconds })))
}

/// Everything that the story needs; all of it goes when this goes.
struct Stage {
    vault: Vault,
    factory: Address,
    token: Token,
    owner: Signer,
    buyer: Buyer<DynProvider>,
    folder: tempfile::TempDir,
    root: PathBuf,
    anvil: Anvil,
}

/// Whom the agent tries to pay.
const WEATHER: Address = Address::repeat_byte(0x11);
const FILMS: Address = Address::repeat_byte(0x22);
const STRANGER: Address = Address::repeat_byte(0x33);
/// The development account that brings the seller's authorisations to the chain: anvil's tenth.
const FACILITATOR: Address = address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720");

impl Stage {
    async fn build(context: &Context, teller: &mut Teller) -> Result<Self, Failure> {
        let mut clock = Instant::now();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let anvil = Anvil::start(now.saturating_sub(BEHIND)).await?;
        let owner = development_account(None, LOCAL_CHAIN)?;
        // What is sent here concerns nobody outside the story, so it is not remembered with the command's own.
        let sent = Sent::new(context.output);
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
        let file = SessionFile::new(
            &folder.path().join("demo.session.toml"),
            address,
            LOCAL_CHAIN,
            session,
            usdc,
            "demo.key.json".as_ref(),
        );
        let grant = policy(vault.head().await?.time)?.grant(session, key.address(), usdc);
        send(&vault, owner.address, &Verb::Grant(grant), &names).await?;
        let lens = IVaultLensInstance::new(contracts.lens.record().address, &vault.node.provider);
        let most = lens.maxOutflow(address, session.get(), usdc, DAY, Vec::new()).call().await.map_err(of_view)?;
        let most = format!("at most {} a day", token.plain(most.min(U256::from(FUNDS))));
        teller.line("Granting \"demo\" 2.00 a payment, 5.00 an hour", "done", &most);
        let target = Verb::SetPurseTarget { session, category: category("data")?, token: usdc, target: TARGET };
        send(&vault, owner.address, &target, &names).await?;
        // From here on what lets anybody do more waits.
        send(&vault, owner.address, &Verb::SetDelay { seconds: DELAY }, &names).await?;
        let agent = Agent::new(vault.node.provider.clone(), file, key).with_context(names);
        let buyer = Buyer::new(agent).map_err(|refusal| of_refusal(&refusal))?;
        let factory = contracts.factory.record().address;
        Ok(Self { vault, factory, token, owner, buyer, folder, root, anvil })
    }

    async fn pay(&self, payee: Address, amount: u128) -> Result<Outcome, Failure> {
        let request = PaymentRequest::new(payee, amount, "", "purse demo");
        self.buyer.agent().pay(&request).await.map_err(|error| library_failure::of_agent(&error))
    }

    /// Buys one thing from a stock x402 seller, out of the purse, which is opened and filled first.
    async fn buy(&self) -> Result<Bought, Failure> {
        let facilitator = development_account(Some(FACILITATOR), LOCAL_CHAIN)?;
        let (token, payee) = (self.token.address, WEATHER);
        let key = facilitator.key.to_bytes();
        let trade = Trade { rpc_url: &self.anvil.url, chain_id: LOCAL_CHAIN, key, token, payee };
        let seller = DemoSeller::start(&self.root, trade).await?;
        let purchasing = Purchasing::get(&format!("{}/forecast", seller.url), "purse demo");
        let bought = self.buyer.pay_url(&purchasing.map_err(|refusal| of_refusal(&refusal))?).await;
        bought.map_err(|refusal| of_refusal(&refusal))
    }

    /// Sends what is left in the purse back to the vault; how much that is.
    async fn sweep(&self) -> Result<U256, Failure> {
        let purse = OpenPurse::all(&self.vault, &self.token).await?;
        let purse = purse.first().ok_or_else(|| differs("the purse", "open", "none"))?;
        let contract = IPurseInstance::new(purse.address, &self.vault.node.provider);
        let pending = contract.sweep(self.token.address).from(self.owner.address).send().await.map_err(of_view)?;
        let receipt = pending.get_receipt().await;
        if !receipt.is_ok_and(|receipt| receipt.status()) {
            return Err(differs("the sweep", "done", "no receipt of it"));
        }
        Ok(purse.balance)
    }

    /// Asks for a payment above the cap, which the owner approves.
    async fn pay_approved(&self, payee: Address, amount: u128) -> Result<Outcome, Failure> {
        let failed = |error| library_failure::of_agent(&error);
        let request = PaymentRequest::new(payee, amount, "", "purse demo");
        let mut asked = match self.buyer.agent().request_approval(&request).await.map_err(failed)? {
            Ok(asked) => asked,
            Err(refusal) => return Ok(Outcome::Refused(refusal)),
        };
        let approval = purse_owner::approve(LOCAL_CHAIN, self.vault.address, &asked.payment, &self.owner.key);
        asked.approval =
            Some(approval.map_err(|error| differs("the owner's approval", "a signature", &error.to_string()))?);
        self.buyer.agent().pay_approved(&asked).await.map_err(failed)
    }

    /// Asks for what must wait; its number.
    async fn put_by(&self, verb: &Verb) -> Result<u32, Failure> {
        let made = send(&self.vault, self.owner.address, verb, &self.vault.words(&self.token)).await?;
        made.waits.first().copied().ok_or_else(|| differs(verb.name(), "a change that waits", "it did not wait"))
    }

    async fn act(&self, verb: Verb) -> Result<String, Failure> {
        let made = send(&self.vault, self.owner.address, &verb, &self.vault.words(&self.token)).await?;
        Ok(block(&made.json))
    }

    /// Hands the vault the very payment that it made already, with its signature.
    async fn replay(&self, paid: &Paid) -> Result<Option<Refusal>, Failure> {
        let signed =
            self.buyer.agent().sign(paid.payment.clone()).map_err(|error| library_failure::of_agent(&error))?;
        let call = TransactionRequest::default().with_to(self.vault.address).with_input(signed.calldata());
        match self.vault.node.provider.call(call).await.map_err(RpcFault::from) {
            Ok(_) => Ok(None),
            Err(RpcFault::Reverted { data }) => Ok(Some(Refusal::decode(&data, &RefusalContext::default()))),
            Err(fault) => Err(rpc_failure::of_fault(&fault)),
        }
    }

    async fn move_clock(&self, seconds: u64) -> Result<(), Failure> {
        let provider = &self.vault.node.provider;
        provider.raw_request::<_, Value>("evm_increaseTime".into(), (seconds,)).await.map_err(rpc_failure::of)?;
        provider.raw_request::<_, Value>("evm_mine".into(), ()).await.map_err(rpc_failure::of)?;
        Ok(())
    }
}

/// The acts, each with what must come of it.
async fn story(stage: &Stage, teller: &mut Teller) -> Result<(), Failure> {
    let first = teller.paid("Paying 1.00 to the weather service", stage.pay(WEATHER, 100 * CENT).await?)?;
    let bought = stage.buy().await?;
    let settled = bought.receipt.filter(|receipt| receipt.settled && receipt.amount == CENT);
    let block =
        settled.and_then(|receipt| receipt.block).ok_or_else(|| differs("the purchase", "paid", "not settled"))?;
    teller.line("Buying a forecast from an x402 seller, 0.01", "paid", &format!("block {block}"));
    teller.refused("Paying 0.10 to a stranger", stage.pay(STRANGER, 10 * CENT).await?, "PayeeNotInBook")?;
    teller.refused(
        "Paying 0.10 for films, not its category",
        stage.pay(FILMS, 10 * CENT).await?,
        "CategoryNotGranted",
    )?;
    teller.replayed("Sending the first payment again", stage.replay(&first).await?, "NonceUsed")?;
    teller.refused("Paying 2.01 at once", stage.pay(WEATHER, 201 * CENT).await?, "AbovePerPaymentCap")?;
    teller.paid("Paying 2.01 with the owner's approval", stage.pay_approved(WEATHER, 201 * CENT).await?)?;
    teller.paid("Paying 1.84 more", stage.pay(WEATHER, 184 * CENT).await?)?;
    teller.refused("Paying 0.01 more within the hour", stage.pay(WEATHER, CENT).await?, "LimitExceeded")?;
    stage.move_clock(HOUR_AND_A_QUARTER).await?;
    teller.paid("Moving the clock 75 minutes on, paying 0.01", stage.pay(WEATHER, CENT).await?)?;
    let at = stage.act(Verb::Pause).await?;
    teller.line("Pausing everything", "done", &at);
    teller.refused("Paying 0.01", stage.pay(WEATHER, CENT).await?, "VaultPaused")?;
    let change = stage.put_by(&Verb::Unpause).await?;
    teller.line("Resuming, which lets agents do more", "waits", &format!("change {change}"));
    stage.move_clock(DELAY.into()).await?;
    let at = stage.act(Verb::Execute { change, call: Verb::Unpause.calldata() }).await?;
    teller.line("Letting it take effect, an hour later", "done", &at);
    let at = stage.act(Verb::Revoke { session: session_id()? }).await?;
    teller.line("Revoking \"demo\"", "done", &at);
    teller.refused("Paying 0.01 again", stage.pay(WEATHER, CENT).await?, "SessionRevoked")?;
    let back = stage.sweep().await?;
    teller.line("Sweeping its purse back into the vault", "done", &stage.token.plain(back));
    Ok(())
}

/// Indexes the logs, folds them, compares with the chain.
async fn audit(stage: &Stage, teller: &mut Teller) -> Result<(), Failure> {
    let store = SqliteStore::open(stage.folder.path().join("index.sqlite"), LOCAL_CHAIN);
    let store = store.map_err(|error| library_failure::of_store(&error))?;
    let mut indexer = Indexer::new(stage.vault.node.provider.clone(), Box::new(store), stage.factory, 0);
    let synced = indexer.sync_to_head(|_| {}).await.map_err(|error| library_failure::of_index(&error))?;
    let store = indexer.into_store();
    let trail = ledger::trail(&*store, &stage.vault)?;
    let end = synced.block.ok_or_else(|| differs("the audit", "an index", "nothing"))?;
    let report = examine(&stage.vault, &trail, end, 0, Beside::default()).await?;
    if !report.holds() {
        let problems = report.differences().map(|(_, difference)| difference.problem.clone()).collect::<Vec<_>>();
        return Err(differs("the audit", "no difference", &problems.join("; ")));
    }
    let deed = format!("Rebuilding it from {} events, comparing", trail.sequence);
    teller.line(&deed, "pass", "trail equals chain");
    Ok(())
}

/// Tells the steps as they happen.
struct Teller {
    output: Output,
    steps: Vec<Value>,
}

impl Teller {
    fn line(&mut self, deed: &str, verdict: &str, detail: &str) {
        self.steps.push(json!({ "deed": deed, "verdict": verdict, "detail": detail }));
        let dots = ".".repeat(DEEDS.saturating_sub(deed.chars().count() + 1).max(2));
        let blanks = if detail.is_empty() { 0 } else { VERDICTS.saturating_sub(verdict.len()) };
        let verdict = if matches!(verdict, "refused" | "waits") { yellow(verdict) } else { green(verdict) };
        self.output.tell(&format!("{deed} {dots} {verdict}{}{detail}", " ".repeat(blanks)));
    }

    fn ready(&mut self, deed: &str, clock: &mut Instant) {
        self.line(deed, "ready", &format!("{:.1} s", clock.elapsed().as_secs_f64()));
        *clock = Instant::now();
    }

    fn paid(&mut self, deed: &str, outcome: Outcome) -> Result<Paid, Failure> {
        match outcome {
            Outcome::Paid(paid) => {
                self.line(deed, "paid", &format!("block {}", paid.block));
                Ok(paid)
            }
            Outcome::Refused(refusal) => Err(differs(deed, "a payment", refusal.code)),
            Outcome::NotMined(_) => Err(differs(deed, "a payment", "nothing mined")),
        }
    }

    fn refused(&mut self, deed: &str, outcome: Outcome, expected: &str) -> Result<(), Failure> {
        match outcome {
            Outcome::Refused(refusal) => self.replayed(deed, Some(refusal), expected),
            Outcome::Paid(_) | Outcome::NotMined(_) => self.replayed(deed, None, expected),
        }
    }

    fn replayed(&mut self, deed: &str, refusal: Option<Refusal>, expected: &str) -> Result<(), Failure> {
        match refusal {
            Some(refusal) if refusal.code == expected => {
                self.line(deed, "refused", refusal.code);
                Ok(())
            }
            Some(refusal) => Err(differs(deed, expected, refusal.code)),
            None => Err(differs(deed, expected, "no refusal")),
        }
    }
}

/// The failure of a line that is not as it must be.
fn differs(deed: &str, expected: &str, found: &str) -> Failure {
    Failure::new(
        Exit::Differs,
        "DemoDiffers",
        format!("not as it must be: {deed}"),
        format!("expected {expected}, found {found}"),
        "report this as a bug; do not trust this build",
    )
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

fn session_id() -> Result<SessionId, Failure> {
    SessionId::new(1).ok_or_else(|| differs("the session", "1", "nothing"))
}

fn category(name: &str) -> Result<Category, Failure> {
    Category::by_name(name).ok_or_else(|| differs("a category", name, "nothing"))
}

fn block(made: &Value) -> String {
    format!("block {}", made["block"])
}
