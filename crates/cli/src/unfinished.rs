//! Files of an act that is not done yet: gone again unless the act was done, or may still be.

use crate::sent::Sent;
use std::path::PathBuf;

/// New files. Dropped before [`Unfinished::keep`], and before any transaction was sent, it removes them: nothing is
/// left of an act that was not done. Once a transaction is on its way they stay, since a key may already be granted.
#[derive(Debug)]
pub(crate) struct Unfinished {
    paths: Vec<PathBuf>,
    sent: Sent,
    kept: bool,
}

impl Unfinished {
    /// Files that are to be written now.
    pub(crate) fn new(paths: Vec<PathBuf>, sent: &Sent) -> Self {
        Self { paths, sent: sent.clone(), kept: false }
    }

    /// The act is done: the files stay.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept && self.sent.hashes().is_empty() {
            for path in &self.paths {
                let _ = std::fs::remove_file(path);
            }
        }
    }
}
