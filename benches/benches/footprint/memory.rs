//! How much memory is taken: by a memory cgroup of our own where one may be made, else by what the
//! machine has left.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::inits::number_in;

/// What memory is read from.
pub(super) enum Gauge {
    /// A cgroup that we, and so all that we make, are in.
    Cgroup(Cgroup),
    /// /proc/meminfo.
    Machine,
}

impl Gauge {
    pub(super) fn new() -> Self {
        Cgroup::new().map_or(Self::Machine, Self::Cgroup)
    }

    /// In bytes; only differences mean anything.
    pub(super) fn read(&self) -> f64 {
        match self {
            Self::Cgroup(cgroup) => cgroup.usage(),
            Self::Machine => {
                -1024.0 * number_in("/proc/meminfo", "MemAvailable").expect("every kernel says what is available")
            }
        }
    }

    /// For who reads the numbers.
    pub(super) fn explained(&self) -> String {
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
pub(super) struct Cgroup {
    directory: PathBuf,
    usage: PathBuf,
    /// Where we were before.
    before: PathBuf,
}

impl Cgroup {
    /// None where the kernel has no such thing for us.
    fn new() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let hierarchy = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            let (mount, kind, options) = (PathBuf::from(words.get(1)?), *words.get(2)?, *words.get(3)?);
            let first = kind == "cgroup" && options.split(',').any(|option| option == "memory");
            let controllers = fs::read_to_string(mount.join("cgroup.subtree_control")).unwrap_or_default();
            let second = kind == "cgroup2" && controllers.split_whitespace().any(|controller| controller == "memory");
            (first || second).then_some((mount, if first { "memory.usage_in_bytes" } else { "memory.current" }))
        };
        let (mount, usage) = mounts.lines().find_map(hierarchy)?;
        let before = mount.join(ours(usage == "memory.current")?.trim_start_matches('/'));
        let directory = mount.join(format!("podkit-bench-{}", std::process::id()));
        fs::create_dir(&directory).ok()?;
        let usage = directory.join(usage);
        let cgroup = Self { directory, usage, before };
        enter(&cgroup.directory).ok()?;
        cgroup.usage.exists().then_some(cgroup)
    }

    fn usage(&self) -> f64 {
        let usage = fs::read_to_string(&self.usage).ok().and_then(|usage| usage.trim().parse().ok());
        usage.expect("a cgroup tells its usage")
    }
}

/// Our cgroup in the hierarchy that has the memory controller.
fn ours(second_version: bool) -> Option<String> {
    let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = |line: &str| {
        let mut words = line.splitn(3, ':').skip(1);
        let (controllers, path) = (words.next()?, words.next()?);
        let this = if second_version {
            controllers.is_empty()
        } else {
            controllers.split(',').any(|controller| controller == "memory")
        };
        this.then(|| path.to_owned())
    };
    cgroups.lines().find_map(path)
}

fn enter(cgroup: &Path) -> std::io::Result<()> {
    fs::write(cgroup.join("cgroup.procs"), "0")
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _still_there = enter(&self.before);
        // The last process may not have left yet.
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(error) = fs::remove_dir(&self.directory) {
            if Instant::now() > deadline {
                eprintln!("left behind: {}: {error}", self.directory.display());
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
