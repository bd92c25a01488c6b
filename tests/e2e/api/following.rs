//! `purse index --follow --api`: the built program keeps an index at the head, answers from it, tells a stall, and ends
//! when it is asked to. `--database`: the same in a PostgreSQL that others read.

use super::listening::Stream;
use super::server;
use crate::cli::purse::{Home, Ran};
use alloy::primitives::{B256, U256};
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy::transports::http::reqwest::Client;

use anyhow::{Context, ensure};
use purse_protocol::storage;
use purse_tests::Scene;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The program while it follows.
struct Follower {
    child: Child,
    stderr: BufReader<ChildStderr>,
    url: String,
}

impl Follower {
    fn start(home: &Home, more: &[&str]) -> anyhow::Result<Self> {
        Self::with(home, &[&["--interval", "100ms"], more].concat())
    }

    fn with(home: &Home, more: &[&str]) -> anyhow::Result<Self> {
        let flags = ["index", "--follow", "--api", "127.0.0.1:0"];
        let mut command = home.command(&[&flags, more].concat())?;
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let stderr = BufReader::new(child.stderr.take().context("stderr")?);
        let mut follower = Self { child, stderr, url: String::new() };
        let line = follower.line("answering at ")?;
        let url = line.split_whitespace().nth(2).context("an address")?;
        follower.url = url.to_owned();
        Ok(follower)
    }

    /// The next line on stderr that holds `text`.
    fn line(&mut self, text: &str) -> anyhow::Result<String> {
        let mut line = String::new();
        while self.stderr.read_line(&mut line)? > 0 {
            if line.contains(text) {
                return Ok(line);
            }
            line.clear();
        }
        anyhow::bail!("stderr ended before \"{text}\"")
    }

    /// Until each of these texts was in a line on stderr, in any order.
    fn lines(&mut self, texts: &[&str]) -> anyhow::Result<()> {
        let mut left = texts.to_vec();
        while !left.is_empty() {
            let line = self.line("")?;
            left.retain(|text| !line.contains(text));
        }
        Ok(())
    }

    async fn json(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        let answer = Client::new().get(format!("{}{path}", self.url)).send().await?;
        Ok((answer.status().as_u16(), serde_json::from_str(&answer.text().await?)?))
    }

    /// `kill -9`.
    fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Ctrl-C.
    fn stop(mut self) -> anyhow::Result<Ran> {
        let killed = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
        ensure!(killed.success());
        let stdout = self.child.stdout.take();
        drop(self.stderr);
        self.child.stdout = stdout;
        Ran::of(self.child.wait_with_output()?)
    }
}

#[tokio::test]
async fn payments_are_told_as_they_are_listed_and_ctrl_c_ends_it() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let mut follower = Follower::start(&home, &[])?;
    follower.line("at the head")?;
    assert_eq!(follower.json("/readyz").await?.0, 200);
    let live = format!("{}/v1/vaults/{:#x}/live", follower.url, scene.vault);
    let mut stream = Stream::of(Client::new().get(live).send().await?)?;
    for nonce in 1..=5 {
        scene.pay(&scene.payment(nonce, Scene::USDC), &scene.actors.agents[0]).await?;
        let event = stream.next().await?;
        assert_eq!((event.name.as_str(), &event.data["nonce"]), ("payment", &json!(nonce)));
        let (_, list) = follower.json(&format!("/v1/vaults/{:#x}/payments?limit=1", scene.vault)).await?;
        assert_eq!(list["payments"][0], event.data);
        assert_eq!(list["payments"][0]["amount"]["amount"], "1.00");
    }
    let ran = follower.stop()?;
    ensure!(ran.code == 0 && ran.stdout.starts_with("stopped at block"), "{}: {}", ran.code, ran.stdout);
    // What it left is whole.
    assert_eq!(home.json(&["log", "--payments"])?["events"].as_array().map(Vec::len), Some(5));
    home.done(&["audit"])?;
    Ok(())
}

