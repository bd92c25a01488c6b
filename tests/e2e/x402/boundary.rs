//! The owner's code is out of the reach of whatever a language model drives.

use super::market::node;
use super::stall::Stall;
use crate::cli::purse::Home;
use anyhow::{Context, ensure};
use purse_tests::LocalChain;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;

/// Safety 3.4: the crates of the MCP server and of the agent depend on nothing that grants, revokes or withdraws.
#[test]
fn the_mcp_server_cannot_reach_the_owners_code() -> anyhow::Result<()> {
    // Crates for other platforms are not there on a new machine.
    let version = String::from_utf8(Command::new("rustc").arg("-vV").output()?.stdout)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names its host")?;
    let ask = ["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", host];
    let output = Command::new(env!("CARGO")).args(ask).current_dir(LocalChain::checkout()).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    for server in ["purse-mcp", "purse-agent"] {
        let reached = reached(&metadata, server)?;
        ensure!(reached.contains("purse-protocol"), "{server} reaches {reached:?}");
        let of_others =
            ["purse-owner", "purse-deployer", "purse-cli"].into_iter().filter(|name| reached.contains(*name));
        ensure!(of_others.clone().count() == 0, "{server} reaches {:?}", of_others.collect::<Vec<_>>());
    }
    ensure!(reached(&metadata, "purse-cli")?.contains("purse-owner"), "or nothing would be found");
    Ok(())
}

/// Safety 3.4: the program is one for owners and agents, so the owner's code is in it. The command that serves a model names
/// none of it: neither the crate, nor what opens an owner's key, nor what changes a vault.
#[test]
fn the_mcp_command_names_nothing_of_an_owner() -> anyhow::Result<()> {
    let read = |path: &str| std::fs::read_to_string(LocalChain::checkout().join("crates/cli/src").join(path));
    let of_owners =
        ["purse_owner", "purse_deployer", "Signer", "with_key", "change::", "unlocked", "development_account"];
    let named = |text: &str| of_owners.into_iter().filter(|name| text.contains(name)).collect::<Vec<_>>();
    for path in ["commands/mcp.rs", "buying.rs", "agent_session.rs"] {
        let found = named(&read(path)?);
        ensure!(found.is_empty(), "{path} names {found:?}");
    }
    ensure!(!named(&read("commands/payee.rs")?).is_empty(), "or nothing would be found");
    Ok(())
}

/// Safety 3.4: the process that serves a model opens the session's key and no other. The owner's lies where flags and config
/// name it, under the very password that it is given, and the kernel is asked who opens it.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_never_opens_the_owners_key() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let owner = home.path("owner.json");
    let opened = Opened::of(&[&owner, &home.path("researcher.key.json")])?;
    let seller = &stall.market.seller;
    let (cent, unlisted) = (format!("{seller}/cent"), format!("{seller}/unlisted"));
    let arguments = |name: &str| match name {
        "pay_and_fetch" => json!({ "url": cent, "reason": "x", "purchase_id": "one" }),
        "quote" => json!({ "url": cent }),
        "receipt" => json!({ "purchase_id": "one" }),
        "can_i_pay" => json!({ "payee": stall.scene.actors.payees[0], "amount": "1", "token": "USDC" }),
        "request_limit_change" => json!({ "amount": "30", "token": "USDC", "window": "24h", "reason": "x" }),
        "request_payee" => json!({ "url": unlisted, "category": "data", "reason": "x" }),
        _ => json!({}),
    };
    let calls = purse_mcp::TOOL_NAMES.map(|name| json!({ "name": name, "arguments": arguments(name) }));
    let env = json!({ "HOME": home.path(""), "PATH": std::env::var("PATH")?, "ETH_KEYSTORE": owner });
    let config = json!({
        "command": home.command(&[])?.get_program().to_string_lossy(),
        "args": ["mcp", "--agent", "researcher", "--password-file", "password", "--no-input", "--allow-local"],
        "cwd": home.path(""),
        "env": env,
        "calls": calls,
    });
    let output = node("tests/x402/mcp_client.mjs", &config)?.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout)?;
    for (name, answer) in purse_mcp::TOOL_NAMES.iter().zip(said["answers"].as_array().context("answers")?) {
        ensure!(answer["structuredContent"]["ok"] == true, "{name}: {answer}");
    }
    ensure!(home.path("researcher.session.requests/002.json").is_file(), "both requests were written");
    ensure!(opened.so_far()? == ["researcher.key.json"], "or somebody opened the owner's key");
    drop(std::fs::File::open(&owner)?);
    ensure!(opened.so_far()? == ["owner.json"], "or nothing would be found");
    Ok(())
}

/// Which of some files were opened, by the kernel's word.
struct Opened {
    inotify: OwnedFd,
    names: BTreeMap<i32, String>,
}

impl Opened {
    fn of(files: &[&Path]) -> anyhow::Result<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let mut names = BTreeMap::new();
        for file in files {
            let name = file.file_name().context("a file")?.to_string_lossy().into_owned();
            names.insert(inotify::add_watch(&inotify, *file, WatchFlags::OPEN)?, name);
        }
        Ok(Self { inotify, names })
    }

    /// Their names, each once, since the last time.
    fn so_far(&self) -> anyhow::Result<Vec<&str>> {
        let mut buffer = [MaybeUninit::uninit(); 4_096];
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        let mut opened = BTreeSet::new();
        loop {
            match reader.next() {
                Ok(event) => opened.insert(self.names.get(&event.wd()).context("a file of ours")?.as_str()),
                Err(Errno::AGAIN) => return Ok(opened.into_iter().collect()),
                Err(error) => return Err(error.into()),
            };
        }
    }
}

/// Every package that a package is built of.
fn reached(metadata: &Value, root: &str) -> anyhow::Result<BTreeSet<String>> {
    let packages = metadata["packages"].as_array().context("packages")?;
    let name = |package: &Value| package["name"].as_str().unwrap_or_default().to_owned();
    let names: BTreeMap<_, _> = packages.iter().map(|package| (package["id"].as_str(), name(package))).collect();
    let nodes = metadata["resolve"]["nodes"].as_array().context("nodes")?;
    let below: BTreeMap<_, _> = nodes.iter().map(|node| (node["id"].as_str(), &node["deps"])).collect();
    let first = packages.iter().find(|package| package["name"] == root).with_context(|| root.to_owned())?;
    let (mut open, mut seen) = (vec![first["id"].as_str()], BTreeSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let deps = below.get(&id).and_then(|deps| deps.as_array()).into_iter().flatten();
        let built = deps.filter(|dep| {
            let kinds = dep["dep_kinds"].as_array().into_iter().flatten();
            kinds.into_iter().any(|kind| kind["kind"] != "dev")
        });
        open.extend(built.map(|dep| dep["pkg"].as_str()));
    }
    Ok(seen.into_iter().filter_map(|id| names.get(&id).cloned()).collect())
}
