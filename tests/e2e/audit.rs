//! The audit of a real vault: the trail equals the chain after every verb, at every block (I12, I13), and an altered
//! row is found and named.

use crate::trail::{audit, both_sides, differences, index, index_into, sync};
use alloy::primitives::{Address, Bytes, U256, keccak256};
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use purse_audit::{Outcome, Report, Subject, Trail, TrailError, compare};
use purse_indexer::{SqliteStore, Store};
use purse_protocol::abi::{IErc20, IPurse, IPurses, IVault};
use purse_protocol::create2::purses_address;
use purse_tests::{Authorization, LocalChain, Scene};
use std::path::Path;

/// Every verb of the vault, one after the other, each with an audit of the block that it ends in.
#[tokio::test]
async fn the_trail_equals_the_chain_after_every_verb() -> anyhow::Result<()> {
    let scene = Scene::start().await?;
    let mut story = Story { indexer: index(&scene)?, scene: &scene, events: 0 };
    let (owner, guardian) = (scene.actors.owner.address(), scene.actors.guardian.address());
    let [first, second] = [0, 1].map(|agent| scene.actors.agents[agent].clone());
    let [payee, relayer, other] = scene.actors.payees;
    let (usdc, plain, one) = (scene.usdc, scene.plain, Scene::USDC);
    let entry = |payee, category| IVault::PayeeEntry { payee, category };

    let entries = vec![entry(payee, 1), entry(relayer, 63), entry(other, 2)];
    story.own("set payees", &IVault::setPayeesCall { entries }).await?;
    let mut grant = scene.default_grant(Scene::SESSION, first.address());
    grant.categories = 1 << 1 | 1 << 63;
    let mut tokens = vec![grant.tokens[0].clone(), plain_grant(&scene)];
    tokens.sort_by_key(|entry| entry.token);
    grant.tokens = tokens;
    story.own("grant", &IVault::grantCall { newSession: grant }).await?;
    story
        .own(
            "grant without tokens",
            &IVault::grantCall {
                newSession: IVault::Grant { tokens: Vec::new(), ..scene.default_grant(7, second.address()) },
            },
        )
        .await?;

    scene.pay(&scene.payment(1, 3 * one), &first).await?;
    story.audit("pay").await?;
    let with_fee = IVault::Payment { fee: one / 100, feeRecipient: relayer, ..scene.payment(5, 2 * one) };
    scene.pay(&with_fee, &first).await?;
    story.audit("pay with a fee, a nonce ahead").await?;
    scene.pay(&scene.payment(3, one), &first).await?;
    story.audit("pay with a nonce behind").await?;
    let odd = IVault::Payment { token: plain, amount: Scene::PLAIN + 1, ..scene.payment(4, 0) };
    scene.pay(&odd, &first).await?;
    story.audit("pay in units of 2^40").await?;

    story.own("raise a limit", &limit(usdc, 86_400, 40 * one)).await?;
    story.own("add a limit", &limit(usdc, 3_600, 12 * one)).await?;
    scene.pay(&scene.payment(6, one), &first).await?;
    story.audit("pay under three limits").await?;
    let remove = |window| IVault::removeLimitCall { session: Scene::SESSION, category: 0, token: usdc, window };
    story.own("remove the first limit", &remove(86_400)).await?;
    scene.pay(&scene.payment(7, one), &first).await?;
    story.audit("pay while it is removed").await?;
    story.own("put it back", &limit(usdc, 86_400, 40 * one)).await?;
    story.own("remove another", &remove(2_592_000)).await?;
    story.own("lower a limit below what is used", &limit(usdc, 86_400, one)).await?;
    story.own("raise it again", &limit(usdc, 86_400, 40 * one)).await?;
    for (index, seconds) in [900, 3_600, 21_600, 86_400, 108_000].into_iter().enumerate() {
        scene.set_next_time(scene.now().await? + seconds).await?;
        scene.pay(&scene.payment(8 + index as u32, one), &first).await?;
        story.audit("pay later").await?;
    }
    scene.mine_at(scene.now().await? + 40_000).await?;
    story.audit("time passes").await?;

    let session = Scene::SESSION;
    story.own("cap", &IVault::setPerPaymentCapCall { session, token: usdc, perPaymentCap: 4 * one }).await?;
    story.own("categories", &IVault::setCategoriesCall { session, categories: 1 << 1 | 1 << 2 }).await?;
    let valid_until = LocalChain::GENESIS as u32 + 20 * 86_400;
    story.own("validity", &IVault::setValidityCall { session, validFrom: 1, validUntil: valid_until }).await?;
    let new_key = Address::repeat_byte(0x77);
    story.own("rotate", &IVault::rotateKeyCall { session, newKey: new_key }).await?;
    story.own("recategorise", &IVault::setPayeesCall { entries: vec![entry(payee, 9)] }).await?;
    story.own("remove a payee", &IVault::removePayeeCall { payee: other }).await?;
    story.own("withdraw", &IVault::withdrawCall { token: usdc, amount: U256::from(one) }).await?;
    story.own("withdraw all", &IVault::withdrawCall { token: plain, amount: U256::MAX }).await?;
    let funds = IErc20::transferCall { to: scene.vault, value: U256::from(one / 2) };
    scene.send(scene.actors.treasury.address(), usdc, &funds).await?;
    story.audit("fund").await?;

    story.act("pause", guardian, &IVault::pauseCall {}).await?;
    story.own("unpause", &IVault::unpauseCall {}).await?;
    scopes_and_signatures(&mut story).await?;
    purses(&mut story).await?;
    what_waits(&mut story).await?;
    story.act("revoke", guardian, &IVault::revokeCall { session: 7 }).await?;
    story.own("treasury", &IVault::setTreasuryCall { newTreasury: Address::repeat_byte(0x55) }).await?;
    story.own("guardian", &IVault::setGuardianCall { newGuardian: Address::ZERO }).await?;
    story.own("revoke all", &IVault::revokeAllCall {}).await?;
    let new_owner = scene.actors.deployer.address();
    story.own("offer", &IVault::transferOwnershipCall { newOwner: new_owner }).await?;
    story.act("accept", new_owner, &IVault::acceptOwnershipCall {}).await?;
    assert_ne!(owner, new_owner);
    assert!(story.events > 80, "every verb logs: {}", story.events);
    Ok(())
}

