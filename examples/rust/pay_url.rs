//! From a session file to a paid HTTP 402, in five lines:
//! `cargo run -p purse-tests --example pay_url -- researcher.session.toml password.txt https://api.weather.example/v1/now`

use alloy::providers::ProviderBuilder;
use anyhow::Context;
use purse_agent::{Agent, Buyer, Purchasing, SessionFile, keystore};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let [file, password, url]: [String; 3] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .ok()
        .context("give session file, password file, URL")?;
    let password = std::fs::read_to_string(password)?;

    let session = SessionFile::load(file.as_ref())?;
    let key = keystore::open(&session.keystore_path(), password.trim_end())?;
    let node = ProviderBuilder::default().connect_http(session.rpc_url.as_deref().context("no rpc_url")?.parse()?);
    let buyer = Buyer::new(Agent::connect(node, session, key).await?)?;
    let bought = buyer.pay_url(&Purchasing::get(&url, "forecast for order 7781")?).await?;

    std::io::Write::write_all(&mut std::io::stdout(), &bought.answer.body.unwrap_or_default())?;
    Ok(())
}
