//! The address books on disk: `deployments/<chain_id>.json`. A book is there whole or not at all; one that is not
//! understood is refused, never overwritten.

use crate::Build;
use crate::atomic_file;
use purse_protocol::{AddressBook, Deployed, VaultRecord};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Why an address book could not be read or written. [`fix`](Self::fix) is what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// The file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The book.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no address book: cut short, or with fields that this program does not know.
    #[error("{} is not an address book: {cause}", path.display())]
    Malformed {
        /// The book.
        path: PathBuf,
        /// What is wrong, and where.
        cause: String,
    },
    /// The file is another chain's book.
    #[error("{} is the address book of chain {found}", path.display())]
    OtherChain {
        /// The book.
        path: PathBuf,
        /// The chain that it names.
        found: u64,
    },
    /// The book is about another factory, so of other contracts.
    #[error("{} is about the factory {known}, not about {given}", path.display())]
    OtherFactory {
        /// The book.
        path: PathBuf,
        /// The factory in the book.
        known: alloy::primitives::Address,
        /// The factory of this build.
        given: alloy::primitives::Address,
    },
}

impl BookError {
    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::File { .. } => "make the file accessible to this user, then run again".to_owned(),
            Self::Malformed { path, .. } => {
                format!(
                    "restore {} from git or a backup, or move it away and deploy again: what is on the chain is found again",
                    path.display()
                )
            }
            Self::OtherChain { path, found } => format!("rename {} to {found}.json", path.display()),
            Self::OtherFactory { path, .. } => {
                format!(
                    "check out the version of the contracts that the book is about, or move {} away",
                    path.display()
                )
            }
        }
    }
}

/// Where in `folder` the book of a chain is.
pub fn path(folder: &Path, chain_id: u64) -> PathBuf {
    folder.join(format!("{chain_id}.json"))
}

/// Where the compiler's input for the contracts of a chain is: the standard JSON that block explorers ask for.
pub fn compiler_input_path(folder: &Path, chain_id: u64) -> PathBuf {
    folder.join(format!("{chain_id}.standard-input.json"))
}

/// Writes the compiler's input beside the book, whole.
///
/// # Errors
/// [`BookError::File`].
pub fn save_compiler_input(folder: &Path, chain_id: u64, build: &Build) -> Result<PathBuf, BookError> {
    let path = compiler_input_path(folder, chain_id);
    let text = format!("{:#}\n", build.standard_json);
    match fs::create_dir_all(folder).and_then(|()| atomic_file::write(&path, text.as_bytes())) {
        Ok(()) => Ok(path),
        Err(source) => Err(BookError::File { path, source }),
    }
}

/// Reads the book of a chain; none when there is none yet.
///
/// # Errors
/// [`BookError::Malformed`], [`BookError::OtherChain`] or [`BookError::File`].
pub fn load(folder: &Path, chain_id: u64) -> Result<Option<AddressBook>, BookError> {
    let path = path(folder, chain_id);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(BookError::File { path, source }),
    };
    let book: AddressBook = serde_json::from_slice(&bytes)
        .map_err(|error| BookError::Malformed { path: path.clone(), cause: error.to_string() })?;
    if book.chain_id != chain_id {
        return Err(BookError::OtherChain { path, found: book.chain_id });
    }
    Ok(Some(book))
}

/// Writes a book: after a crash at any moment the file is the old one or the new one, whole.
///
/// # Errors
/// [`BookError::File`].
pub fn save(folder: &Path, book: &AddressBook) -> Result<PathBuf, BookError> {
    let path = path(folder, book.chain_id);
    let mut text = serde_json::to_vec_pretty(book)
        .map_err(|error| BookError::Malformed { path: path.clone(), cause: error.to_string() })?;
    text.push(b'\n');
    match atomic_file::write(&path, &text) {
        Ok(()) => Ok(path),
        Err(source) => Err(BookError::File { path, source }),
    }
}

/// Notes a factory and, if given, the lens and one of the factory's vaults in the book of a chain, and writes it. What the book knows and the
/// new record does not (block and transaction of a contract that was found in place) is kept.
///
/// # Errors
/// [`BookError`]; the book on disk is then as it was.
pub fn note(
    folder: &Path,
    chain_id: u64,
    factory: &Deployed,
    lens: Option<&Deployed>,
    vault: Option<VaultRecord>,
) -> Result<AddressBook, BookError> {
    let path = path(folder, chain_id);
    let at = |source| BookError::File { path: path.clone(), source };
    fs::create_dir_all(folder).map_err(at)?;
    // One writer at a time: two that read the same book would each forget the other's vault.
    let lock = File::create(folder.join(".lock")).map_err(at)?;
    lock.lock().map_err(at)?;

    let new = || AddressBook { chain_id, factory: factory.clone(), lens: None, vaults: vec![] };
    let mut book = load(folder, chain_id)?.unwrap_or_else(new);
    if book.factory.address != factory.address {
        return Err(BookError::OtherFactory { path, known: book.factory.address, given: factory.address });
    }
    update(&mut book.factory, factory);
    match (&mut book.lens, lens) {
        (Some(known), Some(lens)) if known.address == lens.address => update(known, lens),
        (known, Some(lens)) => *known = Some(lens.clone()),
        (_, None) => {}
    }
    if let Some(record) = vault {
        match book.vaults.iter_mut().find(|known| known.vault.address == record.vault.address) {
            Some(known) => update(&mut known.vault, &record.vault),
            None => book.vaults.push(record),
        }
    }
    save(folder, &book)?;
    Ok(book)
}

