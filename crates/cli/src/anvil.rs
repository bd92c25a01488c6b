//! A local chain of our own: anvil, started on a free port and stopped whatever happens.

use crate::failure::Failure;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStdout;

/// Anvil is up in 0.2 s; after this long it will not be.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Lines of anvil's banner read while looking for its port.
const MAX_BANNER_LINES: usize = 200;

/// A running anvil. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Anvil {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
}

impl Anvil {
    /// Starts anvil at that time.
    pub(crate) async fn start(start_time: u64) -> Result<Self, Failure> {
        let program = find()?;
        let mut child = Command::new(&program)
            .args(["--port", "0", "--chain-id", "31337", "--accounts", "10", "--timestamp", &start_time.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0) // a terminal's Ctrl-C is for us: whoever lost its chain first would call the node unreachable
            .spawn()
            .map_err(|error| not_started(&program, &error.to_string()))?;
        let stdout = child.stdout.take();
        let mut anvil = Self { child, url: String::new() };
        let stdout = stdout.and_then(|stdout| ChildStdout::from_std(stdout).ok());
        let stdout = stdout.ok_or_else(|| not_started(&program, "its output can't be read"))?;
        let mut lines = BufReader::new(stdout).lines();
        let port = async {
            for _ in 0..MAX_BANNER_LINES {
                let line = lines.next_line().await.ok().flatten()?;
                if let Some(address) = line.trim().strip_prefix("Listening on ") {
                    return Some(address.trim().to_owned());
                }
            }
            None
        };
        let address = tokio::time::timeout(START_TIMEOUT, port).await;
        let address =
            address.ok().flatten().ok_or_else(|| not_started(&program, "it does not say where it listens"))?;
        // Somebody must read on, or anvil stops once the pipe is full.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        anvil.url = format!("http://{address}");
        Ok(anvil)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait(); // what is killed ends at once; then no trace of it is left
    }
}

/// Anvil's program: `PURSE_ANVIL`, or on the PATH, or in the `node_modules` of a folder above.
fn find() -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os("PURSE_ANVIL").map(PathBuf::from) {
        return if path.is_file() { Ok(path) } else { Err(missing(&format!("PURSE_ANVIL names {}", path.display()))) };
    }
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-amd64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-amd64",
        ("macos", "aarch64") => "darwin-arm64",
        _ => "other",
    };
    let in_modules = format!("node_modules/@foundry-rs/anvil-{platform}/bin/anvil");
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let mut candidates =
        starts.iter().flatten().flat_map(|start| start.ancestors()).map(|folder| folder.join(&in_modules));
    if let Some(found) = candidates.find(|path| path.is_file()) {
        return Ok(found);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("anvil")).find(|path| path.is_file());
    on_path.ok_or_else(|| missing("it is neither in node_modules nor on the PATH"))
}

fn missing(cause: &str) -> Failure {
    Failure::error("AnvilMissing", "there is no anvil", cause, "run make setup, or set PURSE_ANVIL to its path")
}

fn not_started(program: &Path, cause: &str) -> Failure {
    Failure::error(
        "AnvilNotStarted",
        "anvil did not start",
        format!("{}: {cause}", program.display()),
        "run it by hand to see why, or set PURSE_ANVIL to another one",
    )
}
