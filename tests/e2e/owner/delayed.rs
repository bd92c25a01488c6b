//! The delay (I9): what waits and what does not, verb by verb, is what the vault says; and who is faster wins.

use super::{act, acting, session};
use alloy::primitives::{Address, U256};
use anyhow::{Context, ensure};
use purse_owner::{Owner, OwnerError, Verb};
use purse_protocol::abi::IVault;
use purse_protocol::{Category, Scope, Window};
use purse_tests::{LocalChain, Scene};

const HOUR: u32 = 3_600;

/// Tells beforehand whether a verb would wait, sends it, and sees that the vault agrees.
async fn waits(owner: &Owner<alloy::providers::DynProvider>, verb: Verb) -> anyhow::Result<bool> {
    let foreseen = owner.would_wait(&verb).await?;
    let change = owner.send(&verb).await?;
    let waits = change.waits;
    ensure!(foreseen.is_some() == waits.is_some(), "{}: foreseen {foreseen:?}, found {waits:?}", verb.name());
    if waits.is_some() {
        ensure!(change.before == change.after && !change.is_idle(), "{}: it waits, yet changed something", verb.name());
    }
    Ok(waits.is_some())
}

/// Twin of the contract, field by field: a mixed change waits.
#[tokio::test]
async fn what_loosens_waits_and_nothing_else_does() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let owner = acting(&scene, scene.actors.owner.address()).await?;
    let (usdc, session, one) = (scene.usdc, session()?, Scene::USDC);
    let data = Category::new(Scene::CATEGORY).context("1 is a category")?;
    let media = Category::new(5).context("5 is a category")?;
    act(&owner, Verb::SetDelay { seconds: HOUR }).await?;
    let set = |scope, window, cap| Verb::SetLimit { scope, token: usdc, window, cap };
    let remove = |scope, window| Verb::RemoveLimit { scope, token: usdc, window };
    let (own, of_data) = (Scope::Session(session), Scope::Category(session, data));
    let (begin, end) = (LocalChain::GENESIS as u32, LocalChain::GENESIS as u32 + 30 * 86_400);
    let span = |valid_from, valid_until| Verb::SetValidity { session, valid_from, valid_until };
    let cases = [
        (set(own, Window::Day, 26 * one), true),
        (set(own, Window::Day, 25 * one), false),
        (set(own, Window::Day, 24 * one), false),
        (set(own, Window::Hour, 500 * one), false), // one more limit tightens, whatever its cap
        (set(Scope::Session(session), Window::Lifetime, 500 * one), false),
        (set(of_data, Window::Day, 9 * one), false),
        (set(of_data, Window::Day, 10 * one), true),
        (set(Scope::Vault, Window::Day, 9 * one), false),
        (set(Scope::Vault, Window::Day, 10 * one), true),
        (remove(own, Window::Lifetime), true),
        (remove(of_data, Window::Day), true),
        (remove(Scope::Vault, Window::Day), true),
        (Verb::SetPerPaymentCap { session, token: usdc, cap: 11 * one }, true),
        (Verb::SetPerPaymentCap { session, token: usdc, cap: 9 * one }, false),
        (Verb::SetPerPaymentCap { session, token: scene.plain, cap: 1 }, false), // less than a unit
        (Verb::SetPurseTarget { session, category: data, token: usdc, target: 0 }, false),
        (Verb::SetPurseTarget { session, category: data, token: usdc, target: one }, true),
        (Verb::OpenPurse { session, category: data, token: usdc }, false),
        (Verb::SetCategories { session, categories: [media].into_iter().collect() }, true),
        (Verb::SetCategories { session, categories: [].into_iter().collect() }, false),
        (span(begin, end - 1), false),
        (span(begin + 1, end), true),
        (span(begin - 1, end - 1), true),
        (span(begin + 1, end - 1), false),
    ];
    for (verb, expected) in cases {
        let words = verb.describe(&Default::default());
        ensure!(waits(&owner, verb).await? == expected, "{words}");
        for waiting in scene.reader().waiting().await? {
            scene.own(&IVault::cancelCall { change: waiting.change }).await?;
        }
    }
    let [payee, ..] = scene.actors.payees;
    let (stranger, key) = (Address::repeat_byte(0x51), Address::repeat_byte(0x52));
    let grant = IVault::Grant { tokens: Vec::new(), ..scene.default_grant(9, key) };
    let cases = [
        (Verb::Grant(grant), true),
        (Verb::SetPayees(vec![(payee, data)]), true),
        (Verb::RemovePayee { payee }, false),
        (Verb::Pause, false),
        (Verb::Unpause, true),
        (Verb::RotateKey { session, new_key: Address::repeat_byte(0x53) }, false),
        (Verb::SetGuardian { guardian: stranger }, true),
        (Verb::SetTreasury { treasury: stranger }, true),
        (Verb::TransferOwnership { new_owner: stranger }, true),
        (Verb::TransferOwnership { new_owner: Address::ZERO }, false),
        (Verb::SetDelay { seconds: 2 * HOUR }, false),
        (Verb::SetDelay { seconds: HOUR }, true),
        (Verb::AddToken { token: super::stranger_token(&scene).await?, unit_bits: 0 }, false),
        (Verb::Withdraw { token: usdc, amount: Some(U256::from(one)) }, false),
        (Verb::Revoke { session }, false),
    ];
    for (verb, expected) in cases {
        let words = verb.describe(&Default::default());
        ensure!(waits(&owner, verb).await? == expected, "{words}");
    }
    Ok(())
}

