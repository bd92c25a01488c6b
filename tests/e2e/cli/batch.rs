//! Several payments in one transaction: each is made or refused by itself (I11).

use super::purse::Home;
use anyhow::ensure;
use purse_tests::Scene;
use serde_json::Value;

const PASSWORD: [&str; 2] = ["--password-file", "password"];

#[tokio::test]
async fn one_refused_does_not_stop_the_others() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let [payee, second, _] = scene.actors.payees;
    let list = format!(
        "payee,amount,reason,purchase\n{payee},9,\"data, part 1\",a\n{second},8,data,b\n{payee},9,data,c\n{second},1,data,d\n"
    );
    std::fs::write(home.path("list.csv"), list)?;
    let ran = home.run(&[&["pay", "--batch", "list.csv", "--json"][..], &PASSWORD].concat())?;
    let told: Value = serde_json::from_str(&ran.stdout)?;
    ensure!(ran.code == 3 && told["error"]["code"] == "BatchIncomplete" && told["paid"] == 3, "{told}");
    let outcomes: Vec<_> = told["items"].as_array().into_iter().flatten().map(|item| item["outcome"].clone()).collect();
    ensure!(outcomes == ["paid", "paid", "refused", "paid"], "25 a day: {told}");
    ensure!(told["items"][2]["error"]["code"] == "LimitExceeded", "{told}");
    ensure!(told["items"][0]["tx"] == told["items"][3]["tx"], "one transaction: {told}");
    ensure!(told["items"][2]["error"]["facts"]["transaction"] == told["items"][0]["tx"], "{told}");

    // What is refused from the start is not even signed; nothing is sent where nothing is left.
    let head = scene.vault().head().call().await?.sequence;
    let stranger = scene.actors.relayer.address();
    let line = |payee, amount| format!("{{\"payee\":\"{payee}\",\"amount\":\"{amount}\",\"reason\":\"x\"}}\n");
    std::fs::write(home.path("list.jsonl"), [line(stranger, "1"), line(payee, "11")].concat())?;
    let text = home.run(&[&["pay", "--batch", "list.jsonl"][..], &PASSWORD].concat())?;
    ensure!(
        text.code == 3 && text.stdout.contains("PayeeNotInBook") && text.stdout.contains("0 of 2 paid"),
        "{}",
        text.stdout
    );
    ensure!(text.stdout.contains("AbovePerPaymentCap"), "{}", text.stdout);
    ensure!(scene.vault().head().call().await?.sequence == head);

    // More than fit one transaction are several.
    scene.mine_at(scene.now().await? + 2 * 86_400).await?;
    std::fs::write(home.path("many.jsonl"), line(payee, "0.25").repeat(40))?;
    let many = home.json(&[&["pay", "--batch", "many.jsonl"][..], &PASSWORD].concat())?;
    ensure!(many["paid"] == 40 && many["items"][31]["tx"] != many["items"][32]["tx"], "{many}");

    home.done(&["index"])?;
    let audit = home.json(&["audit"])?;
    ensure!(audit["pass"] == true && audit["refusals"].as_array().map(Vec::len) == Some(1), "{audit}");
    let bad = home.run(&["pay", "--batch", "list.csv", "--agent", "nobody"])?;
    ensure!(bad.code == 4, "{}", bad.stderr);
    Ok(())
}
