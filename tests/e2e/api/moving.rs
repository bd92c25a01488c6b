//! What moved, each with its cause, and what purses bought: by the tokens' own logs, exact to the unit.

use super::served::{Database, Served, on_both};
use crate::trail::{audit, differences, index, sync};
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::providers::Provider;
use anyhow::{Context, ensure};
use purse_protocol::abi::{IErc20, IPurse, IPurses, IVault};
use purse_protocol::create2::purses_address;
use purse_tests::{Authorization, Scene};
use serde_json::{Value, json};

on_both!(
    each_movement_has_its_cause,
    purchases_from_purses_are_seen,
    what_a_token_made_up_is_not_shown,
    transfers_are_paged_and_filtered
);

/// A vault that was given money, paid, filled a purse that bought twice, and gave to its treasury; the purse was given to and
/// swept.
pub(super) struct Bought {
    pub(super) scene: Scene,
    purse: Address,
    seller: Address,
    nonces: [B256; 2],
}

pub(super) async fn bought() -> anyhow::Result<Bought> {
    let scene = Scene::with_session().await?;
    let (one, usdc, agent) = (Scene::USDC, scene.usdc, scene.actors.agents[0].clone());
    let stranger = scene.actors.deployer.address();
    scene.pay(&scene.payment(1, 2 * one), &agent).await?;
    scene.send(stranger, scene.vault, &IVault::openPurseCall { session: 1, token: usdc, category: 1 }).await?;
    let purses = IPurses::new(purses_address(scene.vault), &scene.provider);
    let purse = purses.purseOf(1, usdc, 1).call().await?;
    let target = purses.targetOf(1, 1, usdc).call().await?.target;
    let amount: u128 = target.try_into()?;
    scene.pay(&IVault::Payment { payee: purse, ..scene.payment(2, amount) }, &agent).await?;
    let seller = scene.actors.payees[0];
    let nonces = ["a purchase", "another"].map(keccak256);
    for nonce in nonces {
        let authorization = Authorization { token: usdc, from: purse, to: seller, value: one / 10, nonce };
        scene.send(stranger, usdc, &authorization.of_purse(&scene.provider, &agent).await?).await?;
    }
    scene.own(&IVault::withdrawCall { token: usdc, amount: U256::from(one) }).await?;
    let gift = IErc20::transferCall { to: purse, value: U256::from(7) };
    scene.send(scene.actors.treasury.address(), usdc, &gift).await?;
    scene.send(scene.actors.owner.address(), purse, &IPurse::sweepCall { token: usdc }).await?;
    Ok(Bought { scene, purse, seller, nonces })
}

fn list<'a>(answer: &'a Value, name: &str) -> anyhow::Result<&'a Vec<Value>> {
    answer[name].as_array().with_context(|| format!("{name} in {answer}"))
}

async fn each_movement_has_its_cause(database: Database) -> anyhow::Result<()> {
    let Bought { scene, purse, seller, .. } = bought().await?;
    let served = Served::new(&scene, database).await?;
    let answer = served.json(&format!("/v1/vaults/{:#x}/transfers?token={}", scene.vault, scene.usdc)).await?;
    let transfers = list(&answer, "transfers")?;
    let causes: Vec<_> = transfers.iter().rev().filter_map(|moved| moved["why"].as_str()).collect();
    let due = ["received", "payment", "refill", "purchase", "purchase", "withdrawal", "received", "sweep"];
    assert_eq!(causes, due, "{answer}");
    let payments = served.json(&format!("/v1/vaults/{:#x}/payments", scene.vault)).await?;
    for (moved, payment) in transfers.iter().rev().skip(1).zip(list(&payments, "payments")?.iter().rev()) {
        assert_eq!((&moved["sequence"], &moved["tx"]), (&payment["sequence"], &payment["tx"]));
        assert_eq!((&moved["amount"], &moved["to"]), (&payment["amount"], &payment["payee"]));
        assert_eq!(moved["from"], json!(scene.vault));
    }
    ensure!(transfers.iter().all(|moved| moved["why"] != "unexplained"));
    let head = scene.provider.get_block_number().await?;
    assert_eq!(answer["known"][0]["last"], json!(head), "{answer}");
    // What every account holds is what moved.
    let held = |account: Address| {
        let sum = |side: &str| -> U256 {
            let own = transfers.iter().filter(|moved| moved[side] == json!(account));
            own.filter_map(|moved| moved["amount"]["base_units"].as_str()?.parse::<U256>().ok()).sum()
        };
        sum("to") - sum("from")
    };
    assert_eq!(held(scene.vault), scene.balance(scene.usdc, scene.vault).await?);
    assert_eq!(held(purse), scene.balance(scene.usdc, purse).await?);
    let vault = served.json(&format!("/v1/vaults/{:#x}", scene.vault)).await?;
    let usdc = list(&vault, "tokens")?.iter().find(|entry| entry["token"] == json!(scene.usdc));
    let balance = usdc.map(|entry| &entry["balance"]["base_units"]);
    assert_eq!(balance, Some(&json!(scene.balance(scene.usdc, scene.vault).await?.to_string())), "{vault}");
    assert_ne!(seller, purse);
    Ok(())
}

