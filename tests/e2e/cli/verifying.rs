//! An auditor who trusts neither the owner nor an index: a node alone, or a bundle alone; and payments explained.

use super::purse::Home;
use crate::bundle::busy;
use alloy::primitives::B256;
use anyhow::{Context, ensure};
use purse_tests::Scene;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn check<'a>(report: &'a Value, id: &str) -> anyhow::Result<&'a Value> {
    let checks = report["checks"].as_array().context("there are checks")?;
    checks.iter().find(|check| check["id"] == id).context("there is this check")
}

/// Exit 0 or 6; offline there is neither a node nor a profile.
#[tokio::test]
async fn a_vault_is_verified_by_a_node_and_by_a_bundle() -> anyhow::Result<()> {
    let scene = busy().await?;
    let auditor = Home::new()?;
    let (vault, url) = (scene.vault.to_string(), scene.rpc_url());
    let flags = ["--vault", &vault, "--rpc-url", &url];
    let online = auditor.json(&[&["audit", "verify"][..], &flags].concat())?;
    ensure!(online["pass"] == true && check(&online, "running_hash")?["proof"] == "hash", "{online}");
    let written = auditor.json(&[&["audit", "bundle", "ops.jsonl"][..], &flags].concat())?;
    ensure!(written["pass"] == true && written["file"] == "ops.jsonl", "{written}");

    let offline = auditor.json(&["audit", "verify", "--bundle", "ops.jsonl"])?;
    ensure!(offline["checks"] == online["checks"] && offline["limits"] == online["limits"], "{offline}");
    let head = offline["block"]["hash"].as_str().context("a hash")?.to_owned();
    let program = B256::from_slice(&Sha256::digest(std::fs::read(super::purse::program()?)?));
    for (report, has_asked) in [(&online, true), (&written, true), (&offline, false)] {
        ensure!((report["rpc_calls"].as_u64() > Some(0)) == has_asked, "{report}");
        ensure!(report["milliseconds"].is_u64() && report["program"]["sha256"] == program.to_string(), "{report}");
    }
    let anchored = ["audit", "verify", "--bundle", "ops.jsonl", "--vault", &vault, "--checkpoint", &head];
    let told = auditor.done(&anchored)?;
    for part in [
        "PASS with 1 note",
        "ok by hash",
        "ok by receipt",
        "ok claimed by the node",
        "your checkpoint is a block of the chain, and that the headers of the blocks before it are",
        "worst 24h",
        "no RPC call",
    ] {
        ensure!(told.contains(part), "{part}: {told}");
    }

    let other = format!("0x{}", "77".repeat(32));
    let ran = auditor.run(&["audit", "verify", "--bundle", "ops.jsonl", "--checkpoint", &other])?;
    ensure!(ran.code == 6 && ran.stderr.contains("error[CheckpointDiffers]"), "{}", ran.stderr);
    let payee = scene.actors.payees[0].to_string();
    let ran = auditor.run(&["audit", "verify", "--bundle", "ops.jsonl", "--vault", &payee])?;
    ensure!(ran.code == 6 && ran.stderr.contains("error[OtherVault]"), "{}", ran.stderr);
    let text = std::fs::read_to_string(auditor.path("ops.jsonl"))?;
    for (what, altered) in [
        ("BundleAltered", text.replacen("\"place\":0", "\"place\":1", 1)),
        (
            "BundleAltered",
            text.lines().filter(|line| !line.starts_with("{\"end\"")).map(|line| format!("{line}\n")).collect(),
        ),
        ("BundleUnreadable", text.replacen("\"place\":0", "\"place\":\"\u{1b}[2J\"", 1)),
        ("BundleVersion", text.replacen("\"version\":1", "\"version\":2", 1)),
    ] {
        std::fs::write(auditor.path("altered.jsonl"), altered)?;
        let ran = auditor.run(&["audit", "verify", "--bundle", "altered.jsonl"])?;
        ensure!(ran.code == 6 && ran.stderr.contains(&format!("error[{what}]")), "{what}: {} {}", ran.code, ran.stderr);
        ensure!(!ran.stderr.contains('\u{1b}'), "what a file says does not reach the terminal raw");
    }
    let ran = auditor.run(&["audit", "verify", "--bundle", "none.jsonl"])?;
    ensure!(ran.code == 1 && ran.stderr.contains("error[BundleMissing]"), "{}", ran.stderr);
    let late = auditor.run(&[&["audit", "verify", "--from-block", "1000000"][..], &flags].concat())?;
    ensure!(late.code == 1 && late.stderr.contains("error[NoEvents]"), "{}", late.stderr);
    Ok(())
}

