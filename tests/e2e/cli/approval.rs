//! One payment above the cap, from the agent's request to the owner's signature and back (I5).

use super::purse::Home;
use alloy::primitives::U256;
use alloy::signers::SignerSync;
use anyhow::{Context, ensure};
use purse_agent::ApprovalRequest;
use purse_tests::Scene;
use serde_json::Value;

const ASK: &str = "ask.json";
const PASSWORD: [&str; 2] = ["--password-file", "password"];

/// The agent asks for 12 USDC, two above its cap.
fn ask(home: &Home, payee: &str) -> anyhow::Result<Value> {
    let pay = ["pay", payee, "12", "--reason", "a year of data", "--purchase", "order 7781"];
    let ran = home.run(&[&pay[..], &["--request-approval", ASK, "--json"], &PASSWORD].concat())?;
    ensure!(ran.code == 3, "nothing is paid yet: {}", ran.stdout);
    Ok(serde_json::from_str(&ran.stdout)?)
}

#[tokio::test]
async fn the_agent_asks_the_owner_approves_the_agent_pays() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let payee = scene.actors.payees[0].to_string();
    let refused = ask(&home, &payee)?;
    ensure!(refused["error"]["code"] == "AbovePerPaymentCap", "{refused}");
    ensure!(refused["error"]["facts"]["approval_request"] == ASK, "{refused}");
    ensure!(refused["error"]["fix"].as_str().is_some_and(|fix| fix.contains("purse approve ask.json")), "{refused}");
    let unapproved = home.run(&[&["pay", "--approval", ASK][..], &PASSWORD].concat())?;
    ensure!(unapproved.code == 1 && unapproved.stderr.contains("error[NotApproved]"), "{}", unapproved.stderr);

    // The owner sees who asks for what, and is asked.
    let approve = ["approve", ASK];
    let nobody = home.run(&[&approve[..], &PASSWORD].concat())?;
    ensure!(nobody.code == 2 && nobody.stderr.contains("error[NobodyToAsk]"), "{}", nobody.stderr);
    for told in ["12.00 USDC", &payee, "data", "\"order 7781\"", "\"a year of data\"", "25.00/24h", "100.00/30d"] {
        ensure!(nobody.stderr.contains(told), "{told} is not told: {}", nobody.stderr);
    }
    let tried = home.json(&["approve", ASK, "--dry-run"])?;
    ensure!(tried["amount"] == "12.00" && tried["category"] == "data", "{tried}");
    ensure!(ApprovalRequest::load(&home.path(ASK))?.approval.is_none(), "a dry run signs nothing");
    home.done(&[&approve[..], &["--yes"], &PASSWORD].concat())?;
    ensure!(ApprovalRequest::load(&home.path(ASK))?.approver() == Some(scene.actors.owner.address()));

    // Others go on meanwhile: the request's nonce lies far ahead.
    let small = home.json(&[&["pay", &payee, "1", "--reason", "x"][..], &PASSWORD].concat())?;
    ensure!(small["payment"]["nonce"] == 1, "{small}");
    let paid = home.json(&[&["pay", "--approval", ASK][..], &PASSWORD].concat())?;
    ensure!(paid["payment"]["amount"] == "12.00" && paid["remaining"][0]["amount"] == "12.00", "{paid}");
    ensure!(scene.balance(scene.usdc, scene.actors.payees[0]).await? == U256::from(13 * Scene::USDC));
    let again = home.run(&[&["pay", "--approval", ASK][..], &PASSWORD].concat())?;
    ensure!(again.code == 3 && again.stderr.contains("error[NonceUsed]"), "{}", again.stderr);
    let next = home.json(&[&["pay", &payee, "1", "--reason", "x"][..], &PASSWORD].concat())?;
    ensure!(next["payment"]["nonce"].as_u64() > paid["payment"]["nonce"].as_u64(), "{next}");
    Ok(())
}

/// What was altered, or not written by the agent, is not approved; nor by anybody but the owner.
#[tokio::test]
async fn only_the_agents_request_and_only_the_owners_signature_count() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let payee = scene.actors.payees[0].to_string();
    ask(&home, &payee)?;
    let again =
        home.run(&[&["pay", &payee, "12", "--reason", "x", "--request-approval", ASK][..], &PASSWORD].concat())?;
    ensure!(again.code == 1 && again.stderr.contains("error[FileExists]"), "{}", again.stderr);
    let approve = |flags: &[&str]| home.run(&[&["approve", ASK, "--yes"][..], flags, &PASSWORD].concat());

    let text = std::fs::read_to_string(home.path(ASK))?;
    std::fs::write(home.path(ASK), text.replace("12000000", "24000000"))?;
    let altered = approve(&[])?;
    ensure!(altered.code == 1 && altered.stderr.contains("error[ApprovalRequestInvalid]"), "{}", altered.stderr);
    std::fs::write(home.path(ASK), &text)?;

    // Signed anew by somebody else's key, digest and all.
    let mut forged = ApprovalRequest::load(&home.path(ASK))?;
    forged.payment.amount = 24 * Scene::USDC;
    let signature = scene.actors.agents[1].sign_hash_sync(&forged.digest())?;
    forged.signature = signature.as_bytes().to_vec().into();
    forged.replace(&home.path(ASK), "trust me")?;
    let stranger = approve(&[])?;
    ensure!(stranger.code == 4 && stranger.stderr.contains("error[NotTheAgent]"), "{}", stranger.stderr);
    std::fs::write(home.path(ASK), &text)?;

    let by_agent = approve(&["--keystore", "researcher.key.json"])?;
    ensure!(by_agent.code == 4 && by_agent.stderr.contains("error[WrongKey]"), "{}", by_agent.stderr);
    let request = ApprovalRequest::load(&home.path(ASK))?;
    let sign = |key: &alloy::signers::local::PrivateKeySigner| -> anyhow::Result<String> {
        let signature = key.sign_hash_sync(&request.approval_digest())?;
        Ok(alloy::primitives::hex::encode_prefixed(signature.as_bytes()))
    };
    let wrong = sign(&scene.actors.guardian)?;
    let refused = approve(&["--signature", &wrong])?;
    ensure!(refused.code == 3 && refused.stderr.contains("error[ApprovalInvalid]"), "{}", refused.stderr);
    ensure!(std::fs::read_to_string(home.path(ASK))? == text, "nothing was written");

    // Another wallet of the owner's signs the typed data.
    let typed: Value = serde_json::from_str(&home.done(&["approve", ASK, "--propose"])?)?;
    ensure!(typed["primaryType"] == "PaymentApproval", "{typed}");
    ensure!(typed["message"]["payment"]["amount"] == "12000000", "{typed}");
    let right = sign(&scene.actors.owner)?;
    home.done(&["approve", ASK, "--signature", &right])?;
    home.done(&[&["pay", "--approval", ASK][..], &PASSWORD].concat())?;

    // What is within the cap needs no approval.
    let small = ["pay", &payee, "1", "--reason", "x", "--request-approval", "small.json"];
    let paid = home.json(&[&small[..], &PASSWORD].concat())?;
    ensure!(paid["payment"]["amount"] == "1.00" && !home.path("small.json").exists(), "{paid}");
    paid["payment"]["tx"].as_str().context("a transaction")?;
    Ok(())
}
