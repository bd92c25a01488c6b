//! The newcomer's command tells the whole story, on one screen, and means it.

use super::purse::Home;
use anyhow::ensure;

/// Lines and columns of a terminal.
const SCREEN: (usize, usize) = (24, 80);

#[test]
fn the_demo_tells_the_story_on_one_screen() -> anyhow::Result<()> {
    let home = Home::new()?;
    let before = home.files()?;
    let told = home.done(&["demo"])?;
    ensure!(told.lines().count() <= SCREEN.0, "{} lines", told.lines().count());
    ensure!(told.lines().all(|line| line.chars().count() <= SCREEN.1), "{told}");
    for reason in [
        "PayeeNotInBook",
        "CategoryNotGranted",
        "AbovePerPaymentCap",
        "NonceUsed",
        "LimitExceeded",
        "VaultPaused",
        "SessionRevoked",
    ] {
        ensure!(told.matches(reason).count() == 1, "{reason}\n{told}");
    }
    ensure!(told.contains("trail equals chain"), "{told}");
    ensure!(home.files()? == before, "the demo leaves nothing");
    Ok(())
}

#[test]
fn the_demo_tells_programs_each_step() -> anyhow::Result<()> {
    let story = Home::new()?.json(&["demo"])?;
    ensure!(story["refusals"] == 7, "{story}");
    let steps = story["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    ensure!(steps.iter().filter(|step| step["verdict"] == "paid").count() == 3, "{story}");
    ensure!(steps.last().is_some_and(|step| step["detail"] == "trail equals chain"), "{story}");
    Ok(())
}

/// Without a chain to start there is no demo, and the reason has a name.
#[test]
fn a_missing_anvil_is_named() -> anyhow::Result<()> {
    let home = Home::new()?;
    let output = home.command(&["demo"])?.env("PURSE_ANVIL", "/nowhere/anvil").output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(1) && said.contains("error[AnvilMissing]"), "{said}");
    Ok(())
}
