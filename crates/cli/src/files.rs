//! Files written whole or not at all.

use crate::failure::Failure;
use std::io::Write;
use std::path::Path;

/// Writes `contents` to `path` so that a reader finds either the old file or the new one, never half of it.
///
/// Directories on the way are created; `mode` is the file's permission bits (Unix).
pub(crate) fn write_whole(path: &Path, contents: &str, mode: u32) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".purse-").tempfile_in(folder)?;
        file.write_all(contents.as_bytes())?;
        set_mode(file.as_file(), mode)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| {
        Failure::error(
            "FileNotWritten",
            format!("cannot write {}", path.display()),
            error.to_string(),
            "check that the folder exists, is yours and has room; the old file, if any, is untouched",
        )
    })
}

/// Reads a text file; `None` when there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::error(
            "FileNotRead",
            format!("cannot read {}", path.display()),
            error.to_string(),
            "check the path and its permissions",
        )),
    }
}

#[cfg(unix)]
fn set_mode(file: &std::fs::File, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &std::fs::File, _mode: u32) -> std::io::Result<()> {
    Ok(())
}