async fn purchases_from_purses_are_seen(database: Database) -> anyhow::Result<()> {
    let Bought { scene, purse, seller, nonces } = bought().await?;
    let mut served = Served::new(&scene, database).await?;
    let path = format!("/v1/vaults/{:#x}/purchases", scene.vault);
    let answer = served.json(&path).await?;
    let purchases = list(&answer, "purchases")?;
    assert_eq!(purchases.len(), 2);
    for (purchase, nonce) in purchases.iter().rev().zip(nonces) {
        assert_eq!(purchase["purse"], json!(purse));
        assert_eq!(purchase["payee"], json!(seller));
        assert_eq!(purchase["nonce"], json!(nonce));
        assert_eq!((&purchase["session"], &purchase["category"]), (&json!(1), &json!("data")));
        assert_eq!(purchase["amount"]["base_units"], json!((Scene::USDC / 10).to_string()));
    }
    assert!(list(&served.json(&format!("{path}?session=2")).await?, "purchases")?.is_empty());
    let answer = served.json(&format!("/v1/vaults/{:#x}/purses", scene.vault)).await?;
    let entry = &list(&answer, "purses")?[0];
    assert_eq!(entry["purse"], json!(purse));
    let base = |name: &str| entry[name]["base_units"].as_str().and_then(|text| text.parse::<u128>().ok());
    assert_eq!((base("paid"), base("received"), base("balance")), (Some(Scene::USDC / 5), Some(7), Some(0)));
    assert_eq!(base("swept").zip(base("paid")).map(|(swept, paid)| swept + paid - 7), base("refilled"));

    // Taken back, and bought again of another: no trace of what was not.
    let agent = scene.actors.agents[0].clone();
    scene.pay(&IVault::Payment { payee: purse, ..scene.payment(3, Scene::USDC) }, &agent).await?;
    let snapshot = scene.snapshot().await?;
    let other = scene.actors.payees[1];
    let mut buy = Authorization { token: scene.usdc, from: purse, to: seller, value: 5, nonce: B256::repeat_byte(1) };
    scene.send(scene.actors.deployer.address(), scene.usdc, &buy.of_purse(&scene.provider, &agent).await?).await?;
    served.sync().await?;
    assert_eq!(list(&served.json(&path).await?, "purchases")?[0]["payee"], json!(seller));
    scene.revert(snapshot).await?;
    buy.to = other;
    scene.send(scene.actors.deployer.address(), scene.usdc, &buy.of_purse(&scene.provider, &agent).await?).await?;
    scene.mine().await?;
    served.sync().await?;
    let answer = served.json(&path).await?;
    assert_eq!(list(&answer, "purchases")?.len(), 3);
    assert_eq!(list(&answer, "purchases")?[0]["payee"], json!(other));
    Ok(())
}

/// Anybody can have a contract of his log a transfer from anyone, and most tokens one of nothing.
async fn what_a_token_made_up_is_not_shown(database: Database) -> anyhow::Result<()> {
    let Bought { scene, .. } = bought().await?;
    let stranger = scene.actors.deployer.address();
    let foreign = scene.deploy_plain(stranger).await?;
    scene.send(stranger, foreign, &IErc20::transferCall { to: scene.vault, value: U256::from(1_000) }).await?;
    scene.send(stranger, scene.usdc, &IErc20::transferCall { to: scene.vault, value: U256::ZERO }).await?;
    let served = Served::new(&scene, database).await?;
    let path = format!("/v1/vaults/{:#x}/transfers", scene.vault);
    let answer = served.json(&path).await?;
    // Eight of USDC, and what the scene gave in the other token that the vault lists.
    assert_eq!(list(&answer, "transfers")?.len(), 9);
    let of_foreign = json!(foreign);
    ensure!(list(&answer, "transfers")?.iter().all(|moved| moved["amount"]["token"] != of_foreign), "{answer}");
    // It is there for whoever asks for it by name.
    let answer = served.json(&format!("{path}?token={foreign}")).await?;
    let found = list(&answer, "transfers")?;
    assert_eq!((found.len(), &found[0]["why"]), (1, &json!("received")), "{answer}");
    Ok(())
}

async fn transfers_are_paged_and_filtered(database: Database) -> anyhow::Result<()> {
    let Bought { scene, purse, .. } = bought().await?;
    let served = Served::new(&scene, database).await?;
    let path = format!("/v1/vaults/{:#x}/transfers", scene.vault);
    let all = served.json(&path).await?;
    for limit in [1, 3] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = served.json(&format!("{path}?limit={limit}{cursor}")).await?;
            found.extend(list(&page, "transfers")?.clone());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(&found, list(&all, "transfers")?, "pages of {limit}");
    }
    let of_purse = served.json(&format!("{path}?account={purse}")).await?;
    assert_eq!(list(&of_purse, "transfers")?.len(), 5);
    for (query, code) in [
        (format!("account={}", scene.actors.treasury.address()), "AccountUnknown"),
        ("cursor=1".into(), "CursorInvalid"),
        (format!("cursor={}.1", u64::MAX), "CursorInvalid"),
        ("limit=0".into(), "LimitOutOfRange"),
        ("payee=0x12".into(), "QueryInvalid"),
    ] {
        let answer = served.ask(served.get(&format!("{path}?{query}"))).await?;
        assert_eq!((answer.status, answer.json()?["code"].clone()), (400, json!(code)), "{query}");
    }
    Ok(())
}

/// What an index lacks of a token's logs, an audit by another node names; and it has none of the double entry's halves alone.
#[tokio::test]
async fn the_audit_finds_what_the_index_lacks() -> anyhow::Result<()> {
    let Bought { scene, purse, .. } = bought().await?;
    let mut indexer = index(&scene)?;
    sync(&mut indexer).await?;
    assert_eq!(indexer.store().purses()?[0].address, purse);
    let report = audit(&scene, &mut indexer).await?;
    ensure!(report.holds(), "{}", differences(&report));
    let of = |id: &str| report.checks.iter().find(|check| check.id == id).map(|check| check.detail.clone());
    assert_eq!(of("indexed_transfers").as_deref(), Some("9 transfers, 2 authorizations"));
    assert_eq!(of("purse_payments").as_deref(), Some("3 transfers out of purses, 2 authorizations used"));
    Ok(())
}
