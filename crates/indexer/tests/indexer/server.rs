//! A PostgreSQL of the tests' own: started when the first test needs it, ended with the test program.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

const SCRIPT: &str = include_str!("server.sh");

/// The server, which lives as long as its standard input is open: as long as this program.
struct Server {
    script: Mutex<(Child, BufReader<ChildStdout>)>,
    url: String,
}

static SERVER: LazyLock<Option<Server>> = LazyLock::new(start);

/// PostgreSQL refuses to run as root.
fn start() -> Option<Server> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let mut command = if is_root { Command::new("runuser") } else { Command::new("sh") };
    if is_root {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    let spawned = command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut line = String::new();
    let server = spawned.ok().and_then(|mut script| {
        let mut told = BufReader::new(script.stdout.take()?);
        told.read_line(&mut line).ok()?;
        let url = format!("postgresql://purse@/postgres?host={}", line.strip_suffix('\n')?);
        Some(Server { script: Mutex::new((script, told)), url })
    });
    assert!(server.is_some() || std::env::var_os("PURSE_CI").is_none(), "PostgreSQL does not start");
    server
}

/// Where the server is; none when PostgreSQL is not installed, which PURSE_CI forbids.
pub(crate) fn url() -> Option<&'static str> {
    SERVER.as_ref().map(|server| server.url.as_str())
}

/// Ends the server as a crash does, and starts it again. Whoever is connected loses the connection.
pub(crate) fn restart() -> io::Result<()> {
    let Some(server) = SERVER.as_ref() else { return Err(io::Error::other("there is no server")) };
    let mut script = server.script.lock().unwrap_or_else(PoisonError::into_inner);
    let (child, told) = &mut *script;
    let Some(stdin) = &mut child.stdin else { return Err(io::Error::other("the server's script cannot be told")) };
    stdin.write_all(b"restart\n")?;
    let mut line = String::new();
    told.read_line(&mut line)?;
    if line == "restarted\n" { Ok(()) } else { Err(io::Error::other(format!("the server says {line:?}"))) }
}

/// A name that no other test has.
pub(crate) fn schema() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
