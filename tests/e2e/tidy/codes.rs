//! The names of refusals, where an agent pays: each is in the document, and each has been seen in a test.

use super::checkout::Checkout;
use super::none;
use std::collections::BTreeSet;

const SOURCES: &str = "crates/agent/src/";
const PAGE: &str = "docs/x402.md";
/// Where a name with no Solidity error of its own is made, for sellers.
const BUYING: [&str; 3] = ["crates/agent/src/buyer", "crates/agent/src/x402", "crates/agent/src/purse.rs"];
/// Names that look like a refusal's and are none: of types.
const TYPES: [&str; 2] = ["SessionFile", "X402Layer"];
/// What no test can bring about in seconds, and why.
const NOT_SEEN: [(&str, &str); 3] = [
    ("RefillBusy", "another process must hold the refill for three minutes"),
    ("HttpClientFailed", "the system must have no roots of trust"),
    ("NoOffer", "an offer that cannot be read is told first"),
];

#[test]
fn every_refusal_of_a_payment_is_documented() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let (page, errors) = (checkout.text(PAGE)?, checkout.text("docs/reference/errors.md")?);
    let sources = checkout.texts(|name| name.starts_with(SOURCES) && name.ends_with(".rs"))?;
    let codes: BTreeSet<_> = sources.iter().flat_map(|(_, text)| codes(without_tests(text))).collect();
    assert!(codes.len() > 60, "only {} were found", codes.len());
    let told = |code: &&str| page.contains(&format!("`{code}`")) || errors.contains(&format!("### {code}\n"));
    none(codes.into_iter().filter(|code| !told(code)).map(|code| format!("{PAGE} does not name {code}")))
}

#[test]
fn every_refusal_of_a_purchase_has_been_seen() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let buying = |name: &str| BUYING.iter().any(|start| name.starts_with(start)) && name.ends_with(".rs");
    let sources = checkout.texts(buying)?;
    let stories = checkout.texts(|name| name.starts_with("tests/e2e/") && name != "tests/e2e/tidy/codes.rs")?;
    let units = checkout.texts(|name| name.starts_with(SOURCES))?;
    let units = units.iter().map(|(name, text)| match name.ends_with("tests.rs") {
        true => text.as_str(),
        false => &text[without_tests(text).len()..],
    });
    let tests = units.chain(stories.iter().map(|(_, text)| text.as_str())).collect::<String>();
    let made: BTreeSet<_> = sources.iter().flat_map(|(_, text)| codes(without_tests(text))).collect();
    let seen = |code: &&str| tests.contains(&format!("\"{code}\"")) || tests.contains(&format!("error[{code}]"));
    let excused = |code: &&str| NOT_SEEN.iter().any(|(name, _)| name == code);
    let unseen = made.iter().filter(|code| !seen(code) && !excused(code));
    none(unseen.map(|code| format!("no test sees {code}")))?;
    none(
        NOT_SEEN
            .iter()
            .filter(|(code, _)| !made.contains(code) || seen(code))
            .map(|(code, _)| format!("{code} is excused")),
    )
}

#[test]
fn names_of_refusals_are_found() {
    let text = "/// \"NotThis\"\nnew(\"OneThing\", \"Some words\") => \"AnotherThing\", \"Word\" \"X402Layer\"\n#[cfg(test)]\n\"NorThis\"";
    assert_eq!(codes(without_tests(text)), ["OneThing", "AnotherThing"]);
}

/// What comes before the tests of a file.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// The texts of two words and more that are written together, each with a capital letter, outside of comments.
fn codes(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let quoted = code.flat_map(|line| line.split('"').skip(1).step_by(2));
    let named = |text: &&str| {
        let capitals = text.bytes().filter(u8::is_ascii_uppercase).count();
        let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        letters
            && capitals >= 2
            && capitals < text.len() / 2
            && text.starts_with(|first: char| first.is_ascii_uppercase())
    };
    quoted.filter(named).filter(|text| !TYPES.contains(text)).collect()
}
