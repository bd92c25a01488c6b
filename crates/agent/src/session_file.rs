//! The session file: what an agent must know of its session. Never the key, only where its key file lies.

use crate::private_file::{self, FileError, Secrecy};
use alloy::primitives::{Address, B256};
use purse_protocol::{AddressError, SessionId, parse_address};
use rand::RngCore;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::path::{Path, PathBuf};

/// Longest session file that is read, in bytes; real ones have about 400.
const MAX_SESSION_FILE_BYTES: u64 = 16 * 1_024;

/// The 32 random bytes that open a session's references: whoever has them can check what a payment was for. They are
/// handed to the auditor and shown to nobody else, so `Debug` hides them.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Salt(B256);

impl Salt {
    /// New random bytes.
    pub fn generate() -> Self {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(B256::new(bytes))
    }

    /// The bytes, for [`crate::reference()`].
    pub const fn get(self) -> B256 {
        self.0
    }
}

impl From<B256> for Salt {
    fn from(bytes: B256) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[redacted]")
    }
}

/// A session, as its agent knows it. On disk a TOML file of mode 0600:
///
/// ```
/// use purse_agent::SessionFile;
/// let file = SessionFile::parse(r#"
///     vault = "0x7a1f000000000000000000000000000000005e44"
///     chain_id = 31337
///     session = 1
///     token = "0x036CbD53842c5426634e7929541eC2318f3dCF7e"
///     salt = "0x0707070707070707070707070707070707070707070707070707070707070707"
///     keystore = "researcher.key.json"
/// "#, "/home/agent/researcher.session.toml".as_ref())?;
/// assert_eq!(file.keystore_path(), std::path::Path::new("/home/agent/researcher.key.json"));
/// # Ok::<(), purse_agent::SessionFileError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionFile {
    /// The vault that pays.
    #[serde(serialize_with = "checksummed", deserialize_with = "address")]
    pub vault: Address,
    /// The vault's chain.
    pub chain_id: u64,
    /// The session.
    pub session: SessionId,
    /// The token that it pays in.
    #[serde(serialize_with = "checksummed", deserialize_with = "address")]
    pub token: Address,
    /// Opens the references of its payments.
    pub salt: Salt,
    /// The key file; a relative path starts at the session file's directory.
    pub keystore: PathBuf,
    /// The node to ask, where none is named elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpc_url: Option<String>,
    /// Where the file lies.
    #[serde(skip)]
    path: PathBuf,
}

/// A session file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SessionFileError {
    /// The file itself: missing, already there, open to others, not a file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The text is no session file: an unknown or missing key, a value that does not fit.
    #[error("{} is not a session file: {reason}", .path.display())]
    SessionFileInvalid {
        /// The file.
        path: PathBuf,
        /// What does not fit, and where.
        reason: String,
    },
}

impl SessionFileError {
    /// The error's name, as the user sees it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::SessionFileInvalid { .. } => "SessionFileInvalid",
        }
    }

    /// What the operator can do.
    pub fn fix(&self) -> String {
        match self {
            Self::File(error) => error.fix(),
            Self::SessionFileInvalid { .. } => {
                "correct that line; the file has vault, chain_id, session, token, salt, keystore and perhaps rpc_url"
                    .to_owned()
            }
        }
    }
}

impl SessionFile {
    /// A session whose file will lie at `path`, with a new salt.
    pub fn new(
        path: &Path,
        vault: Address,
        chain_id: u64,
        session: SessionId,
        token: Address,
        keystore: &Path,
    ) -> Self {
        Self {
            vault,
            chain_id,
            session,
            token,
            salt: Salt::generate(),
            keystore: keystore.to_owned(),
            rpc_url: None,
            path: path.to_owned(),
        }
    }

    /// Reads the text of a session file that lies at `path`.
    ///
    /// # Errors
    /// [`SessionFileError::SessionFileInvalid`] with the line that does not fit.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SessionFileError> {
        let invalid = |reason: String| SessionFileError::SessionFileInvalid { path: path.to_owned(), reason };
        let mut file: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
            let place = line.map_or_else(String::new, |line| format!("line {line}: "));
            invalid(format!("{place}{}", error.message())) // not the line itself: it may hold the salt
        })?;
        if file.chain_id == 0 {
            return Err(invalid("chain_id is 0, which is no chain".to_owned()));
        }
        if file.keystore.as_os_str().is_empty() {
            return Err(invalid("keystore is empty".to_owned()));
        }
        path.clone_into(&mut file.path);
        Ok(file)
    }

    /// Reads a session file. It holds the salt, so nobody but its owner may be able to read it.
    ///
    /// # Errors
    /// [`SessionFileError`].
    pub fn load(path: &Path) -> Result<Self, SessionFileError> {
        let text = private_file::read(path, MAX_SESSION_FILE_BYTES, Secrecy::Required)?;
        Self::parse(&text, path)
    }

    /// Writes the file (mode 0600, whole or not at all, never over another file).
    ///
    /// # Errors
    /// [`SessionFileError::File`].
    pub fn create(&self) -> Result<(), SessionFileError> {
        Ok(private_file::create(&self.path, &self.to_toml()?)?)
    }

    /// Writes the file in the place of the one that was loaded, as after a change of key.
    ///
    /// # Errors
    /// [`SessionFileError::File`].
    pub fn replace(&self) -> Result<(), SessionFileError> {
        Ok(private_file::replace(&self.path, &self.to_toml()?)?)
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the key file lies.
    pub fn keystore_path(&self) -> PathBuf {
        self.path.parent().unwrap_or_else(|| Path::new("")).join(&self.keystore)
    }

    fn to_toml(&self) -> Result<String, SessionFileError> {
        toml::to_string(self).map_err(|error| SessionFileError::SessionFileInvalid {
            path: self.path.clone(),
            reason: error.to_string(),
        })
    }
}

