//! One process at a time works on a purchase: a lock file for each, in a folder beside the journal. The operating
//! system unlocks when a process ends, however it ends.

use crate::PurchaseId;
use crate::private_file::FileError;
use alloy::primitives::{hex, keccak256};
use fs4::FileExt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Pause between two looks at a lock: short against an answer of a seller.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The lock of one purchase, or of something else that one process does at a time. Dropping it unlocks and clears up.
#[derive(Debug)]
pub(crate) struct PurchaseLock {
    path: PathBuf,
    _file: File,
}

impl PurchaseLock {
    /// Takes the lock of a purchase, if nobody has it.
    pub(crate) fn try_take(folder: &Path, purchase: &PurchaseId) -> Result<Option<Self>, FileError> {
        Self::try_name(folder, &hex::encode(&keccak256(purchase.as_str())[..16]))
    }

    /// Takes the lock of a purchase, waiting for whoever has it. `None` when that takes longer than `patience`.
    pub(crate) async fn take(
        folder: &Path,
        purchase: &PurchaseId,
        patience: Duration,
    ) -> Result<Option<Self>, FileError> {
        Self::wait(patience, || Self::try_take(folder, purchase)).await
    }

    /// Takes the lock of that name, waiting for whoever has it.
    pub(crate) async fn take_name(folder: &Path, name: &str, patience: Duration) -> Result<Option<Self>, FileError> {
        Self::wait(patience, || Self::try_name(folder, name)).await
    }

    async fn wait(
        patience: Duration,
        attempt: impl Fn() -> Result<Option<Self>, FileError>,
    ) -> Result<Option<Self>, FileError> {
        let started = Instant::now();
        loop {
            match attempt()? {
                None if started.elapsed() < patience => tokio::time::sleep(LOOK_AGAIN).await,
                taken => return Ok(taken),
            }
        }
    }

    fn try_name(folder: &Path, name: &str) -> Result<Option<Self>, FileError> {
        let path = folder.join(format!("{name}.lock"));
        let io = |source| FileError::Io { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io)?;
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(fs4::TryLockError::WouldBlock) => return Ok(None),
            Err(fs4::TryLockError::Error(source)) => return Err(io(source)),
        }
        // Whoever had it may have cleared it away meanwhile: then the name is free for others, and this lock is none.
        let (ours, named) = (file.metadata().map_err(io)?, std::fs::metadata(&path));
        let same = named.is_ok_and(|named| (named.dev(), named.ino()) == (ours.dev(), ours.ino()));
        Ok(same.then_some(Self { path, _file: file }))
    }
}

impl Drop for PurchaseLock {
    /// While it is still locked, so that nobody else's file is taken away.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn one_at_a_time_and_nothing_is_left() {
        let home = tempfile::tempdir().unwrap();
        let (folder, one): (_, PurchaseId) = (home.path().join("locks"), "one".parse().unwrap());
        let lock = PurchaseLock::try_take(&folder, &one).unwrap().unwrap();
        assert!(PurchaseLock::try_take(&folder, &one).unwrap().is_none());
        assert!(PurchaseLock::try_take(&folder, &"two".parse().unwrap()).unwrap().is_some());
        drop(lock);
        assert!(PurchaseLock::try_take(&folder, &one).unwrap().is_some());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn those_who_wait_get_it_one_after_the_other() {
        let home = tempfile::tempdir().unwrap();
        let inside = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (folder, inside) = (home.path().join("locks"), inside.clone());
                tokio::spawn(async move {
                    let lock = PurchaseLock::take_name(&folder, "x", Duration::from_secs(30)).await.unwrap().unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(lock);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }

    #[tokio::test]
    async fn patience_ends() {
        let home = tempfile::tempdir().unwrap();
        let _lock = PurchaseLock::try_name(home.path(), "x").unwrap().unwrap();
        assert!(PurchaseLock::take_name(home.path(), "x", Duration::from_millis(30)).await.unwrap().is_none());
    }
}
