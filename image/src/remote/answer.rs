//! What a registry answers: status, waiting, ranges and what it says of an error.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::fmt::rfc2822;
use serde::Deserialize;

/// What an answer means for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Here it is, or a part of it.
    Given,
    /// It is elsewhere.
    Elsewhere,
    /// Say who you are.
    Unknown,
    /// It is nobody's, or not yours.
    Denied,
    /// It is not there.
    Missing,
    /// The part that was asked for is not there.
    NoRange,
    /// It may be given another time.
    Later,
    /// Something else that will not change.
    Other,
}

impl Answer {
    pub(crate) fn of(status: u16) -> Self {
        match status {
            200 | 206 => Self::Given,
            301 | 302 | 303 | 307 | 308 => Self::Elsewhere,
            401 => Self::Unknown,
            403 => Self::Denied,
            404 | 410 => Self::Missing,
            408 | 425 | 429 | 500 | 502 | 503 | 504 | 520..=530 => Self::Later,
            416 => Self::NoRange,
            _ => Self::Other,
        }
    }
}

/// How long `Retry-After` asks to wait: seconds, or until a time.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?.as_second();
    let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(u64::try_from(until).ok()?.saturating_sub(now)))
}

/// What a part begins with, and how large the whole is where that is said: `bytes 5-9/10`.
pub(crate) fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, whole) = value.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (begins, _) = range.split_once('-')?;
    let whole = match whole.trim() {
        "*" => None,
        whole => Some(whole.parse().ok()?),
    };
    Some((begins.trim().parse().ok()?, whole))
}

/// What a registry says of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The first error's code: `MANIFEST_UNKNOWN`.
    pub(crate) code: String,
    /// What to show of it to people, on one line.
    pub(crate) text: Option<String>,
}

impl Said {
    /// Of whatever stands in the body, which need not be what the specification wants.
    pub(crate) fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            errors: Vec<Entry>,
        }
        #[derive(Deserialize)]
        #[serde(default)]
        #[derive(Default)]
        struct Entry {
            code: String,
            message: String,
        }
        /// What token servers and some proxies say.
        #[derive(Deserialize)]
        struct Short {
            #[serde(alias = "message", alias = "details", alias = "error_description", alias = "error")]
            text: String,
        }
        if let Ok(body) = serde_json::from_slice::<Body>(body)
            && let Some(first) = body.errors.into_iter().next()
        {
            let text = if first.message.is_empty() { &first.code } else { &first.message };
            return Self { text: line(text), code: first.code };
        }
        let text = serde_json::from_slice::<Short>(body).map(|body| body.text).ok();
        Self { text: text.as_deref().and_then(line), code: String::new() }
    }
}

/// On one line, and not longer than people read. Whoever shows it sees to what a terminal would obey.
pub(crate) fn line(text: &str) -> Option<String> {
    const LONGEST: usize = 200;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = text.char_indices().nth(LONGEST).map(|(at, _)| at);
    let text = cut.map_or(text.clone(), |at| format!("{}…", &text[..at]));
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_told_in_seconds_or_by_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_700);
        let after = |value| retry_after(value, now).map(|time| time.as_secs());
        assert_eq!(after("7"), Some(7));
        assert_eq!(after(" 0 "), Some(0));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(77));
        assert_eq!(after("Sun, 06 Nov 1993 08:49:37 GMT"), None, "no such day");
        assert_eq!(after("Sat, 06 Nov 1993 08:49:37 GMT"), Some(0), "that is over");
        assert_eq!(after("-1"), None);
        assert_eq!(after("soon"), None);
    }

    #[test]
    fn a_part_is_believed_only_where_it_says_where_it_begins() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        for value in ["", "bytes", "bytes */10", "bytes x-9/10", "items 5-9/10", "bytes 5-9", "bytes 5-9/ten"] {
            assert_eq!(content_range(value), None, "{value}");
        }
    }

    #[test]
    fn what_is_said_of_an_error_is_one_line() {
        let body = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest\nunknown  \t"},{"code":"X"}]}"#;
        let said = Said::read(body);
        assert_eq!(said.code, "MANIFEST_UNKNOWN");
        assert_eq!(said.text.as_deref(), Some("manifest unknown"));
        assert_eq!(Said::read(br#"{"errors":[{"code":"DENIED"}]}"#).text.as_deref(), Some("DENIED"));
        assert_eq!(Said::read(br#"{"details":"incorrect username"}"#).text.as_deref(), Some("incorrect username"));
        for body in ["", "<html>", "{\"errors\":[]}", "{\"errors\":null}", "[]"] {
            assert_eq!(Said::read(body.as_bytes()), Said::default(), "{body}");
        }
        assert_eq!(line(&"ä".repeat(500)).map(|text| text.chars().count()), Some(201));
    }

    #[test]
    fn only_what_may_change_is_worth_another_try() {
        let later = [408, 429, 500, 502, 503, 504];
        for status in 100..600 {
            let worth = Answer::of(status) == Answer::Later;
            assert_eq!(worth, later.contains(&status) || status == 425 || (520..=530).contains(&status), "{status}");
        }
    }
}
