//! From nothing to an audited trail, by the command alone.

use super::purse::{Home, PASSWORD};
use alloy::sol_types::SolEvent;
use anyhow::{Context, ensure};
use purse_agent::{SessionFile, SessionKey, keystore};
use purse_protocol::abi::IVault::Paid;
use purse_tests::LocalChain;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

const NAME: &str = "api.weather.example";
/// Most bytes of a full setup, and of one agent's policy.
const SETUP_BYTES: usize = 300;
const POLICY_BYTES: usize = 250;
const POLICY: &str =
    "per_payment = \"2\"\nlimits = [\"5/24h\", \"150/30d\"]\ncategories = [\"data\"]\nexpires = \"30d\"\n";

#[tokio::test]
async fn an_owner_and_an_agent_from_nothing_to_the_audit() -> anyhow::Result<()> {
    let chain = LocalChain::start(31_337).await?;
    let home = Home::new()?;
    let owner = SessionKey::from_bytes(&chain.actors.owner.to_bytes().0).context("a key")?;
    keystore::store(&home.path("owner.json"), &owner, PASSWORD)?;

    // The owner deploys.
    let url = chain.rpc_url();
    let init = ["init", "--rpc-url", &url, "--test-usdc", "--keystore", "owner.json"];
    let made = home.json(&with_password(&init))?;
    ensure!(made["vault"]["new"] == true, "{made}");
    let config = std::fs::read_to_string(home.path(".config/purse/config.toml"))?;
    ensure!(config.len() <= SETUP_BYTES && !config.contains(PASSWORD), "{} bytes\n{config}", config.len());
    let again = home.run(&with_password(&init))?;
    ensure!(again.code == 1 && again.stderr.contains("error[ProfileExists]"), "{}", again.stderr);

    // The owner grants: first tried, then done.
    let payee = chain.actors.payees[0].to_string();
    home.done(&with_password(&["payee", "add", &payee, "--category", "data", "--name", NAME]))?;
    ensure!(POLICY.len() <= POLICY_BYTES);
    std::fs::write(home.path("researcher.toml"), POLICY)?;
    let add = ["agent", "add", "researcher", "--policy", "researcher.toml"];
    let files = home.files()?;
    let tried = home.json(&[&add[..], &["--dry-run"]].concat())?;
    ensure!(tried["sent"] == false && tried["policy"]["worst_case"]["any_24h"] == "5.00", "{tried}");
    ensure!(home.files()? == files, "a dry run writes nothing");
    let refused = home.run(&with_password(&[&add[..], &["--no-input", "--key-password-file", "password"]].concat()))?;
    ensure!(refused.code == 2 && refused.stderr.contains("error[NobodyToAsk]"), "{}", refused.stderr);
    ensure!(refused.stderr.contains("Worst case if this key is stolen: 5.00 USDC"), "{}", refused.stderr);
    ensure!(home.files()? == files, "nothing is left of a grant that was not made");
    let granted =
        home.json(&with_password(&[&add[..], &["--yes", "--key-password-file", "password", "--gas", "0.1"]].concat()))?;
    ensure!(granted["agent"]["session"] == 1, "{granted}");
    for file in ["researcher.session.toml", "researcher.key.json"] {
        ensure!(std::fs::metadata(home.path(file))?.permissions().mode() & 0o777 == 0o600, "{file}");
    }

    // The agent pays, and is refused.
    let pay = |amount| with_password(&["pay", NAME, amount, "--reason", "forecast for order 7781"]);
    ensure!(home.json(&["check", NAME, "2"])?["would_pay"] == true);
    let paid = home.json(&pay("2.00"))?;
    ensure!(paid["payment"]["amount"] == "2.00" && paid["payment"]["category"] == "data", "{paid}");
    ensure!(paid["remaining"][0]["amount"] == "3.00", "{paid}");
    refused_as(&home, &pay("2.01"), "AbovePerPaymentCap")?;
    home.done(&pay("2"))?;
    let full = refused_as(&home, &pay("1.01"), "LimitExceeded")?;
    ensure!(full["facts"]["nothing_paid"] == true, "{full}");
    ensure!(full["facts"]["retry"] == "after" && full["facts"]["remaining"] == "1.00 USDC", "{full}");
    refused_as(&home, &["check", &chain.actors.payees[1].to_string(), "1"], "PayeeNotInBook")?;
    let status = home.json(&["status"])?;
    ensure!(status["agents"][0]["limits"][0]["used"] == "4.00", "{status}");
    ensure!(status["at_most_24h"] == "1.00" && status["balance"] == "996.00", "{status}");

    // The owner changes limits: cap and used, before and after (I7).
    let limit = home.done(&with_password(&["agent", "limit", "researcher", "--yes", "--limit", "10/24h"]))?;
    ensure!(limit.contains("in any 24h: 5.00 USDC, 4.00 USDC used -> 10.00 USDC, 4.00 USDC used"), "{limit}");
    home.done(&with_password(&["agent", "limit", "researcher", "--yes", "--per-payment", "3", "--expires", "60d"]))?;

    // Stopping, and going on; another key; money back.
    home.done(&with_password(&["guardian", "set", &chain.actors.guardian.address().to_string()]))?;
    home.done(&with_password(&["pause"]))?;
    refused_as(&home, &pay("0.01"), "VaultPaused")?;
    home.done(&with_password(&["resume"]))?;
    let salt = SessionFile::load(&home.path("researcher.session.toml"))?.salt;
    let rotate = ["agent", "rotate", "researcher", "--yes", "--key-password-file", "password", "--gas", "0.1"];
    home.done(&with_password(&rotate))?;
    let session = SessionFile::load(&home.path("researcher.session.toml"))?;
    ensure!(session.salt == salt && session.keystore.ends_with("researcher-2.key.json"));
    let paid = home.json(&pay("0.50"))?;
    ensure!(paid["remaining"][0]["amount"] == "5.50", "what was spent stays counted: {paid}");
    let short = refused_as(&home, &with_password(&["withdraw", "5000"]), "VaultShort")?;
    ensure!(short["fix"] == "withdraw at most 995.50 USDC, or all of it: purse withdraw all", "{short}");
    let withdrawn = home.json(&with_password(&["withdraw", "100"]))?;
    ensure!(withdrawn["changes"][0]["changed"][0]["after"] == "895.50 USDC", "{withdrawn}");

    // The end of the agent, and the proof of it all.
    let revoked = home.json(&with_password(&["revoke", "researcher", "--yes"]))?;
    ensure!(revoked["refused_now"] == "SessionRevoked", "{revoked}");
    refused_as(&home, &pay("0.01"), "SessionRevoked")?;
    home.done(&with_password(&["payee", "remove", NAME]))?;
    ensure!(home.json(&["index"])?["vaults"] == 1);
    let audit = home.done(&["audit"])?;
    ensure!(audit.contains("PASS: trail equals chain"), "{audit}");
    alter_a_payment(&home)?;
    let ran = home.run(&["audit", "--json"])?;
    let found: Value = serde_json::from_str(&ran.stdout)?;
    ensure!(ran.code == 6 && found["ok"] == false && found["error"]["code"] == "TrailDiffers", "{found}");
    ensure!(found["checks"][0]["differences"].to_string().contains("payment"), "it is named: {found}");
    let told = home.run(&["audit"])?;
    ensure!(told.stderr.contains("error[TrailDiffers]"), "{}", told.stderr);
    ensure!(!told.stdout.contains('{'), "words for people: {}", told.stdout);
    home.done(&["index", "--rebuild"])?;
    home.done(&["audit"])?;
    let log = home.json(&["log", "--payments"])?;
    ensure!(log["events"].as_array().map(Vec::len) == Some(3), "{log}");
    ensure!(log["events"][0]["amount"] == "2.00" && log["events"][0]["token"] == "USDC", "{log}");
    ensure!(home.json(&["payee", "list"])?["payees"][0]["category"] == Value::Null);
    Ok(())
}

