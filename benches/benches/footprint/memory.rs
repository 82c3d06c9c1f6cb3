//! How much memory is taken: by a memory cgroup of our own where one may be made, else by what the
//! machine has left.

use std::fs;
use std::path::PathBuf;

use crate::cgroup::{Cgroup, Hierarchy, Version, enter};
use crate::inits::number_in;

/// What memory is read from.
pub(crate) enum Gauge {
    /// A cgroup that we, and so all that we make, are in.
    Cgroup(Ours),
    /// /proc/meminfo.
    Machine,
}

impl Gauge {
    pub(crate) fn new() -> Self {
        Ours::new().map_or(Self::Machine, Self::Cgroup)
    }

    /// In bytes; only differences mean anything.
    pub(crate) fn read(&self) -> f64 {
        match self {
            Self::Cgroup(cgroup) => cgroup.usage(),
            Self::Machine => {
                -1024.0 * number_in("/proc/meminfo", "MemAvailable").expect("every kernel says what is available")
            }
        }
    }

    /// For who reads the numbers.
    pub(crate) fn explained(&self) -> String {
        let what = match self {
            Self::Cgroup(cgroup) => {
                let file = cgroup.usage.file_name().unwrap_or_default().to_string_lossy();
                format!(
                    "what the kernel charges to a memory cgroup in which they are made ({file}): their own pages, page tables, kernel objects, and the files of their records"
                )
            }
            Self::Machine => {
                "by how much MemAvailable of /proc/meminfo goes down, with all else that the machine does".to_owned()
            }
        };
        format!("Memory of sandboxes is {what}.")
    }
}

/// A memory cgroup that we are in until it is dropped.
pub(crate) struct Ours {
    usage: PathBuf,
    /// Where we were before.
    before: PathBuf,
    _cgroup: Cgroup,
}

impl Ours {
    /// None where the kernel has no such thing for us.
    fn new() -> Option<Self> {
        let of_memory = |hierarchy: &Hierarchy| hierarchy.controllers.iter().any(|controller| controller == "memory");
        let hierarchy = Hierarchy::all().into_iter().find(of_memory)?;
        let before = hierarchy.mount.join(current(hierarchy.version)?.trim_start_matches('/'));
        let cgroup = Cgroup::new(&hierarchy, &format!("podkit-bench-{}", std::process::id())).ok()?;
        let usage = cgroup.0.join(match hierarchy.version {
            Version::First => "memory.usage_in_bytes",
            Version::Second => "memory.current",
        });
        enter(&cgroup.0).ok()?;
        Some(Self { usage, before, _cgroup: cgroup })
    }

    fn usage(&self) -> f64 {
        let usage = fs::read_to_string(&self.usage).ok().and_then(|usage| usage.trim().parse().ok());
        usage.expect("a cgroup tells its usage")
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        // A cgroup with somebody in it cannot be removed.
        let _told_by_the_removal = enter(&self.before);
    }
}

/// Our cgroup in the hierarchy that has the memory controller.
fn current(version: Version) -> Option<String> {
    let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = |line: &str| {
        let mut words = line.splitn(3, ':').skip(1);
        let (controllers, path) = (words.next()?, words.next()?);
        let this = match version {
            Version::First => controllers.split(',').any(|controller| controller == "memory"),
            Version::Second => controllers.is_empty(),
        };
        this.then(|| path.to_owned())
    };
    cgroups.lines().find_map(path)
}
