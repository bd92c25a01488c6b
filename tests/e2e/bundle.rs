//! Evidence of a vault, from a node and as a bundle: verified offline by its hashes, and no edit of it passes.
//!
//! - `tampering`: 1,000 random edits by somebody who knows the format, 1,000 caught; and what is said of one who forges headers
//! - `asking`: a node that is not always there

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod asking;
mod tampering;

use crate::trail::differences;
use crate::truth::deposit;
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::providers::Provider as _;
use alloy::providers::ext::AnvilApi as _;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use purse_audit::evidence::{Evidence, Proven, TransactionEvidence};
use purse_audit::{EvidenceError, Known, Outcome, Proof, Report, bundle, verify};
use purse_indexer::collect;
use purse_protocol::abi::{IErc20, IVault};
use purse_protocol::{Chain, VaultConfig};
use purse_tests::{LocalChain, Scene};

/// What the verifier of these stories knows: the code that was just built.
fn known(scene: &Scene) -> Known {
    let vault = &scene.build.vault;
    Known {
        creation_code: keccak256(&vault.creation_code),
        runtime_code: keccak256(&vault.runtime_code),
        checkpoint: None,
    }
}

async fn send(scene: &Scene, who: Address, call: &impl SolCall) -> anyhow::Result<()> {
    scene.send(who, scene.vault, call).await?;
    Ok(())
}

/// A vault in which everything happened once: payments alone, in a batch, with fee, above the cap; a raise that waited; acts by
/// signature and by the guardian; a purse, opened and filled; a withdrawal, and money that came later.
pub(crate) async fn busy() -> anyhow::Result<Scene> {
    let scene = Scene::with_session().await?;
    let (one, key, actors) = (Scene::USDC, &scene.actors.agents[0], &scene.actors);
    let [payee, relayer, _] = actors.payees;
    for nonce in 1..=3 {
        scene.pay(&scene.payment(nonce, u128::from(nonce) * one), key).await?;
    }
    let item = |nonce, amount| {
        let payment = IVault::Payment { fee: one / 100, feeRecipient: relayer, ..scene.payment(nonce, amount) };
        let signature = scene.sign(&payment, key)?;
        anyhow::Ok(IVault::BatchItem { payment, signature, approval: Bytes::new() })
    };
    let items = vec![item(4, one)?, item(4, one)?, item(5, 2 * one)?];
    send(&scene, actors.relayer.address(), &IVault::payBatchCall { items }).await?;
    let above = scene.payment(6, 11 * one);
    let (signature, approval) = (scene.sign(&above, key)?, scene.approve(&above, &actors.owner)?);
    send(&scene, actors.relayer.address(), &IVault::payCall { payment: above, signature, approval }).await?;

    let purse = scene.vault().openPurse(Scene::SESSION, scene.usdc, Scene::CATEGORY).call().await?;
    let open = IVault::openPurseCall { session: Scene::SESSION, token: scene.usdc, category: Scene::CATEGORY };
    send(&scene, actors.deployer.address(), &open).await?;
    scene.pay(&IVault::Payment { payee: purse, ..scene.payment(7, 2 * one) }, key).await?;

    scene.own(&IVault::setDelayCall { newDelay: 7_200 }).await?;
    let raise = IVault::setLimitCall { session: 1, category: 0, token: scene.usdc, window: 86_400, cap: 30 * one };
    scene.own(&raise).await?;
    let change = scene.vault().ownerNonce().call().await?;
    scene.set_next_time(scene.now().await? + 7_200).await?;
    let call = Bytes::from(raise.abi_encode());
    send(&scene, actors.deployer.address(), &IVault::executeCall { change, call }).await?;
    let lodged = scene.act(&IVault::removePayeeCall { payee }, &actors.guardian).await?;
    send(&scene, actors.deployer.address(), &lodged).await?;
    send(&scene, actors.guardian.address(), &IVault::pauseCall {}).await?;
    scene.own(&IVault::withdrawCall { token: scene.usdc, amount: U256::from(5 * one) }).await?;
    let funds = IErc20::transferCall { to: scene.vault, value: U256::from(one) };
    scene.send(actors.treasury.address(), scene.usdc, &funds).await?;
    Ok(scene)
}

fn row<'a>(report: &'a Report, id: &str) -> &'a purse_audit::Check {
    report.checks.iter().find(|check| check.id == id).unwrap()
}

