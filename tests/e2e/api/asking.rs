//! What is refused is a problem with a code, a cause and a fix; probes and metrics.

use super::served::{Answer, Database, Served};
use alloy::primitives::Address;
use anyhow::ensure;
use purse_tests::Scene;
use serde_json::{Value, json};

/// Code of a problem that is whole.
fn code(answer: &Answer) -> anyhow::Result<String> {
    ensure!(answer.media == "application/problem+json", "{answer:?}");
    let problem = answer.json()?;
    let text = |field: &str| problem[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    ensure!(problem["status"] == answer.status, "{problem}");
    ensure!(text("title").is_some() && text("detail").is_some() && text("fix").is_some(), "{problem}");
    let code = text("code").unwrap_or_default();
    ensure!(problem["type"] == format!("urn:pursestrings:problem:{code}"), "{problem}");
    Ok(code)
}

#[tokio::test]
async fn what_cannot_be_answered_is_a_problem() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let served = Served::new(&scene, Database::Sqlite).await?;
    let vault = format!("/v1/vaults/{:#x}", scene.vault);
    let nobody = format!("/v1/vaults/{}", Address::repeat_byte(0x77));
    let long = "x".repeat(2_000);
    for (path, status, expected) in [
        (nobody.clone(), 404, "VaultUnknown"),
        (format!("{nobody}/payments"), 404, "VaultUnknown"),
        (format!("{nobody}/limits"), 404, "VaultUnknown"),
        (format!("{nobody}/live"), 404, "VaultUnknown"),
        ("/v1/vaults/0x12".into(), 400, "AddressInvalid"),
        ("/v1/vaults/0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267".into(), 400, "AddressInvalid"),
        ("/v1/vaults/%1b%5b2J/sessions".into(), 400, "AddressInvalid"),
        (format!("{vault}/payments?limit=0"), 400, "LimitOutOfRange"),
        (format!("{vault}/payments?limit=1001"), 400, "LimitOutOfRange"),
        (format!("{vault}/payments?limit=-1"), 400, "QueryInvalid"),
        (format!("{vault}/payments?limit=1&limit=2"), 400, "QueryInvalid"),
        (format!("{vault}/payments?nonsense=1"), 400, "QueryInvalid"),
        (format!("{vault}/payments?session=0"), 400, "SessionInvalid"),
        (format!("{vault}/payments?payee=0x1"), 400, "AddressInvalid"),
        (format!("{vault}/payments?category=films-and-more"), 400, "CategoryUnknown"),
        (format!("{vault}/payments?from=yesterday"), 400, "TimeInvalid"),
        (format!("{vault}/payments?cursor=1"), 400, "CursorInvalid"),
        (format!("{vault}/payments?cursor=18446744073709551615.1"), 400, "CursorInvalid"),
        (format!("{vault}/limits?cursor=%27%3BDROP%20TABLE%20logs"), 400, "CursorInvalid"),
        (format!("{vault}/sessions?cursor=-1"), 400, "CursorInvalid"),
        (format!("{vault}/policy-history?cursor=a"), 400, "CursorInvalid"),
        (format!("{vault}/payments?cursor={long}"), 400, "QueryTooLong"),
        ("/v1/nothing".into(), 404, "PathUnknown"),
        ("/".into(), 404, "PathUnknown"),
    ] {
        let answer = served.ask(served.get(&path)).await?;
        assert_eq!((answer.status, code(&answer)?.as_str()), (status, expected), "{path}: {answer:?}");
    }
    for request in [served.client.post(format!("{}{vault}", served.url)), served.client.delete(&served.url)] {
        let answer = served.ask(request.body("{}")).await?;
        ensure!([404, 405].contains(&answer.status), "{answer:?}");
        code(&answer)?;
    }
    Ok(())
}

/// A web page cannot read the server of this machine through a name of its own.
#[tokio::test]
async fn another_host_is_not_answered() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let served = Served::new(&scene, Database::Sqlite).await?;
    for host in ["attacker.example", "attacker.example:80", "127.0.0.1.attacker.example", "192.0.2.1", ""] {
        let answer = served.ask(served.get("/v1/vaults").header("host", host)).await?;
        ensure!(answer.status == 421 && code(&answer)? == "OtherHost", "{host:?}: {answer:?}");
    }
    for host in ["localhost", "LOCALHOST:8650", "127.0.0.1", "[::1]:9"] {
        assert_eq!(served.ask(served.get("/v1/vaults").header("host", host)).await?.status, 200, "{host}");
    }
    Ok(())
}

#[tokio::test]
async fn probes_and_metrics_tell_how_it_is() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let mut served = Served::new(&scene, Database::Sqlite).await?;
    let head = served.json("/readyz").await?;
    assert_eq!((&head["ready"], &head["lag_blocks"], &head["cause"]), (&json!(true), &json!(0), &Value::Null));
    assert_eq!(served.ask(served.get("/healthz")).await?.text, "ok\n");
    for _ in 0..3 {
        served.sync().await?;
    }
    let answer = served.ask(served.get("/readyz")).await?;
    let stalled = answer.json()?;
    assert_eq!((answer.status, &stalled["ready"]), (503, &json!(false)));
    assert_eq!(stalled["cause"], "no new block for 3 polls");
    ensure!(stalled["fix"].is_string());
    // Answers go on, from what there is.
    served.json("/v1/vaults").await?;
    let metrics = served.ask(served.get("/metrics")).await?.text;
    for line in [
        format!("purse_index_block {}", head["block"]),
        "purse_index_ready 0".to_owned(),
        "purse_index_stalls_total 1".to_owned(),
        "purse_api_answers_total{route=\"/readyz\",status=\"503\"} 1".to_owned(),
        "purse_api_answers_total{route=\"/v1/vaults\",status=\"200\"} 1".to_owned(),
        "purse_api_answer_seconds_count 4".to_owned(),
        "# EOF".to_owned(),
    ] {
        ensure!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    scene.mine().await?;
    served.sync().await?;
    assert_eq!(served.json("/readyz").await?["ready"], json!(true));
    Ok(())
}
