//! Final history as Parquet files, by the command, and read by a program that is nobody's of ours.

use crate::bundle::busy;
use crate::cli::purse::Home;
use alloy::providers::ext::AnvilApi;
use anyhow::{Context, bail, ensure};
use purse_protocol::abi::IVault;
use purse_tests::Scene;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Blocks that make all before them final for anvil.
const UNTIL_FINAL: u64 = 70;

/// The files of a folder and those below it.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

/// A home whose archive of this vault was just written.
async fn archived(scene: &Scene) -> anyhow::Result<(Home, Value)> {
    let home = Home::of(scene)?;
    scene.provider.anvil_mine(Some(UNTIL_FINAL), None).await?;
    home.done(&["index"])?;
    let written = home.json(&["index", "archive", "archive"])?;
    Ok((home, written))
}

#[tokio::test]
async fn an_archive_is_written_added_to_and_checked() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    let agent = &scene.actors.agents[0];
    scene.pay(&scene.payment(1, Scene::USDC), agent).await?;
    let (home, written) = archived(&scene).await?;
    let hash = written["hash"].as_str().context("a hash")?.to_owned();
    ensure!(written["parts"] == 1 && written["logs"].as_u64() > Some(5), "{written}");
    // The payment, its fee, and what filled the vault.
    ensure!(
        written["movements"].as_u64() >= Some(2) && !files(&home.path("archive/transfers"))?.is_empty(),
        "{written}"
    );
    let told = home.done(&["index", "archive", "archive"])?;
    ensure!(told.contains("nothing new is final") && told.contains(&hash), "{told}");
    // Neither a node nor a profile is needed to check it.
    let stranger = Home::new()?;
    let folder = home.path("archive").display().to_string();
    let checked = stranger.json(&["index", "archive", &folder, "--check", "--hash", &hash])?;
    ensure!(checked["chains"][0]["hash"] == hash.as_str(), "{checked}");

    scene.pay(&scene.payment(2, Scene::USDC), agent).await?;
    scene.provider.anvil_mine(Some(UNTIL_FINAL), None).await?;
    home.done(&["index"])?;
    let more = home.json(&["index", "archive", "archive"])?;
    ensure!(more["parts"] == 1 && more["hash"] != hash.as_str(), "{more}");
    home.done(&["index", "archive", "archive", "--check", "--hash", &hash])?;

    let payments = files(&home.path("archive/payments"))?;
    ensure!(payments.len() == 2, "{payments:?}");
    let whole = std::fs::read(&payments[0])?;
    let failed = |name: &str| -> anyhow::Result<()> {
        let ran = home.run(&["index", "archive", "archive", "--check"])?;
        ensure!(ran.code == 6 && ran.stderr.contains(&format!("error[{name}]")), "{}: {}", ran.code, ran.stderr);
        ensure!(name == "ManifestDamaged" || ran.stderr.contains("payments/chain=31337/month="), "{}", ran.stderr);
        Ok(())
    };
    std::fs::write(&payments[0], &whole[..whole.len() / 2])?;
    failed("FileAltered")?;
    std::fs::remove_file(&payments[0])?;
    failed("FileMissing")?;
    std::fs::write(&payments[0], &whole)?;
    let beside = payments[0].with_file_name("copy.parquet");
    std::fs::write(&beside, &whole)?;
    failed("FileUnlisted")?;
    std::fs::remove_file(&beside)?;
    std::fs::write(home.path("archive/manifest-31337.json"), "{")?;
    failed("ManifestDamaged")?;
    let ran = home.run(&["index", "archive", "archive"])?;
    ensure!(ran.code == 6 && ran.stderr.contains("error[ManifestDamaged]"), "{}: {}", ran.code, ran.stderr);
    let ran = home.run(&["index", "archive", "nowhere", "--check"])?;
    ensure!(ran.code == 1 && ran.stderr.contains("error[ArchiveMissing]"), "{}: {}", ran.code, ran.stderr);
    let ran = home.run(&["index", "archive", "archive", "--check", "--hash", &format!("0x{}", "77".repeat(32))])?;
    ensure!(ran.code == 6, "{}: {}", ran.code, ran.stderr);
    Ok(())
}

/// Rounds of killing; each waits for another number of files.
const KILLS: u64 = 20;
/// Months with an event: so many parts.
const MONTHS: u32 = 6;

