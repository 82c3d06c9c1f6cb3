//! Durations as kubectl takes them (`1h30m`) and ages as it prints them (`3m20s`).

use std::time::Duration;

/// Text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// It has no form of one.
    #[error("time: invalid duration {0:?}")]
    Form(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0:?}")]
    NoUnit(String),
    /// A unit that there is not.
    #[error("time: unknown unit {1:?} in duration {0:?}")]
    Unit(String, String),
}

/// A duration and whether it is negative: numbers with units from ns to h, `0` without one.
///
/// # Errors
/// It is no duration.
pub fn duration(text: &str) -> Result<(bool, Duration), InvalidDuration> {
    let form = || InvalidDuration::Form(text.to_owned());
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok((false, Duration::ZERO));
    }
    if rest.is_empty() {
        return Err(form());
    }
    let mut nanoseconds: u128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|byte: char| !byte.is_ascii_digit() && byte != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err(form());
        }
        let end = after.find(|byte: char| byte.is_ascii_digit() || byte == '.').unwrap_or(after.len());
        let (unit, further) = after.split_at(end);
        let scale: u128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err(InvalidDuration::NoUnit(text.to_owned())),
            unit => return Err(InvalidDuration::Unit(text.to_owned(), unit.to_owned())),
        };
        let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| form())? };
        let mut part = whole.checked_mul(scale).ok_or_else(form)?;
        let mut unit = scale;
        for digit in fraction.bytes() {
            unit /= 10;
            part += u128::from(digit - b'0') * unit;
        }
        nanoseconds = nanoseconds.checked_add(part).ok_or_else(form)?;
        rest = further;
    }
    let limit = u128::from(i64::MAX.unsigned_abs());
    let nanoseconds = u64::try_from(nanoseconds.min(limit + 1)).map_err(|_| form())?;
    if nanoseconds > i64::MAX.unsigned_abs() {
        return Err(form());
    }
    Ok((negative, Duration::from_nanos(nanoseconds)))
}

/// How old something is, in the words of kubectl's AGE column. Ages just below nothing are clocks that disagree.
#[must_use]
pub fn age(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let with = |size: i64, unit: char, rest: i64, small: char| {
        if rest == 0 { format!("{size}{unit}") } else { format!("{size}{unit}{rest}{small}") }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => with(seconds / MINUTE, 'm', seconds % MINUTE, 's'),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => with(seconds / HOUR, 'h', seconds % HOUR / MINUTE, 'm'),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => with(seconds / DAY, 'd', seconds % DAY / HOUR, 'h'),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => with(seconds / YEAR, 'y', seconds % YEAR / DAY, 'd'),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ages_have_kubectls_words() {
        let cases = [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (121, "2m1s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (10_860, "3h1m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (176_400, "2d1h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (63_158_400, "2y1d"),
            (252_288_000, "8y"),
        ];
        for (seconds, words) in cases {
            assert_eq!(age(seconds), words, "{seconds} s");
        }
    }

    #[test]
    fn durations_read_as_go_reads_them() {
        for (text, seconds) in
            [("1h30m", 5400.0), ("1.5s", 1.5), (".5m", 30.0), ("-3s", -3.0), ("0", 0.0), ("1m0.5s", 60.5)]
        {
            let (negative, duration) = duration(text).unwrap();
            let signed = if negative { -duration.as_secs_f64() } else { duration.as_secs_f64() };
            assert!((signed - seconds).abs() < 1e-9, "{text}");
        }
        for text in ["", "-", "1", "5x", "1..2s", "s", "9999999999h", "1 s"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}
