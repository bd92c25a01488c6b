//! Files that only their owner may read: written whole or not at all, refused when others could read them.

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Read and write for the owner, nothing for anybody else.
const OWNER_ONLY: u32 = 0o600;
/// The permission bits of group and world.
const OTHERS: u32 = 0o077;

/// A file that cannot be read or written as asked.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Something is there already; nothing was overwritten.
    #[error("{} exists already", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Nothing is there.
    #[error("{} does not exist", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner may read or write it.
    #[error("{} can be read or changed by others (mode {:04o})", .path.display(), .mode)]
    PermissionsTooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A directory, a pipe or a device.
    #[error("{} is not a plain file", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Longer than such a file ever is.
    #[error("{} is longer than the {limit} bytes that such a file may have", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        limit: u64,
    },
    /// It is not text.
    #[error("{} is not UTF-8 text", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The operating system said no.
    #[error("cannot use {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's words.
        source: std::io::Error,
    },
}

impl FileError {
    /// The error's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "FileExists",
            Self::Missing { .. } => "FileMissing",
            Self::PermissionsTooOpen { .. } => "PermissionsTooOpen",
            Self::NotAFile { .. } => "NotAFile",
            Self::TooLarge { .. } => "FileTooLarge",
            Self::NotText { .. } => "FileNotText",
            Self::Io { .. } => "FileUnusable",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::Exists { path } => format!("choose another name, or move {} away first", path.display()),
            Self::Missing { .. } => "check the path".to_owned(),
            Self::PermissionsTooOpen { path, .. } => format!(
                "run   chmod 600 {}   (cast writes key files that others can read); if others may have read it, \
                 another key must take this one's place",
                path.display()
            ),
            Self::NotAFile { .. } | Self::TooLarge { .. } | Self::NotText { .. } => {
                "check that the path names the right file".to_owned()
            }
            Self::Io { .. } => "check the directory's permissions and the free space".to_owned(),
        }
    }

    fn io(path: &Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::NotFound => Self::Missing { path },
            ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io { path, source },
        }
    }
}

/// Whether a file must be secret from others to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Refused when group or world have any permission on it.
    Required,
    /// Read whatever its permissions.
    NotNeeded,
}

/// Reads a file of at most `limit` bytes. The permissions checked are those of the very file that is read.
pub(crate) fn read(path: &Path, limit: u64, secrecy: Secrecy) -> Result<Zeroizing<String>, FileError> {
    let metadata = std::fs::metadata(path).map_err(|source| FileError::io(path, source))?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile { path: path.to_owned() }); // before opening it: opening a pipe would wait
    }
    let file = File::open(path).map_err(|source| FileError::io(path, source))?;
    let mode = file.metadata().map_err(|source| FileError::io(path, source))?.permissions().mode() & 0o7777;
    if secrecy == Secrecy::Required && mode & OTHERS != 0 {
        return Err(FileError::PermissionsTooOpen { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|source| FileError::io(path, source))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| FileError::NotText { path: path.to_owned() })?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Creates a file with mode 0600, whole or not at all; whatever is at `path` stays.
pub(crate) fn create(path: &Path, contents: &str) -> Result<(), FileError> {
    let written = write_beside(path, contents)?;
    written.as_file().sync_all().map_err(|source| FileError::io(path, source))?;
    written.persist_noclobber(path).map_err(|error| FileError::io(path, error.error))?;
    sync_directory(path)
}

/// Replaces a file, whole or not at all, with mode 0600.
pub(crate) fn replace(path: &Path, contents: &str) -> Result<(), FileError> {
    let written = write_beside(path, contents)?;
    written.persist(path).map_err(|error| FileError::io(path, error.error))?;
    Ok(())
}

/// A temporary file in the same directory, so that taking its place is one rename.
fn write_beside(path: &Path, contents: &str) -> Result<tempfile::NamedTempFile, FileError> {
    let failed = |source| FileError::io(path, source);
    let mut file = tempfile::Builder::new()
        .prefix(".purse-")
        .permissions(Permissions::from_mode(OWNER_ONLY))
        .tempfile_in(directory(path))
        .map_err(failed)?;
    file.as_file().set_permissions(Permissions::from_mode(OWNER_ONLY)).map_err(failed)?; // whatever the umask
    file.write_all(contents.as_bytes()).map_err(failed)?;
    Ok(file)
}

/// Makes the new name itself survive a power failure.
fn sync_directory(path: &Path) -> Result<(), FileError> {
    let sync = || File::open(directory(path))?.sync_all();
    sync().map_err(|source| FileError::io(path, source))
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn created_files_are_private_whole_and_never_overwrite() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secret");
        create(&path, "one").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(matches!(create(&path, "two"), Err(FileError::Exists { .. })));
        assert_eq!(*read(&path, 10, Secrecy::Required).unwrap(), "one");
        replace(&path, "three").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(*read(&path, 10, Secrecy::Required).unwrap(), "three");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn what_others_can_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secret");
        create(&path, "one").unwrap();
        for open in [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777] {
            std::fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
            let error = read(&path, 10, Secrecy::Required).unwrap_err();
            assert!(matches!(error, FileError::PermissionsTooOpen { mode, .. } if mode == open));
            assert!(error.fix().contains("chmod 600"));
            assert!(read(&path, 10, Secrecy::NotNeeded).is_ok());
        }
        std::fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(read(&path, 10, Secrecy::Required).is_ok());
    }

    #[test]
    fn other_things_than_such_a_file_are_refused_by_name() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        assert!(matches!(read(&path, 10, Secrecy::Required), Err(FileError::Missing { .. })));
        assert!(matches!(read(home.path(), 10, Secrecy::Required), Err(FileError::NotAFile { .. })));
        create(&path, "12345678901").unwrap();
        assert!(matches!(read(&path, 10, Secrecy::Required), Err(FileError::TooLarge { limit: 10, .. })));
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(read(&path, 10, Secrecy::Required), Err(FileError::NotText { .. })));
        assert!(matches!(create(&home.path().join("no/such"), ""), Err(FileError::Missing { .. })));
    }
}
