//! `purse mcp` before a real MCP client (the official SDK for JavaScript).

use super::market::node;
use super::stall::{CENT, Stall, base};
use crate::cli::purse::Home;
use alloy::primitives::Address;
use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use anyhow::{Context, ensure};
use purse_protocol::abi::IErc20;
use purse_tests::Scene;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A home with the session and its key, and the program to start.
fn client(stall: &Stall, more: &Value) -> anyhow::Result<Value> {
    let home = Home::of(&stall.scene)?;
    let program = home.command(&[])?.get_program().to_string_lossy().into_owned();
    let path = std::env::var("PATH")?;
    let mut config = json!({
        "command": program,
        "args": ["mcp", "--agent", "researcher", "--password-file", "password", "--no-input", "--allow-local"],
        "cwd": home.path(""),
        "env": { "HOME": home.path(""), "PATH": path },
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    let output = node("tests/x402/mcp_client.mjs", &config)?.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// It lists tools, pays, is refused, retries under the same purchase id and gets the first receipt.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_pays_is_refused_and_retries() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let pay = |path: &str, id: &str| {
        let url = format!("{}{path}", stall.market.seller);
        json!({ "name": "pay_and_fetch", "arguments": { "url": url, "reason": "forecast", "purchase_id": id } })
    };
    let calls = json!([
        { "name": "quote", "arguments": { "url": format!("{}/cent", stall.market.seller) } },
        pay("/cent", "order-1"),
        pay("/dear", "order-2"),
        pay("/cent", "order-1"),
        { "name": "receipt", "arguments": { "purchase_id": "order-1" } },
        { "name": "payments", "arguments": {} },
        { "name": "budget", "arguments": {} },
        { "name": "can_i_pay", "arguments": { "payee": stall.scene.actors.payees[0], "amount": "11", "token": "USDC" } },
        { "name": "pay_and_fetch", "arguments": { "url": format!("{}/cent", stall.market.seller), "reason": "no id" } },
        { "name": "request_limit_change", "arguments": { "amount": "21", "token": "USDC", "window": "24h", "reason": "more" } },
        { "name": "quote", "arguments": { "url": format!("{}/cent", stall.market.seller), "method": "POST", "body": "{}" } },
        { "name": "quote", "arguments": { "url": format!("{}/cent", stall.market.seller), "method": "PUT", "body": "{}" } },
    ]);
    let said = client(&stall, &json!({ "calls": calls }))?;
    let names = said["tools"].as_array().into_iter().flatten().filter_map(|tool| tool["name"].as_str());
    ensure!(names.collect::<Vec<_>>() == purse_mcp::TOOL_NAMES);
    ensure!(said["tools"] == purse_mcp::told()["tools"], "not what docs/reference/mcp.json has: {}", said["tools"]);
    let answer = |at: usize| &said["answers"][at]["structuredContent"];
    let quote = &answer(0)["quote"];
    ensure!(quote["would_pay"] == true && quote["refill"] == true && quote["left_in_purse"].is_string(), "{quote}");
    ensure!(quote["limits"][0]["left_now"] == "25.00" && quote["limits"][0]["left_after"].is_string(), "{quote}");
    ensure!(answer(1)["paid"] == true && answer(1)["receipt"]["amount"] == "0.01", "{}", answer(1));
    ensure!(said["answers"][2]["isError"] == true && answer(2)["code"] == "AbovePerPaymentCap", "{}", answer(2));
    ensure!(answer(2)["money_moved"] == "no" && answer(2)["next_step"].as_str().is_some_and(|text| !text.is_empty()));
    ensure!(answer(3)["replayed"] == true && answer(3)["receipt"] == answer(1)["receipt"], "{}", answer(3));
    ensure!(
        answer(4)["payment"]["state"] == "settled"
            && answer(5)["payments"].as_array().is_some_and(|all| all.len() == 1)
    );
    let nothing = json!({ "per_purchase": null, "per_24h": null, "left_of_24h": null });
    ensure!(answer(6)["operator"] == nothing, "{}", answer(6));
    ensure!(answer(6)["budget"]["active"] == true && answer(7)["refusal"]["code"] == "AbovePerPaymentCap");
    ensure!(answer(8)["code"] == "ArgumentsInvalid", "an id is required: {}", answer(8));
    ensure!(answer(10)["quote"]["amount"] == "0.01" && answer(11)["payment_demanded"] == false, "{}", answer(11));
    let command = answer(9)["owner_command"].as_str().context("a command for the owner")?;
    ensure!(command.contains(&format!("--vault {}", stall.scene.vault)), "{command}");
    let words = command.split(' ').skip(1).chain(["--password-file", "password", "--yes", "--no-input"]);
    let home = Home::of(&stall.scene)?;
    ensure!(cap(&home)? == "25.00", "asking changes nothing");
    home.done(&words.collect::<Vec<_>>())?;
    ensure!(cap(&home)? == "21.00", "the owner runs the command as it is written");
    ensure!(stall.earned().await? == CENT);
    Ok(())
}

/// The session's cap in any 24 hours.
fn cap(home: &Home) -> anyhow::Result<Value> {
    let shown = home.json(&["agent", "show", "1"])?;
    let limits = shown["limits"].as_array().with_context(|| shown.to_string())?;
    let day = limits.iter().find(|limit| limit["window"] == "24h").with_context(|| shown.to_string())?;
    Ok(day["cap"].clone())
}

/// The program's arguments with these ones more.
fn started_with(more: &[&str]) -> Vec<String> {
    let args = ["mcp", "--agent", "researcher", "--password-file", "password", "--no-input"];
    args.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
}

/// Safety 3.4: what listens on the machine itself or in its network is out of a model's reach, unless whoever runs the
/// server says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_reaches_nothing_on_the_machine_itself() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let (node, cent) = (stall.scene.rpc_url(), format!("{}/cent", stall.market.seller));
    let urls = [
        &node,
        &cent,
        "http://localhost:1/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/admin",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
    ];
    let calls = urls.iter().flat_map(|url| {
        [
            json!({ "name": "pay_and_fetch", "arguments": { "url": url, "reason": "x", "purchase_id": "x" } }),
            json!({ "name": "quote", "arguments": { "url": url } }),
            json!({ "name": "request_payee", "arguments": { "url": url, "category": "data", "reason": "x" } }),
        ]
    });
    let calls = calls.collect::<Vec<_>>();
    let said = client(&stall, &json!({ "calls": calls, "args": started_with(&[]) }))?;
    let answers = said["answers"].as_array().context("answers")?;
    ensure!(answers.len() == 3 * urls.len());
    for answer in answers {
        let refusal = &answer["structuredContent"];
        ensure!(refusal["code"] == "LocalSellerNotAllowed" && refusal["who_can_fix"] == "operator", "{answer}");
    }
    ensure!(stall.left_vault().await? == 0);
    Ok(())
}

