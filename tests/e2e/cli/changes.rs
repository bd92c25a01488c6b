//! Changes are made whole, or it is said which part was made.

use super::purse::Home;
use anyhow::ensure;
use purse_tests::Scene;

/// Several verbs are several transactions: none is sent unless the vault would do them all.
#[tokio::test]
async fn changes_that_go_together_are_all_tried_first() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let head = scene.vault().head().call().await?.sequence;
    let limit = ["agent", "limit", "1", "--yes", "--per-payment", "4", "--remove", "1h", "--password-file", "password"];
    let refused = home.run(&limit)?;
    ensure!(refused.code == 3 && refused.stderr.contains("error[LimitUnknown]"), "{}", refused.stderr);
    ensure!(scene.vault().head().call().await?.sequence == head, "nothing was sent");
    Ok(())
}

/// An agent is not granted where its gas can't be paid as asked.
#[tokio::test]
async fn gas_money_is_counted_before_the_grant() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let head = scene.vault().head().call().await?.sequence;
    let files = home.files()?;
    let policy = ["--per-payment", "1", "--limit", "1/24h", "--category", "data", "--expires", "1d"];
    let flags = ["--yes", "--gas", "99999999", "--password-file", "password", "--key-password-file", "password"];
    for act in [&[&["agent", "add", "rex"][..], &policy].concat()[..], &["agent", "rotate", "1"]] {
        let refused = home.run(&[act, &flags].concat())?;
        ensure!(refused.code == 1 && refused.stderr.contains("error[NoGasMoney]"), "{}", refused.stderr);
        ensure!(home.files()? == files && scene.vault().head().call().await?.sequence == head, "nothing was done");
    }
    Ok(())
}
