//! The versions of the specification that are spoken here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A version of the specification; later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Version {
    /// 0.3.0
    V0_3_0,
    /// 0.3.1: what one plugin said is handed to the next.
    V0_3_1,
    /// 0.4.0: CHECK, and who undoes something is told what was said.
    V0_4_0,
    /// 1.0.0: an address does not say its family any more.
    V1_0_0,
    /// 1.1.0: a configuration may say several versions.
    V1_1_0,
}

/// It is no version that is spoken here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("version {0:?} of CNI is none of {list}", list = Version::ALL.map(Version::name).join(", "))]
pub struct InvalidVersion(String);

impl Version {
    /// All, in order.
    pub const ALL: [Self; 5] = [Self::V0_3_0, Self::V0_3_1, Self::V0_4_0, Self::V1_0_0, Self::V1_1_0];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V0_3_0 => "0.3.0",
            Self::V0_3_1 => "0.3.1",
            Self::V0_4_0 => "0.4.0",
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
        }
    }

    /// Whether plugins can be asked whether all is as they have left it, and are told what was said when they undo it.
    #[must_use]
    pub fn checks(self) -> bool {
        self >= Self::V0_4_0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let found = Self::ALL.into_iter().find(|version| version.name() == text);
        found.ok_or_else(|| InvalidVersion(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for Version {
    type Error = InvalidVersion;

    fn try_from(text: String) -> Result<Self, InvalidVersion> {
        text.parse()
    }
}

impl From<Version> for &'static str {
    fn from(version: Version) -> Self {
        version.name()
    }
}
