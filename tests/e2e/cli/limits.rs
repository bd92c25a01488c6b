//! Limits of the vault, of an agent, of a category within one; and changes that are made only if nobody was faster.

use super::purse::Home;
use anyhow::ensure;
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use serde_json::Value;

const PASSWORD: [&str; 2] = ["--password-file", "password"];

/// I4, I6: every scope bounds, absent ones bound nothing, and the refusal says which.
#[tokio::test]
async fn limits_by_scope_bind_and_are_shown() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let [payee, film, _] = scene.actors.payees.map(|payee| payee.to_string());
    let own = |args: &[&str]| home.json(&[args, &PASSWORD].concat());
    own(&["payee", "add", &film, "--category", "media", "--name", "films"])?;
    own(&["agent", "limit", "1", "--yes", "--categories", "data,media"])?;
    own(&["agent", "limit", "1", "--category", "media", "--limit", "3/24h", "--limit", "4/lifetime"])?;
    let limited = home.run(&[&["limit", "--limit", "18/24h"][..], &PASSWORD].concat())?;
    let told = "Worst case if every key is stolen, by the vault's limits: 18.00 USDC in the next 24 hours";
    ensure!(limited.code == 0 && limited.stderr.contains(told), "{}", limited.stderr);
    ensure!(home.done(&["limit"])?.contains("0.00 of 18.00 USDC used by all agents together, over 24h"));

    let pay = |payee: &str, amount: &str| {
        let ran = home.run(&[&["pay", payee, amount, "--reason", "x", "--json"][..], &PASSWORD].concat())?;
        anyhow::Ok((ran.code, serde_json::from_str::<Value>(&ran.stdout)?))
    };
    let (code, full) = pay("films", "3.01")?;
    ensure!(code == 3 && full["error"]["code"] == "LimitExceeded", "{full}");
    ensure!(full["error"]["cause"].as_str().is_some_and(|cause| cause.contains("media")), "{full}");
    let (code, paid) = pay("films", "3")?;
    let left: Vec<_> = paid["remaining"].as_array().into_iter().flatten().map(|one| one["scope"].clone()).collect();
    ensure!(code == 0 && left == ["session", "session", "category", "category", "vault"], "{paid}");
    ensure!(pay(&payee, "10")?.0 == 0, "another category has its own");
    let (code, full) = pay(&payee, "5.01")?;
    ensure!(code == 3 && full["error"]["facts"]["remaining"] == "5.00 USDC", "the vault's 18 are 5 now: {full}");
    ensure!(pay(&payee, "5")?.0 == 0);

    let status = home.json(&["status"])?;
    ensure!(status["limits"][0]["used"] == "18.00" && status["at_most_24h"] == "0.00", "{status}");
    let media = &status["agents"][0]["limits_by_category"]["media"];
    ensure!(media[0]["used"] == "3.00" && media[1]["window"] == "lifetime", "{status}");
    let shown = home.done(&["agent", "show", "1"])?;
    ensure!(shown.contains("over the lifetime  3.00 of 4.00 USDC used under media"), "{shown}");
    own(&["agent", "limit", "1", "--yes", "--category", "media", "--remove", "lifetime"])?;
    own(&["limit", "--remove", "24h"])?;
    ensure!(home.done(&["limit"])?.contains("has no limit of its own"));

    // A grant that says it all at once.
    let policy = ["--per-payment", "1", "--limit", "10/24h", "--limit", "media:2/24h", "--category", "data,media"];
    let tried = home.json(&[&["agent", "add", "rex", "--dry-run", "--expires", "30d"][..], &policy].concat())?;
    ensure!(tried["policy"]["limits"][1]["category"] == "media", "{tried}");
    home.done(&["index"])?;
    ensure!(home.done(&["audit"])?.contains("PASS"));
    Ok(())
}

/// I9: an automated write never undoes a human's.
#[tokio::test]
async fn who_loses_the_race_changes_nothing() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let own = |args: &[&str]| home.run(&[args, &["--yes"], &PASSWORD].concat());
    let limit = ["agent", "limit", "1", "--limit", "30/24h", "--expect"];
    let raced = own(&[&limit[..], &["20"]].concat())?;
    ensure!(raced.code == 3 && raced.stderr.contains("error[StaleChange]"), "{}", raced.stderr);
    ensure!(own(&[&limit[..], &["25"]].concat())?.code == 0, "25 stood");
    let guardian = scene.actors.guardian.address().to_string();
    ensure!(own(&["guardian", "set", "none", "--expect", "none"])?.stderr.contains("StaleChange"));
    ensure!(own(&["guardian", "set", "none", "--expect", &guardian])?.code == 0);
    ensure!(own(&["delay", "set", "2h", "--expect", "1h"])?.stderr.contains("StaleChange"));
    ensure!(own(&["delay", "set", "2h", "--expect", "0"])?.code == 0);
    let payee = scene.actors.payees[0].to_string();
    let add = |expect: &'static str| own(&["payee", "add", &payee, "--category", "media", "--expect", expect]);
    ensure!(add("compute")?.stderr.contains("StaleChange"));
    ensure!(add("data")?.code == 0, "it waits");
    ensure!(own(&["limit", "--limit", "5/24h", "--limit", "9/7d", "--expect", "none"])?.code == 2, "one value");
    ensure!(own(&["limit", "--limit", "5/24h", "--expect", "none"])?.code == 0);

    // The condition is in what another wallet signs: whoever changes the value before makes it void.
    let proposed = home.json(&["limit", "--limit", "8/24h", "--if-unchanged", "--propose"])?;
    let call: alloy::primitives::Bytes = serde_json::from_value(proposed["calls"][0]["data"].clone())?;
    scene.own(&IVault::setLimitCall { session: 0, category: 0, token: scene.usdc, window: 86_400, cap: 1 }).await?;
    let owner = scene.actors.owner.address();
    let request = alloy::rpc::types::TransactionRequest::default().from(owner).to(scene.vault).input(call.into());
    let fault = purse_protocol::RpcFault::from(
        alloy::providers::Provider::call(&scene.provider, request).await.err().ok_or(anyhow::anyhow!("it was made"))?,
    );
    let told = purse_protocol::Refusal::decode(fault.revert_data().map_or(&[], |data| data), &Default::default());
    ensure!(told.code == "StaleChange", "{told}");
    Ok(())
}
