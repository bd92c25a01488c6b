//! A facilitator that is nobody's package of npm: the stock seller before x402-rs, built by `make proof` from its crates.

use super::market::node;
use super::stall::{CENT, Stall, get, refused};
use alloy::hex;
use alloy::primitives::{Address, address, bytes};
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use anyhow::{Context, ensure};
use purse_protocol::MoneyMoved;
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Its validator of signatures of wallets that are yet to be deployed; Permit2; its proxy of Permit2.
const ITS_CONTRACTS: [Address; 3] = [
    address!("dAcD51A54883eb67D95FAEb2BBfdC4a9a6BD2a3B"),
    address!("000000000022D473030F116dDEE9F6B43aC78BA3"),
    address!("402085c248EeA27D92E8b30b2C58ed07f9E20001"),
];

/// The facilitator in a process of its own, which ends with this value.
struct X402Rs {
    process: Child,
    url: String,
}

impl X402Rs {
    /// Starts it for a scene's chain, with an account that nobody else sends from.
    async fn start(scene: &Scene) -> anyhow::Result<Self> {
        // It starts on no chain without these, and calls none of them for a payment by EIP-3009 from a contract that is
        // there. What stands for them refuses every call, so that a use would be seen.
        for address in ITS_CONTRACTS {
            scene.provider.anvil_set_code(address, bytes!("5f5ffd")).await?;
        }
        let program = std::env::var_os("PURSE_X402_RS").context("PURSE_X402_RS names no program; `make proof` does")?;
        let key = hex::encode_prefixed(scene.actors.deployer.to_bytes());
        let config = json!({ "rpcUrl": scene.rpc_url(), "chainId": scene.chain_id(), "key": key });
        let mut command = Command::new(program);
        command.arg(config.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("run x402-rs")?;
        let stdout = process.stdout.take().context("stdout is a pipe")?;
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url)?;
        ensure!(!url.is_empty(), "x402-rs did not start");
        Ok(Self { process, url: url.trim().to_owned() })
    }
}

impl Drop for X402Rs {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// I13, I15: x402-rs takes a contract's signature, asks the token, and settles. What the vault no longer allows it
/// refuses as well, though the session's key has signed: the token says no to it, because the purse does.
#[tokio::test]
#[ignore = "make proof runs it, before the program that PURSE_X402_RS names"]
async fn x402_rs_settles_from_a_purse_what_the_vault_allows() -> anyhow::Result<()> {
    let scene = Scene::with_session_now().await?;
    let x402_rs = X402Rs::start(&scene).await?;
    let stall = Stall::on(scene, Some(&x402_rs.url)).await?;
    let (buyer, seller) = (stall.buyer()?, &stall.market.seller);

    let receipt = buyer.pay_url(&get(seller, "/cent")?).await?.receipt.context("it was paid for")?;
    ensure!(receipt.settled && receipt.amount == CENT && stall.earned().await? == CENT, "{receipt:?}");
    let transaction = receipt.transaction.context("x402-rs says which")?;
    let settled = stall.scene.provider.get_transaction_receipt(transaction).await?.context("it is on the chain")?;
    ensure!(settled.from == stall.scene.actors.deployer.address(), "x402-rs sent it: {settled:?}");
    let purse = stall.has(receipt.purse).await?;
    ensure!(purse > CENT && stall.left_vault().await? == CENT + purse, "{purse}");

    let config = json!({
        "url": format!("{seller}/cent"),
        "key": hex::encode_prefixed(stall.scene.actors.agents[0].to_bytes()),
        "purse": receipt.purse,
    });
    let blindly = || -> anyhow::Result<Value> {
        let output = node("tests/x402/stock_client.mjs", &config)?.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let answer = blindly()?;
    ensure!(answer["status"] == 200 && stall.earned().await? == 2 * CENT, "{answer}");

    stall.scene.own(&IVault::revokeCall { session: Scene::SESSION }).await?;
    refused(buyer.pay_url(&get(seller, "/cent")?).await, "SessionRevoked", MoneyMoved::No)?;
    let answer = blindly()?;
    ensure!(answer["status"] == 402 && stall.earned().await? == 2 * CENT, "the purse says no: {answer}");
    ensure!(stall.has(receipt.purse).await? == purse - CENT);
    Ok(())
}
