//! How far the nodes behind an index are trusted: what is proven, what is pinned, who is asked, what nobody knows.

use super::purse::Home;
use alloy::primitives::{B256, Bytes, U256};
use alloy::providers::Provider as _;
use alloy::providers::ext::AnvilApi as _;
use alloy::rpc::types::TransactionRequest;
use anyhow::{Context, ensure};
use purse_protocol::event::{head_of_running_hash, next_hash, running_hash_of_head};
use purse_tests::{LocalChain, Scene};
use serde_json::{Value, json};

/// The words for what stands behind the index, in order.
fn truths(indexed: &Value) -> Vec<&str> {
    indexed["ranges"].as_array().into_iter().flatten().filter_map(|range| range["truth"].as_str()).collect()
}

#[tokio::test]
async fn an_index_is_proven_where_that_was_asked() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;
    let home = Home::of(&scene)?;
    home.json(&["index"])?;
    // What is there is looked at again, where it lies.
    let proven = home.json(&["index", "--verify", "proven"])?;
    let head = scene.provider.get_block_number().await?;
    ensure!(truths(&proven) == ["proven"] && proven["block"] == head && proven["new_logs"] == 0, "{proven}");
    ensure!(proven["rechecked_blocks"] == head + 1, "{proven}");
    let told = home.done(&["index", "--verify", "proven"])?;
    ensure!(told.contains("proven: blocks 0 to") && !told.contains("looked at again"), "{told}");
    home.done(&["audit"])?;
    Ok(())
}

/// Somebody changed what a token said: no vault's running hash tells, the receipts do. Nothing is mended behind one's back.
#[tokio::test]
async fn what_is_in_the_index_and_not_on_the_chain_is_told() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;
    let home = Home::of(&scene)?;
    let indexed = home.json(&["index"])?;
    let index = rusqlite::Connection::open(indexed["file"].as_str().context("a file")?)?;
    ensure!(index.execute("DELETE FROM transfers WHERE sender = ?1", [scene.vault.as_slice()])? > 0);
    drop(index);
    for _ in 0..2 {
        let ran = home.run(&["index", "--verify", "proven"])?;
        ensure!(ran.code == 6 && ran.stderr.contains("error[RowMissing]"), "{} {}", ran.code, ran.stderr);
        ensure!(
            ran.stderr.contains("it is in its block's receipts") && ran.stderr.contains("evidence"),
            "{}",
            ran.stderr
        );
    }
    let proven = home.json(&["index", "--rebuild", "--verify", "proven"])?;
    ensure!(truths(&proven) == ["proven"], "{proven}");
    home.done(&["audit"])?;
    Ok(())
}

/// Of a chain that nobody described, nothing is proven, and the command says why.
#[tokio::test]
async fn a_chain_that_is_not_in_the_table_stays_claimed() -> anyhow::Result<()> {
    let chain = LocalChain::start(4_242).await?;
    let home = Home::new()?;
    // Any contract is as good as a factory without vaults.
    let url = chain.rpc_url();
    let of =
        ["index", "--rpc-url", &url, "--factory", "0x4e59b44847b379578588920cA78FbF26c0B4956C", "--from-block", "0"];
    home.done(&of)?;
    let told = home.done(&[&of[..], &["--verify", "proven"]].concat())?;
    ensure!(
        told.contains("claimed: blocks 0 to") && told.contains("chain 4242 is not in this program's table"),
        "{told}"
    );
    Ok(())
}

#[tokio::test]
async fn a_pinned_hash_is_met_or_the_node_refused() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let block = scene.provider.get_block_by_number(2.into()).await?.context("a block")?;
    let right = format!("2:{}", block.header.hash);
    home.json(&["index", "--checkpoint", &right])?;
    let before = home.files()?;
    let wrong = format!("2:{}", B256::repeat_byte(9));
    let ran = home.run(&["index", "--checkpoint", &wrong])?;
    ensure!(ran.code == 6 && ran.stderr.contains("error[CheckpointMissed]"), "{}", ran.stderr);
    ensure!(home.files()?.keys().eq(before.keys()), "a refused node leaves nothing behind");
    for bad in ["2", "2:0x12", "x:0x", &right[2..]] {
        ensure!(home.run(&["index", "--checkpoint", bad])?.code == 2, "{bad}");
    }
    Ok(())
}

