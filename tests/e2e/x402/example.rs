//! The example of `examples/rust`, as it was built.

use super::stall::{CENT, Stall};
use crate::cli::purse::Home;
use anyhow::{Context, ensure};
use std::path::Path;
use std::process::Command;

/// From a session file to a paid 402, by a program of five lines: the seller's body to stdout.
#[tokio::test(flavor = "multi_thread")]
async fn five_lines_of_rust_pay_a_stock_seller() -> anyhow::Result<()> {
    let stall = Stall::open().await?;
    let home = Home::of(&stall.scene)?;
    let own = std::env::current_exe()?;
    let built = own.parent().and_then(Path::parent).context("a target folder")?.join("examples/pay_url");
    ensure!(built.is_file(), "{} is not there: cargo build --workspace --examples", built.display());
    let pay = |path: &str| {
        let url = format!("{}{path}", stall.market.seller);
        let files = ["researcher.session.toml", "password"].map(|name| home.path(name));
        Command::new(&built).args(files).arg(url).current_dir(home.path("")).output()
    };
    let session = std::fs::read_to_string(home.path("researcher.session.toml"))?;
    let node = format!("rpc_url = \"{}\"\n", stall.scene.rpc_url());
    std::fs::write(home.path("researcher.session.toml"), node + &session)?;

    let paid = pay("/cent")?;
    ensure!(paid.status.success(), "{}", String::from_utf8_lossy(&paid.stderr));
    let body: serde_json::Value = serde_json::from_slice(&paid.stdout)?;
    ensure!(body["path"] == "/cent" && stall.earned().await? == CENT, "{body}");
    let refused = pay("/dear")?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(!refused.status.success() && refused.stdout.is_empty() && said.contains("AbovePerPaymentCap"), "{said}");
    ensure!(stall.earned().await? == CENT);
    Ok(())
}
