//! Builds, kept under the hash of what was asked of which compiler.

use crate::build::Build;
use crate::build_error::BuildError;
use alloy::primitives::Keccak256;
use foundry_compilers::artifacts::SolcInput;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where builds are kept, relative to the checkout; `.gitignore` has it.
const FOLDER: &str = "cache/deployer";
/// So many builds are kept (200 KB each): switching between a few branches compiles nothing.
const MAX_KEPT: usize = 8;

/// The build for `input` by `solc`: kept from before, or else made by `make` and kept.
///
/// One process at a time makes; others wait for it and find its result.
pub(crate) fn get_or_make(
    root: &Path,
    input: &SolcInput,
    solc: &Path,
    make: impl FnOnce() -> Result<Build, BuildError>,
) -> Result<Build, BuildError> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let file = folder.join(format!("{}.json", key(root, input, solc)?));
    if let Some(build) = read(&file) {
        return Ok(build);
    }

    let lock_path = folder.join("lock");
    let lock = File::create(&lock_path).map_err(at(&lock_path))?;
    lock.lock().map_err(at(&lock_path))?;
    if let Some(build) = read(&file) {
        return Ok(build);
    }
    let build = make()?;
    let text = serde_json::to_vec(&build).map_err(io::Error::other).map_err(at(&file))?;
    crate::atomic_file::write(&file, &text).map_err(at(&file))?;
    forget_old(&folder);
    Ok(build)
}

/// The question and whom it is put to. The wrapper script runs the version that package.json pins.
fn key(root: &Path, input: &SolcInput, solc: &Path) -> Result<String, BuildError> {
    let mut hasher = Keccak256::new();
    hasher.update(env!("CARGO_PKG_VERSION"));
    for path in [solc.to_path_buf(), root.join("package.json")] {
        let bytes = fs::read(&path).map_err(|_| BuildError::NotInstalled { path: path.clone() })?;
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    }
    hasher.update(serde_json::to_vec(input).map_err(io::Error::other).map_err(at(solc))?);
    Ok(alloy::hex::encode(hasher.finalize()))
}

/// A kept build. One that cannot be read (an older program's) is as good as none.
fn read(file: &Path) -> Option<Build> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// Deletes the oldest builds. What cannot be deleted costs disk space only.
fn forget_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut builds: Vec<(std::time::SystemTime, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let path = entry.path();
            (path.extension()? == "json").then_some((entry.metadata().ok()?.modified().ok()?, path))
        })
        .collect();
    builds.sort();
    for (_, path) in builds.iter().rev().skip(MAX_KEPT) {
        fs::remove_file(path).ok();
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BuildError {
    let path = path.to_path_buf();
    move |source| BuildError::File { path, source }
}
