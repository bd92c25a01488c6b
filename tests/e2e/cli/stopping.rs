//! Stopped in the middle: nothing half-written, and what was sent is said.

use super::purse::{Home, PASSWORD, Ran};
use alloy::primitives::B256;
use alloy::providers::Provider;
use anyhow::{Context, bail, ensure};
use purse_tests::Scene;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

/// Looks for a transaction at most, each a request long.
const LOOKS: u32 = 20_000;

/// Every command that asks a node, stopped while the node does not answer.
#[tokio::test]
async fn every_command_stops_cleanly() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let payee = scene.actors.payees[0].to_string();
    let deaf = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", deaf.local_addr()?);
    let policy = ["--per-payment", "1", "--limit", "1/24h", "--category", "data", "--expires", "1d"];
    let add = [&["agent", "add", "rex", "--yes", "--key-password-file", "password"][..], &policy].concat();
    let before = home.files()?;
    let commands: [&[&str]; 21] = [
        &["status"],
        &["check", &payee, "1"],
        &["pay", &payee, "1", "--reason", "x"],
        &["pause"],
        &["resume"],
        &["revoke", "1", "--yes"],
        &["withdraw", "1"],
        &["guardian", "set", "none"],
        &["payee", "add", &payee, "--category", "data"],
        &["payee", "remove", &payee],
        &["payee", "list"],
        &["agent", "list"],
        &["agent", "show", "1"],
        &["agent", "limit", "1", "--limit", "1/24h"],
        &["agent", "rotate", "1", "--yes", "--key-password-file", "password"],
        &add,
        &["index", "--factory", &payee],
        &["index", "--follow", "--api", "0", "--factory", &payee],
        &["audit", "--factory", &payee],
        &["log", "--factory", &payee],
        &["init", "second", "--test-usdc"],
    ];
    for args in commands {
        let flags = ["--rpc-url", &url, "--password-file", "password", "--json"];
        let child = spawn(&home, &[args, &flags].concat())?;
        let asked = deaf.accept()?; // and says nothing
        interrupt(&child)?;
        let ran = Ran::of(child.wait_with_output()?)?;
        drop(asked);
        let value: Value = serde_json::from_str(&ran.stdout).with_context(|| format!("{args:?}: {}", ran.stderr))?;
        ensure!(ran.code == 130 && value["error"]["code"] == "Interrupted", "{args:?}: {value}");
        ensure!(value["error"]["cause"] == "nothing was sent", "{args:?}: {value}");
        ensure!(home.files()? == before, "{args:?} left something");
    }
    Ok(())
}

/// A payment under way: its transaction is named.
#[tokio::test]
async fn a_stopped_payment_says_what_was_sent() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    scene.provider.raw_request::<_, Value>("evm_setAutomine".into(), (false,)).await?;
    let payee = scene.actors.payees[0].to_string();
    let child = spawn(&home, &["pay", &payee, "1", "--reason", "x", "--password-file", "password"])?;
    let transaction = pending(&scene).await?;
    interrupt(&child)?;
    let ran = Ran::of(child.wait_with_output()?)?;
    ensure!(ran.code == 130 && ran.stderr.contains("error[Interrupted]"), "{}", ran.stderr);
    ensure!(ran.stderr.contains(&transaction.to_string()), "{}", ran.stderr);
    Ok(())
}

/// Between two changes of one command: the first stays, the second is on its way, and both are named.
#[tokio::test]
async fn a_stop_between_two_changes_names_both() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    scene.provider.raw_request::<_, Value>("evm_setAutomine".into(), (false,)).await?;
    let limit = ["agent", "limit", "1", "--yes", "--per-payment", "4", "--limit", "5/24h"];
    let child = spawn(&home, &[&limit[..], &["--password-file", "password", "--json"]].concat())?;
    let first = pending(&scene).await?;
    scene.provider.raw_request::<_, Value>("evm_mine".into(), ()).await?;
    let second = pending(&scene).await?;
    interrupt(&child)?;
    let ran = Ran::of(child.wait_with_output()?)?;
    let value: Value = serde_json::from_str(&ran.stdout)?;
    ensure!(ran.code == 130 && value["error"]["facts"]["transactions"] == format!("{first} {second}"), "{value}");
    let remaining = scene.reader().remaining(Scene::scope(), scene.usdc).await?;
    ensure!(remaining.perPaymentCap == 4 * Scene::USDC, "the first is in force");
    ensure!(remaining.limits[0].cap == 25 * Scene::USDC, "the second is not, so far");
    Ok(())
}

