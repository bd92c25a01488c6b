//! The session file of the agent that pays: named, or the one in the working directory.

use crate::exit::Exit;
use crate::failure::Failure;
use clap::Args;
use purse_agent::SessionFile;
use std::path::{Path, PathBuf};

/// How session files end.
pub(crate) const ENDING: &str = ".session.toml";
/// Most files of the working directory looked at.
const MAX_ENTRIES: usize = 10_000;

/// Which agent pays.
#[derive(Debug, Clone, Args)]
pub(crate) struct Whose {
    /// The agent's session file [default: the only *.session.toml here]
    #[arg(long, value_name = "PATH", env = "PURSE_SESSION")]
    pub(crate) session: Option<PathBuf>,
    /// The agent's name: stands for NAME.session.toml here
    #[arg(long, value_name = "NAME", conflicts_with = "session")]
    pub(crate) agent: Option<String>,
}

impl Whose {
    /// Reads the session file.
    pub(crate) fn load(&self) -> Result<SessionFile, Failure> {
        let path = match (&self.session, &self.agent) {
            (_, Some(name)) => PathBuf::from(format!("{name}{ENDING}")),
            (Some(path), None) => path.clone(),
            (None, None) => only_one(Path::new("."))?,
        };
        SessionFile::load(&path).map_err(|error| {
            let message = format!("cannot use the session file {}", path.display());
            Failure::new(Exit::Key, error.code(), message, error.to_string(), error.fix())
        })
    }
}

fn only_one(folder: &Path) -> Result<PathBuf, Failure> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_ENTRIES);
    let paths = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(ENDING));
    let mut paths = paths.collect::<Vec<_>>();
    match paths.len() {
        1 => Ok(paths.remove(0)),
        count => Err(Failure::usage(
            "SessionMissing",
            "which agent pays?",
            format!("there are {count} files *{ENDING} in this folder"),
            "name one: --session PATH, or PURSE_SESSION",
        )),
    }
}
