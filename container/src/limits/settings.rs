//! From limits to what is written to which file, in the order of writing.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::convert::{io_weight, weight_of};
use super::{Limits, Memory, Swap, Victims};

/// The versions of the kernel's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Hierarchies by controller.
    One,
    /// One hierarchy.
    Two,
}

/// What limits and counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Controller {
    /// Memory and swap.
    Memory,
    /// Processor time.
    Cpu,
    /// Processes and threads.
    Pids,
    /// Huge pages.
    HugePages,
    /// Disks.
    Io,
    /// Which processors and memory nodes.
    CpuSet,
}

impl Controller {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Memory, Self::Cpu, Self::Pids, Self::HugePages, Self::Io, Self::CpuSet];

    /// What the kernel calls it.
    #[must_use]
    pub fn name(self, version: Version) -> &'static str {
        match (self, version) {
            (Self::Memory, _) => "memory",
            (Self::Cpu, _) => "cpu",
            (Self::Pids, _) => "pids",
            (Self::HugePages, _) => "hugetlb",
            (Self::Io, Version::One) => "blkio",
            (Self::Io, Version::Two) => "io",
            (Self::CpuSet, _) => "cpuset",
        }
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name(Version::Two))
    }
}

/// A file and what is written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Whose file.
    pub controller: Controller,
    /// Its name.
    pub file: Cow<'static, str>,
    /// What is written.
    pub value: String,
    /// What it means that this kernel has no such file.
    pub absent: Absent,
}

/// What it means that a file is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The limit cannot be had.
    Refuse,
    /// The one that follows is for such kernels; where it is there, the one that follows is not.
    Next,
    /// There is nothing to limit.
    Skip,
}

impl Limits {
    /// Of which controllers something is wanted.
    #[must_use]
    pub fn controllers(&self) -> Vec<Controller> {
        let mut controllers: Vec<_> = settings(self, Version::Two).iter().map(|setting| setting.controller).collect();
        controllers.dedup();
        controllers
    }
}

/// What is written, by each controller's own in one go.
#[must_use]
pub fn settings(limits: &Limits, version: Version) -> Vec<Setting> {
    let mut list = List(Vec::new());
    if let Some(memory) = &limits.memory {
        list.memory(memory, version);
    }
    list.cpu(limits, version);
    if let Some(pids) = limits.pids {
        list.must(Controller::Pids, "pids.max", pids.to_string());
    }
    for (size, bytes) in &limits.huge_pages {
        let (size, end) = (size.as_str(), if version == Version::One { "limit_in_bytes" } else { "max" });
        // Reserved pages are counted by themselves since Linux 5.7.
        list.add(Controller::HugePages, format!("hugetlb.{size}.rsvd.{end}"), bytes.to_string(), Absent::Skip);
        list.must(Controller::HugePages, format!("hugetlb.{size}.{end}"), bytes.to_string());
    }
    if let Some(weight) = limits.io_weight {
        let (given, converted) = (weight.get().to_string(), io_weight(weight).to_string());
        match version {
            Version::One => {
                list.add(Controller::Io, "blkio.weight", given.clone(), Absent::Next);
                list.must(Controller::Io, "blkio.bfq.weight", given);
            }
            // Which one is there depends on the schedulers of the disks.
            Version::Two => {
                list.add(Controller::Io, "io.bfq.weight", given, Absent::Next);
                list.must(Controller::Io, "io.weight", converted);
            }
        }
    }
    for (file, set) in [("cpuset.cpus", &limits.cpus), ("cpuset.mems", &limits.memory_nodes)] {
        if let Some(set) = set {
            list.must(Controller::CpuSet, file, set.to_string());
        }
    }
    list.0
}

struct List(Vec<Setting>);

impl List {
    fn add(&mut self, controller: Controller, file: impl Into<Cow<'static, str>>, value: String, absent: Absent) {
        self.0.push(Setting { controller, file: file.into(), value, absent });
    }

    fn must(&mut self, controller: Controller, file: impl Into<Cow<'static, str>>, value: String) {
        self.add(controller, file, value, Absent::Refuse);
    }

    /// Version 1 counts swap together with memory, and wants that to be no less than memory alone.
    fn memory(&mut self, memory: &Memory, version: Version) {
        let Memory { limit, swap, victims } = *memory;
        // A machine that does not account for swap has no file; where none was to be, there is none.
        let absent = if swap == Swap::Bytes(0) { Absent::Skip } else { Absent::Refuse };
        let (file, swap) = match version {
            Version::One => {
                self.must(Controller::Memory, "memory.limit_in_bytes", limit.to_string());
                let swap = match swap {
                    Swap::Unsaid => None,
                    Swap::Bytes(bytes) => Some(limit.saturating_add(bytes).to_string()),
                    Swap::Unlimited => Some("-1".to_owned()),
                };
                ("memory.memsw.limit_in_bytes", swap)
            }
            Version::Two => {
                self.must(Controller::Memory, "memory.max", limit.to_string());
                let swap = match swap {
                    Swap::Unsaid => None,
                    Swap::Bytes(bytes) => Some(bytes.to_string()),
                    Swap::Unlimited => Some("max".to_owned()),
                };
                ("memory.swap.max", swap)
            }
        };
        if let Some(swap) = swap {
            self.add(Controller::Memory, file, swap, absent);
        }
        if victims == Victims::All && version == Version::Two {
            self.add(Controller::Memory, "memory.oom.group", "1".to_owned(), Absent::Skip);
        }
    }

