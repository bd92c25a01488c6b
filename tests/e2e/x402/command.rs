//! `purse` buys: what an agent types, what comes to stdout, and what an owner does with a request.

use super::stall::{AS_AGENT, CENT, Stall};
use crate::cli::purse::Home;
use anyhow::{Context, ensure};
use purse_protocol::abi::IVault;
use serde_json::Value;

const AS_OWNER: &[&str] = &["--password-file", "password", "--yes", "--no-input"];

/// From the session file to a paid 402 by one command: the body to stdout, the rest to stderr.
#[tokio::test(flavor = "multi_thread")]
async fn one_command_pays_and_prints_the_body() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let url = format!("{}/cent", stall.market.seller);
    let with = |args: &[&str]| home.run(&[args, AS_AGENT].concat());
    let files = home.files()?;
    let quote = with(&["quote", &url])?;
    ensure!(
        quote.code == 0 && quote.stdout.contains("0.01 USDC") && quote.stdout.contains("would pay"),
        "{}",
        quote.stdout
    );
    let dry = with(&["pay", &url, "--reason", "forecast", "--dry-run", "--json"])?;
    let said: Value = serde_json::from_str(&dry.stdout)?;
    ensure!(said["quote"]["would_pay"] == true && said["quote"]["amount"] == "0.01", "{said}");
    let written = home.files()?.into_keys().filter(|path| !files.contains_key(path)).collect::<Vec<_>>();
    ensure!(written.iter().all(|path| path.to_string_lossy().contains(".journal")), "{written:?}");
    ensure!(stall.left_vault().await? == 0, "nothing was signed or paid");

    let paid = with(&["pay", &url, "--reason", "forecast for order 7781", "--max", "0.05"])?;
    ensure!(paid.code == 0, "{}{}", paid.stdout, paid.stderr);
    let body: Value = serde_json::from_str(&paid.stdout).context("stdout is the seller's body, byte for byte")?;
    ensure!(body["path"] == "/cent" && paid.stderr.contains("paid 0.01 USDC to"), "{}", paid.stderr);
    ensure!(paid.stderr.contains("left ") && stall.earned().await? == CENT, "{}", paid.stderr);

    let listed: Value = serde_json::from_str(&with(&["payments", "--json"])?.stdout)?;
    ensure!(listed["payments"][0]["state"] == "settled" && listed["payments"][0]["amount"] == "0.01", "{listed}");
    Ok(())
}

/// A refusal says whether money moved, why, and who does what about it; the exit code is that of refusals.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_to_do() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let pay = |path: &str, more: &[&str]| {
        let url = format!("{}{path}", stall.market.seller);
        home.run(&[&["pay", &url, "--reason", "forecast"][..], more, AS_AGENT].concat())
    };
    for (path, code) in [("/dear", "AbovePerPaymentCap"), ("/unlisted", "PayeeNotInBook")] {
        let ran = pay(path, &[])?;
        ensure!(ran.code == 3 && ran.stdout.is_empty(), "{}{}", ran.stdout, ran.stderr);
        ensure!(ran.stderr.contains(&format!("error[{code}]: money moved: no")), "{}", ran.stderr);
        ensure!(ran.stderr.contains("cause:") && ran.stderr.contains("fix:"), "{}", ran.stderr);
    }
    let said: Value = serde_json::from_str(&pay("/cent", &["--max", "0.001", "--json"])?.stdout)?;
    ensure!(said["ok"] == false && said["error"]["code"] == "AboveMax", "{said}");
    ensure!(stall.left_vault().await? == 0);
    Ok(())
}

