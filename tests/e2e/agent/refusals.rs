//! Every refusal of the vault by its name, before anything is signed; caps by paying twice, and the window slides.

use super::desk::Desk;
use alloy::primitives::{Address, U256};
use alloy::providers::DynProvider;
use alloy::sol;
use purse_agent::{Agent, Fee, Outcome, PaymentRequest, SessionKey};
use purse_protocol::abi::IVault;
use purse_protocol::{Refusal, RefusalContext, Retry, SessionId};
use purse_tests::{LocalChain, Scene};

sol! {
    interface IBlacklist {
        function blacklist(address account) external;
    }
}

/// Pays, and expects a refusal by the dry run: no transaction, no signature, no nonce.
async fn refused(agent: &Agent<DynProvider>, request: &PaymentRequest) -> anyhow::Result<Refusal> {
    match agent.pay(request).await? {
        Outcome::Refused(refusal) => {
            assert!(!refusal.facts.contains_key("transaction"), "{refusal}");
            assert!(!refusal.cause.is_empty() && !refusal.fix.is_empty());
            let nonces = agent.session().path().with_extension("nonces");
            assert!(!nonces.exists(), "{}: a refused check burns no nonce", refusal.code);
            Ok(refusal)
        }
        other => anyhow::bail!("not refused: {other:?}"),
    }
}

/// I3, I6, I8 as an agent meets them: what the request asks for is refused.
#[tokio::test]
async fn what_may_not_be_asked_for_is_refused_by_name() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let (agent, good) = (desk.agent().await?, desk.request(Scene::USDC));
    let [payee, other, _] = desk.scene.actors.payees;
    let fee = |recipient, amount| Some(Fee { recipient, amount });
    let stranger = desk.scene.actors.relayer.address();
    let entries = vec![IVault::PayeeEntry { payee: other, category: 2 }];
    desk.scene.own(&IVault::setPayeesCall { entries }).await?;
    let cases = [
        (PaymentRequest { payee: stranger, ..good.clone() }, "PayeeNotInBook"),
        (PaymentRequest { payee: other, ..good.clone() }, "CategoryNotGranted"),
        (PaymentRequest { fee: fee(stranger, 1), ..good.clone() }, "PayeeNotInBook"),
        (PaymentRequest { fee: fee(other, 1), ..good.clone() }, "CategoryNotGranted"),
        (PaymentRequest { fee: fee(Address::ZERO, 1), ..good.clone() }, "FeeMismatch"),
        (PaymentRequest { fee: fee(payee, 0), ..good.clone() }, "FeeMismatch"),
        (PaymentRequest { amount: 0, ..good.clone() }, "ZeroAmount"),
        (PaymentRequest { amount: 10 * Scene::USDC + 1, ..good.clone() }, "AbovePerPaymentCap"),
        (PaymentRequest { amount: 10 * Scene::USDC, fee: fee(payee, 1), ..good.clone() }, "AbovePerPaymentCap"),
    ];
    for (request, code) in cases {
        assert_eq!(refused(&agent, &request).await?.code, code);
    }

    let at = |nonce, deadline| IVault::Payment { deadline, ..desk.scene.payment(nonce, Scene::USDC) };
    let later = desk.scene.now().await? as u32 + 600;
    let told = |payment| {
        let agent = &agent;
        async move { anyhow::Ok(agent.check(&payment).await?.err().map_or("", |refusal| refusal.code)) }
    };
    assert_eq!(told(at(1, later)).await?, "");
    assert_eq!(told(at(1, later - 600)).await?, "PaymentExpired");
    assert_eq!(told(at(1_025, later)).await?, "NonceTooFar");
    desk.scene.pay(&at(40, later), &desk.scene.actors.agents[0]).await?;
    assert_eq!(told(at(40, later)).await?, "NonceUsed");
    assert_eq!(told(at(8, later)).await?, "NonceTooOld");
    assert_eq!(told(at(9, later)).await?, "");
    Ok(())
}