/// Everything is proven that can be, and each row says how; a bundle says the same without a node, byte for byte.
#[tokio::test]
async fn a_bundle_is_verified_offline_as_the_node_was() -> anyhow::Result<()> {
    let scene = busy().await?;
    let evidence = collect(&scene.provider, scene.vault, 1).await?;
    assert_eq!(evidence.of.proven, Proven { headers: true, receipts: true, transactions: true, state: true });
    let (trail, report) = verify(&evidence, &known(&scene))?;
    assert!(report.holds(), "{}", differences(&report));
    assert_eq!((trail.payments.len(), trail.purses.len(), report.purses.len()), (7, 1, 1));
    for (id, proof) in [
        ("code", Proof::Hash),
        ("evidence", Proof::Hash),
        ("running_hash", Proof::Hash),
        ("origin", Proof::Hash),
        ("signatures", Proof::Receipt),
        ("authority", Proof::Receipt),
        ("per_payment_cap", Proof::Receipt),
        ("limits", Proof::Receipt),
        ("transfers", Proof::Receipt),
        ("balances", Proof::Claimed),
        ("state", Proof::Hash),
    ] {
        assert_eq!((id, row(&report, id).proof), (id, proof));
    }
    assert_eq!(
        row(&report, "signatures").detail,
        "7 payments: 7 with the signature of the session's key, 0 by the vault's word"
    );
    assert!(row(&report, "per_payment_cap").detail.contains("1 above their cap: 1 with the signature"));
    let authority = &row(&report, "authority").detail;
    for part in [
        "by the owner's transaction",
        "1 by the guardian's transaction",
        "1 by the guardian's signature",
        "1 executed after waiting",
        "1 at the creation",
    ] {
        assert!(authority.contains(part), "{authority}");
    }
    assert_eq!(row(&report, "origin").outcome, Outcome::Holds);
    assert_eq!(row(&report, "duties").outcome, Outcome::Noted, "{}", row(&report, "duties").detail);

    let (text, hash) = bundle::write(&evidence)?;
    let (read, read_hash) = bundle::read(&text)?;
    assert_eq!((&read, read_hash), (&evidence, hash));
    assert_eq!(verify(&read, &known(&scene))?, (trail, report));
    assert_eq!(bundle::write(&read)?.0, text);
    Ok(())
}

/// On an OP-stack chain a deposit acts for whoever made it on the chain below: money and acts of that kind are proven too.
#[tokio::test]
async fn deposits_are_proven_and_their_senders_judged() -> anyhow::Result<()> {
    let scene = Scene::on(LocalChain::start_optimism(Chain::ANVIL).await?).await?.granted().await?;
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;
    let value = U256::from(Scene::USDC);
    scene.own(&IVault::withdrawCall { token: scene.usdc, amount: value }).await?;
    let funds = IErc20::transferCall { to: scene.vault, value };
    deposit(&scene, scene.actors.treasury.address(), scene.usdc, &funds).await?;
    deposit(&scene, scene.actors.guardian.address(), scene.vault, &IVault::pauseCall {}).await?;
    let evidence = collect(&scene.provider, scene.vault, 1).await?;
    assert_eq!(evidence.of.proven, Proven { headers: true, receipts: true, transactions: true, state: true });
    let is_deposit = |one: &&TransactionEvidence| one.body.first() == Some(&0x7e);
    assert_eq!(evidence.blocks.iter().flat_map(|block| &block.transactions).filter(is_deposit).count(), 2);
    let (read, _) = bundle::read(&bundle::write(&evidence)?.0)?;
    let (_, report) = verify(&read, &known(&scene))?;
    assert!(report.holds(), "{}", differences(&report));
    let authority = row(&report, "authority");
    assert!(authority.detail.contains("1 by the guardian's transaction"), "{}", authority.detail);
    assert_eq!(authority.proof, Proof::Receipt);

    // Nobody has signed a deposit: where its block is not proven to hold it, its sender is not believed.
    let mut claimed = evidence;
    claimed.of.proven.transactions = false;
    claimed.blocks.iter_mut().flat_map(|block| &mut block.transactions).for_each(|one| one.body_proof.clear());
    let (_, report) = verify(&claimed, &known(&scene))?;
    let authority = row(&report, "authority");
    assert!(!authority.detail.contains("guardian's transaction"), "{}", authority.detail);
    assert!(authority.detail.ends_with("1 by the vault's word"), "{}", authority.detail);
    assert_eq!(authority.outcome, Outcome::Noted, "somebody's word is no proof");
    Ok(())
}

