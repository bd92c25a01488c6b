//! The stock JavaScript client pays from a purse, by the few lines of `examples/js`.

use super::market::node;
use super::stall::{CENT, Stall, get};
use alloy::hex;
use anyhow::ensure;
use serde_json::{Value, json};

#[tokio::test]
async fn the_stock_client_pays_from_a_purse() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    stall.buyer()?.pay_url(&get(&stall.market.seller, "/cent")?).await?; // opens and fills the purse
    let config = json!({
        "url": format!("{}/cent", stall.market.seller),
        "key": hex::encode_prefixed(stall.scene.actors.agents[0].to_bytes()),
        "purse": stall.purse().await?,
    });
    let output = node("tests/x402/stock_client.mjs", &config)?.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(answer["status"] == 200, "{answer}");
    ensure!(stall.earned().await? == 2 * CENT);
    Ok(())
}