/// By number, by agent and nonce, by transaction: the policy of its moment, and the arithmetic.
#[tokio::test]
async fn payments_are_explained_and_policies_tried() -> anyhow::Result<()> {
    let scene = busy().await?;
    let home = Home::of(&scene)?;
    home.done(&["index"])?;
    let log = home.json(&["log", "--payments"])?;
    let above = log["events"].as_array().and_then(|events| events.get(5)).context("a payment")?;
    let (sequence, tx) = (above["sequence"].to_string(), above["tx"].as_str().context("a hash")?);
    let by_number = home.json(&["explain", &sequence])?;
    for name in [tx, "1:6"] {
        ensure!(home.json(&["explain", name])? == by_number, "{name}");
    }
    let explained = &by_number["payments"][0];
    ensure!(explained["approved"] == true && explained["per_payment_cap"] == "10000000", "{explained}");
    let day = &explained["limits"][0];
    // 1 + 2 + 3, and the batch: 1 and 2 with a fee of 0.01 each; then 11.
    ensure!(
        day["used_before"] == "9020000" && day["left_before"] == "15980000" && day["left_after"] == "4980000",
        "{day}"
    );
    let told = home.done(&["explain", &sequence])?;
    let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(words.contains("25.00 USDC - 9.02 USDC used = 15.98 USDC left - 11.00 USDC = 4.98 USDC left"), "{told}");
    ensure!(told.contains("is above 10.00 USDC per payment: the owner"), "{told}");
    for none in ["1", "1:99", &format!("0x{}", "77".repeat(32)), "x"] {
        let ran = home.run(&["explain", none])?;
        ensure!(ran.code == 1 && ran.stderr.contains("error[PaymentUnknown]"), "{none}: {}", ran.stderr);
    }

    let policy = "per_payment = \"2.5\"\nlimits = [\"5/24h\"]\ncategories = [\"data\"]\nexpires = \"30d\"\n";
    std::fs::write(home.path("new.toml"), policy.replace("data", &category(Scene::CATEGORY)))?;
    let tried = home.json(&["policy", "test", "new.toml", "--agent", "1", "--against", "30d"])?;
    let reasons: Vec<_> =
        tried["refused"].as_array().context("a list")?.iter().map(|one| &one["why"]["reason"]).collect();
    // 3 is above the cap; of the batch 1.01 fits, 2.01 does not; 11 is above the cap; the purse's 2 do not fit.
    ensure!(tried["payments"] == 7 && reasons == ["cap", "limit", "cap", "limit"], "{tried}");
    let told = home.done(&["policy", "test", "new.toml", "--agent", "1"])?;
    ensure!(
        told.contains("it would have refused 4") && told.contains("0.99 USDC left of 5.00 USDC in any 24h"),
        "{told}"
    );
    std::fs::write(home.path("new.toml"), format!("{policy}rate = \"20/h\"\n"))?;
    let ran = home.run(&["policy", "test", "new.toml", "--agent", "1"])?;
    ensure!(ran.stderr.contains("error[PolicyInvalid]"), "{}", ran.stderr);
    let ran = home.run(&["policy", "test", "new.toml", "--agent", "1", "--against", "soon"])?;
    ensure!(ran.code == 2 && ran.stderr.contains("error[SpanInvalid]"), "{}", ran.stderr);
    Ok(())
}

fn category(number: u8) -> String {
    number.to_string()
}