    fn cpu(&mut self, limits: &Limits, version: Version) {
        if let Some(shares) = limits.shares {
            match version {
                Version::One => self.must(Controller::Cpu, "cpu.shares", shares.get().to_string()),
                Version::Two => self.must(Controller::Cpu, "cpu.weight", weight_of(shares).to_string()),
            }
        }
        if let Some(quota) = limits.quota {
            let (quota, period) = (quota.quota(), quota.period());
            match version {
                // The quota is checked against the period that is there.
                Version::One => {
                    self.must(Controller::Cpu, "cpu.cfs_period_us", period.to_string());
                    self.must(Controller::Cpu, "cpu.cfs_quota_us", quota.to_string());
                }
                Version::Two => self.must(Controller::Cpu, "cpu.max", format!("{quota} {period}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HugePage, IoWeight, Quota, Shares};
    use super::*;

    const GIB: u64 = 1 << 30;

    fn memory(swap: Swap, victims: Victims) -> Limits {
        Limits { memory: Some(Memory { limit: GIB, swap, victims }), ..Limits::default() }
    }

    fn all() -> Limits {
        Limits {
            memory: Some(Memory { limit: GIB, swap: Swap::Bytes(GIB), victims: Victims::All }),
            shares: Some(Shares::nearest(2048)),
            quota: Some(Quota::new(150_000, 50_000).expect("a quota")),
            pids: Some(100),
            huge_pages: [(HugePage::of_kib(2048), 4 << 20)].into(),
            io_weight: Some(IoWeight::new(100).expect("a weight")),
            cpus: Some("0-1".parse().expect("a set")),
            memory_nodes: Some("0".parse().expect("a set")),
        }
    }

    fn written(limits: &Limits, version: Version) -> Vec<String> {
        let settings = settings(limits, version);
        settings.iter().map(|it| format!("{} {}={}", it.controller.name(version), it.file, it.value)).collect()
    }

    #[test]
    fn what_is_not_limited_is_not_written() {
        for version in [Version::One, Version::Two] {
            assert!(settings(&Limits::default(), version).is_empty());
        }
        assert!(Limits::default().controllers().is_empty());
    }

    #[test]
    fn version_1_has_a_file_for_each() {
        assert_eq!(
            written(&all(), Version::One),
            [
                "memory memory.limit_in_bytes=1073741824",
                "memory memory.memsw.limit_in_bytes=2147483648",
                "cpu cpu.shares=2048",
                "cpu cpu.cfs_period_us=50000",
                "cpu cpu.cfs_quota_us=150000",
                "pids pids.max=100",
                "hugetlb hugetlb.2MB.rsvd.limit_in_bytes=4194304",
                "hugetlb hugetlb.2MB.limit_in_bytes=4194304",
                "blkio blkio.weight=100",
                "blkio blkio.bfq.weight=100",
                "cpuset cpuset.cpus=0-1",
                "cpuset cpuset.mems=0",
            ]
        );
    }

    #[test]
    fn version_2_has_swap_by_itself_and_weights_of_its_own() {
        assert_eq!(
            written(&all(), Version::Two),
            [
                "memory memory.max=1073741824",
                "memory memory.swap.max=1073741824",
                "memory memory.oom.group=1",
                "cpu cpu.weight=174",
                "cpu cpu.max=150000 50000",
                "pids pids.max=100",
                "hugetlb hugetlb.2MB.rsvd.max=4194304",
                "hugetlb hugetlb.2MB.max=4194304",
                "io io.bfq.weight=100",
                "io io.weight=910",
                "cpuset cpuset.cpus=0-1",
                "cpuset cpuset.mems=0",
            ]
        );
    }

    #[test]
    fn swap_is_limited_as_it_is_said() {
        for (swap, one, two) in [
            (Swap::Unsaid, None, None),
            (Swap::Bytes(0), Some("1073741824"), Some("0")),
            (Swap::Bytes(512), Some("1073742336"), Some("512")),
            (Swap::Bytes(u64::MAX), Some("18446744073709551615"), Some("18446744073709551615")),
            (Swap::Unlimited, Some("-1"), Some("max")),
        ] {
            for (version, expected) in [(Version::One, one), (Version::Two, two)] {
                let settings = settings(&memory(swap, Victims::One), version);
                assert_eq!(settings.get(1).map(|setting| setting.value.as_str()), expected, "{swap:?} {version:?}");
                let absent = if swap == Swap::Bytes(0) { Absent::Skip } else { Absent::Refuse };
                assert!(settings.get(1).is_none_or(|setting| setting.absent == absent), "{swap:?}");
            }
        }
    }

    #[test]
    fn of_two_files_for_one_limit_the_first_is_for_who_has_it() {
        let limits = Limits { io_weight: Some(IoWeight::new(10).expect("a weight")), ..Limits::default() };
        for version in [Version::One, Version::Two] {
            let absent: Vec<_> = settings(&limits, version).iter().map(|setting| setting.absent).collect();
            assert_eq!(absent, [Absent::Next, Absent::Refuse]);
        }
    }

    #[test]
    fn each_limit_names_its_controller() {
        assert_eq!(all().controllers(), Controller::ALL);
        assert_eq!(memory(Swap::Unsaid, Victims::One).controllers(), [Controller::Memory]);
    }
}