/// A checkpoint anchors the head; another one is refused. So is a release that this program does not know.
#[tokio::test]
async fn what_the_auditor_trusts_is_held_against_the_evidence() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let evidence = collect(&scene.provider, scene.vault, 1).await?;
    let head = evidence.head.hash;
    verify(&evidence, &Known { checkpoint: Some(head), ..known(&scene) })?;
    let other = B256::repeat_byte(7);
    let refused = verify(&evidence, &Known { checkpoint: Some(other), ..known(&scene) }).unwrap_err();
    assert_eq!(refused, EvidenceError::Checkpoint { found: head, checkpoint: other });
    let (_, report) = verify(&evidence, &Known { creation_code: other, ..known(&scene) })?;
    assert_eq!(row(&report, "origin").outcome, Outcome::Broken);
    let (_, report) = verify(&evidence, &Known { runtime_code: other, ..known(&scene) })?;
    assert_eq!(row(&report, "code").outcome, Outcome::Broken);
    Ok(())
}

/// What no view tells, the proven words do; a bundle of an older program has the first of them only, and says so.
#[tokio::test]
async fn every_word_of_the_vault_is_proven_where_the_evidence_has_it() -> anyhow::Result<()> {
    let scene = busy().await?;
    let evidence = collect(&scene.provider, scene.vault, 1).await?;
    let (_, report) = verify(&evidence, &known(&scene))?;
    let words = evidence.head.account.as_ref().unwrap().words.len();
    let told = format!("all {words} words of the vault's storage proven");
    assert!(row(&report, "evidence").detail.contains(&told) && words > 20, "{}", row(&report, "evidence").detail);

    let mut older = evidence;
    older.head.account.as_mut().unwrap().words.truncate(5);
    let (_, report) = verify(&older, &known(&scene))?;
    assert!(report.holds() && row(&report, "state").proof == Proof::Claimed, "{}", differences(&report));
    assert!(row(&report, "evidence").detail.contains("the vault's own head proven"));
    older.head.account.as_mut().unwrap().words.truncate(4);
    let refused = verify(&older, &known(&scene)).unwrap_err();
    assert!(matches!(&refused, EvidenceError::State(why) if why == "another number of words"), "{refused}");

    // What is set in the payee's word above its category, `payeeOf` does not tell.
    let payee = scene.actors.payees[2];
    let slot = U256::from_be_bytes(purse_protocol::storage::payee_slot(payee).0);
    scene.provider.anvil_set_storage_at(scene.vault, slot, B256::from(U256::from(0x0101))).await?;
    scene.mine().await?;
    let evidence = collect(&scene.provider, scene.vault, 1).await?;
    let (_, report) = verify(&evidence, &known(&scene))?;
    let state = row(&report, "state");
    assert_eq!((state.outcome, state.proof, state.differences.len()), (Outcome::Broken, Proof::Hash, 1));
    assert!(state.differences[0].to_string().contains(&format!("payee {payee}")), "{}", state.differences[0]);
    Ok(())
}

/// A node without proofs, or of a chain whose receipts are unknown, is believed, and the rows say so.
#[tokio::test]
async fn what_is_not_proven_is_said_to_be_claimed() -> anyhow::Result<()> {
    let scene = busy().await?;
    let mut evidence = collect(&scene.provider, scene.vault, 1).await?;
    evidence.of.proven = Proven { headers: true, receipts: false, transactions: false, state: false };
    evidence.head.account = None;
    for transaction in evidence.blocks.iter_mut().flat_map(|block| &mut block.transactions) {
        (transaction.receipt_proof, transaction.body_proof, transaction.body) = Default::default();
    }
    let (_, report) = verify(&evidence, &known(&scene))?;
    assert!(report.holds(), "{}", differences(&report));
    let by_hash = |id: &str| matches!(id, "evidence" | "blocks");
    assert!(report.checks.iter().all(|check| by_hash(&check.id) == (check.proof == Proof::Hash)));
    // What can be proven is not said to be claimed.
    evidence.of.proven.headers = false;
    let refused = verify(&evidence, &known(&scene)).unwrap_err();
    assert_eq!(refused.code(), "HeaderNotTheBlocks", "{refused}");
    for id in ["signatures", "authority", "origin"] {
        assert_eq!(row(&report, id).outcome, Outcome::NotJudged, "{id}");
    }
    assert_eq!(row(&report, "evidence").outcome, Outcome::Noted);
    Ok(())
}

