//! The owner's stories: every verb tried, sent and read back; what the vault refuses; what a Safe signs.

mod delayed;
mod not_in_force;
mod outflow;
mod safe;
mod words;

use alloy::primitives::{Address, U256};
use alloy::providers::DynProvider;
use alloy::providers::ext::AnvilApi;
use anyhow::Context;
use purse_owner::state::Allowance;
use purse_owner::worst_case::Exposure;
use purse_owner::{Change, Owner, OwnerError, State, Verb};
use purse_protocol::abi::IVaultLens;
use purse_protocol::{Category, Meter, RefusalContext, Scope, SessionId, Window};
use purse_tests::{LocalChain, Scene};

const DAY: u64 = 86_400;

async fn acting(scene: &Scene, sender: Address) -> anyhow::Result<Owner<DynProvider>> {
    let names = RefusalContext::default().token(scene.usdc, "USDC", 6);
    Ok(Owner::connect(scene.provider.clone(), scene.chain_id(), scene.vault, sender).await?.with_names(names))
}

/// Tries it, sees that nothing changed, then does it.
async fn act(owner: &Owner<DynProvider>, verb: Verb) -> anyhow::Result<Change> {
    let before = owner.state(&verb).await?;
    owner.dry_run(&verb).await??;
    anyhow::ensure!(owner.state(&verb).await? == before, "the dry run of {} changed something", verb.name());
    let change = owner.send(&verb).await?;
    anyhow::ensure!(change.before == before, "{}: what it was before differs", verb.name());
    Ok(change)
}

fn session() -> anyhow::Result<SessionId> {
    SessionId::new(Scene::SESSION).context("sessions start at 1")
}

fn token(state: &State) -> anyhow::Result<&Allowance> {
    match state {
        State::Session { allowances, .. } => allowances.first().context("the verb names a token"),
        other => anyhow::bail!("not a session: {other:?}"),
    }
}

fn view(state: &State) -> anyhow::Result<&IVaultLens::SessionView> {
    match state {
        State::Session { session, .. } => Ok(session),
        other => anyhow::bail!("not a session: {other:?}"),
    }
}