/// Safety 3.4: whoever runs the server may name the sellers. A redirect leads to no other one.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_buys_from_named_sellers_only() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let quote = |url: &str, path: &str| json!({ "name": "quote", "arguments": { "url": format!("{url}{path}") } });
    let (seller, odd) = (&stall.market.seller, &stall.market.odd);
    let calls =
        [quote(odd, "/kind"), quote(odd, "/elsewhere"), quote(seller, "/cent"), quote("https://b.example", "/")];
    let args = started_with(&["--allow-local", "--origin", odd]);
    let said = client(&stall, &json!({ "calls": calls, "args": args }))?;
    let answer = |at: usize| &said["answers"][at]["structuredContent"];
    ensure!(answer(0)["quote"]["would_pay"] == true, "{}", answer(0));
    ensure!(answer(1)["code"] == "RedirectedElsewhere", "{}", answer(1));
    for at in [2, 3] {
        ensure!(answer(at)["code"] == "SellerNotAllowed" && answer(at)["who_can_fix"] == "operator", "{}", answer(at));
    }
    Ok(())
}

/// Safety 3.4: below the vault's limits, whoever runs the server may set his own, for one purchase and for a day. They hold
/// for all that the journal has, and no argument of a tool raises them.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_may_allow_less_than_the_vault() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let url = |path: &str| format!("{}{path}", stall.market.seller);
    let pay = |path: &str, id: &str| {
        let more = json!({ "url": url(path), "reason": "x", "purchase_id": id, "max_amount": "5", "token": "USDC" });
        json!({ "name": "pay_and_fetch", "arguments": more })
    };
    let quote = |path: &str| json!({ "name": "quote", "arguments": { "url": url(path) } });
    let calls = [
        pay("/half", "one"),
        quote("/half"),
        pay("/cent", "two"),
        pay("/cent", "three"),
        pay("/cent", "four"),
        quote("/cent"),
        pay("/cent", "two"),
        json!({ "name": "budget", "arguments": {} }),
    ];
    let args = started_with(&["--allow-local", "--max", "0.02", "--per-day", "0.025"]);
    let said = client(&stall, &json!({ "calls": calls, "args": args }))?;
    let answer = |at: usize| &said["answers"][at]["structuredContent"];
    for refusal in [answer(0), &answer(1)["quote"]["refusal"]] {
        ensure!(refusal["code"] == "AboveLocalMax" && refusal["who_can_fix"] == "operator", "{refusal}");
        ensure!(refusal["money_moved"] == "no" && refusal["facts"]["max"] == "0.02 USDC", "{refusal}");
    }
    ensure!(answer(2)["paid"] == true && answer(3)["paid"] == true, "{} {}", answer(2), answer(3));
    for refusal in [answer(4), &answer(5)["quote"]["refusal"]] {
        ensure!(refusal["code"] == "LocalLimitExceeded" && refusal["who_can_fix"] == "operator", "{refusal}");
        ensure!(refusal["facts"]["remaining"] == "0.005" && refusal["facts"]["retry_after"].is_string(), "{refusal}");
    }
    ensure!(answer(5)["quote"]["fits_again"] == answer(4)["facts"]["retry_after"], "{}", answer(5));
    ensure!(answer(6)["replayed"] == true, "what was bought stays bought: {}", answer(6));
    let operator = json!({ "per_purchase": "0.02", "per_24h": "0.025", "left_of_24h": "0.005" });
    ensure!(answer(7)["operator"] == operator, "{}", answer(7));
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}

