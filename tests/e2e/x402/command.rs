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
    let said: Value = serde_json::from_str(&with(&["quote", &url, "--json"])?.stdout)?;
    let after = &said["quote"];
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

    let left = paid.stderr.lines().find_map(|line| line.strip_prefix("left ")).context("what is left")?;
    let day = &after["limits"][0];
    let foretold =
        format!("{} in the purse, {}/24h of session", text(&after["left_in_purse"]), text(&day["left_after"]));
    ensure!(left.starts_with(&foretold), "the quote foretold \"{foretold}\", and it is \"{left}\"");
    ensure!(after["refill"] == true && after["refill_amount"].is_string() && day["left_now"] == "25.00", "{after}");
    let second: Value = serde_json::from_str(&with(&["quote", &url, "--json"])?.stdout)?;
    let day = &second["quote"]["limits"][0];
    ensure!(second["quote"]["refill"] == false && day["left_after"] == day["left_now"], "{second}");

    let listed: Value = serde_json::from_str(&with(&["payments", "--json"])?.stdout)?;
    ensure!(listed["payments"][0]["state"] == "settled" && listed["payments"][0]["amount"] == "0.01", "{listed}");
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What signs nothing needs no password: an agent's price, its list and its requests. Nor does it need the key file, since
/// the vault knows the key's address.
#[tokio::test(flavor = "multi_thread")]
async fn asking_needs_no_password() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    home.done(&[&["pay", &format!("{}/cent", stall.market.seller), "--reason", "x"][..], AS_AGENT].concat())?;
    std::fs::remove_file(home.path("password"))?;
    let (cent, unlisted) = (format!("{}/cent", stall.market.seller), format!("{}/unlisted", stall.market.seller));
    let asks: [&[&str]; 5] = [
        &["quote", &cent],
        &["quote", &cent, "--data", "{}"],
        &["pay", &cent, "--reason", "x", "--dry-run"],
        &["payments"],
        &["payee", "request", &unlisted, "--category", "data", "--reason", "x"],
    ];
    let ask = || {
        for args in asks {
            let said = home.json(&[args, &["--agent", "researcher", "--no-input"]].concat())?;
            ensure!(said.get("quote").is_none_or(|quote| quote["would_pay"] == true), "{args:?}: {said}");
            ensure!(said.get("payments").is_none_or(|payments| payments[0]["state"] == "settled"), "{said}");
        }
        Ok(())
    };
    ask()?;
    std::fs::remove_file(home.path("researcher.key.json"))?;
    ask()?;
    let put = home.json(&["quote", &cent, "--method", "put", "--agent", "researcher"])?;
    ensure!(put["payment_demanded"] == false, "the method is the one that is asked about: {put}");
    let pay = home.run(&["pay", &cent, "--reason", "x", "--agent", "researcher", "--no-input"])?;
    ensure!(pay.code == 4 && pay.stderr.contains("error[KeystoreMissing]"), "{}", pay.stderr);
    Ok(())
}

/// Half a URL is told from a name.
#[test]
fn a_url_without_its_beginning_is_named_so() -> anyhow::Result<()> {
    let home = Home::new()?;
    for args in [
        &["pay", "api.example/x", "--reason", "a"][..],
        &["pay", "api.example/x", "0.5", "--reason", "a"],
        &["pay", "api.example/x", "--reason", "a", "--dry-run"],
        &["quote", "api.example/x"],
    ] {
        let ran = home.run(args)?;
        ensure!(ran.code == 2 && ran.stderr.contains("a URL begins with https://"), "{args:?}: {}", ran.stderr);
        ensure!(ran.stderr.contains("https://api.example/x"), "{}", ran.stderr);
    }
    let ran = home.run(&["pay", "bob", "--reason", "a"])?;
    ensure!(ran.code == 2 && !ran.stderr.contains("https://"), "a name is none: {}", ran.stderr);
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
    let seller = words.iter().position(|word| *word == "--seller").and_then(|at| words.get(at + 1));
    ensure!(seller == Some(&stall.market.seller.as_str()), "the command names where it was asked: {command}");

    let add = |path: &str| {
        let url = format!("{}{path}", stall.market.odd);
        home.run(&[&["payee", "add", &url, "--category", "data"][..], AS_OWNER].concat())
    };
    let rotates = add("/rotates")?;
    ensure!(rotates.code == 1 && rotates.stderr.contains("error[SellerRotatesPayTo]"), "{}", rotates.stderr);
    let free = format!("{}/free", stall.market.seller);
    let free = home.run(&[&["payee", "add", &free, "--category", "data"][..], AS_OWNER].concat())?;
    ensure!(free.code == 3 && free.stderr.contains("error[NothingDemanded]"), "{}", free.stderr);
    let moves = format!("{}/moves", stall.market.odd);
    let ask = ["payee", "request", &moves, "--category", "data", "--reason", "x"];
    let asked: Value = serde_json::from_str(&home.done(&[&ask[..], AS_AGENT, &["--json"]].concat())?)?;
    let command = asked["request"]["command"].as_str().context("a command")?;
    let words = command.split(' ').skip(1).chain(AS_OWNER.iter().copied()).collect::<Vec<_>>();
    let lodged = home.run(&words)?;
    ensure!(lodged.code == 0 && !lodged.stderr.contains("WARNING"), "{}", lodged.stderr);
    let same = add("/moves")?;
    ensure!(same.code == 0 && same.stderr.contains("payTo of its 402 answer"), "{}", same.stderr);
    ensure!(!same.stderr.contains("WARNING"), "{}", same.stderr);
    reqwest::get(format!("{}/move", stall.market.odd)).await?;
    let warning = format!("WARNING: before, {} named 0x", stall.market.odd);
    let asked: Value = serde_json::from_str(&home.done(&[&ask[..], AS_AGENT, &["--json"]].concat())?)?;
    let command = asked["request"]["command"].as_str().context("a command")?;
    let words = command.split(' ').skip(1).chain(AS_OWNER.iter().copied()).collect::<Vec<_>>();
    let lodged = home.run(&words)?;
    ensure!(lodged.code == 0 && lodged.stderr.contains(&warning), "a request for another address: {}", lodged.stderr);
    Ok(())
}

/// What an owner took from a seller's own answer warns him when the answer differs, too.
#[tokio::test(flavor = "multi_thread")]
async fn another_answer_of_a_seller_is_a_warning() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let moves = format!("{}/moves", stall.market.odd);
    let add = || home.run(&[&["payee", "add", &moves, "--category", "data"][..], AS_OWNER].concat());
    let first = add()?;
    ensure!(first.code == 0 && !first.stderr.contains("WARNING"), "{}", first.stderr);
    reqwest::get(format!("{}/move", stall.market.odd)).await?;
    let then = add()?;
    let warning = format!("WARNING: before, {} named 0x", stall.market.odd);
    ensure!(then.code == 0 && then.stderr.contains(&warning), "{}", then.stderr);
    let twice = ["payee", "add", &moves, "--seller", &moves, "--category", "data"];
    ensure!(home.run(&twice)?.stderr.contains("leave --seller out"));
    let shell = ["payee", "add", &stall.scene.vault.to_string(), "--seller", "https://a;b", "--category", "data"];
    ensure!(home.run(&shell)?.stderr.contains("error[UrlInvalid]"));
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