/// What waited is executed by anyone, read back as the verb that it is, and cannot be executed twice.
#[tokio::test]
async fn a_stranger_executes_what_has_waited() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let (owner, session) = (acting(&scene, scene.actors.owner.address()).await?, session()?);
    let stranger = acting(&scene, scene.actors.relayer.address()).await?;
    act(&owner, Verb::SetDelay { seconds: HOUR }).await?;
    let raise = Verb::SetLimit {
        scope: Scope::Session(session),
        token: scene.usdc,
        window: Window::Day,
        cap: 40 * Scene::USDC,
    };
    let waits = owner.send(&raise).await?.waits.context("it loosens")?;
    assert_eq!(waits.executable_until, waits.executable_from + 7 * 86_400);
    assert_eq!(u64::from(waits.executable_from), scene.now().await? + u64::from(HOUR));
    let execute = Verb::Execute { change: waits.change, call: raise.calldata() };
    let early = stranger.send(&execute).await.err().context("too early")?;
    assert!(matches!(&early, OwnerError::Refused(refusal) if refusal.code == "ChangeNotYetExecutable"), "{early}");
    scene.mine_at(waits.executable_from.into()).await?;
    let other = Verb::Execute { change: waits.change, call: Verb::Pause.calldata() };
    let other = stranger.dry_run(&other).await?.err().context("another call")?;
    assert_eq!(other.code, "ChangeDiffers");
    let change = act(&stranger, execute.clone()).await?;
    assert!(change.waits.is_none());
    assert_eq!(super::token(&change.after)?.limit(Window::Day).map(|limit| limit.cap), Some(40 * Scene::USDC));
    let again = stranger.dry_run(&execute).await?.err().context("twice")?;
    assert_eq!(again.code, "ChangeUnknown");

    // Nobody executes what waited too long.
    let raise = Verb::SetPerPaymentCap { session, token: scene.usdc, cap: 20 * Scene::USDC };
    let waits = owner.send(&raise).await?.waits.context("it loosens")?;
    scene.mine_at(waits.executable_until.into()).await?;
    let execute = Verb::Execute { change: waits.change, call: raise.calldata() };
    let late = stranger.dry_run(&execute).await?.err().context("too late")?;
    assert_eq!(late.code, "ChangeExpired");
    Ok(())
}

/// Compare-and-set: the value that was seen is the value that is replaced, or nothing is (I9).
#[tokio::test]
async fn who_is_slower_replaces_nothing() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let (owner, session) = (acting(&scene, scene.actors.owner.address()).await?, session()?);
    let data = Category::new(Scene::CATEGORY).context("1 is a category")?;
    let (token, one) = (scene.usdc, Scene::USDC);
    let end = LocalChain::GENESIS as u32 + 20 * 86_400;
    let set = |window, cap| Verb::SetLimit { scope: Scope::Session(session), token, window, cap };
    let verbs = [
        (set(Window::Day, 20 * one), set(Window::Day, 21 * one)),
        (set(Window::Hour, 5 * one), set(Window::Hour, 6 * one)),
        (
            Verb::RemoveLimit { scope: Scope::Session(session), token, window: Window::Month },
            set(Window::Month, 99 * one),
        ),
        (Verb::SetPerPaymentCap { session, token, cap: one }, Verb::SetPerPaymentCap { session, token, cap: 2 * one }),
        (
            Verb::SetCategories { session, categories: [data, Category::RELAY].into_iter().collect() },
            Verb::SetCategories { session, categories: [].into_iter().collect() },
        ),
        (
            Verb::SetValidity { session, valid_from: 7, valid_until: end },
            Verb::SetValidity { session, valid_from: 8, valid_until: end },
        ),
        (
            Verb::RotateKey { session, new_key: Address::repeat_byte(0x61) },
            Verb::RotateKey { session, new_key: Address::repeat_byte(0x62) },
        ),
        (Verb::SetGuardian { guardian: Address::ZERO }, Verb::SetGuardian { guardian: Address::repeat_byte(0x63) }),
        (
            Verb::SetTreasury { treasury: Address::repeat_byte(0x64) },
            Verb::SetTreasury { treasury: Address::repeat_byte(0x65) },
        ),
        (
            Verb::TransferOwnership { new_owner: Address::repeat_byte(0x66) },
            Verb::TransferOwnership { new_owner: Address::repeat_byte(0x67) },
        ),
        (
            Verb::SetPayees(vec![(scene.actors.payees[0], Category::RELAY)]),
            Verb::RemovePayee { payee: scene.actors.payees[0] },
        ),
        (Verb::SetDelay { seconds: HOUR }, Verb::SetDelay { seconds: 2 * HOUR }),
    ];
    for (mine, theirs) in verbs {
        let before = scene.snapshot().await?;
        let conditional = owner.if_unchanged(&mine).await?.with_context(|| format!("{} replaces", mine.name()))?;
        act(&owner, conditional).await.with_context(|| format!("{} alone", mine.name()))?;
        scene.revert(before).await?;
        let conditional = owner.if_unchanged(&mine).await?.context("it replaces")?;
        act(&owner, theirs).await?;
        let late = owner.send(&conditional).await.err().context("the slower one")?;
        assert!(
            matches!(&late, OwnerError::Refused(refusal) if refusal.code == "StaleChange"),
            "{}: {late}",
            mine.name()
        );
    }
    Ok(())
}