/// I12, while it follows: every word of the vault's storage, and what it and its purses hold, proven by the state root.
#[tokio::test]
async fn the_state_is_held_against_the_chain_s() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let mut follower = Follower::start(&home, &[])?;
    follower.line("held against the chain's state root")?;
    let metrics = Client::new().get(format!("{}/metrics", follower.url)).send().await?.text().await?;
    let count = |name: &str| -> Option<u64> {
        let line = metrics.lines().find(|line| line.split(' ').next() == Some(name))?;
        line.split(' ').nth(1)?.parse().ok()
    };
    ensure!(count("purse_index_words_proven_total").is_some_and(|words| words > 20), "{metrics}");
    assert_eq!(count("purse_index_proven_block"), Some(scene.provider.get_block_number().await?));
    assert_eq!(follower.json("/readyz").await?.0, 200);
    // What no event of the vault has made.
    let payee = scene.actors.payees[1];
    let slot = U256::from_be_bytes(storage::payee_slot(payee).0);
    scene.provider.anvil_set_storage_at(scene.vault, slot, B256::with_last_byte(9)).await?;
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;
    let alarm = follower.line("ALARM")?;
    ensure!(alarm.contains(&format!("the category differs (trail: 1; chain: 9): payee {payee}")), "{alarm}");
    let (status, differing) = follower.json("/readyz").await?;
    assert_eq!((status, &differing["ready"]), (503, &json!(false)));
    ensure!(differing["cause"].as_str().is_some_and(|cause| cause.contains(&payee.to_string())), "{differing}");
    scene.provider.anvil_set_storage_at(scene.vault, slot, B256::with_last_byte(1)).await?;
    scene.pay(&scene.payment(2, Scene::USDC), &scene.actors.agents[0]).await?;
    follower.line("is the chain's again")?;
    assert_eq!(follower.json("/readyz").await?.0, 200);
    ensure!(follower.stop()?.code == 0);
    Ok(())
}

/// A wire to a node that can be cut, and mended.
struct Wire {
    url: String,
    whole: watch::Sender<bool>,
}

impl Wire {
    async fn to(scene: &Scene) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("ws://{}", listener.local_addr()?);
        let node = scene.rpc_url().trim_start_matches("http://").trim_end_matches('/').to_owned();
        let whole = watch::Sender::new(true);
        let mut state = whole.subscribe();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if !*state.borrow_and_update() {
                    continue;
                }
                let Ok(mut far) = TcpStream::connect(&node).await else { break };
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    _ = state.changed() => {}
                }
            }
        });
        Ok(Self { url, whole })
    }
}

/// Without any poll: the next one is in an hour. The wire has a thread of its own, since lines are waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_that_a_websocket_tells_of_are_there_at_once_and_a_cut_is_mended() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let (home, wire) = (Home::of(&scene)?, Wire::to(&scene).await?);
    let mut follower = Follower::with(&home, &["--interval", "60m", "--heads", &wire.url])?;
    follower.lines(&["new blocks are told by ws://127.0.0.1", "at the head"])?;
    let live = format!("{}/v1/vaults/{:#x}/live", follower.url, scene.vault);
    let mut stream = Stream::of(Client::new().get(live).send().await?)?;
    for nonce in 1..=3 {
        scene.pay(&scene.payment(nonce, Scene::USDC), &scene.actors.agents[0]).await?;
        assert_eq!(stream.next().await?.data["nonce"], json!(nonce));
    }
    // What happens while it is cut is there when it is mended.
    wire.whole.send(false)?;
    let lost = follower.line("tells of no new blocks")?;
    ensure!(lost.contains("ws://127.0.0.1"), "{lost}");
    scene.pay(&scene.payment(4, Scene::USDC), &scene.actors.agents[0]).await?;
    wire.whole.send(true)?;
    follower.line("new blocks are told by")?;
    assert_eq!(stream.next().await?.data["nonce"], json!(4));
    scene.pay(&scene.payment(5, Scene::USDC), &scene.actors.agents[0]).await?;
    assert_eq!(stream.next().await?.data["nonce"], json!(5));
    ensure!(follower.stop()?.code == 0);
    Ok(())
}

#[tokio::test]
async fn a_stall_is_an_alarm_until_there_is_a_block() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let mut follower = Follower::start(&home, &["--stall-after", "2"])?;
    let alarm = follower.line("ALARM")?;
    ensure!(alarm.contains("the index stalls: no new block for 2 polls"), "{alarm}");
    ensure!(follower.line("fix:")?.contains("--rpc-url"));
    let (status, stalled) = follower.json("/readyz").await?;
    assert_eq!((status, &stalled["ready"]), (503, &json!(false)));
    scene.mine().await?;
    follower.line("the index follows again")?;
    ensure!(follower.stop()?.code == 0);
    Ok(())
}

