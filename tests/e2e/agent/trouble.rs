//! Trouble other than a refusal: the wrong chain, no vault, no gas, a node that is away or talks nonsense. Each has its
//! name, a cause and a fix, and nothing is sent.

use super::desk::Desk;
use alloy::primitives::{Address, U256};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{Provider, ProviderBuilder};
use anyhow::Context;
use purse_agent::{Agent, AgentError};
use purse_tests::Scene;
use std::io::{Read, Write};
use std::net::TcpListener;

fn named<T: std::fmt::Debug>(result: Result<T, AgentError>, code: &str) -> anyhow::Result<AgentError> {
    let error = result.err().context("it should have failed")?;
    assert_eq!(error.code(), code, "{error}");
    assert!(!error.fix().is_empty() && !error.to_string().contains("http"), "{error}");
    Ok(error)
}

#[tokio::test]
async fn the_wrong_chain_and_a_missing_vault_are_named() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let other_chain = desk.session_but(|file| file.chain_id = 8_453);
    named(Agent::connect(desk.provider()?, other_chain, desk.key()?).await, "WrongChain")?;
    let nothing_there = desk.session_but(|file| file.vault = Address::repeat_byte(7));
    named(Agent::connect(desk.provider()?, nothing_there, desk.key()?).await, "VaultMissing")?;
    Ok(())
}

#[tokio::test]
async fn an_account_without_gas_is_named() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let agent = desk.agent().await?;
    desk.scene.provider.anvil_set_balance(agent.address(), U256::from(1)).await?;
    let error = named(agent.pay(&desk.request(Scene::USDC)).await, "GasAccountShort")?;
    assert!(error.fix().contains(&agent.address().to_string()));
    assert!(error.to_string().contains(" has 0.000000000000000001 ether, "), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_node_that_is_away_is_named() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?; // bound and let go: nobody listens there
    let url = format!("http://{nobody}/v2/access-key");
    let provider = ProviderBuilder::default().connect_http(url.parse()?);
    named(Agent::connect(provider, desk.session.clone(), desk.key()?).await, "RpcUnreachable")?;
    Ok(())
}

#[tokio::test]
async fn a_node_that_talks_nonsense_is_named() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    for body in ["<html>welcome</html>", "{}", r#"{"jsonrpc":"2.0","id":0,"result":"many"}"#] {
        let provider = ProviderBuilder::default().connect_http(talker(body)?.parse()?);
        let agent = Agent::new(provider.erased(), desk.session.clone(), desk.key()?);
        named(agent.pay(&desk.request(Scene::USDC)).await, "RpcNonsense")?;
    }
    assert!(!desk.session.path().with_extension("nonces").exists(), "nothing was leased");
    Ok(())
}

/// A server that answers every request with `body`, until the test ends.
fn talker(body: &'static str) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4_096]);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
            let _ = write!(stream, "{head} {}\r\n\r\n{body}", body.len());
        }
    });
    Ok(format!("http://{address}"))
}