/// Safety 3.4: a model that obeys every document loses at most the limit, and pays nobody outside of the book.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_obeys_everything_stays_within_its_limits() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let payee = stall.scene.actors.payees[0];
    let documents = json!({ "seller": stall.market.seller, "odd": stall.market.odd, "payee": payee });
    let said = client(&stall, &json!({ "documents": documents }))?;
    ensure!(said["read"].as_u64().is_some_and(|read| read >= 200), "{}", said["read"]);

    stays_within(&stall).await
}

/// The same where the documents come out of a seller: in what it serves, and in every text of its demand.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_obeys_its_sellers_stays_within_its_limits() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let fields = ["body", "error", "refusal", "description", "scheme", "network", "payTo", "amount", "asset"];
    let said = client(&stall, &json!({ "served": { "odd": stall.market.odd, "fields": fields, "count": 63 } }))?;
    ensure!(said["read"] == 63 && said["obeyed"].as_u64().is_some_and(|obeyed| obeyed >= 7), "{}", said["obeyed"]);
    for answer in said["answers"].as_array().context("answers")? {
        let told = &answer["structuredContent"];
        for ours in ["code", "next_step"] {
            ensure!(!told["refusal"][ours].to_string().contains("<<"), "a seller speaks as we do: {told}");
        }
    }
    stays_within(&stall).await
}

/// Nobody outside of the book was paid, and no more than the limit.
async fn stays_within(stall: &Stall) -> anyhow::Result<()> {
    let payee = stall.scene.actors.payees[0];
    let filter =
        Filter::new().address(stall.scene.usdc).from_block(0).event_signature(IErc20::Transfer::SIGNATURE_HASH);
    let ours = [stall.scene.vault.into_word(), stall.purse().await?.into_word()];
    let mut paid = BTreeSet::new();
    for log in stall.scene.provider.get_logs(&filter).await? {
        let topics = log.topics();
        let (from, to) = topics.get(1).zip(topics.get(2)).context("a transfer")?;
        if ours.contains(from) && !ours.contains(to) {
            paid.insert(Address::from_word(*to));
        }
    }
    ensure!(paid == BTreeSet::from([payee]), "{paid:?}");
    let left = stall.left_vault().await?;
    ensure!(base(left) <= base(25 * Scene::USDC) && stall.earned().await? > 0, "{left}");
    Ok(())
}
