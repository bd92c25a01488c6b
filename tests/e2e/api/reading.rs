//! What an index says over HTTP is what the vault did, to the last unit.

use super::served::{Database, Served, on_both};
use alloy::primitives::{Bytes, U256};
use anyhow::{Context, ensure};
use purse_protocol::abi::IVault;
use purse_protocol::abi::IVaultLens::IVaultLensInstance;
use purse_protocol::time::rfc3339;
use purse_tests::Scene;
use serde_json::{Value, json};

on_both!(
    payments_are_listed_filtered_and_paged,
    the_same_answer_is_not_sent_twice,
    limits_are_what_the_contract_counts,
    the_policy_s_history_is_told,
    what_a_batch_refused_is_told,
    no_amount_is_rounded
);

/// Six payments of 1, 2, … 6 USDC to three payees in turn.
async fn paid() -> anyhow::Result<Scene> {
    let scene = Scene::with_session().await?;
    for nonce in 1..=6 {
        let mut payment = scene.payment(nonce, u128::from(nonce) * Scene::USDC);
        payment.payee = scene.actors.payees[(nonce % 3) as usize];
        scene.pay(&payment, &scene.actors.agents[0]).await?;
    }
    Ok(scene)
}

fn nonces(list: &Value) -> Vec<u64> {
    let payments = list["payments"].as_array().into_iter().flatten();
    payments.filter_map(|payment| payment["nonce"].as_u64()).collect()
}

async fn payments_are_listed_filtered_and_paged(database: Database) -> anyhow::Result<()> {
    let scene = paid().await?;
    let served = Served::new(&scene, database).await?;
    let path = format!("/v1/vaults/{:#x}/payments", scene.vault);
    let all = served.json(&path).await?;
    assert_eq!(nonces(&all), [6, 5, 4, 3, 2, 1]);
    assert_eq!(all["next"], Value::Null);
    let newest = &all["payments"][0];
    let usdc = json!({
        "token": scene.usdc, "symbol": "USDC", "decimals": 6, "base_units": "6000000", "amount": "6.00",
    });
    assert_eq!(newest["amount"], usdc);
    assert_eq!((&newest["fee"], &newest["category"], &newest["session"]), (&Value::Null, &json!("data"), &json!(1)));
    assert_eq!(newest["payee"], json!(scene.actors.payees[0]));
    let now = scene.now().await?;
    assert_eq!((&newest["time"], &all["as_of"]["time"]), (&json!(rfc3339(now)), &json!(rfc3339(now))));

    // Every page size gives the same list.
    for limit in [1, 2, 4] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = served.json(&format!("{path}?limit={limit}{cursor}")).await?;
            assert!(nonces(&page).len() <= limit);
            found.extend(nonces(&page));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found, nonces(&all), "pages of {limit}");
    }
    let (payee, third) = (scene.actors.payees[1], all["payments"][3]["time"].as_str().context("a time")?.to_owned());
    for (query, expected) in [
        (format!("payee={payee}"), vec![4, 1]),
        (format!("payee={payee:#x}&limit=1"), vec![4]),
        ("session=1".into(), vec![6, 5, 4, 3, 2, 1]),
        ("session=2".into(), vec![]),
        ("category=data".into(), vec![6, 5, 4, 3, 2, 1]),
        ("category=1&session=1".into(), vec![6, 5, 4, 3, 2, 1]),
        ("category=2".into(), vec![]),
        (format!("token={:#x}", scene.usdc), vec![6, 5, 4, 3, 2, 1]),
        (format!("token={:#x}", scene.plain), vec![]),
        (format!("from={third}"), vec![6, 5, 4, 3]),
        (format!("until={third}"), vec![2, 1]),
        (format!("from={}", now), vec![6]),
    ] {
        assert_eq!(nonces(&served.json(&format!("{path}?{query}")).await?), expected, "{query}");
    }
    Ok(())
}

