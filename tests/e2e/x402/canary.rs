//! The canary, for buying: key and password are in no argument, environment, output, answer or file of a process that
//! buys, while it runs, after it ended and after it was killed. (`agent::secrets` is of direct payments.)

use super::market::{Script, told};
use super::stall::{AS_AGENT, CENT, Stall};
use crate::cli::purse::{Home, PASSWORD};
use alloy::hex;
use alloy::primitives::U256;
use anyhow::{Context, ensure};
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};

/// What must be nowhere.
struct Canary(Vec<Vec<u8>>);

impl Canary {
    /// The password; the key in hexadecimal, whole and in part, in decimal, as it is, and as a list of bytes.
    fn of(secret: &[u8; 32]) -> Self {
        let list = secret.iter().map(u8::to_string).collect::<Vec<_>>();
        let texts = [
            PASSWORD.to_owned(),
            hex::encode(secret),
            hex::encode(&secret[..8]),
            hex::encode(&secret[24..]),
            U256::from_be_bytes(*secret).to_string(),
            list.join(","),
            list.join(", "),
        ];
        Self(texts.into_iter().map(String::into_bytes).chain([secret.to_vec()]).collect())
    }

    fn sings(&self, seen: &[u8]) -> bool {
        let lower = seen.to_ascii_lowercase();
        let within = |seen: &[u8], word: &[u8]| seen.windows(word.len()).any(|part| part == word);
        self.0.iter().any(|word| within(seen, word) || within(&lower, word))
    }

    fn silent(&self, what: &str, seen: &[u8]) -> anyhow::Result<()> {
        ensure!(!self.sings(seen), "{what} shows a secret: {}", String::from_utf8_lossy(seen));
        Ok(())
    }

    /// What the home has, but for the file that holds the password; the names of the files.
    fn files(&self, home: &Home) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        for (path, content) in home.files()? {
            let name = path.file_name().context("a file")?.to_string_lossy().into_owned();
            if name != "password" {
                self.silent(&name, &content)?;
                names.push(name);
            }
        }
        Ok(names)
    }
}

#[test]
fn the_canary_is_heard() {
    let secret: [u8; 32] = std::array::from_fn(|index| 100 + index as u8);
    let canary = Canary::of(&secret);
    for shown in [
        hex::encode_upper(secret).into_bytes(),
        U256::from_be_bytes(secret).to_string().into_bytes(),
        format!("{secret:?}").into_bytes(),
        [b"\0page of a database", &secret[..]].concat(),
        format!("--password {PASSWORD}").into_bytes(),
    ] {
        assert!(canary.sings(&shown));
    }
    assert!(!canary.sings(b"[redacted]"));
}

/// What can be seen of a process from outside: its arguments and environment, and those of what it started.
fn seen_of(process: u32) -> anyhow::Result<Vec<u8>> {
    let mut seen = Vec::new();
    let mut open = vec![process];
    while let Some(process) = open.pop() {
        for place in ["cmdline", "environ"] {
            seen.extend(std::fs::read(format!("/proc/{process}/{place}"))?);
        }
        for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
            let children = std::fs::read_to_string(task?.path().join("children"))?;
            open.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    Ok(seen)
}

/// Starts a process, looks at it while a seller leaves it waiting, and kills it there; what it said.
async fn killed_while_waiting(
    canary: &Canary,
    mut command: Command,
    says: &str,
    rude: &str,
) -> anyhow::Result<Vec<u8>> {
    let waiting = format!("{rude}/holding");
    let before = told(&waiting, "holding").await?;
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = piped.spawn()?;
    let mut stdin = process.stdin.take().context("stdin is a pipe")?;
    stdin.write_all(says.as_bytes())?;
    while told(&waiting, "holding").await? == before {
        ensure!(process.try_wait()?.is_none(), "it did not wait for the seller");
    }
    let seen = seen_of(process.id())?;
    ensure!(seen.len() > 100, "{}", String::from_utf8_lossy(&seen));
    canary.silent("/proc", &seen)?;
    process.kill()?;
    drop(stdin);
    let output = process.wait_with_output()?;
    Ok([output.stdout, output.stderr].concat())
}

/// Safety 3.1: `pay URL`, `quote`, `payments`, `payee request` and `mcp`.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_nowhere_to_be_seen_when_something_is_bought() -> anyhow::Result<()> {
    let stall = Stall::stocked().await?;
    let home = Home::of(&stall.scene)?;
    let canary = Canary::of(&stall.scene.actors.agents[0].to_bytes().0);
    let (chain, payee) = (stall.scene.chain_id(), stall.scene.actors.payees[0]);
    let rude =
        Script::start("tests/x402/rude.mjs", &json!({ "chainId": chain, "token": stall.scene.usdc, "payee": payee }))?;
    let rude = (rude.url("seller")?, rude);
    let at = |seller: &str, path: &str| format!("{seller}{path}");
    let (cent, dear) = (at(&stall.market.seller, "/cent"), at(&stall.market.seller, "/dear"));

    // to the end, and refused
    for args in [
        &["quote", &cent][..],
        &["pay", &cent, "--reason", "forecast", "--purchase-id", "order-7781"],
        &["pay", &cent, "--reason", "forecast", "--json"],
        &["pay", &dear, "--reason", "forecast"],
        &["payments"],
        &["payments", "--json"],
        &["payee", "request", &dear, "--category", "data", "--reason", "forecasts"],
    ] {
        let ran = home.run(&[args, AS_AGENT].concat())?;
        canary.silent(args[0], [ran.stdout.as_bytes(), ran.stderr.as_bytes()].concat().as_slice())?;
        canary.files(&home)?;
    }
    ensure!(stall.earned().await? == 3 * CENT, "they did buy");

    // in the middle: what is signed and not settled is in the journal's write-ahead log
    let (silent, never) = (at(&rude.0, "/silent"), at(&rude.0, "/headers"));
    for args in [
        &["pay", &silent, "--reason", "forecast", "--purchase-id", "held"][..],
        &["quote", &never],
        &["payments", "--rpc-url", &never],
    ] {
        let command = home.command(&[args, AS_AGENT].concat())?;
        canary.silent(args[0], &killed_while_waiting(&canary, command, "", &rude.0).await?)?;
        let names = canary.files(&home)?;
        ensure!(names.iter().any(|name| name.ends_with(".journal-wal")), "{names:?}");
    }

    // as a model's server
    let call = |id: u32, method: &str, params: serde_json::Value| {
        format!("{}\n", json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
    };
    let hello =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "x", "version": "1" } });
    let pay = json!({ "url": silent, "reason": "forecast", "purchase_id": "by-model" });
    let says = [
        call(1, "initialize", hello),
        format!("{}\n", json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })),
        call(2, "tools/call", json!({ "name": "payments", "arguments": {} })),
        call(3, "tools/call", json!({ "name": "budget", "arguments": {} })),
        call(4, "tools/call", json!({ "name": "pay_and_fetch", "arguments": pay })),
    ];
    let command = home.command(&[&["mcp", "--allow-local"][..], AS_AGENT].concat())?;
    let said = killed_while_waiting(&canary, command, &says.concat(), &rude.0).await?;
    ensure!(String::from_utf8_lossy(&said).contains("order-7781"), "it answered: {}", String::from_utf8_lossy(&said));
    canary.silent("mcp", &said)?;
    canary.files(&home)?;
    Ok(())
}
