//! What is mounted below a container's root, and its devices.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A mount below the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Where, as the container sees it. What is not there is made.
    pub at: PathBuf,
    /// What.
    pub what: What,
    /// With which attributes.
    pub attributes: Attributes,
    /// What of it others see.
    pub propagation: Propagation,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A file or a directory of the outside.
    Bind {
        /// As it is called outside.
        source: PathBuf,
        /// Whether what is mounted below it comes along.
        below: Below,
    },
    /// A file system in memory.
    Tmpfs {
        /// How large it may grow, in bytes; `None` is the kernel's usual half of the memory.
        size: Option<u64>,
        /// The mode of its root directory.
        mode: u32,
    },
    /// Processes, as the container's pid namespace has them.
    Proc,
    /// The kernel's objects, as the pod's network namespace has them.
    Sysfs,
    /// Terminals of its own.
    Devpts,
    /// The pod's shared memory.
    PodsShm,
    /// The pod's message queues.
    PodsMqueue,
    /// Its control groups, as far as it may see them.
    Cgroup,
}

/// Whether what is mounted below a bound directory comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Below {
    /// It does.
    Along,
    /// Only the directory's own file system.
    Left,
}

/// Attributes of a mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Whether it may be written to.
    pub read_only: ReadOnly,
    /// Set-user-id programs are as others.
    pub nosuid: bool,
    /// Devices are no devices.
    pub nodev: bool,
    /// Nothing is executed.
    pub noexec: bool,
}

/// Whether a mount may be written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadOnly {
    /// It may.
    #[default]
    No,
    /// It may not; what is mounted below it may.
    Itself,
    /// It may not, nor may what is mounted below it.
    AllBelow,
}

/// What a mount and its original see of each other's mounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Propagation {
    /// Nothing.
    #[default]
    Private,
    /// The container sees what the outside mounts.
    Slave,
    /// Each sees what the other mounts.
    Shared,
}

/// A device of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Where, as the container sees it: below /dev.
    pub at: PathBuf,
    /// Where it is outside, for those who may not make devices and bind that one.
    pub source: PathBuf,
    /// Whether it is read by characters or by blocks.
    pub kind: DeviceKind,
    /// The number of its driver.
    pub major: u32,
    /// Its number with the driver.
    pub minor: u32,
    /// Who may do what with it.
    pub mode: u32,
}

/// How a device is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceKind {
    /// By characters.
    Character,
    /// By blocks.
    Block,
}

/// Name and number of the devices that every container has; the driver's is 1, but for the terminal.
const USUAL: [(&str, u32, u32); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

impl Device {
    /// Those that every container has.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        let device = |(name, major, minor): (&str, u32, u32)| {
            let at = PathBuf::from("/dev").join(name);
            Self { source: at.clone(), at, kind: DeviceKind::Character, major, minor, mode: 0o666 }
        };
        USUAL.into_iter().map(device).collect()
    }
}

impl Mount {
    /// A mount that nobody else sees, with these attributes.
    #[must_use]
    pub fn new(at: impl Into<PathBuf>, what: What, attributes: Attributes) -> Self {
        Self { at: at.into(), what, attributes, propagation: Propagation::Private }
    }

    /// Those that every container has, in the order of mounting.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        let inert = Attributes { nosuid: true, nodev: true, noexec: true, read_only: ReadOnly::No };
        let read_only = Attributes { read_only: ReadOnly::Itself, ..inert };
        // Devices are what it is for.
        let devices = Attributes { nosuid: true, ..Attributes::default() };
        let terminals = Attributes { nosuid: true, noexec: true, ..Attributes::default() };
        vec![
            Self::new("/proc", What::Proc, inert),
            Self::new("/dev", What::Tmpfs { size: Some(64 << 20), mode: 0o755 }, devices),
            Self::new("/dev/pts", What::Devpts, terminals),
            Self::new("/dev/shm", What::PodsShm, inert),
            Self::new("/dev/mqueue", What::PodsMqueue, inert),
            Self::new("/sys", What::Sysfs, read_only),
            Self::new("/sys/fs/cgroup", What::Cgroup, read_only),
        ]
    }
}

/// What of /proc and /sys nobody may read, for it tells of the host.
pub const MASKED: [&str; 12] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];

/// What of /proc nobody may write to, for it changes the host.
pub const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
