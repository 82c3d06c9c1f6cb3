//! Cgroups of our own, which go when they are dropped, with all that was made within.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where a hierarchy of cgroups is, and what it is of.
#[derive(Debug)]
pub(crate) struct Hierarchy {
    pub(crate) mount: PathBuf,
    pub(crate) version: Version,
    /// The controllers that the cgroups in it may have.
    pub(crate) controllers: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    First,
    Second,
}

impl Hierarchy {
    /// All that the machine has: several, one, or a mixture.
    pub(crate) fn all() -> Vec<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let hierarchy = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            let (mount, options) = (PathBuf::from(words.get(1)?), words.get(3)?);
            let version = match *words.get(2)? {
                "cgroup" => Version::First,
                "cgroup2" => Version::Second,
                _ => return None,
            };
            let controllers = match version {
                Version::First => options.split(',').map(str::to_owned).collect(),
                Version::Second => {
                    let controllers = fs::read_to_string(mount.join("cgroup.subtree_control")).unwrap_or_default();
                    controllers.split_whitespace().map(str::to_owned).collect()
                }
            };
            Some(Self { mount, version, controllers })
        };
        mounts.lines().filter_map(hierarchy).collect()
    }
}

/// A cgroup.
#[derive(Debug)]
pub(crate) struct Cgroup(pub(crate) PathBuf);

impl Cgroup {
    /// Makes one of this name.
    pub(crate) fn new(hierarchy: &Hierarchy, name: &str) -> io::Result<Self> {
        let directory = hierarchy.mount.join(name);
        fs::create_dir(&directory)?;
        let cgroup = Self(directory);
        // In the first version these start empty, and then nobody may enter.
        for name in ["cpuset.cpus", "cpuset.mems"] {
            if let Ok(all) = fs::read_to_string(cgroup.0.with_file_name(name)) {
                fs::write(cgroup.0.join(name), all)?;
            }
        }
        Ok(cgroup)
    }
}

/// Puts us into a cgroup.
pub(crate) fn enter(cgroup: &Path) -> io::Result<()> {
    fs::write(cgroup.join("cgroup.procs"), "0")
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The last process may not have left yet.
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Err(error) = remove(&self.0) {
            if Instant::now() > deadline {
                eprintln!("left behind: {}: {error}", self.0.display());
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Removes a cgroup and all within; their files are not ours to remove.
fn remove(cgroup: &Path) -> io::Result<()> {
    // One may be removed while we look.
    for inner in fs::read_dir(cgroup).into_iter().flatten().flatten() {
        if inner.path().is_dir() {
            remove(&inner.path())?;
        }
    }
    fs::remove_dir(cgroup)
}