/// Limits by scope, an approval, a batch, acts by signature and on condition: another session, of the second agent.
async fn scopes_and_signatures(story: &mut Story<'_>) -> anyhow::Result<()> {
    let (scene, one) = (story.scene, Scene::USDC);
    let (usdc, [payee, relayer, _]) = (scene.usdc, scene.actors.payees);
    let agent = PrivateKeySigner::from_bytes(&keccak256("a third agent"))?;
    let mut grant = scene.default_grant(3, agent.address());
    grant.categories = 1 << 5 | 1 << 63;
    let of_category = |category, window, tokens: u128| IVault::Limit { category, window, cap: tokens * one };
    grant.tokens[0].limits = vec![
        of_category(0, 86_400, 90),
        of_category(0, u32::MAX, 200),
        of_category(5, 604_800, 80),
        of_category(63, 3_600, 1),
    ];
    story.own("grant by category", &IVault::grantCall { newSession: grant }).await?;
    let entries = vec![IVault::PayeeEntry { payee, category: 5 }];
    story.own("recategorise again", &IVault::setPayeesCall { entries }).await?;
    let set = |session, category, window, tokens: u128| IVault::setLimitCall {
        session,
        category,
        token: usdc,
        window,
        cap: tokens * one,
    };
    story.own("limit the vault", &set(0, 0, 86_400, 60)).await?;
    story.own("limit the vault for ever", &set(0, 0, u32::MAX, 500)).await?;

    let payment = |nonce, amount| IVault::Payment { session: 3, payee, ..scene.payment(nonce, amount) };
    let with_fee = IVault::Payment { fee: one / 10, feeRecipient: relayer, ..payment(1, one) };
    scene.pay(&with_fee, &agent).await?;
    story.audit("pay a fee of another category").await?;
    let above = payment(2, 12 * one);
    let approval = scene.approve(&above, &scene.actors.owner)?;
    let call = IVault::payCall { payment: above.clone(), signature: scene.sign(&above, &agent)?, approval };
    story.act("pay above the cap", scene.actors.relayer.address(), &call).await?;
    let item = |payment: IVault::Payment, key| {
        let signature = scene.sign(&payment, key)?;
        anyhow::Ok(IVault::BatchItem { payment, signature, approval: Bytes::new() })
    };
    let items = vec![
        item(payment(3, 2 * one), &agent)?,
        item(payment(3, 3 * one), &agent)?,             // the nonce has just paid
        item(payment(4, 99 * one), &agent)?,            // above the cap
        item(payment(5, one), &scene.actors.guardian)?, // not its key: the vault says nothing
        item(payment(6, 4 * one), &agent)?,
    ];
    let batch = IVault::payBatchCall { items };
    story.act("pay a batch, three of it in vain", scene.actors.relayer.address(), &batch).await?;

    let stranger = scene.actors.deployer.address();
    let (owner, guardian) = (&scene.actors.owner, &scene.actors.guardian);
    let limit = scene.act(&set(3, 5, 604_800, 70), owner).await?;
    story.act("lodge a limit", stranger, &limit).await?;
    let removal = scene.act(&IVault::removePayeeCall { payee }, guardian).await?;
    story.act("lodge a stop", stranger, &removal).await?;
    let inner = set(3, 0, 86_400, 50).abi_encode().into();
    let replace = IVault::replaceCall { expected: U256::from(90 * one), call: inner };
    story.own("replace", &replace).await?;
    story.own("remove a limit of a category", &remove_limit(3, 63, usdc, 3_600)).await?;
    story.own("remove a limit of the vault", &remove_limit(0, 0, usdc, 86_400)).await
}

