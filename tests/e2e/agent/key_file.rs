//! Key files that others write and read: `cast` opens ours, we open what `cast` wrote.

use alloy::primitives::hex;
use anyhow::ensure;
use purse_agent::{SessionKey, keystore};
use purse_tests::LocalChain;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const CAST: &str = "node_modules/@foundry-rs/cast-linux-amd64/bin/cast";

fn cast(arguments: &[&str]) -> anyhow::Result<String> {
    let pinned = LocalChain::checkout().join(CAST);
    let program = if pinned.exists() { pinned.as_path() } else { Path::new("cast") };
    let output = Command::new(program).args(arguments).output()?;
    ensure!(output.status.success(), "cast {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[test]
fn cast_opens_what_we_wrote() -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let (folder, file) = (home.path().display().to_string(), home.path().join("agent"));
    let address = keystore::create(&file, "secret")?;
    let told = cast(&["wallet", "address", "--keystore", &file.display().to_string(), "--password", "secret"])?;
    assert_eq!(told, address.to_string());
    let told = cast(&["wallet", "decrypt-keystore", "agent", "-k", &folder, "--unsafe-password", "secret"])?;
    let secret: [u8; 32] = hex::decode_to_array(&told[told.len() - 64..])?;
    assert_eq!(SessionKey::from_bytes(&secret).map(|key| key.address()), Some(address));
    Ok(())
}

/// `cast` writes files that group and world may read: we refuse them until that is put right.
#[test]
fn we_open_what_cast_wrote_once_it_is_private() -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let folder = home.path().display().to_string();
    let key = hex::encode([0x42; 32]);
    cast(&["wallet", "import", "agent", "--private-key", &key, "-k", &folder, "--unsafe-password", "secret"])?;
    let file = home.path().join("agent");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644))?;
    let error = keystore::open(&file, "secret").err().map(|error| error.code());
    assert_eq!(error, Some("PermissionsTooOpen"));
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600))?;
    let opened = keystore::open(&file, "secret")?.address();
    assert_eq!(Some(opened), SessionKey::from_bytes(&[0x42; 32]).map(|key| key.address()));
    Ok(())
}
