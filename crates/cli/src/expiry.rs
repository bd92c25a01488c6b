//! When a session ends, as people write it: `30d`, `12h`, `2026-12-31`, or a whole RFC 3339 time.

use crate::failure::Failure;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Seconds since 1970 of the end that `text` names; spans start at `now`.
pub(crate) fn parse(text: &str, now: u64) -> Result<u32, Failure> {
    let invalid = |cause: &str| {
        Failure::usage(
            "ExpiryInvalid",
            format!("\"{text}\" is no end of a session"),
            cause,
            "give a span such as 30d or 12h, or a day such as 2026-12-31",
        )
    };
    let seconds = span(text)
        .and_then(|span| now.checked_add(span))
        .or_else(|| point(text))
        .ok_or_else(|| invalid("it is neither a span nor a day nor a time"))?;
    if seconds <= now {
        return Err(invalid("it is over already"));
    }
    u32::try_from(seconds).map_err(|_| invalid("it is after the year 2106, which no session reaches"))
}

/// Seconds of a span such as `12h`.
pub(crate) fn span(text: &str) -> Option<u64> {
    let unit = match text.as_bytes().last()? {
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        b'w' => 604_800,
        _ => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse::<u64>().ok()).flatten()?.checked_mul(unit)
}

/// Seconds since 1970 of a day or a time.
pub(crate) fn point(text: &str) -> Option<u64> {
    let timestamp = match text.parse::<Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) => text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp(),
    };
    u64::try_from(timestamp.as_second()).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::parse;

    const NOW: u64 = 1_795_356_000; // 2026-11-22T14:00:00Z

    #[test]
    fn spans_days_and_times_are_read() {
        assert_eq!(parse("30d", NOW).unwrap(), 1_795_356_000 + 30 * 86_400);
        assert_eq!(parse("90m", NOW).unwrap(), 1_795_356_000 + 5_400);
        assert_eq!(parse("2026-11-23", NOW).unwrap(), 1_795_392_000);
        assert_eq!(parse("2026-11-22T14:00:01Z", NOW).unwrap(), 1_795_356_001);
    }

    #[test]
    fn what_is_over_or_no_time_is_refused() {
        for bad in [
            "",
            "d",
            "30",
            "-1d",
            "1.5d",
            "2026-11-22",
            "2026-13-01",
            "tomorrow",
            "0d",
            "99999999999999999999d",
            "30000w",
        ] {
            assert_eq!(parse(bad, NOW).unwrap_err().code, "ExpiryInvalid", "{bad}");
        }
    }
}
