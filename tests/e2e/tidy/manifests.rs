//! Crates inherit what the workspace declares; npm packages are pinned to one version each.

use super::checkout::Checkout;
use super::none;

/// What every member takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];
const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

#[test]
fn every_member_inherits_lints_and_licence() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let members = checkout.texts(|name| name.ends_with("/Cargo.toml"))?;
    let faults: Vec<_> = members.iter().map(|(name, text)| member(name, text)).collect::<anyhow::Result<_>>()?;
    none(faults.concat())?;
    let root: toml::Value = toml::from_str(&checkout.text("Cargo.toml")?)?;
    assert_eq!(root["workspace"]["package"]["publish"].as_bool(), Some(false));
    assert_eq!(root["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    Ok(())
}

#[test]
fn npm_packages_are_pinned_and_run_no_scripts() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    none(loose_pins(&checkout.text("package.json")?)?)?;
    assert!(checkout.text(".npmrc")?.lines().any(|line| line == "ignore-scripts=true"));
    for lock in ["Cargo.lock", "tests/x402/x402-rs/Cargo.lock", "package-lock.json"] {
        assert!(checkout.files.contains(lock), "{lock} is committed");
    }
    Ok(())
}

#[test]
fn bad_manifests_are_found() -> anyhow::Result<()> {
    let good = "[package]\nname = \"x\"\nversion.workspace = true\nedition.workspace = true\nrust-version.workspace = \
                true\nlicense.workspace = true\npublish.workspace = true\n[lints]\nworkspace = \
                true\n[dependencies]\nserde.workspace = true\n";
    none(member("x", good)?)?;
    for (from, to, fault) in [
        ("[lints]\nworkspace = true\n", "", "x: lints are not the workspace's"),
        ("publish.workspace = true", "publish = true", "x: publish is not the workspace's"),
        ("serde.workspace = true", "serde = \"1\"", "x: dependency serde is not the workspace's"),
    ] {
        assert_eq!(member("x", &good.replace(from, to))?, [fault]);
    }
    let guest = "[workspace]\n[package]\nname = \"x\"\npublish = false\n[dependencies]\nserde = \"1\"\n";
    none(member("x", guest)?)?;
    assert_eq!(member("x", &guest.replace("publish = false\n", ""))?, ["x: publish is not false"]);
    let package =
        r#"{"dependencies": {"a": "1.2.3", "b": "^1.2.3", "c": "1.0.0-beta.2"}, "devDependencies": {"d": "*"}}"#;
    assert_eq!(loose_pins(package)?, ["package.json: b is ^1.2.3", "package.json: d is *"]);
    assert!(loose_pins("{}").is_err());
    Ok(())
}

fn member(name: &str, text: &str) -> anyhow::Result<Vec<String>> {
    let manifest: toml::Table = toml::from_str(text)?;
    let inherits =
        |value: Option<&toml::Value>| value.and_then(|value| value.get("workspace")?.as_bool()) == Some(true);
    if manifest.contains_key("workspace") {
        return Ok(guest(name, &manifest));
    }
    let mut faults = Vec::new();
    if !inherits(manifest.get("lints")) {
        faults.push(format!("{name}: lints are not the workspace's"));
    }
    for key in INHERITED {
        if !inherits(manifest.get("package").and_then(|package| package.get(key))) {
            faults.push(format!("{name}: {key} is not the workspace's"));
        }
    }
    let tables = DEPENDENCIES.iter().filter_map(|key| manifest.get(*key)?.as_table());
    for (dependency, _) in tables.flatten().filter(|(_, value)| !inherits(Some(value))) {
        faults.push(format!("{name}: dependency {dependency} is not the workspace's"));
    }
    Ok(faults)
}

/// A workspace of its own holds what others wrote, and is not published.
fn guest(name: &str, manifest: &toml::Table) -> Vec<String> {
    let publish = manifest.get("package").and_then(|package| package.get("publish")?.as_bool());
    (publish != Some(false)).then(|| format!("{name}: publish is not false")).into_iter().collect()
}

fn loose_pins(package: &str) -> anyhow::Result<Vec<String>> {
    let package: serde_json::Value = serde_json::from_str(package)?;
    let tables = ["dependencies", "devDependencies", "optionalDependencies"];
    let pins: Vec<_> = tables.iter().filter_map(|key| package.get(key)?.as_object()).flatten().collect();
    anyhow::ensure!(!pins.is_empty(), "package.json has no dependencies");
    let exact = |version: &str| {
        let (numbers, rest) = version.split_once('-').unwrap_or((version, "0"));
        let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        numbers.split('.').count() == 3
            && numbers.split('.').all(numeric)
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    };
    let loose = pins.iter().filter(|(_, version)| !version.as_str().is_some_and(exact));
    Ok(loose
        .map(|(name, version)| format!("package.json: {name} is {}", version.as_str().unwrap_or("no text")))
        .collect())
}
