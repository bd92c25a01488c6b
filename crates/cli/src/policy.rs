//! What a new agent may do: read from flags or from a policy file, written out as the grant that the chain gets.

use crate::config::one_line;
use crate::expiry;
use crate::failure::Failure;
use crate::files;
use crate::money::Token;
use alloy::primitives::Address;
use purse_protocol::abi::IVault::{Grant, Limit, TokenGrant};
use purse_protocol::{Category, CategoryMask, SessionId, Window};
use serde::Deserialize;
use std::path::Path;

/// A policy as written: amounts, windows and categories still text, since amounts need the token's decimals.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyText {
    /// Symbol or address; the profile's token when absent.
    pub(crate) token: Option<String>,
    /// Largest single payment.
    pub(crate) per_payment: String,
    /// `AMOUNT/WINDOW`, such as `10/24h`; of one category `data:5/24h`.
    pub(crate) limits: Vec<String>,
    /// Names or numbers.
    pub(crate) categories: Vec<String>,
    /// `30d`, or a day.
    pub(crate) expires: String,
}

/// A policy understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Base units.
    pub(crate) per_payment: u128,
    /// As the vault wants them: ascending by category and window.
    pub(crate) limits: Vec<LimitText>,
    /// What kinds of payees.
    pub(crate) categories: CategoryMask,
    /// Seconds since 1970.
    pub(crate) valid_from: u32,
    /// Seconds since 1970.
    pub(crate) valid_until: u32,
}

impl PolicyText {
    /// Reads a policy file.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let text = files::read_if_there(path)?.ok_or_else(|| {
            Failure::error(
                "PolicyMissing",
                format!("no policy file {}", path.display()),
                "there is no such file",
                "check the path given to --policy",
            )
        })?;
        toml::from_str(&text).map_err(|error| {
            Failure::error(
                "PolicyInvalid",
                format!("cannot understand {}", path.display()),
                one_line(&error.to_string()),
                "its keys are per_payment, limits, categories, expires and, if wanted, token",
            )
        })
    }

    /// Understands the policy; spans start at `now`, seconds since 1970.
    pub(crate) fn parse(&self, token: &Token, now: u64) -> Result<Policy, Failure> {
        let categories = parse_categories(&self.categories)?;
        let limits = parse_limits(&self.limits, None, token)?;
        if limits.iter().all(|limit| limit.category.is_some()) {
            return Err(limit_invalid(
                "a session without a limit over all that it pays can pay nothing",
                "add one, such as --limit 10/24h",
            ));
        }
        if let Some(other) = limits.iter().filter_map(|limit| limit.category).find(|one| !categories.contains(*one)) {
            return Err(limit_invalid(
                &format!("there is a limit for {other}, which the session may not pay"),
                "grant that category too, or leave its limit out",
            ));
        }
        Ok(Policy {
            per_payment: token.parse(&self.per_payment).and_then(|_| token.parse_cap(&self.per_payment))?,
            limits,
            categories,
            valid_from: u32::try_from(now).unwrap_or(u32::MAX),
            valid_until: expiry::parse(&self.expires, now)?,
        })
    }
}

impl Policy {
    /// The grant for the chain.
    pub(crate) fn grant(&self, session: SessionId, key: Address, token: Address) -> Grant {
        let limit = |limit: &LimitText| Limit {
            category: limit.category.map_or(0, Category::number),
            window: limit.window.seconds(),
            cap: limit.cap,
        };
        let limits = self.limits.iter().map(limit).collect();
        Grant {
            session: session.get(),
            key,
            validFrom: self.valid_from,
            validUntil: self.valid_until,
            categories: self.categories.bits(),
            tokens: vec![TokenGrant { token, perPaymentCap: self.per_payment, limits }],
        }
    }
}

/// A limit as people write it. Ordered as the vault wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LimitText {
    /// None: over all that the session, or the vault, pays.
    pub(crate) category: Option<Category>,
    /// Over which window.
    pub(crate) window: Window,
    /// Base units.
    pub(crate) cap: u128,
}

/// Reads limits `AMOUNT/WINDOW` or `CATEGORY:AMOUNT/WINDOW`: each window of a scope at most once, at least one. Those
/// that name no category are of `category`.
pub(crate) fn parse_limits(
    texts: &[String],
    category: Option<Category>,
    token: &Token,
) -> Result<Vec<LimitText>, Failure> {
    let mut limits = Vec::with_capacity(texts.len());
    for text in texts {
        let (named, amount, window) = split_limit(text)?;
        limits.push(LimitText { category: named.or(category), window, cap: token.parse_cap(amount)? });
    }
    limits.sort();
    let twice = limits.windows(2).any(|pair| (pair[0].category, pair[0].window) == (pair[1].category, pair[1].window));
    match () {
        () if twice => Err(limit_invalid("two limits have the same window", "give each window once")),
        () if limits.is_empty() => {
            Err(limit_invalid("a session without a limit can pay nothing", "add one, such as --limit 10/24h"))
        }
        () => Ok(limits),
    }
}