/// Owner's verbs for another wallet: the batch is the answer, and the chain does not move.
#[tokio::test]
async fn proposals_send_nothing() -> anyhow::Result<()> {
    let scene = purse_tests::Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let head = scene.vault().head().call().await?.sequence;
    let files = home.files()?;
    let payee = scene.actors.payees[0].to_string();
    let verbs: [&[&str]; 8] = [
        &["pause"],
        &["resume"],
        &["withdraw", "all"],
        &["revoke", "1"],
        &["guardian", "set", "none"],
        &["payee", "add", &payee, "--category", "media"],
        &["payee", "remove", &payee],
        &["agent", "limit", "1", "--limit", "1/24h", "--per-payment", "1"],
    ];
    for verb in verbs {
        let batch: Value = serde_json::from_str(&home.done(&[verb, &["--propose"]].concat())?)?;
        ensure!(batch["version"] == "1.0" && batch["chainId"] == "31337", "{batch}");
        ensure!(batch["transactions"][0]["to"] == scene.vault.to_string(), "{batch}");
        let tried = home.json(&[verb, &["--dry-run"]].concat())?;
        ensure!(tried["sent"] == false, "{tried}");
    }
    ensure!(home.files()? == files);

    // A grant for another wallet makes the agent's key, which the proposal names.
    let policy = ["--per-payment", "1", "--limit", "1/24h", "--category", "data", "--expires", "1d"];
    let add = [&["agent", "add", "rex", "--propose", "--key-password-file", "password"][..], &policy].concat();
    let batch: Value = serde_json::from_str(&home.done(&add)?)?;
    let key = keystore::open(&home.path("rex.key.json"), PASSWORD)?.address();
    let call = batch["transactions"][0]["data"].as_str().context("calldata")?;
    ensure!(call.contains(&key.to_string().to_lowercase()[2..]), "{batch}");
    let session = std::fs::read_to_string(home.path("researcher.session.toml"))?;
    home.done(&["agent", "rotate", "1", "--propose", "--key-password-file", "password"])?;
    ensure!(std::fs::read_to_string(home.path("researcher.session.toml"))? == session, "not before it is executed");
    ensure!(scene.vault().head().call().await?.sequence == head);
    Ok(())
}

