//! What a request may ask: read at the border, refused by name.

use crate::problem::Problem;
use alloy::primitives::Address;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use purse_indexer::LARGEST_PAGE;
use purse_protocol::{SessionId, parse_address};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Longest query: every parameter there is, written out, is shorter.
const LONGEST_QUERY: usize = 1_024;
/// Entries of a page when the request does not say.
const USUAL_PAGE: u32 = 100;

/// The vault of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VaultPath(pub(crate) Address);

impl<S: Send + Sync> FromRequestParts<S> for VaultPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let text = text.map_err(|error| Problem::asked("PathInvalid", error.to_string(), "see /openapi.json"))?;
        address(&text.0).map(Self)
    }
}

/// The query of a request.
#[derive(Debug, Clone)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let length = parts.uri.query().unwrap_or_default().len();
        if length > LONGEST_QUERY {
            let cause = format!("the query has {length} bytes, at most {LONGEST_QUERY} are read");
            return Err(Problem::asked("QueryTooLong", cause, "name each parameter once"));
        }
        let query = Query::try_from_uri(&parts.uri);
        let fix = "see the parameters of this path in /openapi.json";
        query.map(|Query(query)| Self(query)).map_err(|error| Problem::asked("QueryInvalid", error.to_string(), fix))
    }
}

/// Which page.
#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// How many at most, 1 to 1,000; 100 if not said.
    pub(crate) limit: Option<u32>,
    /// The `next` of the page before.
    pub(crate) cursor: Option<String>,
}

/// An address; a mixed-case one must have the right checksum.
pub(crate) fn address(text: &str) -> Result<Address, Problem> {
    parse_address(text)
        .map_err(|error| Problem::asked("AddressInvalid", error.to_string(), "give 0x and 40 hex digits"))
}

/// An address, where one is asked for.
pub(crate) fn address_or_none(text: Option<&str>) -> Result<Option<Address>, Problem> {
    text.map(address).transpose()
}

/// The size of a page.
pub(crate) fn page_size(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(USUAL_PAGE) {
        limit @ 1..=LARGEST_PAGE => Ok(limit),
        limit => Err(Problem::asked(
            "LimitOutOfRange",
            format!("a page of {limit} was asked for"),
            format!("ask for 1 to {LARGEST_PAGE}, and for the next page with cursor"),
        )),
    }
}

/// The session that is asked for.
pub(crate) fn session(number: Option<u32>) -> Result<Option<SessionId>, Problem> {
    let zero = || Problem::asked("SessionInvalid", "session 0 does not exist", "sessions are numbered from 1");
    number.map(|number| SessionId::new(number).ok_or_else(zero)).transpose()
}

/// A point in time: RFC 3339, or seconds since 1970.
pub(crate) fn time(text: Option<&str>) -> Result<Option<u64>, Problem> {
    let read = |text: &str| {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok();
        }
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(timestamp.as_second()).ok()
    };
    let invalid = |text: &str| {
        let cause = format!("\"{}\" is no time", text.escape_debug());
        Problem::asked("TimeInvalid", cause, "write 2026-11-22T14:22:00Z, or the seconds since 1970")
    };
    // Beyond what a database holds no block has a time.
    let known = |time: &u64| i64::try_from(*time).is_ok();
    text.map(|text| read(text).filter(known).ok_or_else(|| invalid(text))).transpose()
}

/// Two numbers with a point between them, a block's and one within it: where the page before ended. No database holds larger ones.
pub(crate) fn cursor<N: std::str::FromStr + Copy + TryInto<i64>>(
    text: Option<&str>,
) -> Result<Option<(u64, N)>, Problem> {
    let read = |text: &str| {
        let (block, within) = text.split_once('.')?;
        let (block, within): (u64, N) = (block.parse().ok()?, within.parse().ok()?);
        let (_, _): (i64, i64) = (block.try_into().ok()?, within.try_into().ok()?);
        Some((block, within))
    };
    text.map(|text| read(text).ok_or_else(|| invalid_cursor(text))).transpose()
}

/// The problem of a cursor that is none.
pub(crate) fn invalid_cursor(text: &str) -> Problem {
    let cause = format!("\"{}\" is no cursor of this path", text.escape_debug());
    Problem::asked("CursorInvalid", cause, "give the next of the page before, as it is, or leave cursor out")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(time(None).unwrap(), None);
        assert_eq!(time(Some("1800000000")).unwrap(), Some(1_800_000_000));
        assert_eq!(time(Some("2027-01-15T08:00:00Z")).unwrap(), Some(1_800_000_000));
        assert_eq!(time(Some("2027-01-15T09:00:00+01:00")).unwrap(), Some(1_800_000_000));
        for bad in ["", "now", "-1", "2027-01-15", "1969-01-01T00:00:00Z", "18446744073709551615", "1e9", " 1"] {
            assert_eq!(time(Some(bad)).unwrap_err().code, "TimeInvalid", "{bad}");
        }
    }

    #[test]
    fn pages_have_a_size() {
        assert_eq!(page_size(None).unwrap(), USUAL_PAGE);
        assert_eq!(page_size(Some(LARGEST_PAGE)).unwrap(), LARGEST_PAGE);
        for bad in [0, LARGEST_PAGE + 1, u32::MAX] {
            assert_eq!(page_size(Some(bad)).unwrap_err().code, "LimitOutOfRange");
        }
    }

    #[test]
    fn cursors_come_back_or_are_refused() {
        assert_eq!(cursor::<u32>(Some("12.7")).unwrap(), Some((12, 7)));
        assert!(
            cursor::<u64>(Some("18446744073709551615.1")).is_err()
                && cursor::<u64>(Some("1.9223372036854775808")).is_err()
        );
        for bad in ["", "12", "12.", ".7", "12.7.1", "-1.7", "12.4294967296", "a.b", "\u{1b}[2J.1"] {
            let problem = cursor::<u32>(Some(bad)).unwrap_err();
            assert_eq!(problem.code, "CursorInvalid", "{bad}");
            assert!(!problem.detail.contains('\u{1b}'));
        }
    }

    #[test]
    fn an_address_with_a_wrong_digit_is_refused() {
        assert!(address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266").is_ok());
        assert!(address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266").is_ok());
        for bad in ["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267", "0x12", "", "vault"] {
            assert_eq!(address(bad).unwrap_err().code, "AddressInvalid", "{bad}");
        }
    }
}
