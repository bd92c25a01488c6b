//! A vault is made, made again and taken up, and each time what can't be changed later is said.

use super::purse::{Home, PASSWORD};
use anyhow::{Context, ensure};
use purse_agent::SessionFile;
use purse_tests::{LocalChain, Scene};

const POLICY: [&str; 8] = ["--per-payment", "1", "--limit", "5/24h", "--category", "data", "--expires", "1d"];

#[tokio::test]
async fn made_and_made_again() -> anyhow::Result<()> {
    let chain = LocalChain::start(31_337).await?;
    let home = Home::new()?;
    let url = chain.rpc_url();
    let init = ["init", "--rpc-url", &url, "--unlocked", "--test-usdc"];
    let made = home.done(&init)?;
    ensure!(made.contains("limits of up to 34359.738352 USDC, in steps of 0.000016 USDC"), "{made}");
    ensure!(made.contains(" bytes, no keys)"), "{made}");
    ensure!(
        made.contains("Next: purse payee add ADDRESS --category data --unlocked, then purse agent add NAME --unlocked"),
        "{made}"
    );

    // Again: the same token, and nothing is deployed or listed a second time.
    let config = std::fs::read(home.path(".config/purse/config.toml"))?;
    let again = home.json(&[&init[..], &["--replace"]].concat())?;
    ensure!(again["token"]["new"] == false && again["vault"]["new"] == false, "{again}");
    ensure!(std::fs::read(home.path(".config/purse/config.toml"))? == config, "the same profile");

    // A limit that the vault can't hold is refused before anything is asked.
    let above = ["agent", "add", "rex", "--per-payment", "1", "--limit", "34360/24h", "--category", "data"];
    let ran = home.run(&[&above[..], &["--expires", "1d", "--no-input"]].concat())?;
    ensure!(ran.code == 3 && ran.stderr.contains("error[CapTooLarge]"), "{}", ran.stderr);
    ensure!(ran.stderr.contains("at most 34359.738352 USDC"), "{}", ran.stderr);
    let wide = [&init[..], &["wide", "--number", "1", "--largest-limit", "1000000"]].concat();
    let wide = home.json(&wide)?;
    ensure!(wide["token"]["largest_limit"] == "1099511.627264", "{wide}");
    Ok(())
}

#[tokio::test]
async fn an_agent_does_not_get_the_key_of_a_node() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let keyed = format!("{}/?apikey=SECRET", scene.rpc_url());
    let vault = scene.vault.to_string();
    let token = scene.usdc.to_string();
    let taken = home.done(&["init", "keyed", "--vault", &vault, "--token", &token, "--rpc-url", &keyed])?;
    ensure!(taken.contains("with your node's URL: keep it private") && !taken.contains("SECRET"), "{taken}");
    let add = ["agent", "add", "rex", "--rpc-url", &keyed, "--yes", "--password-file", "password"];
    let add = [&add[..], &["--key-password-file", "password"], &POLICY].concat();
    let ran = home.run(&add)?;
    ensure!(ran.code == 0 && ran.stderr.contains("it must set ETH_RPC_URL"), "{}", ran.stderr);
    ensure!(SessionFile::load(&home.path("rex.session.toml"))?.rpc_url.is_none());
    ensure!(!std::fs::read_to_string(home.path("rex.session.toml"))?.contains("SECRET"));
    ensure!(!ran.stdout.contains(PASSWORD));
    Ok(())
}

/// An auditor who knows the node and the vault.
#[tokio::test]
async fn taken_up_it_can_be_audited() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::new()?;
    let (vault, token, url) = (scene.vault.to_string(), scene.usdc.to_string(), scene.rpc_url());
    let no_vault = home.run(&["init", "--vault", &token, "--token", &token, "--rpc-url", &url])?;
    ensure!(no_vault.code == 1 && no_vault.stderr.contains("error[NoVault]"), "{}", no_vault.stderr);
    ensure!(!home.path(".config").exists(), "nothing is saved of it");

    let init = ["init", "--vault", &vault, "--token", &token, "--rpc-url", &url];
    let taken = home.done(&init)?;
    ensure!(taken.contains("the vault's code is that of this checkout"), "{taken}");
    let config = std::fs::read_to_string(home.path(".config/purse/config.toml"))?;
    ensure!(config.len() <= 300, "{} bytes\n{config}", config.len());
    let audit = home.done(&["audit"])?;
    ensure!(audit.contains("PASS"), "{audit}");
    home.done(&["log"])?;

    let elsewhere = Home::new()?;
    let output = elsewhere.command(&init)?.env("PURSE_HOME", "/nowhere").output()?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(said.contains("The vault's code was not checked"), "{said}");
    ensure!(said.contains("--factory ADDRESS"), "{said}");
    Ok(())
}

/// With no profile and no token to be guessed.
#[tokio::test]
async fn an_audit_needs_no_profile() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::new()?;
    let factory = scene.build.factory_address().to_string();
    let flags = ["--vault", &scene.vault.to_string(), "--rpc-url", &scene.rpc_url(), "--factory", &factory];
    let audit = home.json(&[&["audit"][..], &flags].concat())?;
    ensure!(audit["pass"] == true, "{audit}");
    ensure!(audit["unit"].as_str().is_some_and(|unit| unit.contains("base units")), "{audit}");
    let log = home.json(&[&["log"][..], &flags].concat())?;
    let first = log["events"].as_array().and_then(|events| events.first()).context("an event")?;
    ensure!(first["event"].is_string(), "{log}");
    Ok(())
}
