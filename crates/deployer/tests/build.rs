//! The build equals forge's, and a second one costs nothing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use purse_deployer::Build;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn a_second_build_compiles_nothing_and_says_so() {
    let first = Build::compile(&root()).unwrap();
    let second = Build::compile(&root()).unwrap();
    assert!(!second.compiled);
    assert_eq!(first.vault.creation_code, second.vault.creation_code);
    assert_eq!(first.factory.creation_code, second.factory.creation_code);
    assert_eq!(second.compiler, "0.8.37+commit.f401782d");
}

#[test]
fn the_bytecode_equals_that_of_forge() {
    let build = Build::compile(&root()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let forge = root().join("node_modules/@foundry-rs/forge-linux-amd64/bin/forge");
    let forge = if forge.exists() { forge } else { PathBuf::from("forge") };
    let status = Command::new(forge)
        .current_dir(root())
        .args(["build", "contracts/src", "--quiet", "--out"])
        .arg(folder.path().join("out"))
        .arg("--cache-path")
        .arg(folder.path().join("cache"))
        .status()
        .unwrap();
    assert!(status.success());
    for artifact in [&build.vault, &build.factory] {
        let path = folder.path().join(format!("out/{0}.sol/{0}.json", artifact.name));
        let forged: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(forged["bytecode"]["object"], artifact.creation_code.to_string(), "{}", artifact.name);
        assert_eq!(forged["deployedBytecode"]["object"], artifact.runtime_code.to_string(), "{}", artifact.name);
    }
}
