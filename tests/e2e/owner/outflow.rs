//! The most that can leave (I17): the lens and the owner's own arithmetic say the same, and what waits counts.

use super::{acting, session};
use alloy::primitives::{Bytes, U256};
use anyhow::Context;
use purse_owner::worst_case::{Exposure, Limits};
use purse_owner::{Owner, Verb};
use purse_protocol::abi::IVaultLens::IVaultLensInstance;
use purse_protocol::{Category, Meter, Scope, Window};
use purse_tests::Scene;

const DAY: u32 = 86_400;

async fn lens(scene: &Scene, session: u32, horizon: u32, calls: &[Bytes]) -> anyhow::Result<U256> {
    let lens = IVaultLensInstance::new(scene.lens, &scene.provider);
    Ok(lens.maxOutflow(scene.vault, session, scene.usdc, horizon, calls.to_vec()).call().await?)
}

async fn limits(scene: &Scene, scope: Option<Scope>) -> anyhow::Result<Limits> {
    let scope = scope.context("a scope")?;
    let remaining = scene.reader().remaining(scope, scene.usdc).await?;
    let known =
        remaining.limits.iter().map(|limit| Some((Window::from_seconds(limit.window)?, Meter::from_word(limit.meter))));
    known.collect::<Option<_>>().context("a window")
}

/// The same question to the arithmetic in Rust, as of the block to come: a view is asked as of that one.
async fn reckoned(scene: &Scene, horizon: u32) -> anyhow::Result<U256> {
    let id = Scene::SESSION;
    let view = scene.reader().session_of(id).await?;
    let mut categories = std::collections::BTreeMap::new();
    for number in (1..=63).filter(|number| view.categories >> number & 1 == 1) {
        let category = Category::new(number).context("a category")?;
        categories.insert(category, limits(scene, Scope::new(id, number)).await?);
    }
    let exposure = Exposure {
        session: limits(scene, Scope::new(id, 0)).await?,
        categories,
        vault: limits(scene, Some(Scope::Vault)).await?,
        per_payment_cap: scene
            .reader()
            .remaining(Scope::new(id, 0).context("no session")?, scene.usdc)
            .await?
            .perPaymentCap,
        balance: U256::MAX,
        ..Exposure::default()
    };
    let now = scene.now().await? + 1;
    Ok(exposure.within(now, (now + u64::from(horizon) + 1).min(view.validUntil.into())))
}

#[tokio::test]
async fn the_lens_and_the_preview_agree() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let owner = acting(&scene, scene.actors.owner.address()).await?;
    let (one, token, session) = (Scene::USDC, scene.usdc, session()?);
    let data = Category::new(Scene::CATEGORY).context("1 is a category")?;
    let limit = |scope, window, tokens: u128| Verb::SetLimit { scope, token, window, cap: tokens * one };
    let changes = [
        None,
        Some(limit(Scope::Session(session), Window::Hour, 7)),
        Some(limit(Scope::Category(session, data), Window::Day, 20)),
        Some(limit(Scope::Vault, Window::Day, 15)),
        Some(limit(Scope::Session(session), Window::Lifetime, 60)),
    ];
    let mut nonce = 0;
    for change in changes {
        if let Some(change) = change {
            owner.send(&change).await?;
        }
        nonce += 1;
        scene.pay(&scene.payment(nonce, one), &scene.actors.agents[0]).await?;
        scene.mine_at(scene.now().await? + 5_000).await?;
        for horizon in [0, 1, 3_599, 3_600, 3_601, DAY, 3 * DAY, 29 * DAY, 40 * DAY] {
            let (said, reckoned) =
                (lens(&scene, Scene::SESSION, horizon, &[]).await?, reckoned(&scene, horizon).await?);
            assert_eq!(said, reckoned, "within {horizon} s, after {nonce} payments");
        }
    }
    owner.send(&Verb::Revoke { session }).await?;
    assert_eq!(lens(&scene, Scene::SESSION, DAY, &[]).await?, U256::ZERO);
    Ok(())
}

/// What waits counts from when it can be executed, and a call that is kept back is missed.
#[tokio::test]
async fn what_waits_is_counted() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let owner: Owner<_> = acting(&scene, scene.actors.owner.address()).await?;
    let (scope, token) = (Scope::Session(session()?), scene.usdc);
    owner.send(&Verb::SetDelay { seconds: DAY }).await?;
    let raise = Verb::SetLimit { scope, token, window: Window::Day, cap: 40 * Scene::USDC };
    owner.send(&raise).await?.waits.context("it loosens")?;
    let calls = [raise.calldata()];
    let usdc = |tokens: u128| U256::from(tokens * Scene::USDC);
    assert_eq!(lens(&scene, Scene::SESSION, DAY / 2, &calls).await?, usdc(25), "not within half a day");
    assert_eq!(lens(&scene, Scene::SESSION, DAY + 60, &calls).await?, usdc(40), "25 at once, then up to 40");
    let missing = lens(&scene, Scene::SESSION, DAY + 60, &[]).await.err().context("a call is kept back")?;
    assert!(
        format!("{missing:?}").contains("WaitingCallMissing") || format!("{missing}").contains("revert"),
        "{missing}"
    );
    Ok(())
}
