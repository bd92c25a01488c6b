//! Parallel payments: every task and process gets a nonce of its own, of both kinds, and all are paid (I3).

use super::desk::Desk;
use alloy::primitives::U256;
use alloy::providers::{Provider, ProviderBuilder};
use anyhow::{Context, ensure};
use purse_agent::{Agent, Outcome, PaymentRequest, SessionFile, keystore, ledger};
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Where a child process finds its session file; without it the child's test does nothing.
const SESSION_FILE: &str = "PURSE_TEST_SESSION_FILE";
const PROCESSES: usize = 8;
const PAYMENTS_EACH: usize = 2;
const TASKS: usize = 16;
/// Small enough that all of them fit the day's limit.
const AMOUNT: u128 = Scene::USDC / 10;

async fn paid_nonce(agent: &Agent<impl Provider>, request: &PaymentRequest) -> anyhow::Result<u32> {
    match agent.pay(request).await? {
        Outcome::Paid(paid) => Ok(paid.payment.nonce),
        other => anyhow::bail!("not paid: {other:?}"),
    }
}

/// Nonces 1 to `count` were paid, no other, and the money has moved.
async fn expect_paid(desk: &Desk, nonces: BTreeSet<u32>, count: usize) -> anyhow::Result<()> {
    assert_eq!(nonces, (1..=count as u32).collect());
    let session = desk.scene.reader().session_of(Scene::SESSION).await?;
    assert_eq!(session.nonceHighest as usize, count);
    assert_eq!(session.nonceWindow.count_ones() as usize, count.min(32));
    let payee = desk.scene.actors.payees[0];
    assert_eq!(desk.scene.balance(desk.scene.usdc, payee).await?, U256::from(count as u128 * AMOUNT));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_tasks_of_one_process_pay_at_once() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let agent = Arc::new(desk.agent().await?);
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let (agent, mut request) = (agent.clone(), desk.request(AMOUNT));
            request.purchase = format!("order {number}");
            tokio::spawn(async move { paid_nonce(&agent, &request).await })
        })
        .collect();
    let mut nonces = BTreeSet::new();
    for task in tasks {
        let nonce = task.await??;
        assert!(nonces.insert(nonce), "nonce {nonce} was used twice");
    }
    expect_paid(&desk, nonces, TASKS).await
}

/// Safety 3.1: eight processes with one session file.
#[tokio::test]
async fn eight_processes_pay_at_once() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe()?)
                .args(["--exact", "--ignored", "--nocapture", "agent::parallel::one_process_of_eight"])
                .env(SESSION_FILE, desk.session.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
        })
        .collect::<Result<_, _>>()?;
    let mut nonces = BTreeSet::new();
    for child in children {
        let output = child.wait_with_output()?;
        let (stdout, stderr) = (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "a process failed: {stdout}{stderr}");
        for line in stdout.lines().filter_map(|line| line.strip_prefix("paid nonce ")) {
            let nonce = line.trim().parse()?;
            assert!(nonces.insert(nonce), "nonce {nonce} was used twice");
        }
    }
    expect_paid(&desk, nonces, PROCESSES * PAYMENTS_EACH).await
}

/// I3: with 32 nonces out a 33rd would endanger the first, so it has to wait until they are over.
#[tokio::test]
async fn more_than_the_window_has_to_wait() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let agent = desk.agent().await?;
    for _ in 0..ledger::PARALLEL_NONCES {
        agent.prepare(&desk.request(AMOUNT)).await??;
    }
    let hurried = PaymentRequest { deadline_seconds: 2, ..desk.request(AMOUNT) }; // and so waits two seconds
    let error = agent.pay(&hurried).await.err().context("there is no room")?;
    assert_eq!(error.code(), "TooManyPaymentsUnderWay");
    assert!(error.to_string().contains("nonce 1)") && error.to_string().contains("nothing was signed"), "{error}");
    desk.scene.mine_at(desk.scene.now().await? + 130).await?;
    assert_eq!(paid_nonce(&agent, &desk.request(AMOUNT)).await?, ledger::PARALLEL_NONCES + 1);
    Ok(())
}

/// What each of the eight processes does. Run by them alone.
#[tokio::test]
#[ignore = "eight_processes_pay_at_once runs it, eight times at once"]
#[expect(clippy::print_stdout, reason = "its parent reads the nonces from there")]
async fn one_process_of_eight() -> anyhow::Result<()> {
    let Ok(path) = std::env::var(SESSION_FILE) else { return Ok(()) };
    let session = SessionFile::load(Path::new(&path))?;
    let key = keystore::open(&session.keystore_path(), Desk::PASSWORD)?;
    let url = session.rpc_url.clone().context("the desk writes it")?;
    let provider = ProviderBuilder::default().connect_http(url.parse()?);
    let payee = book(&provider, &session).await?;
    let agent = Agent::connect(provider, session, key).await?;
    for number in 0..PAYMENTS_EACH {
        let request = PaymentRequest::new(payee, AMOUNT, format!("order {}/{number}", std::process::id()), "parallel");
        println!("\npaid nonce {}", paid_nonce(&agent, &request).await?);
    }
    Ok(())
}

/// The first payee of the vault's book, from its log.
async fn book(provider: &impl Provider, session: &SessionFile) -> anyhow::Result<alloy::primitives::Address> {
    let vault = IVault::new(session.vault, provider);
    let set = vault.PayeeSet_filter().from_block(0).query().await?;
    set.first().map(|(event, _)| event.payee).context("the book is not empty")
}