/// A grant under way: the key is not lost, since the grant may still be made.
#[tokio::test]
async fn a_stopped_grant_keeps_the_key() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    scene.provider.raw_request::<_, Value>("evm_setAutomine".into(), (false,)).await?;
    let add =
        ["agent", "add", "rex", "--per-payment", "1", "--limit", "1/24h", "--category", "data", "--expires", "1d"];
    let flags = ["--yes", "--password-file", "password", "--key-password-file", "password"];
    let child = spawn(&home, &[&add[..], &flags].concat())?;
    pending(&scene).await?;
    interrupt(&child)?;
    let ran = Ran::of(child.wait_with_output()?)?;
    ensure!(ran.code == 130, "{}", ran.stderr);
    purse_agent::keystore::open(&home.path("rex.key.json"), PASSWORD)?;
    ensure!(home.path("rex.session.toml").is_file());
    Ok(())
}

/// Exit 7: sent, and its deadline passed before it was mined.
#[tokio::test]
async fn a_payment_that_is_not_mined_in_time_is_no_payment() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    scene.provider.raw_request::<_, Value>("evm_setAutomine".into(), (false,)).await?;
    let payee = scene.actors.payees[0].to_string();
    let child = spawn(&home, &["pay", &payee, "1", "--reason", "x", "--password-file", "password", "--json"])?;
    let transaction = pending(&scene).await?;
    scene.provider.raw_request::<_, Value>("anvil_dropTransaction".into(), (transaction,)).await?;
    scene.mine_at(scene.now().await? + 1_000).await?;
    let ran = Ran::of(child.wait_with_output()?)?;
    let value: Value = serde_json::from_str(&ran.stdout)?;
    ensure!(ran.code == 7 && value["error"]["code"] == "NotMined", "{value}");
    ensure!(value["error"]["facts"]["tx"] == transaction.to_string(), "{value}");
    Ok(())
}

/// The demo's chain ends with the demo, however that ends.
#[test]
fn a_stopped_demo_leaves_no_chain_behind() -> anyhow::Result<()> {
    let home = Home::new()?;
    let anvil = purse_tests::LocalChain::checkout().join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
    let wrapper = home.path("anvil");
    std::fs::write(
        &wrapper,
        format!("#!/bin/sh\necho $$ > '{}'\nexec '{}' \"$@\"\n", home.path("pid").display(), anvil.display()),
    )?;
    std::fs::set_permissions(&wrapper, PermissionsExt::from_mode(0o755))?;
    let mut command = home.command(&["demo"])?;
    command.env("PURSE_ANVIL", &wrapper).env("TMPDIR", home.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut told = BufReader::new(child.stdout.take().context("stdout")?);
    let mut line = String::new();
    told.read_line(&mut line)?;
    interrupt(&child)?;
    let ran = Ran::of(child.wait_with_output()?)?;
    ensure!(ran.code == 130, "{}: {}", ran.code, ran.stderr);
    let pid = std::fs::read_to_string(home.path("pid"))?;
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    ensure!(state.is_empty() || state.contains(") Z "), "anvil still runs: {state}");
    let left = home.files()?.into_keys().filter(|path| !path.ends_with("anvil") && !path.ends_with("pid"));
    ensure!(left.eq([home.path("password")]), "the demo leaves no file");
    Ok(())
}

fn spawn(home: &Home, args: &[&str]) -> anyhow::Result<Child> {
    Ok(home.command(args)?.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
}

/// Ctrl-C.
fn interrupt(child: &Child) -> anyhow::Result<()> {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    ensure!(killed.success());
    Ok(())
}

/// The one transaction that waits to be mined.
async fn pending(scene: &Scene) -> anyhow::Result<B256> {
    for _ in 0..LOOKS {
        let pool: Value = scene.provider.raw_request("txpool_content".into(), ()).await?;
        let accounts = pool["pending"].as_object().into_iter().flat_map(|accounts| accounts.values());
        let mut waiting = accounts.filter_map(Value::as_object).flat_map(|transactions| transactions.values());
        if let Some(hash) = waiting.next().and_then(|transaction| transaction["hash"].as_str()) {
            return Ok(hash.parse()?);
        }
    }
    bail!("no transaction was sent")
}
