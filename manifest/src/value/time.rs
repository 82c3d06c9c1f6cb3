//! Points in time, to the second.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time as objects have it: RFC 3339, in UTC, to the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub Timestamp);

/// Text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": {trouble}")]
pub struct InvalidTime {
    text: String,
    trouble: String,
}

/// What stands in a time, part by part, by the names that a cluster gives the parts.
const PARTS: [(&str, usize); 11] = [
    ("2006", 4),
    ("-", 1),
    ("01", 2),
    ("-", 1),
    ("02", 2),
    ("T", 1),
    ("15", 2),
    (":", 1),
    ("04", 2),
    (":", 1),
    ("05", 2),
];

impl FromStr for Time {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let error = |trouble: String| InvalidTime { text: text.to_owned(), trouble };
        let mut rest = text;
        for (part, length) in PARTS {
            let (fits, further) = match rest.get(..length) {
                Some(head) if length == 1 => (head == part, &rest[length..]),
                Some(head) => (head.bytes().all(|byte| byte.is_ascii_digit()), &rest[length..]),
                None => (false, rest),
            };
            if !fits {
                return Err(error(format!("cannot parse {rest:?} as {part:?}")));
            }
            rest = further;
        }
        let zone = rest
            .strip_prefix('.')
            .map_or(rest, |fraction| fraction.trim_start_matches(|byte: char| byte.is_ascii_digit()));
        if !matches!(zone.as_bytes(), [b'Z'] | [b'+' | b'-', _, _, b':', _, _]) {
            return Err(error(format!("cannot parse {zone:?} as \"Z07:00\"")));
        }
        text.parse().map(Self).map_err(|_| error("it is out of range".to_owned()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