#[tokio::test]
async fn a_node_that_goes_away_is_an_alarm_and_not_the_end() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let (home, vault) = (Home::of(&scene)?, scene.vault);
    let mut follower = Follower::start(&home, &["--stall-after", "1"])?;
    follower.line("at the head")?;
    drop(scene);
    follower.line("ALARM")?;
    assert_eq!(follower.json("/readyz").await?.0, 503);
    // What is known is still told.
    assert_eq!(follower.json(&format!("/v1/vaults/{vault:#x}/sessions")).await?.0, 200);
    ensure!(follower.stop()?.code == 0);
    Ok(())
}

#[tokio::test]
async fn many_read_one_postgresql() -> anyhow::Result<()> {
    let Some(url) = server::url() else { return Ok(()) };
    let name = server::schema();
    let (create, url) = (format!("CREATE DATABASE {name}"), url.replace("/postgres?", &format!("/{name}?")));
    let make = move || -> anyhow::Result<()> {
        let mut client = postgres::Client::connect(server::url().unwrap_or_default(), postgres::NoTls)?;
        Ok(client.batch_execute(&create)?)
    };
    tokio::task::spawn_blocking(make).await??;
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    for nonce in 1..=3 {
        scene.pay(&scene.payment(nonce, Scene::USDC), &scene.actors.agents[0]).await?;
    }
    let at = ["--database", url.as_str()];
    let indexed = home.json(&[&["index"][..], &at].concat())?;
    assert_eq!(indexed["file"], Value::Null);
    ensure!(indexed["database"].as_str().is_some_and(|name| name.contains("schema pursestrings")), "{indexed}");
    let log = home.json(&[&["log", "--payments"][..], &at].concat())?;
    assert_eq!(log["events"].as_array().map(Vec::len), Some(3));
    home.done(&[&["audit"][..], &at].concat())?;
    ensure!(home.run(&["log"])?.code == 1, "there is no file beside it");
    let rebuilt = home.run(&[&["index", "--rebuild", "--json"][..], &at].concat())?;
    ensure!(rebuilt.code == 2 && rebuilt.stdout.contains("SharedIndex"), "{}", rebuilt.stdout);
    // One follows, another reads.
    let mut follower = Follower::start(&home, &at)?;
    follower.line("at the head")?;
    let live = format!("{}/v1/vaults/{:#x}/live", follower.url, scene.vault);
    let mut stream = Stream::of(Client::new().get(live).send().await?)?;
    scene.pay(&scene.payment(4, Scene::USDC), &scene.actors.agents[0]).await?;
    assert_eq!(stream.next().await?.data["nonce"], 4);
    let log = home.json(&[&["log", "--payments"][..], &at].concat())?;
    assert_eq!(log["events"].as_array().map(Vec::len), Some(4));
    // A second one that follows stands by, and takes over when the first is killed.
    let mut standby = Follower::start(&home, &at)?;
    assert_eq!(standby.json("/readyz").await?.0, 503);
    follower.kill()?;
    standby.line("at the head")?;
    let live = format!("{}/v1/vaults/{:#x}/live", standby.url, scene.vault);
    let mut stream = Stream::of(Client::new().get(live).send().await?)?;
    scene.pay(&scene.payment(5, Scene::USDC), &scene.actors.agents[0]).await?;
    assert_eq!(stream.next().await?.data["nonce"], 5);
    ensure!(standby.stop()?.code == 0);
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_none_has_a_name_and_no_password_is_told() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let home = Home::of(&scene)?;
    for (url, code, name) in [
        ("mysql://me:secret@db/x", 2, "DatabaseInvalid"),
        ("postgresql://me:secret@127.0.0.1:1/x", 1, "Postgres"),
        ("postgresql://me:secret@[/x", 1, "Postgres"),
    ] {
        for command in ["index", "log", "audit"] {
            let ran = home.run(&[command, "--database", url, "--json", "--verbose"])?;
            let value: Value = serde_json::from_str(&ran.stdout)?;
            ensure!(ran.code == code && value["error"]["code"] == name, "{command}: {value}");
            ensure!(!format!("{}{}", ran.stdout, ran.stderr).contains("secret"), "{command}: {value}");
        }
    }
    Ok(())
}
