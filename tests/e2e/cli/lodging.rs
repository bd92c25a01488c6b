//! Acts by signature (I8, I9): signed by owner or guardian, handed in by whoever has the file.

use super::purse::Home;
use alloy::primitives::hex;
use alloy::signers::SignerSync;
use anyhow::{Context, ensure};
use purse_agent::{SessionKey, keystore};
use purse_tests::Scene;
use serde_json::{Value, json};

const PASSWORD: [&str; 2] = ["--password-file", "password"];

/// A stranger's account pays the gas.
fn by_stranger(scene: &Scene, args: &[&str]) -> Vec<String> {
    let stranger = scene.actors.relayer.address().to_string();
    args.iter().copied().chain(["--unlocked", "--from", &stranger]).map(str::to_owned).collect()
}

fn run(home: &Home, args: &[String]) -> anyhow::Result<super::purse::Ran> {
    home.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_stranger_hands_in_what_owner_and_guardian_signed() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let guardian = SessionKey::from_bytes(&scene.actors.guardian.to_bytes().0).context("a key")?;
    keystore::store(&home.path("guardian.json"), &guardian, super::purse::PASSWORD)?;
    let head = scene.vault().head().call().await?.sequence;

    // Both are signed for the same owner nonce: the first that is handed in makes the other void.
    let limit = ["agent", "limit", "1", "--limit", "30/24h", "--sign", "limit.json"];
    let signed = home.json(&[&limit[..], &PASSWORD].concat())?;
    ensure!(signed["sent"] == false && signed["signer"] == json!(scene.actors.owner.address()), "{signed}");
    let pause = ["pause", "--sign", "pause.json", "--keystore", "guardian.json", "--valid-for", "2h"];
    home.done(&[&pause[..], &PASSWORD].concat())?;
    ensure!(scene.vault().head().call().await?.sequence == head, "nothing was sent");

    let tried = run(&home, &by_stranger(&scene, &["lodge", "pause.json", "--dry-run"]))?;
    ensure!(tried.code == 0 && tried.stdout.contains("stop every payment"), "{}{}", tried.stdout, tried.stderr);
    let lodged = run(&home, &by_stranger(&scene, &["lodge", "pause.json"]))?;
    ensure!(lodged.code == 0 && lodged.stdout.starts_with("done"), "{}", lodged.stderr);
    ensure!(scene.vault().paused().call().await?);
    let void = run(&home, &by_stranger(&scene, &["lodge", "limit.json"]))?;
    ensure!(void.code == 3 && void.stderr.contains("error[OwnerNonceWrong]"), "{}", void.stderr);

    ensure!(
        void.stderr.contains("Worst case if this key is stolen: 30.00 USDC in the next 24 hours"),
        "{}",
        void.stderr
    );

    // The guardian signs nothing but stops; nothing is signed over another file; some verbs need a transaction.
    let by_guardian = ["agent", "limit", "1", "--limit", "30/24h", "--sign", "no.json", "--keystore", "guardian.json"];
    let refused = home.run(&[&by_guardian[..], &PASSWORD].concat())?;
    ensure!(refused.code == 3 && refused.stderr.contains("error[NotOwner]"), "{}", refused.stderr);
    let over = home.run(&[&limit[..], &PASSWORD].concat())?;
    ensure!(over.code == 1 && over.stderr.contains("error[FileExists]"), "{}", over.stderr);
    let cap = ["agent", "limit", "1", "--per-payment", "1", "--sign", "cap.json"];
    let refused = home.run(&[&cap[..], &PASSWORD].concat())?;
    ensure!(refused.code == 2 && refused.stderr.contains("error[NotSignable]"), "{}", refused.stderr);

    // The owner's revocation, on condition or not, by whoever has it; over at its deadline.
    home.done(&[&["revoke", "1", "--sign", "revoke.json", "--valid-for", "1h"][..], &PASSWORD].concat())?;
    let before = scene.snapshot().await?;
    scene.mine_at(scene.now().await? + 3_600).await?;
    let late = run(&home, &by_stranger(&scene, &["lodge", "revoke.json"]))?;
    ensure!(late.code == 3 && late.stderr.contains("error[ActExpired]"), "{}", late.stderr);
    scene.revert(before).await?;
    let text = std::fs::read_to_string(home.path("revoke.json"))?;
    std::fs::write(home.path("altered.json"), text.replace("\"nonce\": ", "\"nonce\": 1"))?;
    let altered = run(&home, &by_stranger(&scene, &["lodge", "altered.json"]))?;
    ensure!(altered.code == 3, "{}", altered.stderr);
    let lodged = run(&home, &by_stranger(&scene, &["lodge", "revoke.json"]))?;
    ensure!(lodged.code == 0, "{}", lodged.stderr);
    ensure!(scene.reader().session_of(Scene::SESSION).await?.revoked);
    Ok(())
}

/// Another wallet signs the typed data, for an owner whose key is not here.
#[tokio::test]
async fn another_wallet_signs_the_typed_data() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let withdraw = ["withdraw", "5", "--sign", "withdraw.json", "--propose"];
    let typed: Value = serde_json::from_str(&home.done(&withdraw)?)?;
    ensure!(typed["primaryType"] == "Act" && typed["domain"]["verifyingContract"] == json!(scene.vault), "{typed}");
    let unsigned = run(&home, &by_stranger(&scene, &["lodge", "withdraw.json"]))?;
    ensure!(unsigned.code == 2 && unsigned.stderr.contains("error[SignatureMissing]"), "{}", unsigned.stderr);

    let file: Value = serde_json::from_str(&std::fs::read_to_string(home.path("withdraw.json"))?)?;
    let call: alloy::primitives::Bytes = serde_json::from_value(file["call"].clone())?;
    let (nonce, deadline) = (u32::try_from(file["nonce"].as_u64().context("a nonce")?)?, &file["deadline"]);
    let deadline = u32::try_from(deadline.as_u64().context("a deadline")?)?;
    let digest = purse_protocol::typed_data::act_digest(scene.chain_id(), scene.vault, &call, nonce, deadline);
    let sign = |key: &alloy::signers::local::PrivateKeySigner| -> anyhow::Result<String> {
        Ok(hex::encode_prefixed(key.sign_hash_sync(&digest)?.as_bytes()))
    };
    let wrong = sign(&scene.actors.guardian)?;
    let refused = run(&home, &by_stranger(&scene, &["lodge", "withdraw.json", "--signature", &wrong]))?;
    ensure!(refused.code == 3 && refused.stderr.contains("error[ActNotSigned]"), "{}", refused.stderr);
    let right = sign(&scene.actors.owner)?;
    let lodged = run(&home, &by_stranger(&scene, &["lodge", "withdraw.json", "--signature", &right]))?;
    ensure!(lodged.code == 0 && lodged.stdout.contains("treasury: 0.00 USDC -> 5.00 USDC"), "{}", lodged.stdout);
    Ok(())
}
