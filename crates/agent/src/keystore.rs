//! Key files: created once with mode 0600, opened only when nobody else can read them.

use crate::SessionKey;
use crate::private_file::{self, FileError, Secrecy};
use crate::v3::{self, V3Fault};
use alloy::primitives::Address;
use std::path::{Path, PathBuf};

/// Longest key file that is read, in bytes; real ones have about 500.
const MAX_KEYSTORE_BYTES: u64 = 64 * 1_024;

/// A key file that cannot be created or opened. The key and the password are in none of these.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// The file itself: missing, already there, open to others, not a file.
    #[error(transparent)]
    File(#[from] FileError),
    /// An empty password protects nothing.
    #[error("the password is empty, so the key file would protect nothing")]
    PasswordEmpty,
    /// The password is another one.
    #[error("cannot open {}: the password does not match this key file (its checksum differs); the file is whole", .path.display())]
    WrongPassword {
        /// The key file.
        path: PathBuf,
    },
    /// The file ends too early.
    #[error("cannot open {}: the file is cut off", .path.display())]
    KeystoreTruncated {
        /// The key file.
        path: PathBuf,
    },
    /// The file is no key file, or contradicts itself.
    #[error("cannot open {}: {reason}", .path.display())]
    KeystoreDamaged {
        /// The key file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A key file of a kind that is not read here.
    #[error("cannot open {}: {reason}", .path.display())]
    KeystoreUnsupported {
        /// The key file.
        path: PathBuf,
        /// What it uses.
        reason: String,
    },
}

impl KeystoreError {
    /// The error's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::PasswordEmpty => "PasswordEmpty",
            Self::WrongPassword { .. } => "WrongPassword",
            Self::KeystoreTruncated { .. } => "KeystoreTruncated",
            Self::KeystoreDamaged { .. } => "KeystoreDamaged",
            Self::KeystoreUnsupported { .. } => "KeystoreUnsupported",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::File(error) => error.fix(),
            Self::PasswordEmpty => "give a password, best by --password-file PATH".to_owned(),
            Self::WrongPassword { .. } => {
                "set --password-file PATH; where the password is lost, another key must take this one's place"
                    .to_owned()
            }
            Self::KeystoreTruncated { .. } | Self::KeystoreDamaged { .. } => {
                "restore the file from a copy; without one, another key must take this one's place".to_owned()
            }
            Self::KeystoreUnsupported { .. } => {
                "open it with the program that wrote it and import the key with   cast wallet import".to_owned()
            }
        }
    }

    fn of(path: &Path, fault: V3Fault) -> Self {
        let path = path.to_owned();
        match fault {
            V3Fault::Truncated => Self::KeystoreTruncated { path },
            V3Fault::WrongPassword => Self::WrongPassword { path },
            V3Fault::Damaged(_) => Self::KeystoreDamaged { path, reason: fault.to_string() },
            V3Fault::Unsupported(reason) => Self::KeystoreUnsupported { path, reason },
        }
    }
}

/// Generates a key, writes it encrypted to `path` (mode 0600, whole or not at all, never over another file), and
/// returns its address. Takes about half a second and 128 MiB: that is what a thief must spend per guess.
///
/// # Errors
/// [`KeystoreError::PasswordEmpty`], or what the file system refuses.
pub fn create(path: &Path, password: &str) -> Result<Address, KeystoreError> {
    store(path, &SessionKey::generate(), password)
}

/// Writes an existing key encrypted to `path`, as [`create`] does, and returns its address.
///
/// # Errors
/// As [`create`].
pub fn store(path: &Path, key: &SessionKey, password: &str) -> Result<Address, KeystoreError> {
    if password.is_empty() {
        return Err(KeystoreError::PasswordEmpty);
    }
    if path.exists() {
        return Err(FileError::Exists { path: path.to_owned() }.into()); // before the half second of work
    }
    let text = v3::encrypt(key, password).map_err(|fault| KeystoreError::of(path, fault))?;
    private_file::create(path, &text)?;
    Ok(key.address())
}

/// Opens a key file: the one at `path` must be readable by its owner alone.
///
/// # Errors
/// [`KeystoreError`], which tells a wrong password from a damaged, cut off or unprotected file.
pub fn open(path: &Path, password: &str) -> Result<SessionKey, KeystoreError> {
    let text = private_file::read(path, MAX_KEYSTORE_BYTES, Secrecy::Required)?;
    v3::decrypt(&text, password).map_err(|fault| KeystoreError::of(path, fault))
}

/// The address that a key file names, without its password; `None` where it names none, as some programs write them.
///
/// # Errors
/// As [`open`], but for the password.
pub fn address(path: &Path) -> Result<Option<Address>, KeystoreError> {
    let text = private_file::read(path, MAX_KEYSTORE_BYTES, Secrecy::Required)?;
    v3::address(&text).map_err(|fault| KeystoreError::of(path, fault))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_created_key_opens_and_is_never_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("key.json");
        let address = create(&path, "secret").unwrap();
        assert_eq!(open(&path, "secret").unwrap().address(), address);
        assert_eq!(super::address(&path).unwrap(), Some(address));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(create(&path, "secret").unwrap_err().code(), "FileExists");
        assert_eq!(open(&path, "secret").unwrap().address(), address);
        assert_eq!(open(&path, "Secret").unwrap_err().code(), "WrongPassword");
    }

    #[test]
    fn each_bad_file_has_its_own_name_and_a_fix() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("key.json");
        assert_eq!(create(&path, "").unwrap_err().code(), "PasswordEmpty");
        assert_eq!(open(&path, "secret").unwrap_err().code(), "FileMissing");
        for (text, code) in [
            ("", "KeystoreTruncated"),
            (r#"{"crypto":{"cipher":"aes-"#, "KeystoreTruncated"),
            ("not json", "KeystoreDamaged"),
            (r#"{"version":3}"#, "KeystoreDamaged"),
        ] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            let error = open(&path, "secret").unwrap_err();
            assert_eq!(error.code(), code);
            assert!(!error.fix().is_empty());
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(open(&path, "secret").unwrap_err().code(), "PermissionsTooOpen");
    }
}
