//! What the documentation names is there: paths, tests, Solidity members, `make` targets and `purse` commands.

use super::checkout::Checkout;
use super::none;
use std::collections::{BTreeMap, BTreeSet};

/// Where a path may begin, beside the document's own folder.
const BASES: [&str; 3] = ["", "contracts/src/", "contracts/test/"];
/// Made on the reader's machine.
const MADE: [&str; 6] = [".build/", "cache/", "deployments/", "node_modules/", "out/", "target/"];
const ENDINGS: [&str; 9] = [".rs", ".sol", ".toml", ".json", ".md", ".mjs", ".js", ".sql", ".tree"];
/// The vaults that are broken on purpose: `zoo::name` is one of them.
const ZOO: &str = "contracts/test/zoo/variants.mjs";
/// In the program, but not in its help.
const HIDDEN: [&str; 2] = ["help", "man"];

/// All that can be named.
struct Named {
    files: BTreeSet<String>,
    /// Text of a Solidity file by its name without the ending.
    contracts: BTreeMap<String, String>,
    /// Text of each file that holds tests, by its path.
    tests: BTreeMap<String, String>,
    targets: BTreeSet<String>,
    /// Whole commands: `agent add`.
    commands: BTreeSet<String>,
}

impl Named {
    fn read(checkout: &Checkout) -> anyhow::Result<Self> {
        let contracts = checkout.texts(|name| name.starts_with("contracts/src/") && name.ends_with(".sol"))?;
        let tests = checkout.texts(|name| name.ends_with(".rs") || name.starts_with("contracts/test/"))?;
        let name = |path: &str| path.rsplit('/').next().and_then(|name| name.strip_suffix(".sol")).map(str::to_owned);
        let makefile = checkout.text("Makefile")?;
        let targets = makefile.lines().filter_map(|line| Some(line.split_once(": ")?.0));
        let cli = checkout.text("docs/reference/cli.md")?;
        Ok(Self {
            files: checkout.files.clone(),
            contracts: contracts.into_iter().filter_map(|(path, text)| Some((name(path)?, text))).collect(),
            tests: tests.into_iter().map(|(path, text)| (path.to_owned(), text)).collect(),
            targets: targets.map(str::to_owned).collect(),
            commands: cli.lines().filter_map(|line| Some(line.strip_prefix("## purse ")?.to_owned())).collect(),
        })
    }

    fn faults(&self, document: &str, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for (span, is_link) in spans(text) {
            if !self.knows(document, span, is_link) {
                faults.push(format!("{document}: {span}"));
            }
        }
        for line in text.lines() {
            let command = line.strip_prefix("$ ").unwrap_or(line);
            let said = command.starts_with("purse ") && line != command || command.starts_with("make ");
            if said && !self.knows(document, command.split('#').next().unwrap_or_default().trim(), false) {
                faults.push(format!("{document}: {line}"));
            }
        }
        faults
    }

    /// Whether what a span names is there; one that names nothing passes.
    fn knows(&self, document: &str, span: &str, is_link: bool) -> bool {
        let mut words = span.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("make"), Some(target), _) => self.targets.contains(target),
            (Some("purse"), Some(command), below) => self.has_command(command, below),
            (Some(one), None, _) if one.contains("::") => {
                one.split_once("::").is_some_and(|(file, test)| self.has_test(file, test))
            }
            (Some(one), None, _) if is_link || is_path(one) => self.has_path(document, one),
            (Some(one), None, _) => self.has_member(one),
            _ => true,
        }
    }

    fn has_command(&self, command: &str, below: Option<&str>) -> bool {
        if command.starts_with(['-', '{', '<', '…']) || HIDDEN.contains(&command) {
            return true;
        }
        let has_below = self.commands.iter().any(|known| known.starts_with(&format!("{command} ")));
        let below = below.filter(|word| has_below && !word.starts_with(['-', '{', '<', '…']));
        self.commands.contains(&below.map_or_else(|| command.to_owned(), |below| format!("{command} {below}")))
    }

    fn has_path(&self, document: &str, path: &str) -> bool {
        let path = path.split('#').next().unwrap_or_default().trim_end_matches('/');
        if path.is_empty() || path.contains('<') || MADE.iter().any(|made| format!("{path}/").starts_with(made)) {
            return true;
        }
        if !path.contains('/') && self.files.iter().any(|file| file.ends_with(&format!("/{path}"))) {
            return true;
        }
        let folder = document.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        BASES.iter().chain([&folder.as_str()]).any(|base| {
            let path = resolved(&format!("{base}{path}"));
            let (start, end) = path.split_once('*').unwrap_or((&path, ""));
            self.files.iter().any(|file| match file.strip_prefix(start) {
                Some(rest) if path.contains('*') => rest.ends_with(end),
                Some(rest) => rest.is_empty() || rest.starts_with('/'),
                None => false,
            })
        })
    }

    /// `Pay.t.sol::test_When_ThePaymentFits`, `audit.rs::an_altered_block_is_named`, `zoo::nonce-reused`. Other things
    /// with `::` in them pass.
    fn has_test(&self, file: &str, test: &str) -> bool {
        let heading = match file.rsplit('.').next() {
            Some("sol") => format!("function {test}("),
            Some("rs") => format!("fn {test}("),
            _ if file == "zoo" => format!("name: \"{test}\""),
            _ => return true,
        };
        let file = if file == "zoo" { ZOO } else { file };
        let holds = |(path, text): (&String, &String)| {
            (path == file || path.ends_with(&format!("/{file}"))) && text.contains(&heading)
        };
        self.tests.iter().any(holds)
    }

    /// `Vault._counted`: a contract of ours has that member. Anything else passes.
    fn has_member(&self, span: &str) -> bool {
        let span = span.split('(').next().unwrap_or_default();
        let Some((contract, member)) = span.split_once('.') else { return true };
        self.contracts.get(contract).is_none_or(|text| text.contains(member))
    }
}