fn update(known: &mut Deployed, new: &Deployed) {
    *known = Deployed { block: new.block.or(known.block), tx: new.tx.or(known.tx), ..new.clone() };
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::{Address, B256};

    fn deployed(byte: u8, block: Option<u64>) -> Deployed {
        let tx = block.map(|_| B256::repeat_byte(byte));
        let address = Address::repeat_byte(byte);
        Deployed { address, block, tx, code_hash: B256::repeat_byte(0xcc), compiler: "0.8.37".to_owned() }
    }

    fn record(byte: u8) -> VaultRecord {
        let vault = deployed(byte, Some(u64::from(byte)));
        let someone = Address::repeat_byte(0xee);
        VaultRecord { vault, owner: someone, treasury: someone, guardian: Address::ZERO, salt: B256::ZERO }
    }

    #[test]
    fn a_book_reads_back_and_no_book_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path(), 1).unwrap(), None);
        let book = note(folder.path(), 1, &deployed(1, Some(5)), None, Some(record(2))).unwrap();
        assert_eq!(load(folder.path(), 1).unwrap(), Some(book));
    }

    #[test]
    fn the_compilers_input_stands_beside_the_book() {
        let folder = tempfile::tempdir().unwrap();
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let build = Build::compile(&checkout).unwrap();
        let path = save_compiler_input(&folder.path().join("deployments"), 1, &build).unwrap();
        let input: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(input, build.standard_json);
        assert!(input["sources"]["contracts/src/Vault.sol"]["content"].as_str().unwrap().contains("contract Vault"));
    }

    #[test]
    fn what_the_book_knows_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        note(folder.path(), 1, &deployed(1, Some(5)), None, Some(record(2))).unwrap();
        note(folder.path(), 1, &deployed(1, None), Some(&deployed(8, Some(6))), Some(record(3))).unwrap();
        let book = note(folder.path(), 1, &deployed(1, None), Some(&deployed(8, None)), Some(record(2))).unwrap();
        assert_eq!(book.factory, deployed(1, Some(5)));
        assert_eq!(book.vaults, [record(2), record(3)]);
        assert_eq!(book.lens, Some(deployed(8, Some(6))));
        let other = note(folder.path(), 1, &deployed(1, None), Some(&deployed(9, None)), None).unwrap();
        assert_eq!(other.lens, Some(deployed(9, None)), "a lens of another version takes its place");
    }

    #[test]
    fn every_truncation_is_refused_by_name_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        note(folder.path(), 1, &deployed(1, Some(5)), None, Some(record(2))).unwrap();
        let file = path(folder.path(), 1);
        let whole = fs::read(&file).unwrap();
        // The last byte is the line feed, without which the book is whole.
        for length in 0..whole.len() - 1 {
            fs::write(&file, &whole[..length]).unwrap();
            let error = note(folder.path(), 1, &deployed(1, None), None, None).unwrap_err();
            assert!(matches!(error, BookError::Malformed { .. }), "{length}: {error}");
            assert_eq!(fs::read(&file).unwrap(), whole[..length]);
        }
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        note(folder.path(), 1, &deployed(1, Some(5)), None, None).unwrap();
        let file = path(folder.path(), 1);
        let text = fs::read_to_string(&file).unwrap().replacen("\"block\"", "\"colour\": 1, \"block\"", 1);
        fs::write(&file, text).unwrap();
        let error = load(folder.path(), 1).unwrap_err();
        assert!(matches!(&error, BookError::Malformed { cause, .. } if cause.contains("colour")), "{error}");
    }

    #[test]
    fn another_chains_or_factorys_book_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        note(folder.path(), 1, &deployed(1, Some(5)), None, None).unwrap();
        let error = note(folder.path(), 1, &deployed(9, None), None, None).unwrap_err();
        assert!(matches!(error, BookError::OtherFactory { .. }), "{error}");
        fs::rename(path(folder.path(), 1), path(folder.path(), 2)).unwrap();
        let error = load(folder.path(), 2).unwrap_err();
        assert!(matches!(error, BookError::OtherChain { found: 1, .. }), "{error}");
    }
}