/// A purse of the third agent: opened by a stranger, filled above the per-payment cap, paid from through the token's own
/// hook, given to, swept.
async fn purses(story: &mut Story<'_>) -> anyhow::Result<()> {
    let (scene, one, stranger) = (story.scene, Scene::USDC, story.scene.actors.deployer.address());
    let (usdc, seller) = (scene.usdc, scene.actors.payees[0]);
    let agent = PrivateKeySigner::from_bytes(&keccak256("a third agent"))?;
    let opening = IVault::openPurseCall { session: 3, token: usdc, category: 5 };
    story.act("open a purse", stranger, &opening).await?;
    let purses = IPurses::new(purses_address(scene.vault), &scene.provider);
    let purse = purses.purseOf(3, usdc, 5).call().await?;
    let cap = IVault::setPerPaymentCapCall { session: 3, token: usdc, perPaymentCap: 4 * one };
    story.own("a lower cap", &cap).await?;
    story.own("a purse's target", &purse_target(usdc, 11 * one)).await?;
    let refill = IVault::Payment { session: 3, payee: purse, ..scene.payment(20, 10 * one) };
    scene.pay(&refill, &agent).await?;
    story.audit("fill a purse").await?;
    story
        .own("a seller", &IVault::setPayeesCall { entries: vec![IVault::PayeeEntry { payee: seller, category: 5 }] })
        .await?;

    let nonce = keccak256("a purchase");
    let authorization = Authorization { token: usdc, from: purse, to: seller, value: 3 * one, nonce };
    let settle = authorization.of_purse(&scene.provider, &agent).await?;
    let had = scene.balance(usdc, seller).await?;
    scene.send(stranger, usdc, &settle).await?;
    assert_eq!(scene.balance(usdc, seller).await?, had + U256::from(3 * one));
    story.audit("a purse pays").await?;

    let gift = IErc20::transferCall { to: purse, value: U256::from(7) };
    scene.send(scene.actors.treasury.address(), usdc, &gift).await?;
    story.audit("a purse is given to").await?;
    scene.send(scene.actors.owner.address(), purse, &IPurse::sweepCall { token: usdc }).await?;
    story.audit("a purse is swept").await
}

