//! The ledger of nonces on disk: one state file beside the session file, one lock for all threads and processes.

use crate::ledger::Ledger;
use crate::private_file::{self, FileError, Secrecy};
use alloy::primitives::Address;
use fs4::FileExt;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest state file, in bytes: 32 leases have about 1,200.
const MAX_STATE_BYTES: u64 = 16 * 1_024;
/// Longest wait for the lock. Whoever holds it sends one transaction: three rounds of questions to the node, each of
/// which ends after 20 s.
const LOCK_WAIT: Duration = Duration::from_secs(90);
/// Pause between two looks at the lock: short against a round trip to a node.
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// The nonces' state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NonceError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Other payments have held the lock for too long.
    #[error("other payments have held {} for {} s", .path.display(), LOCK_WAIT.as_secs())]
    NonceLockBusy {
        /// The lock file.
        path: PathBuf,
    },
    /// The state file holds something else.
    #[error("{} is damaged: {reason}", .path.display())]
    NonceFileDamaged {
        /// The state file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

impl NonceError {
    /// The error's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::NonceLockBusy { .. } => "NonceLockBusy",
            Self::NonceFileDamaged { .. } => "NonceFileDamaged",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::File(error) => error.fix(),
            Self::NonceLockBusy { .. } => {
                "look for a process of this agent that hangs, and for a slow RPC node".to_owned()
            }
            Self::NonceFileDamaged { path, .. } => format!(
                "let two minutes pass without a payment, then delete {}: the chain knows the rest",
                path.display()
            ),
        }
    }
}

/// Leases nonces to every thread and process that uses one session file.
///
/// Two files lie beside `NAME.session.toml`: `NAME.session.nonces` holds the [`Ledger`], replaced as a whole; and
/// `NAME.session.lock`, empty, is locked while a nonce is leased *and* its transaction is sent, so that both kinds of
/// nonces ascend together and a vault nonce never waits for a later one. The operating system unlocks when a process
/// ends, however it ends. Waiting for the receipt happens outside the lock.
#[derive(Clone, Debug)]
pub struct NonceStore {
    state: PathBuf,
    lock: PathBuf,
}

impl NonceStore {
    /// The store beside a session file.
    pub fn beside(session_file: &Path) -> Self {
        Self { state: session_file.with_extension("nonces"), lock: session_file.with_extension("lock") }
    }

    /// Waits for the lock and reads the ledger of that key.
    ///
    /// # Errors
    /// [`NonceError`].
    pub async fn lock(&self, chain_id: u64, vault: Address, key: Address) -> Result<NonceGuard, NonceError> {
        let io = |source| NonceError::File(FileError::Io { path: self.lock.clone(), source });
        let lock =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.lock).map_err(io)?;
        let started = Instant::now();
        loop {
            match FileExt::try_lock(&lock) {
                Ok(()) => break,
                Err(fs4::TryLockError::WouldBlock) if started.elapsed() < LOCK_WAIT => {
                    tokio::time::sleep(LOCK_PAUSE).await;
                }
                Err(fs4::TryLockError::WouldBlock) => {
                    return Err(NonceError::NonceLockBusy { path: self.lock.clone() });
                }
                Err(fs4::TryLockError::Error(source)) => return Err(io(source)),
            }
        }
        let ledger = self.read()?.filter(|ledger| ledger.is_of(chain_id, vault, key));
        let ledger = ledger.unwrap_or_else(|| Ledger::new(chain_id, vault, key));
        Ok(NonceGuard { ledger, state: self.state.clone(), _lock: lock })
    }

    fn read(&self) -> Result<Option<Ledger>, NonceError> {
        let text = match private_file::read(&self.state, MAX_STATE_BYTES, Secrecy::NotNeeded) {
            Err(FileError::Missing { .. }) => return Ok(None),
            text => text?,
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| NonceError::NonceFileDamaged { path: self.state.clone(), reason: error.to_string() })
    }
}

/// The ledger, while nobody else has it. Dropping it unlocks; only [`NonceGuard::save`] writes.
#[derive(Debug)]
pub struct NonceGuard {
    /// The rules and what was leased.
    pub ledger: Ledger,
    state: PathBuf,
    _lock: File,
}

impl NonceGuard {
    /// Writes the ledger, whole or not at all. It survives the end of the process; after a loss of power the chain
    /// decides, which pays no nonce twice.
    ///
    /// # Errors
    /// [`NonceError::File`]; then nothing may be signed under what was just leased.
    pub fn save(&self) -> Result<(), NonceError> {
        let text = serde_json::to_string(&self.ledger)
            .map_err(|error| NonceError::NonceFileDamaged { path: self.state.clone(), reason: error.to_string() })?;
        Ok(private_file::replace(&self.state, &text)?)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::ledger::ChainNonces;
    use std::collections::BTreeSet;

    const VAULT: Address = Address::repeat_byte(1);
    const KEY: Address = Address::repeat_byte(2);

    fn chain(highest: u32) -> ChainNonces {
        ChainNonces { highest, window: 1, time: 1_000 }
    }

    /// Safety 3.1: nonces are leased by a file lock, so two holders never get the same.
    #[tokio::test(flavor = "multi_thread")]
    async fn tasks_with_their_own_stores_lease_different_nonces() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.session.toml");
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let store = NonceStore::beside(&path);
                tokio::spawn(async move {
                    let mut guard = store.lock(1, VAULT, KEY).await.unwrap();
                    let nonce = guard.ledger.lease(chain(0), 1_120).unwrap();
                    guard.save().unwrap();
                    nonce
                })
            })
            .collect();
        let mut nonces = BTreeSet::new();
        for task in tasks {
            assert!(nonces.insert(task.await.unwrap()));
        }
        assert_eq!(nonces, (1..=16).collect());
    }

    #[tokio::test]
    async fn what_is_not_saved_is_not_leased_and_another_key_starts_afresh() {
        let home = tempfile::tempdir().unwrap();
        let store = NonceStore::beside(&home.path().join("a.session.toml"));
        store.lock(1, VAULT, KEY).await.unwrap().ledger.lease(chain(0), 1_120).unwrap();
        let mut guard = store.lock(1, VAULT, KEY).await.unwrap();
        assert_eq!(guard.ledger.lease(chain(0), 1_120), Ok(1));
        guard.save().unwrap();
        drop(guard);
        assert_eq!(store.lock(1, VAULT, KEY).await.unwrap().ledger.lease(chain(0), 1_120), Ok(2));
        assert_eq!(store.lock(1, VAULT, VAULT).await.unwrap().ledger.lease(chain(0), 1_120), Ok(1));
    }

    #[tokio::test]
    async fn a_damaged_state_is_refused_by_name_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let store = NonceStore::beside(&home.path().join("a.session.toml"));
        for text in ["", "{", r#"{"next":1}"#, "[]"] {
            std::fs::write(home.path().join("a.session.nonces"), text).unwrap();
            let error = store.lock(1, VAULT, KEY).await.unwrap_err();
            assert_eq!(error.code(), "NonceFileDamaged");
            assert_eq!(std::fs::read_to_string(home.path().join("a.session.nonces")).unwrap(), text);
        }
    }
}
