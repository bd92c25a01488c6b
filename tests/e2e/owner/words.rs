//! A vault's own words, read without any contract in between, say what the lens says.

use super::{acting, session};
use alloy::primitives::U256;
use anyhow::{Context, ensure};
use purse_owner::Verb;
use purse_protocol::abi::IVault;
use purse_protocol::abi::IVaultLens::IVaultLensInstance;
use purse_protocol::{Category, Scope, SessionId, Window};
use purse_tests::Scene;

const HOUR: u32 = 3_600;

/// Every session, scope and window, and what waits.
async fn same(scene: &Scene) -> anyhow::Result<()> {
    let (reader, lens) = (scene.reader(), IVaultLensInstance::new(scene.lens, &scene.provider));
    for id in [Scene::SESSION, 2, 77] {
        let (ours, theirs) = (reader.session_of(id).await?, lens.sessionOf(scene.vault, id).call().await?);
        ensure!(ours == theirs, "session {id}: {ours:?}, not {theirs:?}");
    }
    let session = |id| SessionId::new(id).map(Scope::Session);
    let category = Category::new(Scene::CATEGORY).zip(SessionId::new(Scene::SESSION));
    let scopes = [Some(Scope::Vault), session(1), session(2), category.map(|(c, s)| Scope::Category(s, c))];
    for scope in scopes.into_iter().flatten() {
        for token in [scene.usdc, scene.plain] {
            let ours = reader.remaining(scope, token).await?;
            let theirs = lens.remaining(scene.vault, scope.session(), scope.category(), token).call().await?;
            ensure!((ours.perPaymentCap, &ours.limits) == (theirs.perPaymentCap, &theirs.limits), "{scope} in {token}");
            for window in Window::ALL {
                let ours = reader.meter_of(scope, token, window).await?;
                let theirs = lens.meterOf(scene.vault, scope.session(), scope.category(), token, window.seconds());
                ensure!(ours == theirs.call().await?, "{scope} in {token} over {window}");
            }
        }
    }
    let (ours, theirs) = (reader.waiting().await?, lens.waiting(scene.vault).call().await?);
    ensure!(ours == theirs, "{ours:?}, not {theirs:?}");
    Ok(())
}

#[tokio::test]
async fn the_words_say_what_the_lens_says() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    same(&scene).await?;
    let owner = acting(&scene, scene.actors.owner.address()).await?;
    let (one, token, session) = (Scene::USDC, scene.usdc, session()?);
    let data = Category::new(Scene::CATEGORY).context("1 is a category")?;
    let limit = |scope, window, tokens: u128| Verb::SetLimit { scope, token, window, cap: tokens * one };
    owner.send(&Verb::SetPurseTarget { session, category: data, token, target: one }).await?;
    for change in [
        limit(Scope::Session(session), Window::Hour, 7),
        limit(Scope::Category(session, data), Window::Day, 20),
        limit(Scope::Category(session, data), Window::Lifetime, 60),
        limit(Scope::Vault, Window::Week, 15),
        Verb::RemoveLimit { scope: Scope::Session(session), token, window: Window::Hour },
    ] {
        owner.send(&change).await?;
        same(&scene).await?;
    }
    for nonce in 1..=3 {
        scene.pay(&scene.payment(nonce, one), &scene.actors.agents[0]).await?;
        scene.mine_at(scene.now().await? + 5_000).await?;
        same(&scene).await?;
    }
    owner.send(&Verb::SetDelay { seconds: HOUR }).await?;
    let waiting = [
        limit(Scope::Session(session), Window::Day, 80),
        limit(Scope::Vault, Window::Week, 16),
        Verb::SetGuardian { guardian: scene.actors.relayer.address() },
        Verb::SetPayees(vec![(scene.actors.payees[1], data)]),
    ];
    for change in &waiting {
        ensure!(owner.send(change).await?.waits.is_some());
        same(&scene).await?;
    }
    owner.send(&limit(Scope::Session(session), Window::Day, 20)).await?; // kills the first
    same(&scene).await?;
    scene.own(&IVault::revokeAllCall {}).await?; // kills all but the guardian's
    same(&scene).await?;
    let alive = scene.reader().waiting().await?.into_iter().filter(|change| !change.killed).count();
    ensure!(alive == 1 && scene.reader().session_of(Scene::SESSION).await?.revoked, "{alive}");
    ensure!(scene.reader().session_of(77).await?.key.is_zero());
    ensure!(
        scene.reader().meter_of(Scene::scope(), scene.usdc, Window::Hour).await? > U256::ZERO,
        "a removed one stays"
    );
    Ok(())
}