async fn the_same_answer_is_not_sent_twice(database: Database) -> anyhow::Result<()> {
    let scene = paid().await?;
    let mut served = Served::new(&scene, database).await?;
    let vault = format!("/v1/vaults/{:#x}", scene.vault);
    let mut tags = Vec::new();
    for path in ["", "/payments", "/payments?limit=2", "/policy-history", "/refusals"] {
        let path = format!("{vault}{path}");
        served.json(&path).await?; // the first one may have learnt a token's name
        let first = served.ask(served.get(&path)).await?;
        let tag = first.tag.context("an entity tag")?;
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = served.ask(served.get(&path).header("if-none-match", known)).await?;
            assert_eq!((again.status, again.text.as_str(), again.tag.as_ref()), (304, "", Some(&tag)), "{path}");
        }
        let other = served.ask(served.get(&path).header("if-none-match", "\"other\"")).await?;
        assert_eq!((other.status, other.text), (200, first.text), "{path}");
        tags.push((path, tag));
    }
    let distinct: std::collections::BTreeSet<_> = tags.iter().map(|(_, tag)| tag).collect();
    assert_eq!(distinct.len(), tags.len(), "a tag for each question");
    scene.mine().await?;
    served.sync().await?;
    for (path, tag) in tags {
        let answer = served.ask(served.get(&path).header("if-none-match", &tag)).await?;
        assert!(answer.status == 200 && answer.tag.is_some_and(|new| new != tag), "{path}: a new head");
    }
    Ok(())
}

/// I12: over HTTP too.
async fn limits_are_what_the_contract_counts(database: Database) -> anyhow::Result<()> {
    let scene = paid().await?;
    let cap = 500 * Scene::USDC;
    let (token, window) = (scene.usdc, 604_800);
    scene.own(&IVault::setLimitCall { session: 0, category: 0, token, window, cap }).await?;
    let mut served = Served::new(&scene, database).await?;
    let vault = format!("/v1/vaults/{:#x}", scene.vault);
    let lens = IVaultLensInstance::new(scene.lens, &scene.provider);
    // Now; half a window later; when all has left it.
    for wait in [0, 43_200, 200_000] {
        if wait > 0 {
            scene.mine_at(scene.now().await? + wait).await?;
            served.sync().await?;
        }
        let list = served.json(&format!("{vault}/limits?limit=2")).await?;
        let rest = list["next"].as_str().context("three limits")?;
        let rest = served.json(&format!("{vault}/limits?cursor={rest}")).await?;
        let both = [&list, &rest].into_iter().filter_map(|list| list["limits"].as_array()).flatten();
        let found: Vec<_> = both.cloned().collect();
        let mut expected = Vec::new();
        for session in [0, Scene::SESSION] {
            let view = lens.remaining(scene.vault, session, 0, scene.usdc).call().await?;
            for limit in view.limits {
                expected.push((session, limit.window, U256::from(limit.cap), U256::from(limit.remaining)));
            }
        }
        ensure!(found.len() == expected.len(), "{found:?}");
        for (found, (session, window, cap, left)) in found.iter().zip(expected) {
            assert_eq!(found["session"].as_u64().unwrap_or(0), u64::from(session));
            assert_eq!(found["window"], purse_protocol::Window::text(window));
            assert_eq!(found["cap"]["base_units"], cap.to_string());
            assert_eq!(found["left"]["base_units"], left.to_string(), "after {wait} s: {found}");
            assert_eq!(found["left"]["symbol"], "USDC");
        }
        let of_session = served.json(&format!("{vault}/limits?session=1&token={:#x}", scene.usdc)).await?;
        assert_eq!(of_session["limits"].as_array().map(Vec::len), Some(2));
    }
    // Sessions, and what stops them.
    let session = |list: &Value| list["sessions"][0].clone();
    let list = served.json(&format!("{vault}/sessions")).await?;
    assert_eq!((&session(&list)["status"], &list["vault_paused"]), (&json!("active"), &json!(false)));
    assert_eq!(session(&list)["per_payment_caps"][0]["amount"], "10.00");
    assert_eq!(session(&list)["categories"], json!(["data"]));
    assert_eq!(session(&list)["highest_nonce"], 6);
    scene.own(&IVault::pauseCall {}).await?;
    scene.own(&IVault::revokeCall { session: Scene::SESSION }).await?;
    served.sync().await?;
    let list = served.json(&format!("{vault}/sessions")).await?;
    assert_eq!((&session(&list)["status"], &list["vault_paused"]), (&json!("revoked"), &json!(true)));
    let state = served.json(&vault).await?;
    assert_eq!((&state["paused"], &state["owner"]), (&json!(true), &json!(scene.actors.owner.address())));
    let head = scene.vault().head().call().await?;
    assert_eq!(state["sequence"], head.sequence);
    assert_eq!(state["running_hash"].as_str().map(|hash| &hash[2..]), Some(&format!("{:x}", head.runningHash)[22..]));
    let vaults = served.json("/v1/vaults").await?;
    assert_eq!((&vaults["vaults"][0]["vault"], &vaults["vaults"][0]["proven"]), (&json!(scene.vault), &json!(true)));
    Ok(())
}

