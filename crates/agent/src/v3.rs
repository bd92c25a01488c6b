//! The text of an encrypted key file (Web3 Secret Storage, version 3): scrypt, AES-128-CTR, a keccak256 checksum.
//! Pure: text and password in, key out. `cast wallet`, geth and ethers read and write the same.

use crate::SessionKey;
use aes::Aes128;
use alloy::hex;
use alloy::primitives::{Address, keccak256};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Work to open a file that we write: 2^17 rounds of 8 blocks, 128 MiB, the least that OWASP asks of scrypt.
const WRITE_LOG_N: u8 = 17;
const BLOCK_SIZE: u32 = 8;
const PARALLELISM: u32 = 1;
const DERIVED_BYTES: usize = 32;

/// Least work that is accepted: what `cast wallet new` writes.
const LEAST_LOG_N: u32 = 13;
/// Most memory that a file may make us take, in bytes: geth's strongest setting takes a quarter of it.
const MOST_MEMORY: u64 = 1 << 30;
/// Most passes over that memory.
const MOST_PARALLELISM: u32 = 16;

/// Why the text of a key file gives no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum V3Fault {
    /// The text ends too early.
    #[error("the file is cut off")]
    Truncated,
    /// The text is not a key file of version 3, or contradicts itself.
    #[error("it is not a key file of version 3: {0}")]
    Damaged(String),
    /// It is one, made in a way that is not read here.
    #[error("{0}")]
    Unsupported(String),
    /// The checksum differs.
    #[error("the password does not match this key file (its checksum differs); the file itself is whole")]
    WrongPassword,
}

#[derive(Serialize, Deserialize)]
struct KeyFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    id: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: String,
    kdf: String,
    kdfparams: serde_json::Value,
    mac: String,
}

#[derive(Serialize, Deserialize)]
struct CipherParams {
    iv: String,
}

#[derive(Serialize, Deserialize)]
struct ScryptParams {
    dklen: usize,
    n: u64,
    p: u32,
    r: u32,
    salt: String,
}

/// The text of a key file for `key`.
///
/// # Errors
/// [`V3Fault::Unsupported`] only if the fixed parameters were wrong, which a test excludes.
pub(crate) fn encrypt(key: &SessionKey, password: &str) -> Result<String, V3Fault> {
    let (mut salt, mut iv, mut id) = ([0; 32], [0; 16], [0; 16]);
    for random in [&mut salt[..], &mut iv[..], &mut id[..]] {
        rand::rng().fill_bytes(random);
    }
    let parameters = ScryptParams {
        dklen: DERIVED_BYTES,
        n: 1 << WRITE_LOG_N,
        p: PARALLELISM,
        r: BLOCK_SIZE,
        salt: hex::encode(salt),
    };
    let derived = derive(&parameters, &salt, password)?;
    let mut ciphertext = *key.secret(); // plain for two lines
    apply_cipher(&derived, &iv, &mut ciphertext);
    let file = KeyFile {
        address: Some(hex::encode(key.address())),
        crypto: Crypto {
            cipher: "aes-128-ctr".to_owned(),
            cipherparams: CipherParams { iv: hex::encode(iv) },
            ciphertext: hex::encode(ciphertext),
            kdf: "scrypt".to_owned(),
            kdfparams: serde_json::to_value(parameters).map_err(damaged)?,
            mac: hex::encode(checksum(&derived, &ciphertext)),
        },
        id: uuid_v4(id),
        version: 3,
    };
    serde_json::to_string(&file).map_err(damaged)
}

