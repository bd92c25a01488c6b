//! Results on stdout, everything else on stderr, colour only where it is wanted.

use super::purse::Home;
use anyhow::ensure;
use purse_tests::Scene;
use serde_json::Value;

const ESCAPE: char = '\u{1b}';

#[tokio::test]
async fn colour_is_where_it_is_wanted() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    ensure!(!home.done(&["status"])?.contains(ESCAPE), "none into a pipe");
    ensure!(home.done(&["status", "--color", "always"])?.contains(ESCAPE));
    ensure!(!home.done(&["status", "--color", "never"])?.contains(ESCAPE));
    // CLICOLOR_FORCE stands for a terminal, or there would be no colour to take away.
    let forced = |args: &[&str]| Ok::<_, anyhow::Error>(home.command(args)?.env("CLICOLOR_FORCE", "1").output()?);
    let without = |args: &[&str]| {
        let mut command = home.command(args)?;
        Ok::<_, anyhow::Error>(command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output()?)
    };
    ensure!(String::from_utf8(forced(&["status"])?.stdout)?.contains(ESCAPE));
    ensure!(!String::from_utf8(without(&["status"])?.stdout)?.contains(ESCAPE));
    let fails = ["status", "--profile", "other"];
    ensure!(String::from_utf8(forced(&fails)?.stderr)?.contains(ESCAPE));
    ensure!(!String::from_utf8(without(&fails)?.stderr)?.contains(ESCAPE));
    Ok(())
}

/// Flag over environment over file.
#[tokio::test]
async fn a_flag_beats_the_environment_beats_the_file() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    let down = "http://127.0.0.1:1";
    let by_environment = home.command(&["status"])?.env("ETH_RPC_URL", down).output()?;
    ensure!(by_environment.status.code() == Some(69));
    let by_flag = home.command(&["status", "--rpc-url", &scene.rpc_url()])?.env("ETH_RPC_URL", down).output()?;
    ensure!(by_flag.status.code() == Some(0));
    Ok(())
}

#[test]
fn completions_manual_and_exit_codes_are_generated() -> anyhow::Result<()> {
    let home = Home::new()?;
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = home.json(&["completions", shell])?;
        ensure!(script["script"].as_str().is_some_and(|script| script.contains("purse")), "{shell}");
    }
    ensure!(home.done(&["man"])?.contains(".TH purse"));
    let help = home.done(&["--help"])?;
    for line in ["0  done", "3  refused", "69  the RPC", "130  stopped"] {
        ensure!(help.contains(line), "{line}\n{help}");
    }
    Ok(())
}

/// A table for people, one object for programs, and no note on stdout.
#[tokio::test]
async fn results_and_notes_do_not_mix() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let home = Home::of(&scene)?;
    for args in [&["status"][..], &["agent", "list"], &["agent", "show", "1"], &["payee", "list"]] {
        let value = home.json(args)?;
        ensure!(value["ok"] == true, "{value}");
        ensure!(serde_json::from_str::<Value>(&home.done(args)?).is_err());
    }
    let loud = home.run(&["status", "--json", "--verbose"])?;
    ensure!(loud.stderr.contains("rpc eth_chainId"), "{}", loud.stderr);
    serde_json::from_str::<Value>(&loud.stdout)?;
    ensure!(home.run(&["payee", "list", "--quiet"])?.stderr.is_empty());
    Ok(())
}
