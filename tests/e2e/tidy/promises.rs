//! Every promise that holds is quoted where it is tested, and every number that is quoted is promised.

use super::checkout::Checkout;
use super::none;
use std::collections::{BTreeMap, BTreeSet};

const SPEC: &str = "docs/spec.md";
/// Promised for a later version: there are no purses yet, as the specification says.
const NOT_YET: [u32; 2] = [15, 16];
/// The last promise there is.
const LAST: u32 = 17;
/// Higher ones are no promises but types: I256.
const HIGHEST: u32 = 99;

#[test]
fn every_promise_is_tested() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let promised = promised(&checkout.text(SPEC)?);
    assert_eq!(missing(&promised), Vec::<u32>::new(), "{SPEC} promises I1 to I{LAST} but those of purses");
    let tests = checkout.texts(|name| {
        let contract_test = name.starts_with("contracts/test/") && (name.ends_with(".sol") || name.ends_with(".tree"));
        let program_test = name.starts_with("tests/e2e/") || name.contains("/tests/");
        contract_test || program_test && name.ends_with(".rs") && !name.contains("tidy")
    })?;
    let quoted: BTreeSet<_> = tests.iter().flat_map(|(_, text)| quoted(text)).collect();
    none(untested(&promised, &quoted))
}

#[test]
fn every_number_quoted_is_promised() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let known = quoted(&checkout.text(SPEC)?);
    let endings = [".rs", ".sol", ".tree", ".md", ".mjs"];
    let texts = checkout.texts(|name| endings.iter().any(|ending| name.ends_with(ending)) && !name.contains("tidy"))?;
    let texts: BTreeMap<_, _> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    none(unknown(&known, &texts))
}

#[test]
fn forgotten_and_invented_promises_are_found() {
    let spec = "| # | promise |\n|---|---|\n| I1 | money |\n| I15 | later |\n| I12 | fold |\nNot yet: I17.";
    assert_eq!(promised(spec), BTreeSet::from([1, 12, 15]));
    assert_eq!(quoted("(I4), I17. I2C i3 XI5 _I6 I7_ I8 I256::ONE"), BTreeSet::from([4, 8, 17]));
    assert_eq!(missing(&BTreeSet::from_iter((1..=14).chain([17]))), Vec::<u32>::new());
    assert_eq!(missing(&BTreeSet::from_iter(1..=14)), [17]);
    assert_eq!(untested(&promised(spec), &quoted("// I1, I2")), ["I12 is quoted by no test"]);
    let texts = BTreeMap::from([("a.rs", "I1 I18"), ("b.rs", "I17")]);
    assert_eq!(unknown(&quoted(spec), &texts), ["a.rs: I18 is not in docs/spec.md"]);
}

/// The numbers in the table of promises.
fn promised(spec: &str) -> BTreeSet<u32> {
    let rows = spec.lines().filter_map(|line| line.strip_prefix("| I")?.split(' ').next()?.parse().ok());
    rows.collect()
}

/// What the specification must promise and does not.
fn missing(promised: &BTreeSet<u32>) -> Vec<u32> {
    (1..=LAST).filter(|number| !promised.contains(number) && !NOT_YET.contains(number)).collect()
}

/// The numbers that a text quotes: I4.
fn quoted(text: &str) -> BTreeSet<u32> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter_map(|word| word.strip_prefix('I')?.parse().ok()).filter(|number| *number <= HIGHEST).collect()
}

fn untested(promised: &BTreeSet<u32>, quoted: &BTreeSet<u32>) -> Vec<String> {
    let untested = promised.difference(quoted).filter(|number| !NOT_YET.contains(number));
    untested.map(|number| format!("I{number} is quoted by no test")).collect()
}

fn unknown(known: &BTreeSet<u32>, texts: &BTreeMap<&str, &str>) -> Vec<String> {
    let strangers = texts.iter().flat_map(|(name, text)| {
        let numbers: Vec<_> = quoted(text).difference(known).copied().collect();
        numbers.into_iter().map(move |number| format!("{name}: I{number} is not in {SPEC}"))
    });
    strangers.collect()
}
