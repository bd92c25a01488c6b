//! The OpenAPI document: every route is in it, and each path of it is answered.

use super::served::{Database, Served};
use anyhow::{Context, ensure};
use purse_tests::Scene;
use serde_json::Value;
use std::collections::BTreeSet;

/// Where the document itself is.
const ITSELF: &str = "/openapi.json";

#[tokio::test]
async fn every_route_is_documented_and_answered() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let served = Served::new(&scene, Database::Sqlite).await?;
    let document = served.json(ITSELF).await?;
    assert_eq!(document, serde_json::to_value(purse_api::openapi())?);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let paths = document["paths"].as_object().context("paths")?;
    let found: BTreeSet<_> = paths.keys().map(String::as_str).collect();
    let vault = "/v1/vaults/{vault}";
    let below =
        ["live", "limits", "payments", "policy-history", "purchases", "purses", "refusals", "sessions", "transfers"];
    let below = below.map(|name| format!("{vault}/{name}"));
    let expected = ["/healthz", "/readyz", "/metrics", "/v1/ranges", "/v1/vaults", vault];
    assert_eq!(found, expected.into_iter().chain(below.iter().map(String::as_str)).collect());
    for (path, item) in paths {
        let methods: Vec<_> = item.as_object().context("methods")?.keys().collect();
        assert_eq!(methods, ["get"], "{path}: reading only");
        ensure!(item["get"]["summary"].is_string(), "{path} has a summary");
        let media = item["get"]["responses"]["200"]["content"].as_object().context("an answer")?;
        let media = media.keys().next().context("a media type")?;
        let answer = served.get(&path.replace("{vault}", &format!("{:#x}", scene.vault))).send().await?;
        assert_eq!(answer.status(), 200, "{path}");
        let found = answer.headers()["content-type"].to_str()?.to_owned();
        ensure!(found.starts_with(media.as_str()), "{path}: {found}, not {media}");
    }
    Ok(())
}

/// Each answer has exactly the fields that its schema says.
#[tokio::test]
async fn answers_are_as_documented() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;
    let served = Served::new(&scene, Database::Sqlite).await?;
    let document = served.json(ITSELF).await?;
    let mut compared = 0;
    for (path, item) in document["paths"].as_object().context("paths")? {
        let schema = &item["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let answer = served.json(&path.replace("{vault}", &format!("{:#x}", scene.vault))).await?;
        compare(&document, schema, &answer).with_context(|| path.clone())?;
        compared += 1;
    }
    ensure!(compared == 12, "{compared} answers");
    Ok(())
}

fn compare(document: &Value, schema: &Value, value: &Value) -> anyhow::Result<()> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/components/schemas/");
        return compare(document, &document["components"]["schemas"][name], value).with_context(|| name.to_owned());
    }
    if let Some(kinds) = schema["oneOf"].as_array() {
        let fits = kinds.iter().any(|kind| compare(document, kind, value).is_ok());
        return fits.then_some(()).with_context(|| format!("{value} fits none of {kinds:?}"));
    }
    let kinds: Vec<_> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    ensure!(kinds.contains(&kind), "{value} is no {kinds:?}");
    for item in value.as_array().into_iter().flatten() {
        compare(document, &schema["items"], item)?;
    }
    let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else { return Ok(()) };
    let names: BTreeSet<_> = fields.keys().collect();
    ensure!(names == properties.keys().collect(), "the answer has {names:?}");
    for (name, value) in fields {
        compare(document, &properties[name], value).with_context(|| name.clone())?;
    }
    Ok(())
}
