//! `purse demo`: the whole story on a local chain of its own, by the same code as the real commands.

use super::audit::{Beside, examine};
use super::demo_keep;
use crate::buying::of_refusal;
use crate::change::send;
use crate::connect::LOCAL_CHAIN;
use crate::context::Context;
use crate::demo_stage::{CENT, FILMS, STRANGER, Stage, WEATHER, session_id};
use crate::demo_teller::{Teller, differs};
use crate::failure::Failure;
use crate::money::of_view;
use crate::output::{Reply, bold};
use crate::purses::OpenPurse;
use crate::{ledger, library_failure, rpc_failure};
use alloy::network::TransactionBuilder as _;
use alloy::primitives::{Address, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionRequest;
use clap::Args;
use purse_agent::{Bought, Outcome, Paid, PaymentRequest, Purchasing};
use purse_indexer::{Indexer, SqliteStore};
use purse_owner::Verb;
use purse_protocol::abi::IPurse::IPurseInstance;
use purse_protocol::{Refusal, RefusalContext, RpcFault};
use serde_json::{Value, json};
use std::time::Instant;

/// How long loosenings wait in the story, in seconds: an hour.
const DELAY: u32 = 3_600;
/// Seconds until what was spent in an hour's window has surely left it: one and a quarter windows.
const HOUR_AND_A_QUARTER: u64 = 4_500;

/// Flags of `purse demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  purse demo\n  purse demo --keep\n  purse demo --json | jq .steps")]
pub(crate) struct DemoArgs {
    /// In place of the story: leave chain, vault, agent and seller up until Ctrl-C, and print what to try with them
    #[arg(long)]
    keep: bool,
}

impl DemoArgs {
    /// Whether it goes on until it is stopped.
    pub(crate) const fn keeps(&self) -> bool {
        self.keep
    }
}

/// Tells the story.
pub(crate) async fn run(context: &Context, args: &DemoArgs) -> Result<Reply, Failure> {
    if args.keep {
        return demo_keep::run(context).await;
    }
    let started = Instant::now();
    let mut teller = Teller::new(context.output);
    let stage = Stage::build(context, &mut teller, None).await?;
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

impl Stage {
    async fn pay(&self, payee: Address, amount: u128) -> Result<Outcome, Failure> {
        let request = PaymentRequest::new(payee, amount, "", "purse demo");
        self.buyer.agent().pay(&request).await.map_err(|error| library_failure::of_agent(&error))
    }

    /// Buys one thing from a stock x402 seller, out of the purse, which is opened and filled first.
    async fn buy(&self) -> Result<Bought, Failure> {
        let seller = self.seller().await?;
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
    // What lets anybody do more waits.
    stage.act(Verb::SetDelay { seconds: DELAY }).await?;
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
    let mut indexer =
        Indexer::new(stage.vault.node.provider.clone(), Box::new(store), stage.contracts.factory.record().address, 0);
    let synced = indexer.sync_to_head(|_| {}).await.map_err(|error| library_failure::of_index(&error))?;
    let store = indexer.into_store();
    let trail = ledger::trail(&*store, &stage.vault)?;
    let end = synced.block.ok_or_else(|| differs("the audit", "an index", "nothing"))?;
    let (report, _) = examine(&stage.vault, &trail, end, 0, Beside::default()).await?;
    if !report.holds() {
        let problems = report.differences().map(|(_, difference)| difference.problem.clone()).collect::<Vec<_>>();
        return Err(differs("the audit", "no difference", &problems.join("; ")));
    }
    let deed = format!("Rebuilding it from {} events, comparing", trail.sequence);
    teller.line(&deed, "pass", "trail equals chain");
    Ok(())
}

fn block(made: &Value) -> String {
    format!("block {}", made["block"])
}
