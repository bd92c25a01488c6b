//! Every word that a vault stores, and every bit of it, is compared with what its events say (I12).

use crate::trail::{index, sync};
use alloy::primitives::{Address, B256, U256};
use anyhow::{Context, ensure};
use purse_audit::observed::ObservedBlock;
use purse_audit::storage::{Words, compare, prove, slots};
use purse_audit::{Difference, Trail};
use purse_indexer::{BlockRef, ChainSource, RpcSource, state_of};
use purse_protocol::abi::IVault;
use purse_protocol::storage::{self, subject};
use purse_protocol::{Category, Scope, SessionId};
use purse_tests::Scene;
use std::collections::BTreeSet;

const DAY: u32 = 86_400;

/// A vault that stores a word of each kind: limits of every scope, a limit removed, a key replaced, a purse with a target, a payee
/// taken out, changes that wait and one that is dead.
async fn eventful() -> anyhow::Result<(Scene, Trail)> {
    let scene = Scene::with_session().await?;
    let (token, category, session) = (scene.usdc, Scene::CATEGORY, Scene::SESSION);
    let [first, second] = scene.actors.agents.each_ref();
    let limit = |session, category, window, tokens: u128| IVault::setLimitCall {
        session,
        category,
        token,
        window,
        cap: tokens * Scene::USDC,
    };
    scene.own(&limit(0, 0, DAY, 500)).await?;
    scene.own(&limit(session, category, DAY, 20)).await?;
    scene.own(&limit(session, 0, 3_600, 22)).await?;
    scene.pay(&scene.payment(1, Scene::USDC), first).await?;
    scene.own(&IVault::rotateKeyCall { session, newKey: second.address() }).await?;
    scene.pay(&scene.payment(1, Scene::USDC), second).await?;
    scene.own(&IVault::removeLimitCall { session, category: 0, token, window: DAY }).await?;
    scene.own(&IVault::openPurseCall { session, token, category }).await?;
    scene.own(&IVault::setPurseTargetCall { session, category, token, target: 2 * Scene::USDC }).await?;
    // A session that has a limit by category, and none of its own.
    let bare = IVault::Grant { tokens: Vec::new(), ..scene.default_grant(2, Address::repeat_byte(0x42)) };
    scene.own(&IVault::grantCall { newSession: bare }).await?;
    scene.own(&limit(2, category, DAY, 5)).await?;
    scene.own(&IVault::transferOwnershipCall { newOwner: scene.actors.deployer.address() }).await?;
    scene.own(&IVault::removePayeeCall { payee: scene.actors.payees[2] }).await?;
    scene.own(&IVault::setDelayCall { newDelay: 600 }).await?;
    let entries = vec![IVault::PayeeEntry { payee: Address::repeat_byte(0x77), category }];
    scene.own(&IVault::setPayeesCall { entries }).await?;
    scene.own(&IVault::removePayeeCall { payee: scene.actors.payees[1] }).await?;
    scene.own(&IVault::setTreasuryCall { newTreasury: Address::repeat_byte(0x78) }).await?;
    scene.own(&limit(0, 0, DAY, 900)).await?;
    let waiting = scene.default_grant(3, Address::repeat_byte(0x43));
    scene.own(&IVault::grantCall { newSession: waiting }).await?;
    let mut indexer = index(&scene)?;
    sync(&mut indexer).await?;
    let trail = state_of(indexer.store(), scene.vault)?.state.trail;
    ensure!(trail.waiting.len() == 4 && trail.waiting[3].killed, "{:#?}", trail.waiting);
    Ok((scene, trail))
}

/// The vault's words at the head, each proven.
async fn words(scene: &Scene, trail: &Trail) -> anyhow::Result<(Words, ObservedBlock)> {
    let source = RpcSource::new(scene.provider.clone());
    let head = source.head().await?;
    let (at, root) = (BlockRef::from(&head), head.seal.context("its fields make its hash")?.state_root);
    let mut words = Words::new();
    for slots in slots(trail).chunks(100) {
        let given = source.storage(scene.vault, slots, at).await?.context("a proof")?.account;
        words.extend(prove(root, scene.vault, &given, slots).map_err(anyhow::Error::msg)?);
    }
    Ok((words, ObservedBlock { number: head.number, hash: head.hash, time: head.time }))
}

/// Where a change of one bit means nothing: the word beside the first limit's own, in which its meter once was; and a word that says
/// until which change all are dead, as long as the same ones are.
fn means_nothing(trail: &Trail, words: &Words, slot: B256, changed: U256) -> bool {
    let first = |scope, token| {
        let slots = storage::limit_slots(scope, token);
        let first: usize = storage::field::FIRST.of(words[&slots[0]].into()).to();
        (first != 0).then(|| slots[first])
    };
    let beside: BTreeSet<_> = trail.policies.keys().filter_map(|&(scope, token)| first(scope, token)).collect();
    let sessions = trail.session_keys.keys().map(|session| subject::session(session.get()));
    let tokens = trail.tokens.keys().map(|&token| subject::limits(token));
    let waiting = [subject::session(3), subject::PAUSE, subject::DELAY, subject::OWNERSHIP, subject::GUARDIAN];
    let others = [subject::TREASURY, subject::PAYEES, subject::EVERYTHING];
    let subjects = sessions.chain(tokens).chain(waiting).chain(others);
    let killed: BTreeSet<_> = subjects.map(storage::killed_slot).collect();
    beside.contains(&slot) || killed.contains(&slot) && changed <= U256::from(trail.owner_nonce)
}

