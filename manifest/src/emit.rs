//! Objects written as kubectl writes them.

mod json;
mod kyaml;
mod style;
mod tree;
mod whole;
mod yaml;

use serde_json::Value;

pub use json::{compact, json};
pub use kyaml::kyaml;
pub use tree::{Look, Tree};
pub use whole::whole;
pub use yaml::{write_yaml, yaml};

/// What `kubectl -o name` calls an object: `pod/web`, `deployment.apps/web`.
#[must_use]
pub fn name(value: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = word(&value["kind"]).to_lowercase();
    let version = word(&value["apiVersion"]);
    let group = version.split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
    let name = word(&value["metadata"]["name"]);
    format!("{kind}{group}/{}", if name.is_empty() { "<unknown>" } else { &name })
}

/// The shortest decimal of a float as Go's `%g` has it, from Rust's exponent form (`1.5e6`).
pub(crate) fn shortest(exponential: &str) -> String {
    let (mantissa, exponent) = exponential.split_once('e').unwrap_or((exponential, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return plain(mantissa, exponent);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// A float as Go's `%v` has it.
pub(crate) fn general(number: f64) -> String {
    let exponential = format!("{number:e}");
    let (mantissa, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..21).contains(&exponent) {
        return plain(mantissa, exponent);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Digits with their point moved: no exponent.
fn plain(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let shift = usize::try_from(exponent.unsigned_abs()).unwrap_or_default();
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(shift - 1));
    }
    let point = whole.len() + shift;
    if point >= digits.len() {
        return format!("{sign}{digits}{}", "0".repeat(point - digits.len()));
    }
    format!("{sign}{}.{}", &digits[..point], &digits[point..])
}

/// A float as Go's JSON has it.
pub(crate) fn json_float(number: f64) -> String {
    let exponential = format!("{number:e}");
    let size = number.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let (mantissa, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
        return if exponent.starts_with('-') { exponential.clone() } else { format!("{mantissa}e+{exponent}") };
    }
    let (mantissa, exponent) = exponential.split_once('e').unwrap_or((&exponential, "0"));
    plain(mantissa, exponent.parse().unwrap_or_default())
}