impl fmt::Debug for SessionFile {
    /// Without the node's URL, which often carries an access key, and without the salt.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SessionFile")
            .field("path", &self.path)
            .field("vault", &self.vault)
            .field("chain_id", &self.chain_id)
            .field("session", &self.session)
            .field("token", &self.token)
            .field("keystore", &self.keystore)
            .finish_non_exhaustive()
    }
}

fn checksummed<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&address.to_checksum(None))
}

/// An address that is not zero; mixed case must be the right checksum (ERC-55), since a wrong one is a typing error.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Address, D::Error> {
    use serde::de::Error;
    let text = String::deserialize(deserializer)?;
    let address = parse_address(&text).map_err(|error| match error {
        AddressError::NotAnAddress => D::Error::custom(format!("\"{}\" is no address", text.escape_debug())),
        AddressError::ChecksumWrong => {
            D::Error::custom(format!("the address {text} is mistyped: its checksum is wrong"))
        }
    })?;
    if address.is_zero() {
        return Err(D::Error::custom("the address is zero"));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::address;
    use std::os::unix::fs::PermissionsExt;

    fn sample(path: &Path) -> SessionFile {
        let vault = address!("7a1f000000000000000000000000000000005e44");
        let token = address!("036CbD53842c5426634e7929541eC2318f3dCF7e");
        let session = SessionId::new(1).unwrap();
        SessionFile::new(path, vault, 31_337, session, token, Path::new("researcher.key.json"))
    }

    #[test]
    fn what_is_written_is_read_back_and_private() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("researcher.session.toml");
        let mut file = sample(&path);
        file.rpc_url = Some("http://127.0.0.1:8545".to_owned());
        file.create().unwrap();
        assert_eq!(SessionFile::load(&path).unwrap(), file);
        assert_eq!(file.create().unwrap_err().code(), "FileExists");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert!(std::fs::metadata(&path).unwrap().len() <= 400);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o604)).unwrap();
        assert_eq!(SessionFile::load(&path).unwrap_err().code(), "PermissionsTooOpen");
    }

    #[test]
    fn every_mistake_is_named_by_its_line() {
        let path = Path::new("researcher.session.toml");
        let good = sample(path).to_toml().unwrap();
        assert!(SessionFile::parse(&good, path).is_ok());
        let cases = [
            ("vault =", "volt =", "unknown field `volt`"),
            ("session = 1", "session = 0", "line 3"),
            ("session = 1", "session = -1", "line 3"),
            ("chain_id = 31337", "chain_id = 0", "chain_id is 0"),
            ("0x036CbD", "0x036CBD", "checksum"),
            ("0x036CbD", "0x036", "no address"),
            ("keystore = \"researcher.key.json\"", "keystore = \"\"", "keystore is empty"),
            ("salt =", "pepper =", "unknown field `pepper`"),
        ];
        for (from, to, told) in cases {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            let error = SessionFile::parse(&text, path).unwrap_err();
            assert!(error.to_string().contains(told), "{from} -> {to}: {error}");
            assert!(
                !error.to_string().contains(&good.split("salt = \"").nth(1).unwrap()[..66]),
                "the salt is not shown"
            );
        }
        let without = good.lines().filter(|line| !line.starts_with("token")).collect::<Vec<_>>().join("\n");
        assert!(SessionFile::parse(&without, path).unwrap_err().to_string().contains("missing field `token`"));
    }

    #[test]
    fn the_salt_is_random_and_neither_it_nor_the_url_is_shown() {
        let path = Path::new("a.session.toml");
        let (mut one, two) = (sample(path), sample(path));
        assert_ne!(one.salt, two.salt);
        assert_eq!(format!("{:?}", one.salt), "[redacted]");
        one.rpc_url = Some("https://node.example/v2/access-key".to_owned());
        let shown = format!("{one:?}");
        assert!(!shown.contains("access-key") && !shown.contains(&one.salt.get().to_string()[2..]), "{shown}");
    }
}
