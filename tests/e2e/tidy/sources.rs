//! What no source file may be or hold.

use super::checkout::Checkout;
use super::none;

/// Where longer files were seen, they hurt.
const MAX_LINES: usize = 700;
/// The unit tests of a contract's verb have a tree beside them as their map.
const MAX_MAPPED_LINES: usize = 800;
/// A map needs no more.
const MAX_MAP_LINES: usize = 60;
/// Put together here, so that this file does not hold them.
const LEFTOVERS: [&str; 9] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("#[", "ignore]"),
    concat!("vm", ".skip"),
    concat!("vm", ".assume"),
    concat!("dbg", "!("),
    concat!("Co-authored", "-by"),
    concat!("<<<", "<<<<"),
];
/// Ways of waiting that make a test slow on one machine and wrong on another.
const WAITING: [&str; 2] = [concat!("sleep", "("), concat!("sleep", "_until(")];

fn is_source(name: &str) -> bool {
    [".rs", ".sol", ".mjs", ".js"].iter().any(|ending| name.ends_with(ending))
}

fn is_test(name: &str) -> bool {
    name.ends_with(".rs") && (name.starts_with("tests/") || name.contains("/tests/"))
}

fn is_text(name: &str) -> bool {
    // Locks name everything in the world, licences are quoted.
    let foreign = name.ends_with("-lock.json") || name.ends_with("Cargo.lock") || name.starts_with("LICENSE");
    !foreign && ![".png", ".ico", ".gz"].iter().any(|ending| name.ends_with(ending))
}

#[test]
fn files_are_short() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    none(checkout.texts(is_source)?.iter().filter_map(|(name, text)| too_long(name, text)))
}

#[test]
fn a_library_s_root_is_a_map() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let maps = checkout.texts(|name| name.ends_with("src/lib.rs"))?;
    none(maps.iter().flat_map(|(name, text)| not_a_map(name, text)))
}

#[test]
fn nothing_is_left_over_or_left_out() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    none(checkout.texts(is_text)?.iter().flat_map(|(name, text)| found(name, text, &LEFTOVERS)))?;
    none(checkout.texts(is_test)?.iter().flat_map(|(name, text)| found(name, text, &WAITING)))?;
    let proof = checkout.text("Makefile")?;
    none(checkout.texts(|name| name.ends_with(".rs"))?.iter().flat_map(|(name, text)| never_run(name, text, &proof)))
}

#[test]
fn no_path_of_one_machine_is_named() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let here = format!("{}/", checkout.root.display());
    let machine = [here.as_str(), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/bash_", "jobs")];
    none(checkout.texts(is_text)?.iter().flat_map(|(name, text)| found(name, text, &machine)))
}

#[test]
fn documents_are_finished() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    none(checkout.texts(|name| name.ends_with(".md"))?.iter().flat_map(|(name, text)| placeholders(name, text)))
}

#[test]
fn bad_sources_are_found() {
    assert_eq!(too_long("a.rs", &"x\n".repeat(MAX_LINES)), None);
    assert!(too_long("a.rs", &"x\n".repeat(MAX_LINES + 1)).is_some());
    assert_eq!(too_long("contracts/test/unit/A.t.sol", &"x\n".repeat(MAX_MAPPED_LINES)), None);
    assert!(too_long("contracts/test/unit/A.t.sol", &"x\n".repeat(MAX_MAPPED_LINES + 1)).is_some());
    assert!(not_a_map("lib.rs", "//! A map.\n\nmod a;\npub use a::{\n    A,\n    B,\n};\n").is_empty());
    for code in ["pub fn f() {}", "    fn f() {}", "struct S;", "impl S {}"] {
        assert_eq!(not_a_map("lib.rs", &format!("mod a;\n{code}\n")), [format!("lib.rs:2: is code: {}", code.trim())]);
    }
    assert_eq!(not_a_map("lib.rs", &"mod a;\n".repeat(MAX_MAP_LINES + 1)).len(), 1);
    for leftover in LEFTOVERS {
        assert_eq!(found("a", &format!("x\ny {leftover}"), &LEFTOVERS), [format!("a:2: {leftover}")]);
    }
    assert!(found("a", "methodology, expel", &LEFTOVERS).is_empty());
    let ignored = concat!("#[", "ignore = \"the_parent runs it\"]\n");
    assert_eq!(never_run("a", ignored, "").len(), 1);
    assert!(never_run("a", &format!("{ignored}fn the_parent() {{}}"), "").is_empty());
    let proved = concat!("#[", "ignore = \"make proof runs it, by PURSE_X\"]\nfn costly() {}\n");
    assert!(never_run("a", proved, "--exact a::costly").is_empty());
    assert_eq!(never_run("a", proved, "--exact a::costly_too").len(), 1);
    assert_eq!(placeholders("a", "x\nGAS_TABLE\n"), ["a:2: GAS_TABLE"]);
    assert!(placeholders("a", "`MAX_UNITS` units\nNO_COLOR is respected\nTABLE\n").is_empty());
}

