//! What was granted from another machine counts as much as what was granted from here.

use super::purse::Home;
use alloy::primitives::Address;
use alloy::providers::ext::AnvilApi;
use anyhow::ensure;
use purse_protocol::abi::IVault;
use purse_tests::Scene;

/// The worst case is of all agents (I17), whatever their numbers, and whoever knows their names.
#[tokio::test]
async fn an_agent_granted_elsewhere_is_listed_and_counted() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let mut grant = scene.default_grant(40, Address::repeat_byte(0x40));
    grant.tokens[0].perPaymentCap = 500 * Scene::USDC;
    grant.tokens[0].limits = vec![IVault::Limit { category: 0, window: 86_400, cap: 900 * Scene::USDC }];
    scene.own(&IVault::grantCall { newSession: grant }).await?;
    let seen = |status: serde_json::Value| {
        let agents = status["agents"].as_array().map(|agents| agents.iter().map(|agent| agent["session"].clone()));
        ensure!(agents.is_some_and(|agents| agents.eq([1, 40])), "{status}");
        ensure!(status["all_agents_known"] == true, "{status}");
        Ok(status)
    };
    let status = seen(home.json(&["status"])?)?;
    ensure!(status["at_most_24h"] == "925.00", "{status}");
    seen(home.json(&["agent", "list"])?)?;

    // The index is a short cut, not another answer: what came after it is asked of the node.
    home.done(&["index"])?;
    seen(home.json(&["status"])?)?;
    let later = scene.default_grant(77, Address::repeat_byte(0x77));
    scene.own(&IVault::grantCall { newSession: later }).await?;
    ensure!(home.json(&["status"])?["agents"].as_array().map(Vec::len) == Some(3));
    Ok(())
}

/// What can leave is reckoned here where the chain has no lens, and says so where a change waits (I17).
#[tokio::test]
async fn without_the_lens_the_worst_case_is_reckoned_here() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let with = home.json(&["status", "--horizon", "7d"])?;
    scene.provider.anvil_set_code(scene.lens, Default::default()).await?;
    let without = home.json(&["status", "--horizon", "7d"])?;
    ensure!(with["at_most_counts_waiting"] == true && without["at_most_counts_waiting"] == false, "{without}");
    ensure!(with["agents"][0]["at_most"] == without["agents"][0]["at_most"], "{with}\n{without}");
    ensure!(with["at_most"][1]["within"] == "7d", "{with}");
    scene.own(&IVault::setDelayCall { newDelay: 60 }).await?;
    let raise =
        IVault::setPerPaymentCapCall { session: Scene::SESSION, token: scene.usdc, perPaymentCap: 20 * Scene::USDC };
    scene.own(&raise).await?;
    ensure!(home.done(&["status"])?.contains("What waits is left aside"));
    Ok(())
}