/// The key in the text of a key file.
///
/// # Errors
/// A [`V3Fault`] that tells a wrong password from a damaged file.
pub(crate) fn decrypt(text: &str, password: &str) -> Result<SessionKey, V3Fault> {
    let file = read(text)?;
    if file.version != 3 {
        return Err(V3Fault::Unsupported(format!("the file is of version {}, only 3 is read", file.version)));
    }
    if file.crypto.cipher != "aes-128-ctr" {
        return Err(V3Fault::Unsupported("the cipher is not aes-128-ctr".to_owned()));
    }
    if file.crypto.kdf != "scrypt" {
        return Err(V3Fault::Unsupported("the password is not stretched by scrypt".to_owned()));
    }
    let parameters: ScryptParams = serde_json::from_value(file.crypto.kdfparams).map_err(damaged)?;
    let iv: [u8; 16] = bytes("iv", &file.crypto.cipherparams.iv)?;
    let mac: [u8; 32] = bytes("mac", &file.crypto.mac)?;
    let mut secret = Zeroizing::new(bytes::<32>("ciphertext", &file.crypto.ciphertext)?);
    let salt = hex::decode(&parameters.salt).map_err(|_| V3Fault::Damaged("salt is not hexadecimal".to_owned()))?;

    let derived = derive(&parameters, &salt, password)?;
    if checksum(&derived, &secret) != mac {
        return Err(V3Fault::WrongPassword);
    }
    apply_cipher(&derived, &iv, &mut secret);
    let key = SessionKey::from_bytes(&secret).ok_or_else(|| V3Fault::Damaged("it holds no key".to_owned()))?;
    let named = file.address.map(|address| address.trim_start_matches("0x").to_ascii_lowercase());
    if named.is_some_and(|address| address != hex::encode(key.address())) {
        return Err(V3Fault::Damaged("its address is not the address of its key".to_owned()));
    }
    Ok(key)
}

/// The address that a key file names, if it names one. Nothing proves it before the file is opened.
///
/// # Errors
/// A [`V3Fault`] where it is no key file.
pub(crate) fn address(text: &str) -> Result<Option<Address>, V3Fault> {
    let named = read(text)?.address;
    named.map(|address| address.parse().map_err(|_| V3Fault::Damaged("its address is none".to_owned()))).transpose()
}

fn read(text: &str) -> Result<KeyFile, V3Fault> {
    serde_json::from_str(text).map_err(|error| if error.is_eof() { V3Fault::Truncated } else { damaged(error) })
}

fn derive(parameters: &ScryptParams, salt: &[u8], password: &str) -> Result<Zeroizing<[u8; DERIVED_BYTES]>, V3Fault> {
    let ScryptParams { dklen, n, p, r, .. } = *parameters;
    let memory = n.saturating_mul(u64::from(r)).saturating_mul(128);
    if dklen != DERIVED_BYTES || !n.is_power_of_two() || r == 0 || p == 0 {
        return Err(V3Fault::Damaged("its scrypt parameters fit no scrypt".to_owned()));
    }
    if n < 1 << LEAST_LOG_N || memory < 1_024 << LEAST_LOG_N {
        return Err(V3Fault::Unsupported(format!("its scrypt work is too small to protect a key (n {n}, r {r})")));
    }
    if memory > MOST_MEMORY || p > MOST_PARALLELISM {
        return Err(V3Fault::Unsupported(format!("its scrypt work is beyond all measure (n {n}, r {r}, p {p})")));
    }
    let log_n = n.trailing_zeros() as u8; // n < 2^30
    let unfit = |_| V3Fault::Damaged("its scrypt parameters fit no scrypt".to_owned());
    let work = scrypt::Params::new(log_n, r, p).map_err(unfit)?;
    let mut derived = Zeroizing::new([0; DERIVED_BYTES]);
    scrypt::scrypt(password.as_bytes(), salt, &work, derived.as_mut_slice())
        .map_err(|_| V3Fault::Damaged("its scrypt parameters fit no scrypt".to_owned()))?;
    Ok(derived)
}

fn apply_cipher(derived: &[u8; DERIVED_BYTES], iv: &[u8; 16], text: &mut [u8; 32]) {
    let (key, _) = derived.split_at(16);
    Ctr128BE::<Aes128>::new(key.into(), iv.into()).apply_keystream(text);
}

fn checksum(derived: &[u8; DERIVED_BYTES], ciphertext: &[u8; 32]) -> [u8; 32] {
    let mut bytes = Zeroizing::new([0; 48]);
    bytes[..16].copy_from_slice(&derived[16..]);
    bytes[16..].copy_from_slice(ciphertext);
    keccak256(*bytes).0
}

fn bytes<const N: usize>(name: &str, text: &str) -> Result<[u8; N], V3Fault> {
    hex::decode_to_array(text).map_err(|_| V3Fault::Damaged(format!("{name} is not {N} bytes of hexadecimal")))
}

fn damaged(error: serde_json::Error) -> V3Fault {
    // serde_json quotes what it found; a category and a place say enough
    V3Fault::Damaged(format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column()))
}