/// Every verb is tried without a trace, sent, and shows before and after.
#[tokio::test]
async fn every_verb_is_read_back() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let owner = acting(&scene, scene.actors.owner.address()).await?;
    let (usdc, session) = (scene.usdc, session()?);
    let [payee, other, _] = scene.actors.payees;
    let data = Category::new(Scene::CATEGORY).context("1 is a category")?;

    let change = act(&owner, Verb::SetPayees(vec![(other, data), (payee, data)])).await?;
    assert_eq!(change.before, State::Payees(vec![(other, 0), (payee, 0)]));
    assert_eq!(change.after, State::Payees(vec![(other, 1), (payee, 1)]));
    let grant = scene.default_grant(Scene::SESSION, scene.actors.agents[0].address());
    let change = act(&owner, Verb::Grant(grant)).await?;
    assert!(view(&change.before)?.key.is_zero());
    assert_eq!(view(&change.after)?.key, scene.actors.agents[0].address());
    assert_eq!(token(&change.after)?.limits.len(), 2);

    // Every limit change shows cap and used, before and after; none gives anything back (I7).
    scene.pay(&scene.payment(1, 3 * Scene::USDC), &scene.actors.agents[0]).await?;
    let set = |window, cap| Verb::SetLimit { scope: Scope::Session(session), token: usdc, window, cap };
    let change = act(&owner, set(Window::Day, 40 * Scene::USDC)).await?;
    let (before, after) = (token(&change.before)?, token(&change.after)?);
    let (before, after) = (before.limit(Window::Day), after.limit(Window::Day));
    assert_eq!(before.map(|limit| (limit.cap, limit.used)), Some((25 * Scene::USDC, 3 * Scene::USDC)));
    assert_eq!(after.map(|limit| (limit.cap, limit.used)), Some((40 * Scene::USDC, 3 * Scene::USDC)));
    let change = act(&owner, set(Window::Day, Scene::USDC)).await?;
    assert_eq!(token(&change.after)?.limit(Window::Day).map(|limit| limit.remaining), Some(0));
    let change = act(&owner, set(Window::Hour, 7 * Scene::USDC)).await?;
    assert!(token(&change.before)?.limit(Window::Hour).is_none());
    let change =
        act(&owner, Verb::RemoveLimit { scope: Scope::Session(session), token: usdc, window: Window::Day }).await?;
    assert!(token(&change.after)?.limit(Window::Day).is_none());
    let change = act(&owner, set(Window::Day, 25 * Scene::USDC)).await?;
    assert_eq!(token(&change.after)?.limit(Window::Day).map(|limit| limit.used), Some(3 * Scene::USDC));
    let change = act(&owner, Verb::SetPerPaymentCap { session, token: usdc, cap: 5 * Scene::USDC }).await?;
    assert_eq!(token(&change.before)?.per_payment_cap, 10 * Scene::USDC);
    assert_eq!(token(&change.after)?.per_payment_cap, 5 * Scene::USDC);

    let change = act(&owner, Verb::RotateKey { session, new_key: scene.actors.agents[1].address() }).await?;
    assert_eq!((view(&change.before)?.nonceHighest, view(&change.after)?.nonceHighest), (1, 0));
    let valid_until = LocalChain::GENESIS as u32 + 86_400;
    let change = act(&owner, Verb::SetValidity { session, valid_from: 0, valid_until }).await?;
    assert_eq!(view(&change.after)?.validUntil, valid_until);
    let categories = [data, Category::RELAY].into_iter().collect();
    let change = act(&owner, Verb::SetCategories { session, categories }).await?;
    assert_eq!(view(&change.after)?.categories, categories.bits());
    let change = act(&owner, Verb::RemovePayee { payee: other }).await?;
    assert_eq!((change.before, change.after), (State::Payees(vec![(other, 1)]), State::Payees(vec![(other, 0)])));

    let change = act(&owner, Verb::Pause).await?;
    assert_eq!((change.before, change.after), (State::Paused(false), State::Paused(true)));
    assert!(act(&owner, Verb::Pause).await?.is_idle(), "pausing again changes nothing");
    assert!(!act(&owner, Verb::Unpause).await?.is_idle());
    let change = act(&owner, Verb::Revoke { session }).await?;
    assert_eq!((view(&change.before)?.revoked, view(&change.after)?.revoked), (false, true));
    let change = act(&owner, Verb::RevokeAll).await?;
    assert_eq!((change.before, change.after), (State::Epoch(0), State::Epoch(1)));
    Ok(())
}

/// I1, I10: what leaves goes to the treasury; roles change hands as asked.
#[tokio::test]
async fn money_and_roles_are_read_back() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let owner = acting(&scene, scene.actors.owner.address()).await?;
    let stranger = scene.actors.relayer.address();
    let all = U256::from(Scene::FUNDS * Scene::USDC);
    let some = U256::from(5 * Scene::USDC);

    let change = act(&owner, Verb::Withdraw { token: scene.usdc, amount: Some(some) }).await?;
    assert_eq!(change.before, State::Balances { vault: all, treasury: U256::ZERO });
    assert_eq!(change.after, State::Balances { vault: all - some, treasury: some });
    let change = act(&owner, Verb::Withdraw { token: scene.usdc, amount: None }).await?;
    assert_eq!(change.after, State::Balances { vault: U256::ZERO, treasury: all });

    let change = act(&owner, Verb::AddToken { token: stranger_token(&scene).await?, unit_bits: 3 }).await?;
    assert_eq!(change.after, State::Token { listed: true, unit_bits: 3 });
    let change = act(&owner, Verb::SetGuardian { guardian: Address::ZERO }).await?;
    assert_eq!(change.before, State::Guardian(scene.actors.guardian.address()));
    act(&owner, Verb::SetTreasury { treasury: stranger }).await?;
    let change = act(&owner, Verb::TransferOwnership { new_owner: stranger }).await?;
    assert_eq!(change.after, State::Owner { owner: owner.sender(), pending: stranger });
    let change = act(&acting(&scene, stranger).await?, Verb::AcceptOwnership).await?;
    assert_eq!(change.after, State::Owner { owner: stranger, pending: Address::ZERO });
    let refusal = owner.dry_run(&Verb::Pause).await?.err().context("no longer the owner")?;
    assert_eq!(refusal.code, "NotOwnerOrGuardian");
    Ok(())
}

