//! Loosenings wait out the owner's delay (I9): what the command says of them, and what becomes of them.

use super::purse::Home;
use anyhow::{Context, ensure};
use purse_tests::Scene;
use serde_json::Value;

const HOUR: u64 = 3_600;
const PASSWORD: [&str; 2] = ["--password-file", "password"];

async fn with_delay() -> anyhow::Result<(Scene, Home)> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let set = home.json(&[&["delay", "set", "24h"][..], &PASSWORD].concat())?;
    ensure!(set["changes"][0]["changed"][0]["after"] == "24h", "a longer delay takes effect at once: {set}");
    ensure!(home.done(&["delay", "show"])?.contains("wait 24h"));
    Ok((scene, home))
}

fn raise(home: &Home) -> anyhow::Result<Value> {
    let limit = ["agent", "limit", "1", "--yes", "--limit", "40/24h"];
    let made = home.json(&[&limit[..], &PASSWORD].concat())?;
    let change = made["changes"][0].clone();
    ensure!(change["waits"] == "setLimit" && change["changed"] == Value::Array(vec![]), "{made}");
    Ok(change)
}

fn number(change: &Value) -> anyhow::Result<String> {
    Ok(change["change"].as_u64().context("a number")?.to_string())
}

async fn cap(scene: &Scene) -> anyhow::Result<u128> {
    Ok(scene.reader().remaining(Scene::scope(), scene.usdc).await?.limits[0].cap)
}

/// A raise waits, is seen, and can be executed by anyone once its time has come.
#[tokio::test]
async fn a_raise_waits_is_told_and_executed() -> anyhow::Result<()> {
    let (scene, home) = with_delay().await?;
    let tried = home.done(&["agent", "limit", "1", "--limit", "40/24h", "--dry-run"])?;
    ensure!(tried.contains("after 24h"), "a dry run says that it would wait: {tried}");
    let change = raise(&home)?;
    let number = number(&change)?;
    ensure!(cap(&scene).await? == 25 * Scene::USDC, "nothing is in force");
    let again = home.run(&[&["agent", "limit", "1", "--yes", "--limit", "41/24h"][..], &PASSWORD].concat())?;
    ensure!(again.code == 0 && again.stdout.starts_with("waits") && !again.stdout.contains("done"), "{}", again.stdout);
    ensure!(again.stdout.contains("nothing of it is in force before"), "{}", again.stdout);
    ensure!(again.stdout.contains("purse cancel"), "{}", again.stdout);
    home.done(&[&["cancel", &(number.parse::<u32>()? + 1).to_string()][..], &PASSWORD].concat())?;

    let (waiting, status) = (home.done(&["waiting"])?, home.json(&["status"])?);
    for told in [&format!("change {number}: let session 1 pay at most 40.00 USDC in any 24h"), "can be executed in 24h"]
    {
        ensure!(waiting.contains(told), "{told}: {waiting}");
    }
    ensure!(status["delay_seconds"] == 86_400 && status["waiting"][0]["change"] == change["change"], "{status}");
    ensure!(status["at_most_counts_waiting"] == true, "{status}");
    ensure!(status["agents"][0]["at_most_24h"] == "40.00", "the raise comes within the horizon: {status}");
    ensure!(status["waiting"][0]["executable_now"] == false, "{status}");

    let early = home.run(&[&["execute", &number][..], &PASSWORD].concat())?;
    ensure!(early.code == 3 && early.stderr.contains("error[ChangeNotYetExecutable]"), "{}", early.stderr);
    scene.mine_at(scene.now().await? + 24 * HOUR).await?;
    let stranger = ["--unlocked", "--from", &scene.actors.relayer.address().to_string()].map(str::to_owned);
    let stranger = stranger.iter().map(String::as_str).collect::<Vec<_>>();
    // I17: whoever executes it is told what it lets a thief take.
    let tried = home.run(&[&["execute", &number, "--dry-run"][..], &stranger].concat())?;
    let told = "Worst case if this key is stolen: 40.00 USDC in the next 24 hours (now 25.00 USDC)";
    ensure!(tried.stderr.contains(told), "{}", tried.stderr);
    let done = home.json(&[&["execute", &number][..], &stranger].concat())?;
    ensure!(done["changes"][0]["changed"][0]["after"] == "40.00 USDC, 0.00 USDC used", "{done}");
    ensure!(cap(&scene).await? == 40 * Scene::USDC);
    ensure!(home.done(&["waiting"])?.contains("Nothing waits"));
    let gone = home.run(&[&["execute", &number][..], &PASSWORD].concat())?;
    ensure!(gone.code == 1 && gone.stderr.contains("error[ChangeUnknown]"), "{}", gone.stderr);

    home.done(&["index"])?;
    let log = home.done(&["log"])?;
    ensure!(log.contains("ChangeWaiting") && log.contains("40.00 USDC in any 24h"), "{log}");
    ensure!(home.done(&["audit"])?.contains("PASS"));
    Ok(())
}

