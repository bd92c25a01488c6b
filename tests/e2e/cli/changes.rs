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

/// What stands already costs no transaction.
#[tokio::test]
async fn what_is_so_already_is_not_sent() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let payee = scene.actors.payees[0].to_string();
    let guardian = scene.actors.guardian.address().to_string();
    home.done(&["pause", "--password-file", "password"])?;
    let head = scene.vault().head().call().await?.sequence;
    let idle: [&[&str]; 5] = [
        &["pause"],
        &["guardian", "set", &guardian],
        &["payee", "add", &payee, "--category", "data"],
        &["agent", "limit", "1", "--yes", "--limit", "25/24h", "--per-payment", "10"],
        &["agent", "limit", "1", "--yes", "--categories", "data"],
    ];
    for act in idle {
        let text = home.done(&[act, &["--password-file", "password"]].concat())?;
        ensure!(text.starts_with("already so") && !text.contains("done"), "{text}");
    }
    ensure!(scene.vault().head().call().await?.sequence == head);

    // Who may not do it is refused, even where nothing would change.
    let refused = home.run(&["pause", "--dry-run", "--from", &payee])?;
    ensure!(refused.code == 3, "{}", refused.stderr);
    Ok(())
}

/// A dry run makes no key, and names none.
#[tokio::test]
async fn a_dry_run_names_no_made_up_key() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let policy = ["--per-payment", "1", "--limit", "1/24h", "--category", "data", "--expires", "30d", "--dry-run"];
    let add = home.done(&[&["agent", "add", "rex"][..], &policy].concat())?;
    ensure!(add.contains("with a new key pay") && !add.contains("0xA1A1"), "{add}");
    let rotate = home.done(&["agent", "rotate", "1", "--dry-run"])?;
    ensure!(rotate.contains("by a new key") && !rotate.contains("0xA1A1"), "{rotate}");
    Ok(())
}

/// Texts send people to `purse status` for the accounts: it shows them, whole, on one screen.
#[tokio::test]
async fn status_shows_who_holds_what() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let (text, json) = (home.done(&["status"])?, home.json(&["status"])?);
    let actors = &scene.actors;
    let roles = [
        ("vault", scene.vault),
        ("owner", actors.owner.address()),
        ("treasury", actors.treasury.address()),
        ("guardian", actors.guardian.address()),
    ];
    for (role, account) in roles {
        ensure!(text.lines().any(|line| line.contains(role) && line.contains(&account.to_string())), "{role}: {text}");
        ensure!(json[role].as_str().is_some_and(|shown| shown.eq_ignore_ascii_case(&account.to_string())), "{json}");
    }
    ensure!(text.lines().count() <= 24 && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    ensure!(text.contains("expires in 30d"), "{text}");
    Ok(())
}

/// Whoever lets an agent spend more sees the worst case first, and is asked (I17); less needs no question.
#[tokio::test]
async fn more_is_asked_for_and_less_is_not() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let head = scene.vault().head().call().await?.sequence;
    let limit = |flags: &[&'static str]| {
        home.run(&[&["agent", "limit", "1", "--password-file", "password"][..], flags].concat())
    };
    let more: [&[&str]; 3] = [&["--limit", "50/24h"], &["--expires", "90d"], &["--categories", "data,media"]];
    for flags in more {
        let asked = limit(flags)?;
        ensure!(asked.code == 2 && asked.stderr.contains("error[NobodyToAsk]"), "{flags:?}: {}", asked.stderr);
        ensure!(asked.stderr.contains("Worst case if this key is stolen"), "{}", asked.stderr);
    }
    ensure!(limit(more[0])?.stderr.contains("50.00 USDC in the next 24 hours (now 25.00 USDC)"));
    ensure!(scene.vault().head().call().await?.sequence == head);
    ensure!(limit(&["--limit", "20/24h"])?.code == 0);
    ensure!(limit(&["--limit", "50/24h", "--yes"])?.code == 0);
    Ok(())
}

/// A thief can pay nobody but payees in the book: the grant says how many these are.
#[tokio::test]
async fn a_grant_says_how_many_payees_it_reaches() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let payee = scene.actors.payees[0].to_string();
    home.done(&["payee", "add", &payee, "--category", "media", "--password-file", "password"])?;
    let add = |category: &'static str| {
        let policy = ["--per-payment", "1", "--limit", "1/24h", "--category", category, "--expires", "30d"];
        home.json(&[&["agent", "add", "rex", "--dry-run"][..], &policy].concat())
    };
    for (category, count) in [("data", 2), ("media", 1), ("data,media", 3), ("compute", 0)] {
        let tried = add(category)?;
        ensure!(tried["policy"]["payees"] == count, "{category}: {tried}");
    }
    Ok(())
}