/// I6, I8, I10 as an agent meets them: what the owner has done, or not done, refuses it.
#[tokio::test]
async fn what_the_owner_stopped_is_refused_by_name() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let (scene, agent, good) = (&desk.scene, desk.agent().await?, desk.request(Scene::USDC));
    let (session, now) = (Scene::SESSION, scene.now().await? as u32);
    let before = scene.snapshot().await?;

    scene.own(&IVault::pauseCall {}).await?;
    assert_eq!(refused(&agent, &good).await?.code, "VaultPaused");
    scene.own(&IVault::unpauseCall {}).await?;
    scene.own(&IVault::withdrawCall { token: scene.usdc, amount: U256::MAX }).await?;
    assert_eq!(refused(&agent, &good).await?.code, "VaultShort");
    scene.own(&IVault::removeLimitCall { session, category: 0, token: scene.usdc, window: 86_400 }).await?;
    scene.own(&IVault::removeLimitCall { session, category: 0, token: scene.usdc, window: 2_592_000 }).await?;
    assert_eq!(refused(&agent, &good).await?.code, "TokenNotGranted");
    scene.own(&IVault::removePayeeCall { payee: good.payee }).await?;
    assert_eq!(refused(&agent, &good).await?.code, "PayeeNotInBook");
    scene.own(&IVault::setValidityCall { session, validFrom: now + 500, validUntil: now + 900 }).await?;
    assert_eq!(refused(&agent, &good).await?.code, "SessionNotYetValid");
    scene.mine_at(u64::from(now) + 900).await?;
    assert_eq!(refused(&agent, &good).await?.code, "SessionExpired");
    scene.own(&IVault::rotateKeyCall { session, newKey: Address::repeat_byte(7) }).await?;
    scene.revert(before).await?;

    let before = scene.snapshot().await?;
    scene.own(&IVault::rotateKeyCall { session, newKey: scene.actors.agents[1].address() }).await?;
    assert_eq!(refused(&agent, &good).await?.code, "KeyRetired");
    scene.revert(before).await?;
    let before = scene.snapshot().await?;
    scene.own(&IVault::revokeAllCall {}).await?;
    assert_eq!(refused(&agent, &good).await?.code, "SessionRevoked");
    scene.revert(before).await?;
    scene.own(&IVault::revokeCall { session }).await?;
    assert_eq!(refused(&agent, &good).await?.code, "SessionRevoked");
    Ok(())
}

/// A session file for another session, another key, another token.
#[tokio::test]
async fn a_session_that_is_not_ours_is_refused_by_name() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let good = desk.request(Scene::USDC);
    let unknown = SessionId::new(9).unwrap_or(desk.session.session);

    let agent = Agent::new(desk.provider()?, desk.session_but(|file| file.session = unknown), desk.key()?);
    assert_eq!(refused(&agent, &good).await?.code, "SessionUnknown");
    let agent = Agent::new(desk.provider()?, desk.session.clone(), SessionKey::generate());
    assert_eq!(refused(&agent, &good).await?.code, "SignerNotSessionKey");
    let agent = Agent::new(desk.provider()?, desk.session_but(|file| file.token = desk.scene.plain), desk.key()?);
    assert_eq!(refused(&agent, &good).await?.code, "TokenNotGranted");
    Ok(())
}

