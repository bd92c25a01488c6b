//! The canary: whatever an agent shows, writes or fails with, its key is not in it.

use super::desk::Desk;
use alloy::hex;
use alloy::primitives::{Address, U256};
use alloy::providers::ProviderBuilder;
use alloy::providers::ext::AnvilApi;
use anyhow::Context;
use purse_agent::{Agent, Outcome, PaymentRequest, keystore};
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use std::error::Error;
use std::fmt::{Debug, Write};

/// Collects everything that can be seen.
#[derive(Default)]
struct Seen(String);

impl Seen {
    fn value(&mut self, value: &impl Debug) {
        let _ = write!(self.0, "{value:?}\n{value:#?}\n");
    }

    fn error(&mut self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            let _ = write!(self.0, "{error}\n{error:?}\n");
            next = error.source();
        }
    }

    fn failure<T: Debug, E: Error + 'static>(&mut self, result: Result<T, E>) -> anyhow::Result<()> {
        self.error(&result.err().context("it should have failed")?);
        Ok(())
    }

    /// The key in hexadecimal of either case, with or without separators, in decimal, and as a list of bytes.
    fn shows(&self, secret: &[u8; 32]) -> bool {
        let seen = self.0.to_ascii_lowercase();
        let list = secret.iter().map(u8::to_string).collect::<Vec<_>>();
        let spaced = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
        let number = U256::from_be_bytes(*secret).to_string();
        seen.contains(&hex::encode(secret))
            || seen.contains(&hex::encode(&secret[..8]))
            || seen.contains(&hex::encode(&secret[24..]))
            || seen.contains(&number)
            || spaced(&seen).contains(&list.join(","))
    }
}

#[test]
fn the_search_finds_a_key() {
    let secret: [u8; 32] = std::array::from_fn(|index| 100 + index as u8);
    for shown in [
        hex::encode(secret),
        hex::encode_upper(secret),
        U256::from_be_bytes(secret).to_string(),
        format!("{secret:?}"),
        format!("{secret:#?}"),
        format!("[redacted] {}", hex::encode(&secret[24..])),
    ] {
        assert!(Seen(shown).shows(&secret));
    }
    assert!(!Seen("[redacted]".to_owned()).shows(&secret));
}

/// Safety 3.1: the key in no argument, log, `Debug`, JSON, file or error.
#[tokio::test]
async fn the_key_is_nowhere_to_be_seen() -> anyhow::Result<()> {
    let desk = Desk::open().await?;
    let secret = desk.scene.actors.agents[0].to_bytes().0;
    let mut seen = Seen::default();
    let file = desk.session.keystore_path();

    let key = keystore::open(&file, Desk::PASSWORD)?;
    seen.value(&key);
    seen.failure(keystore::open(&file, "wrong"))?;
    seen.failure(keystore::store(&file, &key, Desk::PASSWORD))?;
    seen.failure(keystore::store(&file, &key, ""))?;

    let agent = desk.agent().await?;
    let good = desk.request(Scene::USDC);
    seen.value(&agent);
    seen.value(agent.session());
    seen.value(&agent.address());
    let built = agent.build(&good).await?;
    seen.value(&built);
    seen.value(&agent.check(&built).await?);
    let signed = agent.sign(built)?;
    seen.value(&signed);
    seen.value(&signed.calldata());
    seen.0.push_str(&serde_json::to_string(&signed.payment)?);
    seen.value(&agent.prepare(&good).await?);
    seen.value(&agent.pay(&good).await?);
    let refused = agent.pay(&PaymentRequest { payee: Address::repeat_byte(1), ..good.clone() }).await?;
    seen.value(&refused);
    if let Outcome::Refused(refusal) = &refused {
        seen.0.push_str(&serde_json::to_string(refusal)?);
    }
    desk.scene.own(&IVault::pauseCall {}).await?;
    seen.value(&agent.pay(&good).await?);
    desk.scene.own(&IVault::unpauseCall {}).await?;
    desk.scene.provider.anvil_set_balance(agent.address(), U256::from(1)).await?;
    seen.failure(agent.pay(&good).await)?;
    let away = ProviderBuilder::default().connect_http("http://127.0.0.1:1".parse()?);
    seen.failure(Agent::new(away, desk.session.clone(), desk.key()?).pay(&good).await)?;
    let elsewhere = desk.session_but(|file| file.chain_id = 1);
    seen.failure(Agent::connect(desk.provider()?, elsewhere, desk.key()?).await)?;

    let folder = desk.session.path().parent().context("the desk has a folder")?;
    for entry in std::fs::read_dir(folder)? {
        seen.0.push_str(&std::fs::read_to_string(entry?.path())?);
    }
    for place in ["cmdline", "environ"] {
        seen.0.push_str(&String::from_utf8_lossy(&std::fs::read(format!("/proc/self/{place}"))?));
    }
    assert!(seen.0.len() > 10_000, "much was looked at");
    assert!(seen.0.contains("[redacted]"));
    assert!(!seen.shows(&secret), "the key is in what an agent shows");
    assert!(!seen.0.contains(Desk::PASSWORD), "the password is in what an agent shows");
    Ok(())
}
