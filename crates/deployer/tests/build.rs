//! The build equals forge's, is kept, and is refused with cause and fix where a part of the toolchain is missing.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use purse_deployer::{Build, BuildError};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A checkout with the real settings and compiler, but contracts that compile in no time.
fn tiny_checkout() -> TempDir {
    let checkout = tempfile::tempdir().unwrap();
    for folder in ["contracts/src", "scripts"] {
        fs::create_dir_all(checkout.path().join(folder)).unwrap();
    }
    for file in ["foundry.toml", "package.json", "scripts/solc"] {
        fs::copy(root().join(file), checkout.path().join(file)).unwrap();
    }
    symlink(root().join("node_modules"), checkout.path().join("node_modules")).unwrap();
    write(
        &checkout,
        "contracts/src/Vault.sol",
        "contract Vault { uint256 immutable one = 1; function get() external view returns (uint256) { return one; } }",
    );
    write(&checkout, "contracts/src/VaultFactory.sol", "contract VaultFactory {}");
    write(&checkout, "contracts/src/VaultLens.sol", "contract VaultLens {}");
    checkout
}

fn write(checkout: &TempDir, file: &str, text: &str) {
    fs::write(
        checkout.path().join(file),
        format!("// SPDX-License-Identifier: MIT\npragma solidity ^0.8.28;\n{text}\n"),
    )
    .unwrap();
}

#[test]
fn the_bytecode_equals_that_of_forge() {
    let build = Build::compile(&root()).unwrap();
    assert_eq!(build.compiler, "0.8.37+commit.f401782d");
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
    for artifact in [&build.vault, &build.factory, &build.lens] {
        let path = folder.path().join(format!("out/{0}.sol/{0}.json", artifact.name));
        let forged: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(forged["bytecode"]["object"], artifact.creation_code.to_string(), "{}", artifact.name);
        assert_eq!(forged["deployedBytecode"]["object"], artifact.runtime_code.to_string(), "{}", artifact.name);
    }
}

#[test]
fn only_a_change_compiles_again() {
    let checkout = tiny_checkout();
    let first = Build::compile(checkout.path()).unwrap();
    assert!(first.compiled);
    assert_eq!(first.vault.immutables.keys().collect::<Vec<_>>(), ["one"]);
    let second = Build::compile(checkout.path()).unwrap();
    assert!(!second.compiled, "nothing changed");
    assert_eq!(serde_json::to_value(&first).unwrap(), serde_json::to_value(&second).unwrap());

    write(&checkout, "contracts/src/VaultFactory.sol", "contract VaultFactory { uint256 public two; }");
    let third = Build::compile(checkout.path()).unwrap();
    assert!(third.compiled, "a source changed");
    assert_ne!(third.factory.creation_code, first.factory.creation_code);

    let settings =
        fs::read_to_string(root().join("foundry.toml")).unwrap().replace("optimizer_runs = ", "optimizer_runs = 1");
    fs::write(checkout.path().join("foundry.toml"), settings).unwrap();
    assert!(Build::compile(checkout.path()).unwrap().compiled, "a setting changed");

    for entry in fs::read_dir(checkout.path().join("cache/deployer")).unwrap() {
        fs::write(entry.unwrap().path(), "{").unwrap();
    }
    assert!(Build::compile(checkout.path()).unwrap().compiled, "what was kept is unreadable");
}

#[test]
fn the_input_for_explorers_has_every_source_and_every_setting() {
    let build = Build::compile(&root()).unwrap();
    let sources = build.standard_json["sources"].as_object().unwrap();
    for artifact in [&build.vault, &build.factory, &build.lens] {
        assert!(sources.contains_key(&artifact.file), "{}", artifact.file);
    }
    assert!(sources.values().all(|source| source["content"].as_str().is_some_and(|text| text.contains("pragma"))));
    assert!(sources.keys().all(|name| Path::new(name).is_relative() && !name.contains("/test/")));
    assert_eq!(build.standard_json["language"], "Solidity");
    assert_eq!(build.standard_json["settings"]["viaIR"], true);
    assert_eq!(build.standard_json["settings"]["optimizer"]["enabled"], true);
}

#[test]
fn what_is_missing_is_named_with_its_fix() {
    let empty = tempfile::tempdir().unwrap();
    let error = Build::compile(empty.path()).unwrap_err();
    assert!(matches!(error, BuildError::NotACheckout { .. }), "{error}");

    let checkout = tiny_checkout();
    fs::remove_file(checkout.path().join("node_modules")).unwrap();
    let error = Build::compile(checkout.path()).unwrap_err();
    assert!(matches!(error, BuildError::NotInstalled { .. }), "{error}");
    assert!(error.fix().contains("make setup"));

    // Some packages are there, but not the compiler.
    fs::create_dir(checkout.path().join("node_modules")).unwrap();
    let error = Build::compile(checkout.path()).unwrap_err();
    assert!(matches!(error, BuildError::CompilerUnusable { .. }), "{error}");
    assert!(error.fix().contains("make setup"));

    let checkout = tiny_checkout();
    write(&checkout, "contracts/src/Vault.sol", "import \"solady/nowhere.sol\"; contract Vault {}");
    let error = Build::compile(checkout.path()).unwrap_err();
    assert!(matches!(&error, BuildError::ImportMissing { imports } if imports[0].contains("Vault.sol")), "{error}");
    write(&checkout, "contracts/src/Vault.sol", "contract Vault { uint256 one = true; }");
    let error = Build::compile(checkout.path()).unwrap_err();
    assert!(matches!(&error, BuildError::Rejected { diagnostics } if diagnostics.contains("Vault.sol")), "{error}");
}
