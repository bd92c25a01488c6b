//! Several payments in one transaction (I11): each is made or refused by itself.

use super::desk::Desk;
use purse_agent::{LARGEST_BATCH, Outcome, PaymentRequest};
use purse_protocol::abi::IVault;
use purse_tests::Scene;

fn codes(outcomes: &[Outcome]) -> Vec<&'static str> {
    let code = |outcome: &Outcome| match outcome {
        Outcome::Paid(_) => "paid",
        Outcome::Refused(refusal) => refusal.code,
        Outcome::NotMined(_) => "not mined",
    };
    outcomes.iter().map(code).collect()
}

#[tokio::test]
async fn each_item_has_an_outcome_of_its_own() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let (agent, nine) = (desk.agent().await?, desk.request(9 * Scene::USDC));
    let block = desk.scene.block().await?;
    let stranger = PaymentRequest { payee: desk.scene.actors.relayer.address(), ..nine.clone() };
    let asked = [nine.clone(), stranger.clone(), nine.clone(), nine.clone(), desk.request(7 * Scene::USDC)];
    let outcomes = agent.pay_batch(&asked).await?;
    assert_eq!(codes(&outcomes), ["paid", "PayeeNotInBook", "paid", "LimitExceeded", "paid"], "25 a day");
    assert_eq!(desk.scene.block().await?, block + 1, "one transaction");
    let (Outcome::Refused(unsigned), Outcome::Refused(mined)) = (&outcomes[1], &outcomes[3]) else {
        anyhow::bail!("{outcomes:?}")
    };
    assert!(!unsigned.facts.contains_key("transaction") && mined.facts.contains_key("transaction"), "{outcomes:?}");
    assert_eq!(mined.facts.get("remaining").map(String::as_str), Some("7000000 base units"), "{mined:?}");

    // The refused item's nonce was leased and is skipped; the others are used.
    let nonce = |outcome: &Outcome| match outcome {
        Outcome::Paid(paid) => paid.payment.nonce,
        _ => 0,
    };
    assert_eq!(outcomes.iter().map(nonce).collect::<Vec<_>>(), [1, 0, 2, 0, 4]);
    assert!(agent.pay_batch(&[]).await?.is_empty());
    assert_eq!(codes(&agent.pay_batch(&[stranger]).await?), ["PayeeNotInBook"], "nothing is sent");
    assert_eq!(desk.scene.block().await?, block + 1);
    let many = vec![nine; LARGEST_BATCH + 1];
    assert_eq!(agent.pay_batch(&many).await.err().map(|error| error.code()), Some("BatchTooLong"));
    Ok(())
}

/// The largest batch there can be fits one transaction.
#[tokio::test]
async fn the_largest_batch_is_paid_whole() -> anyhow::Result<()> {
    let desk = Desk::without_key_file().await?;
    let agent = desk.agent().await?;
    let asked = vec![desk.request(Scene::USDC / 4); LARGEST_BATCH];
    let outcomes = agent.pay_batch(&asked).await?;
    assert_eq!(codes(&outcomes), vec!["paid"; LARGEST_BATCH]);
    let Some(Outcome::Paid(last)) = outcomes.last() else { anyhow::bail!("{outcomes:?}") };
    assert_eq!(last.payment.nonce as usize, LARGEST_BATCH);
    let Outcome::Paid(next) = agent.pay(&desk.request(Scene::USDC)).await? else { anyhow::bail!("not paid") };
    assert_eq!(next.payment.nonce, last.payment.nonce + 1);

    // A key that was replaced just before says nothing on the chain, and is refused by name here.
    let session = Scene::SESSION;
    let new_key = desk.scene.actors.agents[1].address();
    desk.scene.own(&IVault::rotateKeyCall { session, newKey: new_key }).await?;
    assert_eq!(codes(&agent.pay_batch(&asked[..2]).await?), ["KeyRetired", "KeyRetired"]);
    Ok(())
}