fn too_long(name: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let most = if name.starts_with("contracts/test/unit/") { MAX_MAPPED_LINES } else { MAX_LINES };
    (lines > most).then(|| format!("{name}: {lines} lines, {most} at most"))
}

fn not_a_map(name: &str, text: &str) -> Vec<String> {
    let code = ["fn ", "struct ", "enum ", "impl ", "trait ", "const ", "static ", "macro_rules!"];
    let starts_code = |line: &str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        code.iter().any(|word| line.starts_with(word))
    };
    let lines = text.lines().map(str::trim).zip(1..).filter(|(line, _)| starts_code(line));
    let mut faults: Vec<_> = lines.map(|(line, number)| format!("{name}:{number}: is code: {line}")).collect();
    if text.lines().count() > MAX_MAP_LINES {
        faults.push(format!("{name}: more than {MAX_MAP_LINES} lines"));
    }
    faults
}

fn found(name: &str, text: &str, unwanted: &[&str]) -> Vec<String> {
    let lines = text.lines().zip(1..);
    lines
        .flat_map(|(line, number)| {
            let held = unwanted.iter().filter(move |word| holds(line, word));
            held.map(move |word| format!("{name}:{number}: {word}"))
        })
        .collect()
}

/// Whether a line holds a word that is no part of a longer one.
fn holds(line: &str, word: &str) -> bool {
    let letter = |found: Option<char>, own: Option<char>| {
        own.is_some_and(char::is_alphanumeric) && found.is_some_and(|found| found.is_alphanumeric() || found == '_')
    };
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + word.len()..].chars().next());
        !letter(before, word.chars().next()) && !letter(after, word.chars().next_back())
    })
}

/// A test that is run by another one says so first in its reason, `ignore = "that_one runs it ..."`; one that `make proof`
/// runs is named in the Makefile.
fn never_run(name: &str, text: &str, makefile: &str) -> Vec<String> {
    let reasons = text.match_indices(concat!("#[", "ignore = \"")).map(|(at, tag)| &text[at + tag.len()..]);
    let waits = |reason: &str| {
        if reason.starts_with("make proof runs it") {
            let test = reason.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            return test.is_none_or(|(test, _)| !holds(makefile, test)).then_some("make proof".to_owned());
        }
        let runner = reason.split(' ').next().unwrap_or_default();
        (!text.contains(&format!("fn {runner}("))).then(|| runner.to_owned())
    };
    let faults = reasons.filter_map(waits);
    faults.map(|runner| format!("{name}: a test waits for {runner}, which is not there")).collect()
}

/// Lines that stand for what is still to come: `GAS_TABLE`.
fn placeholders(name: &str, text: &str) -> Vec<String> {
    let stands_in =
        |line: &str| line.contains('_') && line.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let lines = text.lines().zip(1..).filter(|(line, _)| stands_in(line));
    lines.map(|(line, number)| format!("{name}:{number}: {line}")).collect()
}