async fn the_policy_s_history_is_told(database: Database) -> anyhow::Result<()> {
    let scene = paid().await?;
    scene.own(&IVault::revokeCall { session: Scene::SESSION }).await?;
    let served = Served::new(&scene, database).await?;
    let path = format!("/v1/vaults/{:#x}/policy-history", scene.vault);
    let (mut events, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = served.json(&format!("{path}?limit=4{cursor}")).await?;
        events.extend(page["changes"].as_array().into_iter().flatten().cloned());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let sequences: Vec<_> = events.iter().filter_map(|event| event["sequence"].as_u64()).collect();
    assert!(sequences.is_sorted_by(|a, b| a > b), "{sequences:?}");
    let named = |name: &str| events.iter().find(|event| event["event"] == name).cloned().unwrap_or_default();
    assert_eq!(events[0]["event"], "Revoked");
    assert_eq!(events[0]["fields"], json!({ "session": 1, "by": scene.actors.owner.address() }));
    assert_eq!(named("SessionGranted")["fields"]["categories"], json!(["data"]));
    assert_eq!(named("LimitSet")["fields"]["cap"]["amount"], "100.00");
    assert_eq!(named("Paid"), Value::Null);
    let head = scene.vault().head().call().await?;
    assert_eq!(events.len() as u32 + 6, head.sequence, "all that is no payment");
    Ok(())
}

/// I11: an item of a batch that the vault refused, in words.
async fn what_a_batch_refused_is_told(database: Database) -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let mut items = Vec::new();
    for (nonce, amount) in [(1, Scene::USDC), (2, 11 * Scene::USDC)] {
        let payment = scene.payment(nonce, amount);
        let signature = scene.sign(&payment, &scene.actors.agents[0])?;
        items.push(IVault::BatchItem { payment, signature, approval: Bytes::new() });
    }
    let relayer = scene.actors.relayer.address();
    scene.send(relayer, scene.vault, &IVault::payBatchCall { items }).await?;
    let served = Served::new(&scene, database).await?;
    let list = served.json(&format!("/v1/vaults/{:#x}/refusals", scene.vault)).await?;
    let refusal = &list["refusals"][0];
    assert_eq!((&refusal["error"], &refusal["nonce"]), (&json!("AbovePerPaymentCap"), &json!(2)));
    assert!(refusal["cause"].as_str().is_some_and(|cause| !cause.is_empty()) && refusal["fix"].is_string());
    assert_eq!(list["refusals"].as_array().map(Vec::len), Some(1));
    Ok(())
}

/// Eighteen decimals, and more digits than a floating-point number holds.
async fn no_amount_is_rounded(database: Database) -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let cap = 900 * Scene::PLAIN;
    let token = scene.plain;
    scene.own(&IVault::setLimitCall { session: 1, category: 0, token, window: 86_400, cap }).await?;
    scene.own(&IVault::setPerPaymentCapCall { session: 1, token, perPaymentCap: cap }).await?;
    let mut payment = scene.payment(1, 123_456_789_012_345_678_901);
    payment.token = scene.plain;
    scene.pay(&payment, &scene.actors.agents[0]).await?;
    let served = Served::new(&scene, database).await?;
    let list = served.json(&format!("/v1/vaults/{:#x}/payments", scene.vault)).await?;
    let amount = &list["payments"][0]["amount"];
    assert_eq!(amount["base_units"], "123456789012345678901");
    assert_eq!(amount["amount"], "123.456789012345678901");
    Ok(())
}
