//! How much of the machine a group of processes may have, as plain data that cannot contradict itself.

mod convert;
mod kubelet;
mod settings;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use convert::{io_weight, shares_of, weight_of};
pub use kubelet::{Quality, Resources, shares};
pub use settings::{Absent, Controller, Setting, Version, settings};

/// The limits of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Memory, and swap beside it.
    pub memory: Option<Memory>,
    /// The share of processor time that it gets where others want some, too.
    pub shares: Option<Shares>,
    /// The processor time that it gets at most.
    pub quota: Option<Quota>,
    /// How many processes and threads there may be.
    pub pids: Option<u64>,
    /// Bytes in huge pages, by their size.
    pub huge_pages: BTreeMap<HugePage, u64>,
    /// Its share of the disks.
    pub io_weight: Option<IoWeight>,
    /// The processors that it runs on.
    pub cpus: Option<IndexSet>,
    /// The memory nodes that it allocates from.
    pub memory_nodes: Option<IndexSet>,
}

impl Limits {
    /// Whether nothing is limited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A limit of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In bytes.
    pub limit: u64,
    /// What may be swapped out on top.
    pub swap: Swap,
    /// What is killed when there is too little.
    pub victims: Victims,
}

/// How much may be in swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Swap {
    /// Whatever the kernel lets it: nothing is written.
    Unsaid,
    /// So many bytes.
    Bytes(u64),
    /// As much as there is.
    Unlimited,
}

/// What is killed when memory has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Victims {
    /// One process, chosen by the kernel.
    One,
    /// All of the group, as Kubernetes wants it; version 1 cannot do that, and kills one.
    All,
}

/// A share of processor time, from 2 to 262144; 1024 is the usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shares(u64);

impl Shares {
    /// The fewest.
    pub const LEAST: Self = Self(2);
    /// The most.
    pub const MOST: Self = Self(262_144);

    /// So many, or the nearest that there are.
    #[must_use]
    pub fn nearest(shares: u64) -> Self {
        Self(shares.clamp(Self::LEAST.0, Self::MOST.0))
    }

    /// How many.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

/// Processor time within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    quota: u64,
    period: u64,
}

impl Quota {
    /// What the kernel's period is, in microseconds.
    pub const PERIOD: u64 = 100_000;
    /// The shortest quota that the kernel takes, in microseconds.
    pub const SHORTEST: u64 = 1000;
    const LONGEST_PERIOD: u64 = 1_000_000;

    /// So many microseconds within so many.
    ///
    /// # Errors
    /// What the kernel takes no such time for.
    pub fn new(quota: u64, period: u64) -> Result<Self, InvalidLimit> {
        if !(Self::SHORTEST..=Self::LONGEST_PERIOD).contains(&period) {
            return Err(InvalidLimit::Period { period });
        }
        if quota < Self::SHORTEST {
            return Err(InvalidLimit::Quota { quota });
        }
        Ok(Self { quota, period })
    }

    /// Thousandths of a processor, in the kernel's period; of less than ten it is ten.
    #[must_use]
    pub fn of_milli(milli: u64) -> Self {
        let quota = milli.saturating_mul(Self::PERIOD / 1000).max(Self::SHORTEST);
        Self { quota, period: Self::PERIOD }
    }

    /// In microseconds.
    #[must_use]
    pub fn quota(self) -> u64 {
        self.quota
    }

    /// In microseconds.
    #[must_use]
    pub fn period(self) -> u64 {
        self.period
    }
}

/// A size of huge pages, as the kernel's files call it: `2MB`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HugePage(String);

impl HugePage {
    /// Pages of so many KiB.
    #[must_use]
    pub fn of_kib(kib: u64) -> Self {
        let (number, unit) = match kib {
            kib if kib >= 1 << 20 && kib.is_multiple_of(1 << 20) => (kib >> 20, "GB"),
            kib if kib >= 1 << 10 && kib.is_multiple_of(1 << 10) => (kib >> 10, "MB"),
            kib => (kib, "KB"),
        };
        Self(format!("{number}{unit}"))
    }

    /// The size's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A weight for the disks, from 10 to 1000; 500 is the usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IoWeight(u16);

impl IoWeight {
    /// This weight.
    ///
    /// # Errors
    /// When there is none such.
    pub fn new(weight: u16) -> Result<Self, InvalidLimit> {
        if (10..=1000).contains(&weight) { Ok(Self(weight)) } else { Err(InvalidLimit::IoWeight { weight }) }
    }

    /// Its number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

/// Processors or memory nodes: `0-2,5`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexSet(String);

impl IndexSet {
    /// As the kernel reads it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IndexSet {
    type Err = InvalidLimit;

    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok())?;
        let is_range = |part: &str| match part.split_once('-') {
            None => number(part).is_some(),
            Some((first, last)) => {
                matches!((number(first), number(last)), (Some(first), Some(last)) if first <= last)
            }
        };
        if text.split(',').all(is_range) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidLimit::IndexSet { text: text.to_owned() })
        }
    }
}

impl fmt::Display for IndexSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A limit that no kernel has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimit {
    /// A period that is too short or too long.
    #[error("a period of {period} µs of processor time is not within 1000 µs and 1 s")]
    Period {
        /// In microseconds.
        period: u64,
    },
    /// A quota that is too short.
    #[error("{quota} µs of processor time in a period are less than 1000 µs")]
    Quota {
        /// In microseconds.
        quota: u64,
    },
    /// A weight that is none.
    #[error("a weight of {weight} for the disks is not within 10 and 1000")]
    IoWeight {
        /// The number.
        weight: u16,
    },
    /// No list of numbers.
    #[error("{text:?} is no list of numbers and ranges (0-2,5)")]
    IndexSet {
        /// What was given.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_numbers_and_ranges() {
        for good in ["0", "0-2", "0-2,5", "7,1"] {
            assert_eq!(good.parse::<IndexSet>().expect(good).as_str(), good);
        }
        for bad in ["", ",", "0,", "2-1", "a", "0-", "-1", "+1", "0 1", "0\n1", "99999999999"] {
            assert!(bad.parse::<IndexSet>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn quotas_are_what_the_kernel_takes() {
        assert_eq!(Quota::new(50_000, 100_000).map(|quota| (quota.quota(), quota.period())), Ok((50_000, 100_000)));
        assert_eq!(Quota::new(999, 100_000), Err(InvalidLimit::Quota { quota: 999 }));
        assert_eq!(Quota::new(5000, 999), Err(InvalidLimit::Period { period: 999 }));
        assert_eq!(Quota::new(5000, 1_000_001), Err(InvalidLimit::Period { period: 1_000_001 }));
        for (milli, quota) in [(0, 1000), (1, 1000), (10, 1000), (11, 1100), (1500, 150_000), (64_000, 6_400_000)] {
            assert_eq!(Quota::of_milli(milli).quota(), quota, "{milli}m");
        }
    }

    #[test]
    fn weights_of_disks_have_bounds() {
        assert!(IoWeight::new(9).is_err() && IoWeight::new(1001).is_err());
        assert!(IoWeight::new(10).is_ok() && IoWeight::new(1000).is_ok());
    }

    #[test]
    fn huge_pages_are_called_as_the_kernel_calls_them() {
        for (kib, name) in [(64, "64KB"), (2048, "2MB"), (32 << 10, "32MB"), (1 << 20, "1GB"), (16 << 20, "16GB")] {
            assert_eq!(HugePage::of_kib(kib).as_str(), name);
        }
    }
}
