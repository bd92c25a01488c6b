//! Names stand for one thing each: an agent's for its session, a payee's for its address.

use super::purse::Home;
use anyhow::ensure;
use purse_tests::Scene;
use serde_json::Value;

const POLICY: [&str; 8] = ["--per-payment", "1", "--limit", "1/24h", "--category", "data", "--expires", "1d"];

/// Proposals take session numbers too: what is granted meanwhile takes another, and a name never means two agents.
#[tokio::test]
async fn a_proposed_agent_keeps_its_number() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let add = |name: &'static str, flags: &[&'static str]| {
        [&["agent", "add", name, "--key-password-file", "password"][..], &POLICY, flags].concat()
    };
    home.done(&add("bot", &["--propose"]))?;
    home.done(&add("other", &["--propose"]))?;
    let granted = home.json(&add("second", &["--yes", "--password-file", "password"]))?;
    ensure!(granted["agent"]["session"] == 4, "1 is granted, 2 and 3 are proposed: {granted}");
    let revoked = home.run(&["revoke", "bot", "--yes", "--password-file", "password"])?;
    ensure!(revoked.stderr.contains("error[SessionUnknown]"), "never another agent: {}", revoked.stderr);
    let shown = home.json(&["agent", "show", "second"])?;
    ensure!(shown["session"] == 4 && shown["revoked"] == false, "{shown}");

    // A proposal that was given up holds its name only until its line is removed.
    let taken = home.run(&add("bot", &["--propose"]))?;
    ensure!(taken.code == 1 && taken.stderr.contains("error[NameTaken]"), "{}", taken.stderr);
    ensure!(taken.stderr.contains("was never granted") && taken.stderr.contains("bot = 2"), "{}", taken.stderr);
    let granted = home.run(&add("second", &["--propose"]))?;
    ensure!(granted.stderr.contains("purse agent limit"), "{}", granted.stderr);
    Ok(())
}

/// Whoever pays a name must reach whom it named yesterday.
#[tokio::test]
async fn a_payees_name_does_not_move() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let [first, second, _] = scene.actors.payees.map(|payee| payee.to_string());
    let add = |payee: &str, name: &str| {
        let args = ["payee", "add", payee, "--category", "data", "--name", name, "--password-file", "password"];
        home.run(&args)
    };
    ensure!(add(&first, "shop")?.code == 0);
    let files = home.files()?;
    let taken = add(&second, "shop")?;
    ensure!(taken.code == 1 && taken.stderr.contains("error[NameTaken]"), "{}", taken.stderr);
    ensure!(taken.stderr.contains(&first), "{}", taken.stderr);
    ensure!(home.files()? == files);
    ensure!(add(&first, "store")?.code == 0, "a payee may get another name");
    let listed: Value = home.json(&["payee", "list"])?;
    ensure!(listed["payees"][0]["name"] == "store", "{listed}");
    Ok(())
}
