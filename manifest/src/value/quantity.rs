//! Amounts: `500m`, `64Mi`, `1e3`. Kept in units of 10⁻⁹, which is as small as they get.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANO: i128 = 1_000_000_000;

/// An amount, shown in its canonical form: the largest suffix without a fraction, of the family that it was written in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    family: Family,
}

/// The family of suffixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Family {
    #[default]
    Decimal,
    Binary,
    Exponent,
}

/// Text that is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuantity {
    /// It has no form of one.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Form,
    /// A suffix that there is not.
    #[error("unable to parse quantity's suffix")]
    Suffix,
    /// More than anybody has.
    #[error("the quantity is out of range")]
    Range,
}

impl Quantity {
    /// So many whole units.
    #[must_use]
    pub fn whole(units: i64) -> Self {
        Self { nanos: i128::from(units) * NANO, family: Family::Decimal }
    }

    /// The amount in units, rounded up.
    #[must_use]
    pub fn value(&self) -> i128 {
        round_up(self.nanos, NANO)
    }

    /// The amount in thousandths, rounded up.
    #[must_use]
    pub fn milli(&self) -> i128 {
        round_up(self.nanos, NANO / 1000)
    }

    /// Less than nothing.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// Nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Whether it has a fraction of a unit.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.nanos % NANO == 0
    }

    /// Rounded up to thousandths, as a cluster stores resources.
    #[must_use]
    pub fn to_milli(self) -> Self {
        Self { nanos: self.milli() * (NANO / 1000), ..self }
    }

    /// Both together, in the family of the first; of the second if the first is nothing.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let family = if self.is_zero() { other.family } else { self.family };
        Self { nanos: self.nanos.saturating_add(other.nanos), family }
    }
}

/// Away from nothing for amounts above it.
fn round_up(nanos: i128, unit: i128) -> i128 {
    nanos.div_euclid(unit) + i128::from(nanos.rem_euclid(unit) != 0)
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|byte: char| !byte.is_ascii_digit()).unwrap_or(unsigned.len());
        let (whole, rest) = unsigned.split_at(end);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => {
                let end = rest.find(|byte: char| !byte.is_ascii_digit()).unwrap_or(rest.len());
                rest.split_at(end)
            }
            None => ("", rest),
        };
        let letters = suffix.trim_start_matches(|letter| "eEinumkKMGTP".contains(letter));
        let digits = letters.strip_prefix(['+', '-']).unwrap_or(letters);
        if whole.is_empty() && fraction.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidQuantity::Form);
        }
        let (family, base, exponent) = interpret(suffix)?;
        let size = scaled(whole, fraction, base, exponent)?;
        // Amounts with a binary suffix end where 63 bits do.
        let size = if family == Family::Binary { size.min(i128::from(i64::MAX) * NANO) } else { size };
        Ok(Self { nanos: if text.starts_with('-') { -size } else { size }, family })
    }
}

/// Digits times a power, in units of 10⁻⁹, rounded up.
fn scaled(whole: &str, fraction: &str, base: i128, exponent: i32) -> Result<i128, InvalidQuantity> {
    let whole = whole.trim_start_matches('0');
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    // Digits past these change nothing but that something is left over to be rounded up.
    let kept = digits.len().min(36);
    let mut number: i128 = digits[..kept].parse().map_err(|_| InvalidQuantity::Range)?;
    let mut left_over = digits[kept..].bytes().any(|digit| digit != b'0');
    let dropped = i32::try_from(digits.len() - kept).map_err(|_| InvalidQuantity::Range)?;
    let behind = i32::try_from(fraction.len()).map_err(|_| InvalidQuantity::Range)?;
    let mut tens = dropped.saturating_sub(behind).saturating_add(9);
    if base == 2 {
        let power = u32::try_from(exponent).map_err(|_| InvalidQuantity::Range)?;
        // The power of two is applied where there is room for it.
        let room = number.leading_zeros().saturating_sub(2);
        if room < power {
            return Err(InvalidQuantity::Range);
        }
        number <<= power;
    } else {
        tens = tens.saturating_add(exponent);
    }
    while tens > 0 {
        number = number.checked_mul(10).ok_or(InvalidQuantity::Range)?;
        tens -= 1;
    }
    while tens < 0 && number != 0 {
        left_over |= number % 10 != 0;
        number /= 10;
        tens += 1;
    }
    Ok(number + i128::from(left_over))
}