/// `10/24h` or `data:10/24h` as its category, amount and window.
pub(crate) fn split_limit(text: &str) -> Result<(Option<Category>, &str, Window), Failure> {
    let (category, limit) = match text.rsplit_once(':') {
        Some((category, limit)) => (Some(parse_category(category)?), limit),
        None => (None, text),
    };
    let (amount, window) = limit.split_once('/').ok_or_else(|| {
        limit_invalid(&format!("\"{text}\" is no limit"), "write an amount, a slash and a window: 10/24h, 500/lifetime")
    })?;
    Ok((category, amount, parse_window(window)?))
}

/// One of the five windows.
pub(crate) fn parse_window(text: &str) -> Result<Window, Failure> {
    text.parse::<Window>().map_err(|error| limit_invalid(&error.to_string(), error.fix()))
}

/// Reads categories by name or number; at least one.
pub(crate) fn parse_categories(texts: &[String]) -> Result<CategoryMask, Failure> {
    if texts.is_empty() {
        return Err(Failure::usage(
            "CategoryInvalid",
            "no category is given",
            "a session without categories can pay nobody: empty means nothing",
            "add one, such as --category data",
        ));
    }
    texts.iter().map(|text| parse_category(text)).collect()
}

/// Reads a category by name or number.
pub(crate) fn parse_category(text: &str) -> Result<Category, Failure> {
    text.parse::<Category>().map_err(|error| {
        Failure::usage("CategoryInvalid", format!("\"{text}\" is no category"), error.to_string(), error.fix())
    })
}

/// A mask for the eye: `data, tools`.
pub(crate) fn show_categories(mask: CategoryMask) -> String {
    let names = mask.iter().map(|category| category.to_string()).collect::<Vec<_>>();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn limit_invalid(cause: &str, fix: &str) -> Failure {
    Failure::usage("LimitInvalid", "the limits can't be understood", cause, fix)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// The promise: the policy file of one agent fits in 250 bytes.
    const POLICY_BYTES: usize = 250;

    const SAMPLE: &str = "per_payment = \"2\"\nlimits = [\"10/24h\", \"150/30d\"]\ncategories = [\"data\", \"inference\"]\nexpires = \"30d\"\ntoken = \"0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB\"\n";

    fn usdc() -> Token {
        Token { address: Address::repeat_byte(1), symbol: "USDC".into(), decimals: 6, unit_bits: 0, listed: true }
    }

    #[test]
    fn a_whole_policy_fits_in_250_bytes() {
        assert!(SAMPLE.len() <= POLICY_BYTES, "{} bytes", SAMPLE.len());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.toml");
        std::fs::write(&path, SAMPLE).unwrap();
        let policy = PolicyText::load(&path).unwrap().parse(&usdc(), 1_795_356_000).unwrap();
        assert_eq!(policy.per_payment, 2_000_000);
        let limit = |window, cap| LimitText { category: None, window, cap };
        assert_eq!(policy.limits, [limit(Window::Day, 10_000_000), limit(Window::Month, 150_000_000)]);
        assert_eq!(policy.categories.iter().count(), 2);
        assert_eq!(policy.valid_until, 1_795_356_000 + 30 * 86_400);
    }

    #[test]
    fn unknown_keys_and_empty_lists_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.toml");
        std::fs::write(&path, format!("{SAMPLE}rate = \"20/h\"\n")).unwrap();
        let failure = PolicyText::load(&path).unwrap_err();
        assert_eq!(failure.code, "PolicyInvalid");
        assert!(failure.cause.contains("unknown field `rate`"), "{}", failure.cause);
        assert_eq!(parse_limits(&[], None, &usdc()).unwrap_err().code, "LimitInvalid");
        assert_eq!(parse_categories(&[]).unwrap_err().code, "CategoryInvalid");
    }

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        for bad in
            ["10", "10/2h", "10/", "/24h", "1e3/24h", "-1/24h", "1,000/24h", "0.0000001/24h", ":1/24h", "films:1/24h"]
        {
            let failure = parse_limits(&[bad.to_owned()], None, &usdc()).unwrap_err();
            assert_eq!(failure.exit, crate::exit::Exit::Usage, "{bad}");
        }
        let twice = ["10/24h".to_owned(), "5/1d".to_owned()];
        assert_eq!(parse_limits(&twice, None, &usdc()).unwrap_err().code, "LimitInvalid");
    }
    #[test]
    fn limits_of_categories_are_ordered_and_must_be_granted() {
        let texts = ["media:1/1h", "5/lifetime", "data:2/24h", "10/24h", "mcc:7375:3/7d"].map(str::to_owned);
        let limits = parse_limits(&texts, None, &usdc()).unwrap();
        assert!(limits.is_sorted() && limits.len() == texts.len());
        assert_eq!((limits[0].category, limits[0].window), (None, Window::Day));
        let sample = |limits: &str| SAMPLE.replace("\"10/24h\", \"150/30d\"", limits);
        let parse = |text: &str| toml::from_str::<PolicyText>(text).unwrap().parse(&usdc(), 1_795_356_000);
        parse(&sample("\"10/24h\", \"data:5/24h\"")).unwrap();
        assert_eq!(parse(&sample("\"10/24h\", \"media:5/24h\"")).unwrap_err().code, "LimitInvalid", "not granted");
        let only = parse(&sample("\"data:5/24h\"")).unwrap_err();
        assert!(only.cause.contains("can pay nothing"), "{}", only.cause);
    }
}
