//! The newcomer's command tells the whole story, on one screen, and means it.

use super::purse::{Home, Ran};
use anyhow::{Context, ensure};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

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
    ensure!(steps.iter().filter(|step| step["verdict"] == "paid").count() == 5, "{story}");
    ensure!(steps.iter().any(|step| step["verdict"] == "waits"), "{story}");
    ensure!(steps.iter().any(|step| step["detail"] == "at most 10.00 a day"), "{story}");
    let bought = steps.iter().position(|step| step["deed"].as_str().is_some_and(|deed| deed.contains("x402 seller")));
    let warped = steps.iter().position(|step| step["deed"].as_str().is_some_and(|deed| deed.contains("the clock")));
    ensure!(bought.zip(warped).is_some_and(|(bought, warped)| bought < warped), "{story}");
    ensure!(steps.iter().any(|step| step["detail"] == "0.14"), "what is left of a refill of 0.15 comes back: {story}");
    ensure!(story["seconds"].as_f64().is_some_and(|seconds| seconds < 8.0), "{story}");
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

/// Ctrl-C on a terminal reaches the whole group of processes. The chain is in another group, or the demo would find
/// it gone and say that the node can't be reached.
#[test]
fn a_ctrl_c_of_the_terminal_reaches_the_demo_alone() -> anyhow::Result<()> {
    let home = Home::new()?;
    let mut command = home.command(&["demo"])?;
    let mut demo = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut told = BufReader::new(demo.stdout.take().context("stdout")?);
    told.read_line(&mut String::new())?;
    let group = demo.id().to_string();
    let chain = children(demo.id())?;
    ensure!(chain.len() == 1 && group_of(&chain[0])? != group, "anvil is in the demo's group {group}: {chain:?}");
    ensure!(Command::new("kill").args(["-INT", "--", &format!("-{group}")]).status()?.success());
    let ran = Ran::of(demo.wait_with_output()?)?;
    ensure!(ran.code == 130 && ran.stderr.contains("error[Interrupted]"), "{}: {}", ran.code, ran.stderr);
    Ok(())
}

/// With `--keep` a newcomer has something to buy from: each command that it prints does what it says, and with Ctrl-C
/// chain, seller and files are gone.
#[test]
fn a_kept_demo_is_there_to_try_and_then_gone() -> anyhow::Result<()> {
    let home = Home::new()?;
    let before = home.files()?;
    let mut command = home.command(&["demo", "--keep"])?;
    let mut demo = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut told = BufReader::new(demo.stdout.take().context("stdout")?);
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line: &String| !line.contains("Ctrl-C")) {
        let mut line = String::new();
        ensure!(told.read_line(&mut line)? > 0, "it ended early: {lines:?}");
        lines.push(line.trim().to_owned());
    }
    let exports = lines.iter().find(|line| line.starts_with("export ")).context("the environment")?;
    let commands = lines.iter().filter(|line| line.starts_with("purse ")).collect::<Vec<_>>();
    let words = ["quote", "pay", "pay", "payments", "status", "audit"];
    ensure!(commands.iter().map(|line| line.split(' ').nth(1).unwrap_or_default()).eq(words), "{lines:?}");
    let elsewhere = tempfile::tempdir()?;
    let typed = |command: &str| -> anyhow::Result<Ran> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{exports}\n{command}")]).current_dir(elsewhere.path()).stdin(Stdio::null());
        shell.env("HOME", elsewhere.path());
        Ran::of(shell.output()?)
    };
    let expected = [
        (0, "would pay"),
        (0, "{\"forecast\":\"sunny\"}"),
        (3, "error[AbovePerPaymentCap]: money moved: no"),
        (0, "settled"),
        (0, "AT MOST LEAVES"),
        (0, "PASS: trail equals chain"),
    ];
    for (command, (code, word)) in commands.iter().zip(expected) {
        let ran = typed(command)?;
        let said = format!("{}{}", ran.stdout, ran.stderr);
        ensure!(ran.code == code && said.contains(word), "{command}: {}\n{said}", ran.code);
    }
    ensure!(std::fs::read_dir(elsewhere.path())?.next().is_none(), "what was tried left nothing where it was typed");

    let config = exports.split("PURSE_CONFIG=\"").nth(1).and_then(|rest| rest.split('"').next()).context("a config")?;
    let folder = Path::new(config).parent().context("a folder")?;
    let started = children(demo.id())?;
    ensure!(folder.is_dir() && started.len() == 2, "chain and seller: {started:?}");
    ensure!(Command::new("kill").args(["-INT", "--", &format!("-{}", demo.id())]).status()?.success());
    let ran = Ran::of(demo.wait_with_output()?)?;
    let mut rest = String::new();
    told.read_to_string(&mut rest)?;
    ensure!(ran.code == 0 && rest.contains("Nothing is left"), "{}: {rest}{}", ran.code, ran.stderr);
    ensure!(!folder.exists(), "its folder is there still: {}", folder.display());
    for process in started {
        ensure!(!Path::new("/proc").join(&process).exists(), "{process} is there still");
    }
    ensure!(home.files()? == before, "the demo leaves nothing");
    Ok(())
}

/// The processes that a process started.
fn children(process: u32) -> anyhow::Result<Vec<String>> {
    let mut children = Vec::new();
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let of_thread = std::fs::read_to_string(thread?.path().join("children"))?;
        children.extend(of_thread.split_whitespace().map(str::to_owned));
    }
    Ok(children)
}

/// The group that a process is in: the third word after its name.
fn group_of(process: &str) -> anyhow::Result<String> {
    let state = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let group = state.rsplit(") ").next().and_then(|rest| rest.split_whitespace().nth(2));
    Ok(group.context("a group")?.to_owned())
}