/// A tightening of the same subject kills what waits; a guardian takes it away.
#[tokio::test]
async fn a_tightening_kills_and_the_guardian_cancels() -> anyhow::Result<()> {
    let (scene, home) = with_delay().await?;
    let killed = number(&raise(&home)?)?;
    // 25 stands already, yet it is sent: it kills what waits.
    let same = home.done(&[&["agent", "limit", "1", "--limit", "25/24h"][..], &PASSWORD].concat())?;
    ensure!(same.starts_with("done"), "{same}");
    let waiting = home.json(&["waiting"])?;
    ensure!(waiting["waiting"][0]["killed"] == true, "{waiting}");
    scene.mine_at(scene.now().await? + 24 * HOUR).await?;
    let dead = home.run(&[&["execute", &killed][..], &PASSWORD].concat())?;
    ensure!(dead.code == 3 && dead.stderr.contains("error[ChangeKilled]"), "{}", dead.stderr);
    ensure!(cap(&scene).await? == 25 * Scene::USDC);

    let guardian = scene.actors.guardian.address().to_string();
    let guardian = ["--unlocked", "--from", &guardian];
    home.done(&[&["cancel", &killed][..], &guardian].concat())?;
    let payee = scene.actors.relayer.address().to_string();
    let add = ["payee", "add", &payee, "--category", "data", "--name", "new"];
    let added = home.json(&[&add[..], &PASSWORD].concat())?;
    let change = number(&added["changes"][0])?;
    home.done(&[&["payee", "remove", "new"][..], &guardian].concat())?;
    ensure!(home.done(&["waiting"])?.contains("killed by a later change"), "a payee of the list was removed");
    scene.mine_at(scene.now().await? + 24 * HOUR).await?;
    let dead = home.run(&[&["execute", &change][..], &PASSWORD].concat())?;
    ensure!(dead.code == 3 && dead.stderr.contains("error[ChangeKilled]"), "{}", dead.stderr);

    // An agent whose grant waits has its files, and pays once it is executed.
    let policy = ["--per-payment", "1", "--limit", "5/24h", "--category", "data", "--expires", "30d", "--gas", "0.1"];
    let flags = ["--yes", "--password-file", "password", "--key-password-file", "password"];
    let granted = home.json(&[&["agent", "add", "rex"][..], &policy, &flags].concat())?;
    let change = number(&granted["changes"][0])?;
    let pay = ["pay", &scene.actors.payees[0].to_string(), "1", "--reason", "x", "--agent", "rex"].map(str::to_owned);
    let pay = pay.iter().map(String::as_str).collect::<Vec<_>>();
    let early = home.run(&[&pay[..], &PASSWORD].concat())?;
    ensure!(early.code == 3 && early.stderr.contains("error[SessionUnknown]"), "{}", early.stderr);
    scene.mine_at(scene.now().await? + 24 * HOUR).await?;
    home.done(&[&["execute", &change][..], &PASSWORD].concat())?;
    home.done(&[&pay[..], &PASSWORD].concat())?;
    Ok(())
}