/// Changes what one payment was for, in the index: one bit of its reference.
fn alter_a_payment(home: &Home) -> anyhow::Result<()> {
    let index = home.files()?.into_keys().find(|path| path.extension().is_some_and(|ending| ending == "sqlite"));
    let index = rusqlite::Connection::open(index.context("an index")?)?;
    let paid = Paid::SIGNATURE_HASH.to_vec();
    let sql = "SELECT block, log_index, topics FROM logs WHERE substr(topics, 1, 32) = ?1 LIMIT 1";
    let (block, log, mut topics): (i64, i64, Vec<u8>) =
        index.query_row(sql, [paid], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    *topics.last_mut().context("topics")? ^= 1;
    let sql = "UPDATE logs SET topics = ?1 WHERE block = ?2 AND log_index = ?3";
    index.execute(sql, rusqlite::params![topics, block, log])?;
    Ok(())
}

/// The command with the file that holds the keystore's password.
fn with_password<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &["--password-file", "password"]].concat()
}

/// Runs a command that the vault must refuse, under that name, with exit 3.
fn refused_as(home: &Home, args: &[&str], code: &str) -> anyhow::Result<Value> {
    let ran = home.run(&[args, &["--json"]].concat())?;
    let value: Value = serde_json::from_str(&ran.stdout).with_context(|| ran.stderr.clone())?;
    ensure!(ran.code == 3 && value["error"]["code"] == code, "{args:?}: {value}");
    Ok(value["error"].clone())
}