#[tokio::test]
async fn a_change_of_any_bit_is_a_difference() -> anyhow::Result<()> {
    let (scene, trail) = eventful().await?;
    let (words, at) = words(&scene, &trail).await?;
    let found = compare(&trail, &words, at);
    ensure!(found.is_empty(), "{found:#?}");
    let mut meaningless = 0;
    for (&slot, &word) in &words {
        for bit in 0..256_usize {
            let changed = U256::from_be_bytes(word.0) ^ (U256::ONE << bit);
            let mut altered = words.clone();
            altered.insert(slot, changed.into());
            if means_nothing(&trail, &words, slot, changed) {
                meaningless += 1;
            } else {
                ensure!(!compare(&trail, &altered, at).is_empty(), "bit {bit} of {slot}, which holds {word}");
            }
        }
    }
    // Four scopes with limits, and a few small numbers.
    ensure!(meaningless < 4 * 256 + 16 * 8, "{meaningless} bits mean nothing");
    Ok(())
}

#[tokio::test]
async fn what_differs_is_named() -> anyhow::Result<()> {
    let (scene, trail) = eventful().await?;
    let (words, at) = words(&scene, &trail).await?;
    let session = SessionId::new(Scene::SESSION).context("a session")?;
    let category = Category::new(Scene::CATEGORY).context("a category")?;
    let (whole, part) = (Scope::Session(session), Scope::Category(session, category));
    let word_of = |scope| storage::limit_slots(scope, scene.usdc)[0];
    let bare = word_of(Scope::new(2, 0).context("a session")?);
    let purse = *trail.purses.keys().next().context("a purse")?;
    let old = storage::session_slot(scene.actors.agents[0].address());
    let change = storage::change_slots(trail.waiting[0].number)[0];
    let [list, everything] = storage::waiting_slots();
    for (slot, bit, named) in [
        (
            storage::VAULT_WORD,
            249_usize,
            "whether it has, or had, limits of its own differs (trail: 1; chain: 0): the vault",
        ),
        (storage::VAULT_WORD, 250, "whether a session was granted since everything was revoked differs (trail: 1"),
        (storage::VAULT_WORD, 251, "whether a change waits differs (trail: 1; chain: 0): the vault"),
        (storage::VAULT_WORD, 255, "what means nothing in its word differs"),
        (storage::role_slots()[0], 192, "what means nothing in its word differs"),
        (old, 128, "the highest nonce differs (trail: 1; chain: 0): the key 0x"),
        (old, 160, "the nonce window differs (trail: 1; chain: 0): the key 0x"),
        (old, 193, "the category mask differs (trail: 2; chain: 0): the key 0x"),
        (old, 96, "valid until differs (trail: 0; chain: 1): the key 0x"),
        (word_of(whole), 212, "the unit differs (trail: 0; chain: 1): the limit of session 1"),
        (word_of(whole), 224, "whether it has, or had, limits by category differs (trail: 1; chain: 0)"),
        (word_of(whole), 219, "which other limits stand differs"),
        (word_of(part), 224, "whether its purse's target was set differs (trail: 1; chain: 0)"),
        (word_of(part), 225, "its purse's target in units differs (trail: 2000000; chain: 2000001)"),
        (word_of(Scope::Vault), 225, "what means nothing in its word differs"),
        (bare, 224, "whether it has, or had, limits by category differs (trail: 1; chain: 0): the limit of session 2"),
        (bare, 209, "which limit is the first differs (trail: 0; chain: 1): the limit of session 2"),
        (storage::payee_slot(purse), 8, "the purse's token differs"),
        (storage::payee_slot(purse), 168, "the purse's session differs (trail: 1; chain: 0)"),
        (storage::payee_slot(scene.actors.payees[0]), 8, "what means nothing in its word differs"),
        (storage::token_slot(scene.usdc), 1, "what means nothing in its word differs"),
        (change, 32, "what it is about differs"),
        (list, 239, "the list of what waits differs"),
        (everything, 40, "are killed, the owner nonce is"),
        (storage::killed_slot(subject::GUARDIAN), 255, "are killed, the owner nonce is"),
    ] {
        let mut altered = words.clone();
        let word = altered.get_mut(&slot).context("a word that is asked for")?;
        *word = (U256::from_be_bytes(word.0) ^ (U256::ONE << bit)).into();
        let found: Vec<_> = compare(&trail, &altered, at).iter().map(Difference::to_string).collect();
        ensure!(found.iter().any(|found| found.contains(named)), "{named}: {found:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_vault_stores_no_word_that_is_not_compared() -> anyhow::Result<()> {
    let (scene, trail) = eventful().await?;
    nothing_beside(&scene, &trail).await
}

/// That whatever the vault stores is among the words that are compared. What its purses are, they know themselves; that they were
/// opened, Purses.sol stores, and the purse's own code proves.
pub(crate) async fn nothing_beside(scene: &Scene, trail: &Trail) -> anyhow::Result<()> {
    let compared: BTreeSet<_> = slots(trail).into_iter().collect();
    let stored = scene.storage(scene.vault).await?;
    ensure!(stored.len() > 20, "{stored:#?}");
    let beside: Vec<_> = stored.iter().filter(|(slot, _)| !compared.contains(*slot)).collect();
    ensure!(beside.is_empty(), "{beside:#?}");
    Ok(())
}