fn interpret(suffix: &str) -> Result<(Family, i128, i32), InvalidQuantity> {
    Ok(match suffix {
        "n" => (Family::Decimal, 10, -9),
        "u" => (Family::Decimal, 10, -6),
        "m" => (Family::Decimal, 10, -3),
        "" => (Family::Decimal, 10, 0),
        "k" => (Family::Decimal, 10, 3),
        "M" => (Family::Decimal, 10, 6),
        "G" => (Family::Decimal, 10, 9),
        "T" => (Family::Decimal, 10, 12),
        "P" => (Family::Decimal, 10, 15),
        "E" => (Family::Decimal, 10, 18),
        "Ki" => (Family::Binary, 2, 10),
        "Mi" => (Family::Binary, 2, 20),
        "Gi" => (Family::Binary, 2, 30),
        "Ti" => (Family::Binary, 2, 40),
        "Pi" => (Family::Binary, 2, 50),
        "Ei" => (Family::Binary, 2, 60),
        other => {
            let exponent = other.strip_prefix(['e', 'E']).ok_or(InvalidQuantity::Suffix)?;
            (Family::Exponent, 10, exponent.parse().map_err(|_| InvalidQuantity::Suffix)?)
        }
    })
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return formatter.pad("0");
        }
        let binary = self.family == Family::Binary && self.nanos.abs() >= 1024 * NANO && self.is_whole();
        let text = if binary {
            let mut number = self.nanos / NANO;
            let mut suffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter();
            let mut suffix = suffixes.next();
            while number % 1024 == 0 && suffixes.len() > 0 {
                number /= 1024;
                suffix = suffixes.next();
            }
            format!("{number}{}", suffix.unwrap_or(&""))
        } else {
            let mut number = self.nanos;
            let mut exponent = -9;
            while number % 1000 == 0 && (exponent < 18 || self.family == Family::Exponent) {
                number /= 1000;
                exponent += 3;
            }
            match (self.family, exponent) {
                (_, 0) => number.to_string(),
                (Family::Exponent, _) => format!("{number}e{exponent}"),
                (_, -9) => format!("{number}n"),
                (_, -6) => format!("{number}u"),
                (_, -3) => format!("{number}m"),
                (_, 3) => format!("{number}k"),
                (_, 6) => format!("{number}M"),
                (_, 9) => format!("{number}G"),
                (_, 12) => format!("{number}T"),
                (_, 15) => format!("{number}P"),
                _ => format!("{number}E"),
            }
        };
        formatter.pad(&text)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_canonical_form_is_the_largest_suffix_without_a_fraction() {
        let cases = [
            ("1024Mi", "1Gi"),
            ("0.5", "500m"),
            ("1500m", "1500m"),
            ("1000m", "1"),
            ("1e3", "1e3"),
            ("1E3", "1e3"),
            ("1000", "1k"),
            ("0", "0"),
            ("0Mi", "0"),
            ("512", "512"),
            ("1.5Gi", "1536Mi"),
            ("100Mi", "100Mi"),
            ("0.5Ki", "512"),
            ("+1", "1"),
            ("-1", "-1"),
            ("-1024Ki", "-1Mi"),
            ("0.0000000001", "1n"),
            ("1.0000000001", "1000000001n"),
            ("12e6", "12e6"),
            ("1e-3", "1e-3"),
            (".5", "500m"),
            ("5.", "5"),
            ("1000Ki", "1000Ki"),
            ("1E", "1E"),
            ("123456789012345678", "123456789012345678"),
            ("0.1Ki", "102400m"),
            ("00012", "12"),
        ];
        for (written, shown) in cases {
            assert_eq!(written.parse::<Quantity>().unwrap().to_string(), shown, "{written}");
        }
    }

    #[test]
    fn what_is_none_is_told_from_an_unknown_suffix() {
        for text in ["", "+", "-", ".", "x", "1 Mi", " 1", "1Mb", "--1", "1.2.3", "1e+-3"] {
            assert_eq!(text.parse::<Quantity>(), Err(InvalidQuantity::Form), "{text:?}");
        }
        for text in ["1K", "1MM", "1ki", "1e", "1mi", "1eE3"] {
            assert_eq!(text.parse::<Quantity>().map_err(|error| error != InvalidQuantity::Form), Err(true), "{text:?}");
        }
    }

    #[test]
    fn amounts_round_up() {
        assert_eq!("1m".parse::<Quantity>().unwrap().value(), 1);
        assert_eq!("0.0001".parse::<Quantity>().unwrap().milli(), 1);
        assert_eq!("-1500m".parse::<Quantity>().unwrap().value(), -1);
        assert!("1Gi".parse::<Quantity>().unwrap() > "1G".parse().unwrap());
    }
}
