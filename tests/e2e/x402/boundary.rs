//! The owner's code is out of the reach of whatever a language model drives.

use anyhow::{Context, ensure};
use purse_tests::LocalChain;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Safety 3.4: the crates of the MCP server and of the agent depend on nothing that grants, revokes or withdraws.
#[test]
fn the_mcp_server_cannot_reach_the_owners_code() -> anyhow::Result<()> {
    let ask = ["metadata", "--format-version=1", "--offline", "--locked"];
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