/// A writer that is killed anywhere leaves an archive that was written before, whole, or one whose check says what is too
/// many: never half a part that passes. The next run ends with what a run in one go wrote.
#[tokio::test]
async fn a_writer_killed_anywhere_leaves_no_half_that_passes() -> anyhow::Result<()> {
    let scene = Scene::with_session().await?;
    scene.pay(&scene.payment(1, Scene::USDC), &scene.actors.agents[0]).await?;
    for month in 0..MONTHS {
        scene.set_next_time(scene.now().await? + 31 * 86_400).await?;
        if month % 2 == 0 {
            scene.own(&IVault::pauseCall {}).await?
        } else {
            scene.own(&IVault::unpauseCall {}).await?
        };
    }
    let (home, written) = archived(&scene).await?;
    let reference = manifest(&home.path("archive"))?.context("a manifest")?;
    let hashes: Vec<_> =
        reference["parts"].as_array().context("parts")?.iter().map(|part| &part["commitment"]).collect();
    ensure!(hashes.len() >= MONTHS as usize && hashes.last() == Some(&&written["hash"]), "{written}");
    let whole = files(&home.path("archive"))?.len() as u64;
    let mut unfinished = 0;
    for round in 0..KILLS {
        let (name, folder) = (format!("killed-{round}"), home.path(&format!("killed-{round}")));
        let mut writer = home.command(&["index", "archive", &name])?;
        let mut writer = writer.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        while writer.try_wait()?.is_none() && (files(&folder).unwrap_or_default().len() as u64) < round % whole + 1 {}
        writer.kill()?;
        writer.wait()?;
        let ran = home.run(&["index", "archive", &name, "--check"])?;
        let left = manifest(&folder)?;
        let parts = left.as_ref().and_then(|left| left["parts"].as_array()).map_or(0, Vec::len);
        unfinished += u64::from(parts < hashes.len());
        let at = left.as_ref().and_then(|left| left["parts"].as_array()?.last()).map(|last| &last["commitment"]);
        ensure!(at == parts.checked_sub(1).map(|last| hashes[last]), "round {round}: {left:?}");
        match (ran.code, parts) {
            (0, 1..) => {}
            (1, 0) => ensure!(ran.stderr.contains("error[ArchiveMissing]"), "{}", ran.stderr),
            // Files that no manifest lists yet; all that it lists is whole.
            (6, 1..) => ensure!(
                ran.stderr.contains("error[FileUnlisted]")
                    && !ran.stderr.contains("Missing")
                    && !ran.stderr.contains("Altered"),
                "{}",
                ran.stderr
            ),
            other => bail!("round {round}: {other:?} {}", ran.stderr),
        }
        home.done(&["index", "archive", &name])?;
        ensure!(manifest(&folder)?.as_ref() == Some(&reference), "round {round}");
        home.done(&["index", "archive", &name, "--check"])?;
    }
    ensure!(unfinished > 0, "no kill came before the end");
    Ok(())
}

/// What lists an archive; none before there is one.
fn manifest(folder: &Path) -> anyhow::Result<Option<Value>> {
    match std::fs::read(folder.join("manifest-31337.json")) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Sums by category, exact; the fields of an event; a month that is a column: what docs/archive.md shows.
const QUESTIONS: &str = r#"
import duckdb, json, sys
ask = lambda sql: duckdb.sql(sql.replace("DIR", sys.argv[1])).fetchall()
print(json.dumps({
    "payments": [[str(cell) for cell in row] for row in ask("""
        SELECT sequence, payee, amount, fee FROM read_parquet('DIR/payments/**/*.parquet') ORDER BY sequence""")],
    "total": str(ask("SELECT sum(amount::HUGEINT) FROM read_parquet('DIR/payments/**/*.parquet')")[0][0]),
    "chains": [row[0] for row in ask("""
        SELECT DISTINCT chain FROM read_parquet('DIR/logs/**/*.parquet', hive_partitioning = true)""")],
    "logs": ask("SELECT count(*) FROM read_parquet('DIR/logs/**/*.parquet')")[0][0],
    "caps": [row[0] for row in ask("""
        SELECT fields->>'cap' FROM read_parquet('DIR/events/**/*.parquet') WHERE event = 'LimitSet'""")],
    "unmoved": ask("""
        SELECT count(*) FROM read_parquet('DIR/payments/**/*.parquet') p
        LEFT JOIN read_parquet('DIR/transfers/**/*.parquet') t
          ON t.tx = p.tx AND t.token = p.token AND t.from_account = p.vault AND t.to_account = p.payee AND t.amount = p.amount
        WHERE t.tx IS NULL""")[0][0],
    "types": [row[1] for row in ask("DESCRIBE SELECT * FROM read_parquet('DIR/payments/**/*.parquet')")],
}))
"#;

#[tokio::test]
#[ignore = "make proof runs it, with the Python that PURSE_DUCKDB_PYTHON names"]
async fn duckdb_reads_an_archive() -> anyhow::Result<()> {
    let python =
        std::env::var_os("PURSE_DUCKDB_PYTHON").context("PURSE_DUCKDB_PYTHON names none; `make proof` does")?;
    let scene = busy().await?;
    let (home, written) = archived(&scene).await?;
    let output = Command::new(python).args(["-c", QUESTIONS]).arg(home.path("archive")).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(answers["chains"] == serde_json::json!([31_337]) && answers["logs"] == written["logs"], "{answers}");
    let log = home.json(&["log", "--payments"])?;
    let events = log["events"].as_array().context("events")?;
    let rows = answers["payments"].as_array().context("payments")?;
    ensure!(rows.len() == events.len() && !rows.is_empty(), "{answers} {log}");
    let mut total = 0_u128;
    for (row, event) in rows.iter().zip(events) {
        let sequence = event["sequence"].to_string();
        ensure!(row[0] == sequence.as_str(), "{row} {event}");
        let payee = event["payee"].as_str().context("a payee")?.to_lowercase();
        ensure!(row[1] == payee.as_str(), "{row} {event}");
        total += row[2].as_str().context("an amount")?.parse::<u128>()?;
    }
    ensure!(answers["total"] == total.to_string() && total > 0, "{answers}");
    ensure!(answers["caps"].as_array().is_some_and(|caps| !caps.is_empty() && caps[0].is_string()), "{answers}");
    assert_eq!(answers["unmoved"], 0, "each payment has its token's Transfer: {answers}");
    ensure!(answers["types"][0] == "UBIGINT" && answers["types"][5] == "UINTEGER", "{answers}");
    Ok(())
}
