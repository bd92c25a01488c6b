//! The files of this checkout: all that git keeps or would keep.

use anyhow::{Context, ensure};
use purse_tests::LocalChain;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

pub(super) struct Checkout {
    pub(super) root: PathBuf,
    /// Relative to the root.
    pub(super) files: BTreeSet<String>,
}

impl Checkout {
    pub(super) fn read() -> anyhow::Result<Self> {
        let root = LocalChain::checkout();
        let list = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(&root)
            .output()
            .context("git lists the files that are checked")?;
        ensure!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
        let names = String::from_utf8(list.stdout)?;
        let there = |name: &&str| !name.is_empty() && root.join(name).exists();
        let files: BTreeSet<_> = names.split('\0').filter(there).map(str::to_owned).collect();
        ensure!(files.contains("Cargo.toml"), "git does not list this checkout");
        Ok(Self { root, files })
    }

    pub(super) fn text(&self, file: &str) -> anyhow::Result<String> {
        std::fs::read_to_string(self.root.join(file)).with_context(|| file.to_owned())
    }

    /// Name and text of the files that `wanted` picks; at least one.
    pub(super) fn texts(&self, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<(&str, String)>> {
        let names = self.files.iter().map(String::as_str).filter(|name| wanted(name));
        let texts: Vec<_> = names.map(|name| Ok((name, self.text(name)?))).collect::<anyhow::Result<_>>()?;
        ensure!(!texts.is_empty(), "there is nothing to check");
        Ok(texts)
    }
}
