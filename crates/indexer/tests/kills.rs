//! Kill -9 at random while 50,000 events with reorganisations are indexed: what is in the database in the end is what a
//! rebuild gives: nothing lost, nothing twice. The same where the disk fills up and where the database is restarted: the
//! index stops loudly, and goes on when it may. Its own program, since the one that is killed is this one again.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "indexer/chain.rs"]
#[expect(dead_code, reason = "shared with the other tests")]
mod chain;
#[path = "indexer/database.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "shared with the other tests")]
mod database;
#[path = "indexer/server.rs"]
mod server;

use chain::{CHAIN, FakeChain, contents, rebuilt};
use purse_indexer::{PostgresStore, Progress, SqliteStore, Store};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Kills for each database: PURSE_KILLS, or so many.
const KILLS: u32 = 20;
/// Moments of the chain, each followed by a sync. The first is far longer than what is not final.
const STAGES: u32 = 41;
const EVENTS_IN_A_BLOCK: u32 = 25;
/// Lines that a child writes at most before it is killed: one for each commit, rollback and stage.
const LINES: u32 = 9;
/// Microseconds that it then still has at most: as long as a sync takes, so that it is killed anywhere in a transaction too.
const GRACE: u64 = 30_000;

/// Blocks of 512 bytes: the most that a file may have on the full disk, far less than the index comes to.
const FULL: &str = "8192";

/// Where the index is: what a child is told.
#[derive(Clone)]
enum Where {
    File(String),
    Schema(String),
}

impl Where {
    fn open(&self) -> Box<dyn Store> {
        match self {
            Self::File(path) => Box::new(SqliteStore::open(path, CHAIN).unwrap()),
            Self::Schema(name) => {
                // A child is told by its parent, who has started the server.
                let url = std::env::var("PURSE_POSTGRES").ok().or_else(|| server::url().map(str::to_owned));
                Box::new(PostgresStore::open(&url.expect("there is a server"), name, CHAIN).unwrap())
            }
        }
    }
}

/// The chain as it is at a stage: the same each time. Every third stage takes blocks back.
struct Growing {
    chain: FakeChain,
    vault: alloy::primitives::Address,
    purse: alloy::primitives::Address,
    stage: u32,
}

impl Growing {
    fn new() -> Self {
        let chain = FakeChain::new();
        let vault = chain.state().create_vault(1);
        chain.state().rules(vault);
        let purse = chain.state().open_purse(vault);
        let mut growing = Self { chain, vault, purse, stage: 0 };
        growing.add(400);
        growing
    }

    fn at(stage: u32) -> Self {
        let mut growing = Self::new();
        (0..stage).for_each(|_| growing.grow());
        growing
    }

    fn add(&mut self, blocks: u32) {
        let mut state = self.chain.state();
        for block in 0..blocks {
            state.events(self.vault, EVENTS_IN_A_BLOCK);
            if block % 5 == 0 {
                state.purchase(self.purse, u64::from(block));
            }
        }
    }