/// An agent asks for a payee, by a file; the owner grants it by the one command in it. A URL names its seller, and the
/// owner is warned when it names another than before.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_lodges_what_an_agent_asked_for() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let url = format!("{}/unlisted", stall.market.seller);
    let ask = ["payee", "request", &url, "--category", "data", "--reason", "forecasts; rm -rf /"];
    let asked: Value = serde_json::from_str(&home.done(&[&ask[..], AS_AGENT, &["--json"]].concat())?)?;
    ensure!(asked["changed"] == false, "{asked}");
    let command = asked["request"]["command"].as_str().context("a command")?;
    let words = command.split(' ').collect::<Vec<_>>();
    ensure!(words.first() == Some(&"purse") && !command.contains(';'), "{command}");
    let payee = words.get(3).context("an address")?.parse()?;
    ensure!(stall.scene.vault().payeeOf(payee).call().await? == 0, "asking changes nothing");
    home.done(&[&words[1..], AS_OWNER].concat())?;
    home.done(&[&["pay", &url, "--reason", "forecast"][..], AS_AGENT].concat())?;
    ensure!(stall.has(payee).await? == CENT);

    let add = |path: &str| {
        let url = format!("{}{path}", stall.market.odd);
        home.run(&[&["payee", "add", &url, "--category", "data"][..], AS_OWNER].concat())
    };
    let rotates = add("/rotates")?;
    ensure!(rotates.code == 1 && rotates.stderr.contains("error[SellerRotatesPayTo]"), "{}", rotates.stderr);
    let free = format!("{}/free", stall.market.seller);
    let free = home.run(&[&["payee", "add", &free, "--category", "data"][..], AS_OWNER].concat())?;
    ensure!(free.code == 3 && free.stderr.contains("error[NothingDemanded]"), "{}", free.stderr);
    let first = add("/moves")?;
    ensure!(first.code == 0 && first.stderr.contains("payTo of its 402 answer"), "{}", first.stderr);
    reqwest::get(format!("{}/move", stall.market.odd)).await?;
    let then = add("/moves")?;
    ensure!(then.code == 0 && then.stderr.contains("WARNING: before, it named 0x"), "{}", then.stderr);
    Ok(())
}

/// A larger purse is the owner's to give, by one command; what it pays for more is still the vault's to say.
#[tokio::test(flavor = "multi_thread")]
async fn a_price_above_the_purse_is_named_so() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let (session, category, token) = (1, 1, stall.scene.usdc);
    stall.scene.own(&IVault::setPurseTargetCall { session, category, token, target: CENT }).await?;
    let url = format!("{}/half", stall.market.seller);
    let pay = [&["pay", &url, "--reason", "forecast"][..], AS_AGENT].concat();
    let ran = home.run(&pay)?;
    ensure!(ran.code == 3 && ran.stderr.contains("error[PriceAbovePurse]"), "{}", ran.stderr);
    ensure!(ran.stderr.contains("purse agent purse 1 --category 1 --target AMOUNT"), "{}", ran.stderr);
    let purse = ["agent", "purse", "1", "--category", "1"];
    let too_much = home.run(&[&purse[..], &["--target", "500"], AS_OWNER].concat())?;
    ensure!(too_much.stderr.contains("error[PurseTargetTooHigh]"), "{}", too_much.stderr);
    home.done(&[&purse[..], &["--target", "1"], AS_OWNER].concat())?;
    home.done(&pay)?;
    let shown: Value = serde_json::from_str(&home.done(&[&purse[..], &["--json"]].concat())?)?;
    let purse_of = &shown["purses"][0];
    ensure!(purse_of["target"] == "1.00" && purse_of["category"] == "data", "{shown}");
    let held = stall.has(stall.purse().await?).await?;
    ensure!(held > 0 && home.done(&["status"])?.contains("PURSE OF"));
    home.done(&[&purse[..], &["--sweep"], AS_OWNER].concat())?;
    ensure!(stall.has(stall.purse().await?).await? == 0 && stall.left_vault().await? == 500_000, "it is back");
    Ok(())
}

/// I4: a category's own limit binds while every other has room: by name, with the window and when it fits again.
#[tokio::test(flavor = "multi_thread")]
async fn a_categorys_limit_is_what_refuses() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let (session, category, token) = (1, 1, stall.scene.usdc);
    stall.scene.own(&IVault::setLimitCall { session, category, token, window: 86_400, cap: 2_000_000 }).await?;
    stall.scene.own(&IVault::setPurseTargetCall { session, category, token, target: 500_000 }).await?;
    let url = format!("{}/half", stall.market.seller);
    let pay = [&["pay", &url, "--reason", "forecast"][..], AS_AGENT].concat();
    for _ in 0..4 {
        home.done(&pay)?;
    }
    let ran = home.run(&pay)?;
    ensure!(ran.code == 3 && ran.stderr.contains("error[LimitExceeded]: money moved: no"), "{}", ran.stderr);
    let said: Value = serde_json::from_str(&home.run(&[&pay[..], &["--json"]].concat())?.stdout)?;
    let facts = &said["error"]["facts"];
    ensure!(facts["category"] == "data" && facts["retry_after"].is_string(), "{said}");
    ensure!(stall.left_vault().await? == 2_000_000 && stall.earned().await? == 2_000_000, "not a unit more");
    Ok(())
}