/// Any contract will do for a listing.
async fn stranger_token(scene: &Scene) -> anyhow::Result<Address> {
    let token = Address::repeat_byte(0x70);
    scene.provider.anvil_set_code(token, [0xfe].into()).await?;
    Ok(token)
}

/// I8: the guardian stops things and nothing else; others do nothing. A refused verb is not sent.
#[tokio::test]
async fn who_may_do_what_is_the_vaults_answer() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let session = session()?;
    let guardian = acting(&scene, scene.actors.guardian.address()).await?;
    act(&guardian, Verb::Pause).await?;
    act(&guardian, Verb::RemovePayee { payee: scene.actors.payees[0] }).await?;
    act(&guardian, Verb::RevokeAll).await?;
    for verb in [
        Verb::Unpause,
        Verb::Withdraw { token: scene.usdc, amount: None },
        Verb::SetLimit { scope: Scope::Session(session), token: scene.usdc, window: Window::Day, cap: 1 },
        Verb::SetGuardian { guardian: Address::ZERO },
    ] {
        let count = scene.vault().head().call().await?.sequence;
        let error = guardian.send(&verb).await.err().context("the guardian only stops")?;
        assert!(matches!(&error, OwnerError::Refused(refusal) if refusal.code == "NotOwner"), "{error}");
        assert!(!error.fix().is_empty());
        assert_eq!(scene.vault().head().call().await?.sequence, count);
    }
    let agent = acting(&scene, scene.actors.agents[0].address()).await?;
    act(&agent, Verb::Revoke { session }).await?;
    let stranger = acting(&scene, scene.actors.relayer.address()).await?;
    assert_eq!(stranger.dry_run(&Verb::Pause).await?.map_err(|refusal| refusal.code), Err("NotOwnerOrGuardian"));
    Ok(())
}

#[tokio::test]
async fn the_wrong_chain_and_a_missing_vault_are_named() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let sender = scene.actors.owner.address();
    let connect = |chain_id, vault| Owner::connect(scene.provider.clone(), chain_id, vault, sender);
    let error = connect(8_453, scene.vault).await.err().map(|error| error.code());
    assert_eq!(error, Some("WrongChain"));
    let error = connect(scene.chain_id(), Address::repeat_byte(7)).await.err().map(|error| error.code());
    assert_eq!(error, Some("VaultMissing"));
    Ok(())
}

/// I17: a greedy thief of the key takes exactly what the preview of the grant says.
#[tokio::test]
async fn a_thief_takes_what_the_preview_says() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let (usdc, now) = (scene.usdc, scene.now().await?);
    let remaining = scene.reader().remaining(Scene::scope(), usdc).await?;
    let window = |seconds| Window::from_seconds(seconds).context("a window");
    let limits =
        remaining.limits.iter().map(|limit| anyhow::Ok((window(limit.window)?, Meter::from_word(limit.meter))));
    let balance = scene.balance(usdc, scene.vault).await?;
    let data = Category::new(Scene::CATEGORY).context("1 is a category")?;
    let exposure = Exposure {
        session: limits.collect::<Result<_, _>>()?,
        categories: Exposure::unlimited([data].into_iter().collect()),
        per_payment_cap: remaining.perPaymentCap,
        balance,
        ..Exposure::default()
    };
    let (day, three) = (exposure.within(now, now + DAY), exposure.within(now, now + 3 * DAY));
    assert_eq!(day, U256::from(25 * Scene::USDC), "the cap over 24 h");

    let (quarter, payee, mut nonce) = (DAY / 4, scene.actors.payees[0], 0);
    let mut time = now + 1;
    while time < now + 3 * DAY {
        scene.mine_at(time).await?;
        loop {
            let left = scene.reader().remaining(Scene::scope(), usdc).await?;
            let least = left.limits.iter().map(|limit| limit.remaining).min().unwrap_or(0).min(left.perPaymentCap);
            if least == 0 {
                break;
            }
            nonce += 1;
            scene.pay(&scene.payment(nonce, least), &scene.actors.agents[0]).await?;
        }
        if time < now + DAY {
            assert!(scene.balance(usdc, payee).await? <= day);
        }
        time = (time / quarter + 1) * quarter;
    }
    assert_eq!(scene.balance(usdc, payee).await?, three);
    Ok(())
}
