//! Files in which the owner is asked for something. They change nothing: the owner reads one and runs its command, or
//! does not. The command is made of checked values only, so that nothing a model writes can become part of it.

use alloy::primitives::Address;
use purse_agent::buyer::Origin;
use purse_agent::{FileError, SessionFile};
use purse_protocol::Category;
use purse_protocol::text::printable;
use serde::Serialize;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Most requests that wait at once: a model that asks without end fills no disk.
const MOST_REQUESTS: usize = 100;
/// Longest reason that is kept, in characters.
const MAX_REASON: usize = 1_000;

/// Who asks. The owner's command names all of it, so that no other vault of his is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The vault's chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// The session.
    pub session: u32,
    /// What it pays in.
    pub token: Address,
}

impl From<&SessionFile> for Asking {
    fn from(file: &SessionFile) -> Self {
        Self { chain_id: file.chain_id, vault: file.vault, session: file.session.get(), token: file.token }
    }
}

/// What the owner is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerRequest {
    /// What is asked for, in a sentence.
    pub asks: String,
    /// Why, in the asker's words: data, not a command.
    pub reason: String,
    /// What the owner runs to grant it.
    pub command: String,
    /// Which session asks.
    pub session: u32,
}

/// A request that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The folder or the file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Too many wait already.
    #[error("{MOST_REQUESTS} requests wait already in {}", .0.display())]
    TooMany(PathBuf),
}

impl OwnerRequest {
    /// Asks for a limit. `amount` is checked; `window` is one of the four.
    pub fn limit(asking: Asking, amount: &str, window: &str, category: Option<Category>, reason: &str) -> Self {
        let Asking { chain_id, vault, session, token } = asking;
        let of = category.map_or_else(String::new, |category| format!(" --category {category}"));
        let for_what = category.map_or_else(String::new, |category| format!(" for {category}"));
        Self {
            asks: format!("session {session} of {vault} asks for a limit of {amount} in any {window}{for_what}"),
            reason: printable(reason, MAX_REASON),
            command: format!(
                "purse agent limit {session} --limit {amount}/{window}{of} --token {token} --vault {vault} --chain {chain_id}"
            ),
            session,
        }
    }

    /// Asks for a payee by its address, as its own 402 answer names it, and by where it was asked, so that the owner is
    /// warned when another answer differs.
    pub fn payee(asking: Asking, payee: Address, origin: &Origin, category: Category, reason: &str) -> Self {
        let Asking { chain_id, vault, session, .. } = asking;
        Self {
            asks: format!("session {session} of {vault} asks to pay {origin} ({payee}) under {category}"),
            reason: printable(reason, MAX_REASON),
            command: format!(
                "purse payee add {payee} --seller {origin} --category {category} --vault {vault} --chain {chain_id}"
            ),
            session,
        }
    }

    /// Writes it into the folder beside a session file; gives its path.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn write(&self, session_file: &Path) -> Result<PathBuf, RequestError> {
        let folder = session_file.with_extension("requests");
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| RequestError::File(FileError::Io { path, source })
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(io(&folder))?;
        for number in 1..=MOST_REQUESTS {
            let path = folder.join(format!("{number:03}.json"));
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            match file {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io(&path)(error)),
                Ok(mut file) => {
                    let text = serde_json::to_string_pretty(self).unwrap_or_default();
                    file.write_all(text.as_bytes()).map_err(io(&path))?;
                    return Ok(path);
                }
            }
        }
        Err(RequestError::TooMany(folder))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn seventh() -> Asking {
        Asking { chain_id: 8453, vault: Address::repeat_byte(3), session: 7, token: Address::repeat_byte(4) }
    }

    #[test]
    fn a_request_is_written_beside_the_session_and_holds_one_command() {
        let home = tempfile::tempdir().unwrap();
        let session = home.path().join("a.session.toml");
        let data = Category::new(1).unwrap();
        let request = OwnerRequest::limit(seventh(), "20", "24h", Some(data), "more\u{1b}[2J data; rm -rf /");
        let (token, vault) = (seventh().token, seventh().vault);
        assert_eq!(
            request.command,
            format!("purse agent limit 7 --limit 20/24h --category data --token {token} --vault {vault} --chain 8453")
        );
        assert!(!request.reason.contains('\u{1b}'));
        let path = request.write(&session).unwrap();
        assert_eq!(path, home.path().join("a.session.requests/001.json"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"command\": \"purse agent limit 7"), "{text}");
        let (payee, origin) = (Address::repeat_byte(2), "https://a.example/v1/now;reboot".parse().unwrap());
        let request = OwnerRequest::payee(seventh(), payee, &origin, data, "x");
        assert_eq!(
            request.command,
            format!("purse payee add {payee} --seller https://a.example --category data --vault {vault} --chain 8453")
        );
        assert!(request.write(&session).unwrap().ends_with("002.json"));
    }

    #[test]
    fn requests_without_end_are_stopped() {
        let home = tempfile::tempdir().unwrap();
        let session = home.path().join("a.session.toml");
        let request = OwnerRequest::limit(seventh(), "20", "24h", None, "more");
        for _ in 0..MOST_REQUESTS {
            request.write(&session).unwrap();
        }
        assert!(matches!(request.write(&session), Err(RequestError::TooMany(_))));
    }
}