/// Each node is named with what it answered; one that is away is passed over, one of another chain is refused.
#[tokio::test]
async fn several_nodes_are_asked() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let both = home.json(&["index", "--rpc", &scene.rpc_url()])?;
    let nodes = both["nodes"].as_array().context("nodes")?;
    ensure!(nodes.len() == 2 && nodes.iter().all(|node| node["failures"] == 0), "{both}");
    let told = home.done(&["index", "--rpc", &scene.rpc_url()])?;
    ensure!(told.contains("answers, 0 failures"), "{told}");
    // One that is away is passed over, at the start too, wherever it stands; not all of them.
    let away = "http://127.0.0.1:1";
    let last = home.json(&["index", "--rebuild", "--rpc", away])?;
    let first = home.json(&["--rpc-url", away, "index", "--rebuild", "--rpc", &scene.rpc_url()])?;
    for (told, at) in [(&last, 1), (&first, 0)] {
        ensure!(told["nodes"][at]["failures"].as_u64() > Some(0) && told["confirmed"] == true, "{told}");
        ensure!(told["nodes"][1 - at]["answers"].as_u64() > Some(0) && told["unproven_vaults"] == 0, "{told}");
    }
    let ran = home.run(&["--rpc-url", away, "index", "--rpc", away])?;
    ensure!(ran.code == 69, "{} {}", ran.code, ran.stderr);
    let other = LocalChain::start(77).await?;
    let ran = home.run(&["index", "--rebuild", "--rpc", &other.rpc_url()])?;
    ensure!(ran.code != 0 && ran.stderr.contains("77"), "{} {}", ran.code, ran.stderr);
    Ok(())
}

/// The event that this program does not know.
const UNKNOWN: B256 = B256::repeat_byte(0xab);

/// A newer vault: it logs an unknown event under the next number, and counts it in its head.
fn newer(sequence: u8, head: B256) -> Bytes {
    // Called with data it answers its head, without it logs.
    let mut code = vec![0x36, 0x60, 0x30, 0x57, 0x60, sequence, 0x60, 0x00, 0x52, 0x7f];
    code.extend(UNKNOWN);
    code.extend([0x60, 0x20, 0x60, 0x00, 0xa1, 0x00, 0x5b, 0x60, sequence, 0x60, 0x00, 0x52, 0x7f]);
    code.extend(head);
    code.extend([0x60, 0x20, 0x52, 0x60, 0x40, 0x60, 0x00, 0xf3]);
    code.into()
}

#[tokio::test]
async fn what_a_newer_vault_says_is_kept_and_told() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    ensure!(home.json(&["index"])?["unknown_events"] == 0);
    let head = scene.vault().head().call().await?;
    let next = u8::try_from(head.sequence + 1)?;
    let before = running_hash_of_head(head.runningHash).context("a running hash")?;
    let after = next_hash(before, &[UNKNOWN], &U256::from(next).to_be_bytes::<32>());
    scene.provider.anvil_set_code(scene.vault, newer(next, head_of_running_hash(after))).await?;
    let from = scene.actors.deployer.address();
    let nudge = TransactionRequest::default().from(from).to(scene.vault).gas_limit(100_000);
    let tx = scene.provider.send_transaction(nudge).await?.get_receipt().await?;
    ensure!(tx.status() && tx.inner.logs().len() == 1, "{tx:?}");
    let follower = Home::of(&scene)?;
    let told = home.done(&["index"])?;
    ensure!(told.contains("1 events that this program does not know were kept as they are"), "{told}");
    ensure!(follower.json(&["index"])?["unknown_events"] == json!(1));
    Ok(())
}
