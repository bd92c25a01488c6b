//! Points in time and spans, as text. Nothing here reads a clock.

use jiff::Timestamp;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Whole seconds since 1970 as RFC 3339 in UTC: `2026-11-22T14:22:00Z`. Times after the year 9999 read as a count of
/// seconds.
pub fn rfc3339(seconds: u64) -> String {
    let timestamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    timestamp.map_or_else(|| format!("{seconds} s after 1970"), |timestamp| timestamp.to_string())
}

/// A span of seconds in the largest unit that divides it: `30d`, `24h`, `15m`, `90s`. A single day is `24h`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        _ if seconds.is_multiple_of(DAY) && seconds != DAY => format!("{}d", seconds / DAY),
        _ if seconds.is_multiple_of(HOUR) => format!("{}h", seconds / HOUR),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_795_357_320), "2026-11-22T14:22:00Z");
        assert_eq!(rfc3339(u64::from(u32::MAX)), "2106-02-07T06:28:15Z");
        assert_eq!(rfc3339(u64::MAX), "18446744073709551615 s after 1970");
    }

    #[test]
    fn spans_use_the_largest_unit_that_divides_them() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (90, "90s"), (900, "15m"), (3_600, "1h"), (86_400, "24h"), (604_800, "7d")]
        {
            assert_eq!(span(seconds), text);
        }
    }
}