/// I4: the cap holds over payments together; the refusal tells when it fits, and then it does.
#[tokio::test]
async fn a_cap_holds_over_two_payments_until_the_window_has_slid() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let names = RefusalContext::default().token(desk.scene.usdc, "USDC", 6).session(Scene::SESSION, "researcher");
    let agent = desk.agent().await?.with_context(names);
    let ten = desk.request(10 * Scene::USDC);
    for _ in 0..2 {
        assert!(matches!(agent.pay(&ten).await?, Outcome::Paid(_)));
    }
    let Outcome::Refused(refusal) = agent.pay(&ten).await? else { anyhow::bail!("25 a day, paid 30") };
    assert_eq!(refusal.code, "LimitExceeded");
    assert_eq!(refusal.facts.get("remaining").map(String::as_str), Some("5.00 USDC"), "{refusal:?}");
    let five = desk.request(5 * Scene::USDC);
    assert!(matches!(agent.pay(&five).await?, Outcome::Paid(_)), "exactly what is left fits");

    // The first bucket of a quarter day counts until it has wholly left the window of a day.
    let bucket = 86_400 / 4;
    let free = (LocalChain::GENESIS / bucket + 5) * bucket;
    let told = refusal.facts.get("retry_after").cloned().unwrap_or_default();
    assert_eq!(told, purse_protocol::time::rfc3339(free));
    desk.scene.mine_at(free - 2).await?; // anvil asks as of the block to come, a second later
    let Outcome::Refused(refusal) = agent.pay(&five).await? else { anyhow::bail!("paid a second too early") };
    assert_eq!(refusal.code, "LimitExceeded");
    desk.scene.mine_at(free).await?;
    assert!(matches!(agent.pay(&ten).await?, Outcome::Paid(_)), "the window has slid");
    Ok(())
}

/// I4: whichever scope refuses, the time that is told is when the payment fits all of them; a lifetime never has room.
#[tokio::test]
async fn the_refusal_of_any_scope_tells_when_it_fits() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let (scene, agent, six) = (&desk.scene, desk.agent().await?, desk.request(6 * Scene::USDC));
    let limit = |session, category, window| IVault::setLimitCall {
        session,
        category,
        token: scene.usdc,
        window,
        cap: 10 * Scene::USDC,
    };
    for (session, category) in [(0, 0), (Scene::SESSION, Scene::CATEGORY)] {
        scene.own(&limit(session, category, 3_600)).await?;
        assert!(matches!(agent.pay(&six).await?, Outcome::Paid(_)));
        let paid_at = scene.now().await?;
        let Outcome::Refused(refusal) = agent.pay(&six).await? else { anyhow::bail!("12 of 10 an hour") };
        let free = (paid_at / 900 + 5) * 900;
        let told = refusal.facts.get("retry_after").cloned().unwrap_or_default();
        assert_eq!((refusal.code, told), ("LimitExceeded", purse_protocol::time::rfc3339(free)), "{refusal:?}");
        scene.own(&IVault::removeLimitCall { session, category, token: scene.usdc, window: 3_600 }).await?;
    }
    scene.own(&limit(Scene::SESSION, 0, u32::MAX)).await?;
    assert!(matches!(agent.pay(&six).await?, Outcome::Paid(_)));
    let Outcome::Refused(refusal) = agent.pay(&six).await? else { anyhow::bail!("12 of 10 for ever") };
    assert_eq!((refusal.code, refusal.retry), ("LimitExceeded", Retry::Never), "{refusal:?}");
    Ok(())
}

/// I11: a token that refuses is met by the estimate, after the signature: that nonce is skipped, and nothing is sent.
#[tokio::test]
async fn a_payee_that_the_token_blocks_is_refused_before_sending() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let (scene, agent, good) = (&desk.scene, desk.agent().await?, desk.request(Scene::USDC));
    let call = IBlacklist::blacklistCall { account: good.payee };
    scene.send(scene.actors.deployer.address(), scene.usdc, &call).await?;
    let block = scene.block().await?;
    let Outcome::Refused(refusal) = agent.pay(&good).await? else { anyhow::bail!("paid a blocked payee") };
    assert_eq!(refusal.code, "TransferFailed");
    assert_eq!(scene.block().await?, block, "nothing was sent");
    let other = PaymentRequest { payee: scene.actors.payees[1], ..good };
    let Outcome::Paid(paid) = agent.pay(&other).await? else { anyhow::bail!("not paid") };
    assert_eq!(paid.payment.nonce, 2, "the signed nonce is skipped");
    Ok(())
}