fn purse_target(token: Address, target: u128) -> IVault::setPurseTargetCall {
    IVault::setPurseTargetCall { session: 3, category: 5, token, target }
}

/// What waits: executed, cancelled, killed, expired.
async fn what_waits(story: &mut Story<'_>) -> anyhow::Result<()> {
    let (scene, one, stranger) = (story.scene, Scene::USDC, story.scene.actors.deployer.address());
    let usdc = scene.usdc;
    story.own("a delay", &IVault::setDelayCall { newDelay: 7_200 }).await?;
    let raise =
        |tokens: u128| IVault::setLimitCall { session: 3, category: 0, token: usdc, window: 86_400, cap: tokens * one };
    let number = async || anyhow::Ok(scene.vault().ownerNonce().call().await?);
    story.own("a raise waits", &raise(80)).await?;
    let (first, call) = (number().await?, Bytes::from(raise(80).abi_encode()));
    let grant = scene.default_grant(4, Address::repeat_byte(0x44));
    story.own("a grant waits", &IVault::grantCall { newSession: grant.clone() }).await?;
    let (second, granted) = (number().await?, IVault::grantCall { newSession: grant }.abi_encode().into());
    let target = purse_target(usdc, 12 * one);
    story.own("a higher target waits", &target).await?;
    let (raised, target) = (number().await?, target.abi_encode().into());
    let conditional = IVault::replaceCall { expected: U256::from(7_200), call: set_delay(0).abi_encode().into() };
    story.own("a shorter delay waits, on condition", &conditional).await?;
    let third = number().await?;
    scene.set_next_time(scene.now().await? + 7_200).await?;
    story.act("execute", stranger, &IVault::executeCall { change: first, call }).await?;
    story.act("execute a grant", stranger, &IVault::executeCall { change: second, call: granted }).await?;
    story.act("execute a target", stranger, &IVault::executeCall { change: raised, call: target }).await?;
    let guardian = scene.actors.guardian.address();
    story.act("cancel", guardian, &IVault::cancelCall { change: third }).await?;

    let entries = vec![IVault::PayeeEntry { payee: scene.actors.payees[2], category: 9 }];
    story.own("payees wait", &IVault::setPayeesCall { entries }).await?;
    story.own("another raise waits", &raise(85)).await?;
    story.own("a tightening kills", &raise(10)).await?;
    story.act("a removal kills", guardian, &IVault::removePayeeCall { payee: scene.actors.payees[2] }).await?;
    let unpause = scene.act(&IVault::pauseCall {}, &scene.actors.guardian).await?;
    story.act("a lodged pause", stranger, &unpause).await?;
    story.own("resuming waits", &IVault::unpauseCall {}).await?;
    let (fourth, call) = (number().await?, IVault::unpauseCall {}.abi_encode().into());
    scene.set_next_time(scene.now().await? + 7_200).await?;
    story.act("execute the resuming", stranger, &IVault::executeCall { change: fourth, call }).await?;
    story.own("no delay waits", &set_delay(0)).await?;
    let (fifth, call) = (number().await?, set_delay(0).abi_encode().into());
    scene.set_next_time(scene.now().await? + 7_200).await?;
    story.act("execute no delay", stranger, &IVault::executeCall { change: fifth, call }).await
}

fn set_delay(seconds: u32) -> IVault::setDelayCall {
    IVault::setDelayCall { newDelay: seconds }
}

fn remove_limit(session: u32, category: u8, token: Address, window: u32) -> IVault::removeLimitCall {
    IVault::removeLimitCall { session, category, token, window }
}

/// A story that is audited as it is told.
struct Story<'a> {
    scene: &'a Scene,
    indexer: purse_indexer::Indexer<purse_indexer::RpcSource<alloy::providers::DynProvider>>,
    events: u32,
}

