//! What others wrote comes from the public registries, with a checksum, under a licence that asks for no more than
//! credit (MPL-2.0: and for changes to its own files).

use super::checkout::Checkout;
use super::none;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::process::Command;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const LICENCES: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Of data: the list of certificate authorities
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];
/// Joins licences into an expression; the one exception grants more.
const JOINING: [&str; 4] = ["OR", "AND", "WITH", "LLVM-exception"];

#[test]
fn every_package_comes_from_its_registry_with_a_checksum() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    for (_, lock) in checkout.texts(|name| name.ends_with("Cargo.lock"))? {
        none(foreign_crates(&lock)?)?;
    }
    none(foreign_npm_packages(&checkout.text("package-lock.json")?)?)
}

/// The crates that are built for this platform.
#[test]
fn every_crate_has_a_licence_that_we_accept() -> anyhow::Result<()> {
    let root = Checkout::read()?.root;
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(&root).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    };
    let version = run("rustc", &["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names its host")?;
    let ask = ["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", host];
    none(strange_licences(&run(env!("CARGO"), &ask)?)?)
}

#[test]
fn strange_packages_are_found() -> anyhow::Result<()> {
    let lock = "[[package]]\nname = \"ours\"\n[[package]]\nname = \"a\"\nsource = \"SOURCE\"\nchecksum = \"00\"\n";
    let good = lock.replace("SOURCE", CRATES_IO);
    none(foreign_crates(&good)?)?;
    assert_eq!(foreign_crates(&lock.replace("SOURCE", "git+https://example.org/a"))?, ["Cargo.lock: a"]);
    assert_eq!(foreign_crates(&good.replace("checksum", "sum"))?, ["Cargo.lock: a"]);

    let lock = r#"{"packages": {"": {}, "node_modules/a": {"version": "1.0.0", "integrity": "sha512-A"},
                  "node_modules/b": {"version": "1.0.0"},
                  "node_modules/c": {"resolved": "git+ssh://example.org/c", "integrity": "sha512-A"},
                  "node_modules/d": {"resolved": "https://registry.npmjs.org/d", "integrity": "sha512-A"}}}"#;
    let faults = foreign_npm_packages(lock)?;
    assert_eq!(faults, ["package-lock.json: node_modules/b", "package-lock.json: node_modules/c"]);

    let metadata = r#"{"packages": [{"name": "a", "license": "(MIT OR Apache-2.0) AND Zlib/ISC"},
                      {"name": "b", "license": "MIT AND AGPL-3.0"}, {"name": "c", "license": null}]}"#;
    assert_eq!(strange_licences(metadata)?, ["b: MIT AND AGPL-3.0", "c: none"]);
    Ok(())
}

fn foreign_crates(lock: &str) -> anyhow::Result<Vec<String>> {
    let lock: toml::Table = toml::from_str(lock)?;
    let packages = lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock lists packages")?;
    let foreign = packages.iter().filter(|package| {
        let source = package.get("source").and_then(toml::Value::as_str);
        source.is_some_and(|source| source != CRATES_IO || package.get("checksum").is_none())
    });
    Ok(foreign.map(|package| format!("Cargo.lock: {}", package["name"].as_str().unwrap_or_default())).collect())
}

/// Where the lock does not say where a package comes from, it is the registry.
fn foreign_npm_packages(lock: &str) -> anyhow::Result<Vec<String>> {
    let lock: Value = serde_json::from_str(lock)?;
    let packages = lock["packages"].as_object().context("package-lock.json lists packages")?;
    let others = packages.iter().filter(|(name, _)| !name.is_empty());
    let foreign = others.filter(|(_, package)| {
        let from = package["resolved"].as_str().unwrap_or("https://registry.npmjs.org/");
        let sealed = package["integrity"].as_str().is_some_and(|seal| seal.starts_with("sha512-"));
        !(sealed && from.starts_with("https://registry.npmjs.org/"))
    });
    Ok(foreign.map(|(name, _)| format!("package-lock.json: {name}")).collect())
}

fn strange_licences(metadata: &str) -> anyhow::Result<Vec<String>> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let packages = metadata["packages"].as_array().context("cargo lists packages")?;
    let accepted = |licence: &str| {
        let mut words = licence.split([' ', '/', '(', ')']).filter(|word| !word.is_empty());
        words.all(|word| LICENCES.contains(&word) || JOINING.contains(&word))
    };
    let strange = packages.iter().filter(|package| !package["license"].as_str().is_some_and(accepted));
    let quote = |package: &Value| {
        format!("{}: {}", package["name"].as_str().unwrap_or_default(), package["license"].as_str().unwrap_or("none"))
    };
    Ok(strange.map(quote).collect())
}