/// Who did what is read from the transactions (I2, I9): a key that was not the session's, and a sender who might not, are named.
#[tokio::test]
async fn whoever_might_not_is_named() -> anyhow::Result<()> {
    let scene = busy().await?;
    let evidence = collect(&scene.provider, scene.vault, 1).await?;
    let (trail, _) = verify(&evidence, &known(&scene))?;
    let mut observed = purse_audit::Observed { transfers_from: 0, ..evidence.said };
    let calls = async |tx: B256| {
        use alloy::consensus::Transaction as _;
        use alloy::network::TransactionResponse as _;
        let call = scene.provider.get_transaction_by_hash(tx).await?.expect("it is mined");
        let (from, to, input) = (call.from(), call.to(), call.input().clone());
        anyhow::Ok(purse_audit::observed::ObservedCall { tx, from, to, input })
    };
    let (payment, pause) = (
        &trail.payments[0],
        trail.events.iter().rev().find(|e| purse_audit::event_name(&e.event) == "Paused").unwrap(),
    );
    let stranger = Address::repeat_byte(0x66);
    observed.calls = vec![calls(payment.place.tx).await?, calls(pause.place.tx).await?];
    let find = |observed: &purse_audit::Observed, id: &str| {
        let report = purse_audit::compare(&trail, observed);
        row(&report, id).differences.iter().map(|difference| difference.problem.clone()).collect::<Vec<_>>()
    };
    assert!(find(&observed, "signatures").is_empty() && find(&observed, "authority").is_empty());
    observed.calls[1].from = stranger;
    assert_eq!(find(&observed, "authority"), [format!("was sent by {stranger}, who might not do it")]);
    let mut call = IVault::payCall::abi_decode(&observed.calls[0].input)?;
    let foreign: &PrivateKeySigner = &scene.actors.guardian;
    call.signature = scene.sign(&call.payment, foreign)?;
    observed.calls[0].input = call.abi_encode().into();
    assert_eq!(find(&observed, "signatures"), [format!("it is not signed by its session's key {}", payment.key)]);
    call.payment.deadline = payment.place.time as u32;
    call.signature = scene.sign(&call.payment, &scene.actors.agents[0])?;
    observed.calls[0].input = call.abi_encode().into();
    assert_eq!(find(&observed, "signatures"), [format!("its deadline {} had passed", payment.place.time)]);
    Ok(())
}

/// I5: an approval that is none of the owner's key passes only where there is a contract that may have said yes, by the vault's
/// word, and the row says so; a bundle says the same.
#[tokio::test]
async fn an_owner_without_code_cannot_have_approved_as_a_contract() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let owner = scene.actors.owner.address();
    // It says yes (ERC-1271) to everything.
    let yes =
        Bytes::from_static(&[0x63, 0x16, 0x26, 0xba, 0x7e, 0x60, 0xe0, 0x1b, 0x60, 0, 0x52, 0x60, 0x20, 0x60, 0, 0xf3]);
    scene.provider.anvil_set_code(owner, yes).await?;
    let payment = scene.payment(1, 11 * Scene::USDC);
    let signature = scene.sign(&payment, &scene.actors.agents[0])?;
    let approval = Bytes::from([1; 65]);
    send(&scene, scene.actors.relayer.address(), &IVault::payCall { payment, signature, approval }).await?;

    let judged = async || {
        let evidence = collect(&scene.provider, scene.vault, 1).await?;
        let (read, _) = bundle::read(&bundle::write(&evidence)?.0)?;
        let (_, report) = verify(&evidence, &known(&scene))?;
        assert_eq!(verify(&read, &known(&scene))?.1, report);
        let mut silent = evidence;
        silent.said.owners.clear();
        assert_eq!(verify(&silent, &known(&scene)).unwrap_err().code(), "AnswersDoNotFit");
        anyhow::Ok(row(&report, "per_payment_cap").clone())
    };
    let told = judged().await?;
    assert_eq!(told.outcome, Outcome::Noted, "{}", told.detail);
    assert!(told.detail.ends_with("1 by the vault's word"), "{}", told.detail);

    scene.provider.anvil_set_code(owner, Bytes::new()).await?;
    scene.mine().await?;
    let wrong = judged().await?;
    assert_eq!(wrong.outcome, Outcome::Broken);
    assert!(wrong.differences[0].problem.contains("not signed by the owner"), "{:?}", wrong.differences);
    Ok(())
}

/// Another vault of the same chain, with its own session and payments.
async fn another_vault(scene: &Scene) -> anyhow::Result<Evidence> {
    let owner = scene.actors.owner.address();
    let config = VaultConfig { owner, treasury: scene.actors.treasury.address(), guardian: Address::ZERO };
    let salt = B256::repeat_byte(9);
    let made = purse_deployer::deploy_vault(&scene.provider, scene.chain_id(), scene.build, &config, salt).await?;
    let vault = made.record().address;
    scene.send(owner, vault, &IVault::addTokenCall { token: scene.usdc, unitBits: 0 }).await?;
    let funds = IErc20::transferCall { to: vault, value: U256::from(Scene::USDC) };
    scene.send(scene.actors.treasury.address(), scene.usdc, &funds).await?;
    let grant = IVault::grantCall { newSession: scene.default_grant(1, Address::repeat_byte(0x31)) };
    scene.send(owner, vault, &grant).await?;
    Ok(collect(&scene.provider, vault, 1).await?)
}