impl Story<'_> {
    async fn own(&mut self, what: &str, call: &impl SolCall) -> anyhow::Result<()> {
        self.scene.own(call).await?;
        self.audit(what).await
    }

    async fn act(&mut self, what: &str, who: Address, call: &impl SolCall) -> anyhow::Result<()> {
        self.scene.send(who, self.scene.vault, call).await?;
        self.audit(what).await
    }

    async fn audit(&mut self, what: &str) -> anyhow::Result<()> {
        let report = audit(self.scene, &mut self.indexer).await?;
        assert!(report.holds(), "after \"{what}\":\n{}", differences(&report));
        self.events = report.events;
        Ok(())
    }
}

fn limit(token: Address, window: u32, cap: u128) -> IVault::setLimitCall {
    IVault::setLimitCall { session: Scene::SESSION, category: 0, token, window, cap }
}

fn plain_grant(scene: &Scene) -> IVault::TokenGrant {
    let limits = vec![IVault::Limit { category: 0, window: 604_800, cap: 50 * Scene::PLAIN }];
    IVault::TokenGrant { token: scene.plain, perPaymentCap: 5 * Scene::PLAIN, limits }
}

/// A scene with five payments, indexed into a file.
async fn five_payments(path: &Path) -> anyhow::Result<Scene> {
    let scene = Scene::with_session().await?;
    for nonce in 1..=5 {
        scene.pay(&scene.payment(nonce, u128::from(nonce) * Scene::USDC), &scene.actors.agents[0]).await?;
    }
    sync(&mut index_into(&scene, SqliteStore::open(path, scene.chain_id())?)?).await?;
    Ok(scene)
}

/// Whoever can write the database file, with SQL.
fn tamper(path: &Path, sql: &str) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(path)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    assert_eq!(connection.execute(sql, [])?, 1);
    Ok(())
}

const PAYMENT_3: &str = "(SELECT block FROM logs WHERE length(topics) = 128 ORDER BY block LIMIT 1 OFFSET 2)";

fn names_payment(report: &Report, check: &str, nonce: u32) -> bool {
    report.differences().any(|(found, difference)| {
        found.id == check && matches!(&difference.subject, Subject::Payment(payment) if payment.nonce == nonce)
    })
}

/// One byte of one stored payment: the running hash, the token's transfer and the meters all say which.
#[tokio::test]
async fn an_altered_row_names_the_payment() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("index.db");
    let scene = five_payments(&path).await?;
    let (trail, observed) = both_sides(&scene, &SqliteStore::open(&path, scene.chain_id())?).await?;
    assert!(compare(&trail, &observed).holds());

    // The amount is the second word of the data: 3 USDC become 3.000001.
    let amount = "substr(data, 1, 63) || x'c1' || substr(data, 65)";
    tamper(
        &path,
        &format!("UPDATE logs SET data = CAST({amount} AS BLOB) WHERE block = {PAYMENT_3} AND length(topics) = 128"),
    )?;
    let (trail, observed) = both_sides(&scene, &SqliteStore::open(&path, scene.chain_id())?).await?;
    assert_eq!(trail.payments[2].amount, 3 * Scene::USDC + 1);
    let report = compare(&trail, &observed);
    let broken: Vec<_> = report.checks.iter().filter(|check| check.outcome == Outcome::Broken).map(|c| &c.id).collect();
    assert_eq!(broken, ["running_hash", "state", "transfers", "balances"]);
    for check in ["running_hash", "transfers"] {
        assert!(names_payment(&report, check, 3), "{check}:\n{}", differences(&report));
    }
    for nonce in [1, 2, 4, 5] {
        assert!(!names_payment(&report, "running_hash", nonce) && !names_payment(&report, "transfers", nonce));
    }
    Ok(())
}