    fn grow(&mut self) {
        self.stage += 1;
        if self.stage.is_multiple_of(3) {
            self.chain.state().undo(20);
            self.add(60);
        } else {
            self.add(40);
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Indexes from a stage to the last, telling every step.
fn child(place: &Where, stage: u32) {
    let mut growing = Growing::at(stage);
    let mut indexer = growing.chain.indexer(place.open());
    loop {
        tell(&format!("stage {}", growing.stage));
        let told = |progress| tell(if matches!(progress, Progress::RolledBack(_)) { "rollback" } else { "commit" });
        runtime().block_on(indexer.sync_to_head(told)).unwrap();
        if growing.stage + 1 == STAGES {
            return tell("done");
        }
        growing.grow();
    }
}

/// Runs a child from a stage on, and kills it after so many lines and a moment. The stage that it was in; none when it was done.
fn run_and_kill(place: &Where, stage: u32, after: Option<(u32, Duration)>) -> Option<u32> {
    let (kind, name) = match place {
        Where::File(path) => ("file", path),
        Where::Schema(schema) => ("schema", schema),
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", kind, name, &stage.to_string()]).stdout(Stdio::piped());
    if let Some(url) = server::url() {
        command.env("PURSE_POSTGRES", url);
    }
    let mut child = command.spawn().unwrap();
    let (mut reached, mut read, mut done) = (stage, 0, false);
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        reached = line.strip_prefix("stage ").map_or(reached, |stage| stage.parse().unwrap());
        done |= line == "done";
        read += 1;
        if let Some((_, grace)) = after.filter(|(lines, _)| *lines == read) {
            // Nothing is waited for: any moment will do.
            std::thread::park_timeout(grace);
            // SIGKILL. What the child wrote meanwhile is read before the next one begins.
            child.kill().unwrap();
        }
    }
    let ended = child.wait().unwrap();
    assert!(done || after.is_some() && !ended.success(), "a child failed by itself: {ended}");
    (!done).then_some(reached)
}

/// What every index must come to, after all stages.
fn expected() -> chain::Contents {
    let whole = Growing::at(STAGES - 1);
    let expected = runtime().block_on(rebuilt(&whole.chain));
    assert_eq!(expected.2[0].0, whole.chain.state().logs_of(whole.vault));
    expected
}

/// A child that ends by itself, with an error that it names: the last stage it was in, and what it committed.
fn fail_loudly(mut command: Command, name: &str, between: impl FnOnce()) -> u32 {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stage, mut commits, mut between) = (0, 0, Some(between));
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        stage = line.strip_prefix("stage ").map_or(stage, |stage| stage.parse().unwrap());
        assert!(line != "done", "{name}: nothing failed");
        commits += u32::from(line == "commit");
        if commits == 2 {
            between.take().into_iter().for_each(|between| between());
        }
    }
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert!(!child.wait().unwrap().success() && error.contains(name) && commits > 0, "{commits} commits, {error}");
    stage
}

/// The disk is full in the midst of it. A limit on the size of files stands for it; without the trap its signal would kill.
fn fill_the_disk(place: &Where, path: &str) {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh", FULL]);
    command.arg(std::env::current_exe().unwrap()).args(["child", "file", path, "0"]);
    let stage = fail_loudly(command, "Store(Sqlite", || ());
    assert_eq!(run_and_kill(place, stage, None), None);
    assert!(contents(&*place.open()) == expected(), "after a full disk the index differs from a rebuild");
    tell(&format!("SQLite: stopped at stage {stage} by a full disk, then equal to a rebuild"));
}

/// The server crashes and comes back in the midst of it.
fn restart_the_database(place: &Where, schema: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "schema", schema, "0"]).env("PURSE_POSTGRES", server::url().unwrap());
    let stage = fail_loudly(command, "Store(Postgres", || server::restart().unwrap());
    assert_eq!(run_and_kill(place, stage, None), None);
    assert!(contents(&*place.open()) == expected(), "after a restart the index differs from a rebuild");
    tell(&format!("PostgreSQL: stopped at stage {stage} by a restart, then equal to a rebuild"));
}

/// Kills so often, beginning with a new index whenever one is done, and compares each in the end.
fn kill(kind: &str, new_place: impl Fn() -> Where, kills: u32) {
    let seed = std::env::var("PURSE_SEED").map_or(5, |seed| seed.parse().unwrap());
    let mut dice = StdRng::seed_from_u64(seed);
    let expected = expected();
    let events = expected.2[0].0.len();
    assert!(events >= 50_000, "{events}");
    let (mut killed, mut indexes) = (0, 0);
    while killed < kills {
        let (place, mut stage) = (new_place(), 0);
        indexes += 1;
        loop {
            let after = || (dice.random_range(1..=LINES), Duration::from_micros(dice.random_range(0..=GRACE)));
            match run_and_kill(&place, stage, (killed < kills).then(after)) {
                Some(reached) => (stage, killed) = (reached, killed + 1),
                None => break,
            }
        }
        assert!(contents(&*place.open()) == expected, "{kind}: the index differs from a rebuild (PURSE_SEED={seed})");
    }
    tell(&format!("{kind}: {killed} kills, {indexes} indexes of {events} events, each equal to a rebuild"));
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, child_word, kind, name, stage] = &arguments[..]
        && child_word == "child"
    {
        let place = if kind == "file" { Where::File(name.clone()) } else { Where::Schema(name.clone()) };
        return child(&place, stage.parse().unwrap());
    }
    let kills = std::env::var("PURSE_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let files = std::cell::Cell::new(0);
    let file = || {
        files.set(files.get() + 1);
        Where::File(folder.path().join(format!("{}.db", files.get())).display().to_string())
    };
    // A word, as for any test: only the database that it names.
    let wanted = |name: &str| arguments.get(1).is_none_or(|word| name.starts_with(word.as_str()));
    if wanted("sqlite") {
        kill("SQLite", file, kills);
    }
    if wanted("full") {
        let path = folder.path().join("full.db").display().to_string();
        fill_the_disk(&Where::File(path.clone()), &path);
    }
    match server::url() {
        None if wanted("postgres") => tell("skipped: kills and a restart of PostgreSQL, which is not installed"),
        None => {}
        Some(_) => {
            if wanted("postgres") {
                kill("PostgreSQL", || Where::Schema(server::schema()), kills);
            }
            if wanted("restart") {
                let schema = server::schema();
                restart_the_database(&Where::Schema(schema.clone()), &schema);
            }
        }
    }
}
