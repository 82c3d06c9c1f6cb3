//! A number or a name: ports, and how many pods may be missing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number or a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A name, or a percentage.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl IntOrString {
    /// The percentage, if it is one such as `25%`.
    #[must_use]
    pub fn percent(&self) -> Option<u32> {
        match self {
            Self::Int(_) => None,
            Self::String(text) => text.strip_suffix('%')?.parse().ok(),
        }
    }

    /// So many of `total`: the number, or the percentage of it rounded up or down. `None` for a name.
    #[must_use]
    pub fn of(&self, total: i32, up: bool) -> Option<i32> {
        match self {
            Self::Int(number) => Some(*number),
            Self::String(_) => {
                let product = i64::from(self.percent()?) * i64::from(total);
                i32::try_from(if up { (product + 99).div_euclid(100) } else { product.div_euclid(100) }).ok()
            }
        }
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(formatter),
            Self::String(text) => text.fmt(formatter),
        }
    }
}

impl From<i32> for IntOrString {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for IntOrString {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}