#[tokio::test]
async fn a_deleted_row_names_where_it_was() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("index.db");
    let scene = five_payments(&path).await?;
    tamper(&path, &format!("DELETE FROM logs WHERE block = {PAYMENT_3} AND length(topics) = 128"))?;
    let store = SqliteStore::open(&path, scene.chain_id())?;
    let logs = store.logs(scene.vault)?;
    let payment_4 = logs[logs.len() - 2].clone();
    let error = Trail::fold(scene.chain_id(), scene.vault, logs.into_iter().map(Into::into));
    let Err(error @ TrailError::SequenceBroken { block, tx, expected, found, .. }) = error else {
        anyhow::bail!("{error:?} is no gap");
    };
    assert!(error.to_string().ends_with(&format!("#{expected} is missing")), "{error}");
    assert_eq!((block, tx, found), (payment_4.block_number, payment_4.tx, expected + 1));

    // The last row can be cut off without a gap; then the contract knows one event more.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("index.db");
    let scene = five_payments(&path).await?;
    tamper(&path, "DELETE FROM logs WHERE block = (SELECT max(block) FROM logs)")?;
    let (trail, observed) = both_sides(&scene, &SqliteStore::open(&path, scene.chain_id())?).await?;
    let report = compare(&trail, &observed);
    assert_eq!(observed.head.sequence, trail.sequence + 1);
    assert!(!report.holds());
    Ok(())
}

/// What the index says of a payment's block, and not the log itself: the fold counts by that block's time (I12, I4).
#[tokio::test]
async fn an_altered_block_is_named() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let whole = folder.path().join("whole.db");
    let scene = five_payments(&whole).await?;
    let payments = both_sides(&scene, &SqliteStore::open(&whole, scene.chain_id())?).await?.0.payments;
    let block = payments[2].place.block;
    let stored = format!("WHERE id = {PAYMENT_3}");
    for (what, sql) in [
        ("the hash", format!("UPDATE blocks SET hash = randomblob(32) {stored}")),
        ("the parent's hash", format!("UPDATE blocks SET parent = randomblob(32) {stored}")),
        ("the time", format!("UPDATE blocks SET time = time - 1 {stored}")),
        (
            "transaction",
            format!("UPDATE logs SET tx = randomblob(32) WHERE block = {PAYMENT_3} AND length(topics) = 128"),
        ),
    ] {
        let path = folder.path().join("altered.db");
        std::fs::copy(&whole, &path)?;
        tamper(&path, &sql)?;
        let (trail, observed) = both_sides(&scene, &SqliteStore::open(&path, scene.chain_id())?).await?;
        let report = compare(&trail, &observed);
        let of_blocks: Vec<_> = report.differences().filter(|(check, _)| check.id == "blocks").collect();
        assert_eq!(of_blocks.len(), 1, "{what}: {}", differences(&report));
        let (check, difference) = of_blocks[0];
        assert_eq!((check.promise.as_str(), &difference.subject), ("I12", &Subject::Block { number: block }), "{what}");
        assert!(difference.problem.contains(what), "{}", difference.problem);
    }
    Ok(())
}

/// A column that is read from the data, and now says something else (I13): the index refuses to be read.
#[tokio::test]
async fn an_altered_sequence_column_is_named() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("index.db");
    let scene = five_payments(&path).await?;
    let block = both_sides(&scene, &SqliteStore::open(&path, scene.chain_id())?).await?.0.payments[2].place.block;
    for value in ["sequence - 1", "NULL"] {
        let row = format!("WHERE block = {PAYMENT_3} AND length(topics) = 128");
        tamper(&path, &format!("UPDATE logs SET sequence = {value} {row}"))?;
        let Err(refused) = both_sides(&scene, &SqliteStore::open(&path, scene.chain_id())?).await else {
            anyhow::bail!("{value} was read");
        };
        assert!(refused.to_string().contains(&format!("block {block}")), "{refused}");
        assert!(refused.to_string().contains("sequence"), "{refused}");
    }
    Ok(())
}

/// An audit of a block that is no longer on the chain is refused, not answered.
#[tokio::test]
async fn a_block_that_is_gone_cannot_be_observed() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let mut indexer = index(&scene)?;
    let snapshot = scene.snapshot().await?;
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;
    sync(&mut indexer).await?;
    scene.revert(snapshot).await?;
    let refused = both_sides(&scene, indexer.store()).await.map(|_| ());
    assert!(refused.as_ref().is_err_and(|error| error.to_string().contains("no block")), "{refused:?}");
    Ok(())
}