/// Sixteen random bytes as a random UUID (RFC 9562, version 4).
fn uuid_v4(mut id: [u8; 16]) -> String {
    id[6] = (id[6] & 0x0f) | 0x40;
    id[8] = (id[8] & 0x3f) | 0x80;
    let text = hex::encode(id);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// Written by `cast wallet import` 1.7.1 for the key and password of the Web3 Secret Storage definition.
    const BY_CAST: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"c423f5076ec1aa9ac815d8ed81b0bd92"},"ciphertext":"26e335c77befbdb452901e9599dab96b4b40ff4b6b10e270f5fb1e0a07bcee7c","kdf":"scrypt","kdfparams":{"dklen":32,"n":8192,"p":1,"r":8,"salt":"e79eee9aecb85dd1cfd66ba6ce6228d8279cf51f82fede8a12fd0612dcbbf9eb"},"mac":"c8efb3186b576221b8f70124f91e1ad85b57f5d43079c3734fd6d6446099bd15"},"id":"c44e1f18-19d2-4a94-a934-bd6b9e1e0a37","version":3}"#;

    #[test]
    fn a_file_written_by_cast_opens() {
        let key = decrypt(BY_CAST, "testpassword").unwrap();
        let secret = hex::encode(*key.secret());
        assert_eq!(secret, "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d");
        assert_eq!(decrypt(BY_CAST, "testpassworD").unwrap_err(), V3Fault::WrongPassword);
    }

    #[test]
    fn what_is_written_is_read_and_differs_each_time() {
        let key = SessionKey::generate();
        let (one, two) = (encrypt(&key, "pässword").unwrap(), encrypt(&key, "pässword").unwrap());
        assert_ne!(one, two, "salt and iv are random");
        assert_eq!(decrypt(&one, "pässword").unwrap().secret(), key.secret());
        assert!(!one.contains(&hex::encode(*key.secret())));
    }

    /// A truncated key file is named so wherever it ends.
    #[test]
    fn every_truncation_is_refused_without_the_password() {
        for length in 0..BY_CAST.len() {
            assert_eq!(decrypt(&BY_CAST[..length], "testpassword").unwrap_err(), V3Fault::Truncated, "at {length}");
        }
    }

    #[test]
    fn damaged_and_foreign_files_are_refused_before_any_work() {
        let cases = [
            (r#""version":3"#, r#""version":4"#),
            ("aes-128-ctr", "aes-256-gcm"),
            (r#""kdf":"scrypt""#, r#""kdf":"pbkdf2""#),
            (r#""n":8192"#, r#""n":4096"#),
            (r#""n":8192"#, r#""n":8191"#),
            (r#""n":8192"#, r#""n":1099511627776"#),
            (r#""p":1"#, r#""p":17"#),
            (r#""p":1"#, r#""p":0"#),
            (r#""r":8"#, r#""r":0"#),
            (r#""r":8"#, r#""r":1"#),
            (r#""r":8"#, r#""r":4294967295"#),
            (r#""dklen":32"#, r#""dklen":16"#),
            (r#""iv":"c4"#, r#""iv":""#),
            (r#""iv":"c4"#, r#""iv":"zz"#),
            (r#""ciphertext":"26"#, r#""ciphertext":""#),
            (r#""mac":"c8"#, r#""mac":""#),
            (r#""salt":"e7"#, r#""salt":"a"#),
            (r#"{"crypto""#, r#"{"other""#),
        ];
        for (from, to) in cases {
            let text = BY_CAST.replacen(from, to, 1);
            assert_ne!(text, BY_CAST);
            let fault = decrypt(&text, "testpassword").unwrap_err();
            assert!(matches!(fault, V3Fault::Damaged(_) | V3Fault::Unsupported(_)), "{from} -> {to}: {fault}");
        }
        let text =
            BY_CAST.replacen(r#"{"crypto""#, r#"{"address":"008aeeda4d805471df9b2a5b0f38a0c3bcba786c","crypto""#, 1);
        assert!(matches!(decrypt(&text, "testpassword"), Err(V3Fault::Damaged(_))), "another key's address");
        let named = alloy::primitives::address!("008aeeda4d805471df9b2a5b0f38a0c3bcba786c");
        assert_eq!(address(&text).unwrap(), Some(named));
        assert_eq!(address(BY_CAST).unwrap(), None);
        assert!(address(&text.replace("008aee", "zz8aee")).is_err());
    }
}