#[test]
fn what_the_documents_name_exists() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let named = Named::read(&checkout)?;
    // The changelog tells of what was; the reference is generated.
    let written = |name: &str| name.ends_with(".md") && name != "CHANGELOG.md" && !name.starts_with("docs/reference/");
    none(checkout.texts(written)?.iter().flat_map(|(name, text)| named.faults(name, text)))
}

/// What the README says of gas, in the table or beside it, is what was measured.
#[test]
fn the_gas_in_the_readme_was_measured() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let measured: BTreeMap<String, u64> = serde_json::from_str(&checkout.text("contracts/snapshots/gas.json")?)?;
    let readme = checkout.text("README.md")?;
    none(unmeasured(&readme, &measured.into_values().collect()))
}

#[test]
fn gas_that_nobody_measured_is_found() {
    let measured = BTreeSet::from([745_610, 69_240]);
    assert_eq!(unmeasured("opens it (745,610 gas) | 69,240 | 1,000.00 and 10 000", &measured), Vec::<String>::new());
    assert_eq!(unmeasured("opens it (745,611 gas), 69,240.", &measured), ["README.md: 745,611"]);
}

/// Numbers of five and six digits, which are all of gas.
fn unmeasured(readme: &str, measured: &BTreeSet<u64>) -> Vec<String> {
    let words = readme.split(|c: char| !c.is_ascii_digit() && c != ',' && c != '.');
    let words = words.map(|word| word.trim_matches([',', '.']));
    let stated = words.filter_map(|word| {
        let (thousands, rest) = word.split_once(',')?;
        let number = format!("{thousands}{rest}");
        (thousands.len() > 1 && rest.len() == 3).then(|| Some((word, number.parse::<u64>().ok()?))).flatten()
    });
    stated.filter(|(_, number)| !measured.contains(number)).map(|(word, _)| format!("README.md: {word}")).collect()
}

/// Fixes that name a command name one that exists.
#[test]
fn what_the_programs_advise_exists() -> anyhow::Result<()> {
    let checkout = Checkout::read()?;
    let named = Named::read(&checkout)?;
    let programs = checkout.texts(|name| name.starts_with("crates/") && name.ends_with(".rs"))?;
    let advice = programs.iter().flat_map(|(name, text)| {
        let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        let commands = spans.filter(|span| span.starts_with("purse ") || span.starts_with("make "));
        commands.filter(|span| !named.knows(name, span, false)).map(move |span| format!("{name}: {span}"))
    });
    none(advice)
}

#[test]
fn what_is_not_there_is_found() {
    let texts = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
    let named = Named {
        files: texts(&["docs/spec.md", "contracts/src/Vault.sol", "contracts/src/libraries/AWord.sol", "scripts/x"]),
        contracts: BTreeMap::from([("Vault".to_owned(), "function pay(".to_owned())]),
        tests: BTreeMap::from([
            ("contracts/test/unit/Pay.t.sol".to_owned(), "function test_Pays() {}".to_owned()),
            ("tests/e2e/cli/pay.rs".to_owned(), "async fn it_pays() {}".to_owned()),
            (ZOO.to_owned(), "{ name: \"nonce-reused\" }".to_owned()),
        ]),
        targets: texts(&["test"]),
        commands: texts(&["pay", "agent", "agent add"]),
    };
    let good = "`Vault.sol` `contracts/src` `libraries/*Word.sol` [s](spec.md#words) `Vault.pay(x)` `make test` `pay` \
                `purse pay {}` `purse agent add researcher` `deployments/<chain_id>.json` `out/Vault.sol` `a / b` \
                [w](https://example.org/x) `scripts/x` `Pay.t.sol::test_Pays` `cli/pay.rs::it_pays` \
                `zoo::nonce-reused` `std::fs`\n```\n`gone.rs`\n$ purse pay x # y\n```\n";
    assert_eq!(named.faults("docs/a.md", good), Vec::<String>::new());
    for bad in [
        "`gone.rs`",
        "`src/gone/`",
        "`libraries/*Wort.sol`",
        "`Vault.paid`",
        "`make gone`",
        "`Pay.t.sol::test_Gone`",
        "`Gone.t.sol::test_Pays`",
        "`pay.rs::pays`",
        "`zoo::nonce`",
        "`purse gone`",
        "`purse agent gone`",
        "[s](gone.md)",
        "```\n$ purse gone # x\n```",
        "```\nmake gone\n```",
    ] {
        assert_eq!(named.faults("docs/a.md", bad).len(), 1, "{bad}");
    }
}

/// What stands in backticks, and where links lead (`true`), outside of fenced blocks and off the web.
fn spans(text: &str) -> Vec<(&str, bool)> {
    let mut fenced = false;
    let mut spans = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            spans.extend(line.split('`').skip(1).step_by(2).map(|span| (span, false)));
            let links = line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
            spans.extend(links.filter(|link| !link.contains("://")).map(|link| (link, true)));
        }
    }
    spans
}

/// Looks like a path of ours: a known ending, or folders.
fn is_path(span: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./*<>".contains(c);
    let name = span.rsplit('/').next().unwrap_or_default();
    let has_ending = ENDINGS.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending));
    span.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.')
        && span.chars().all(plain)
        && (has_ending || span.contains('/'))
}

/// Without `..`.
fn resolved(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}
