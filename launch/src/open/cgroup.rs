//! Finding control groups: the target's or one by its path, in both versions of the hierarchy.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use procfs::process::MountInfo;

use crate::choice::Cgroup;
use crate::error::Error;
use crate::open::mounts;

/// The control groups to join.
#[derive(Debug, Default)]
pub struct Cgroups {
    /// That of the unified hierarchy: a child can be born there.
    pub unified: Option<OpenCgroup>,
    /// Those of version 1: a process has to go there.
    pub others: Vec<OpenCgroup>,
}

/// A control group.
#[derive(Debug)]
pub struct OpenCgroup {
    /// Its directory.
    pub directory: OwnedFd,
    /// Its `tasks` or `cgroup.procs`, to be written to.
    pub members: OwnedFd,
    path: PathBuf,
}

impl OpenCgroup {
    /// That of a directory which is held.
    ///
    /// # Errors
    /// When nobody may be put there.
    ///
    /// # References
    /// cgroups(7)
    pub fn of(directory: OwnedFd, path: PathBuf) -> io::Result<Self> {
        let members = members(&directory)?;
        Ok(Self { directory, members, path })
    }
}

/// Who comes is a thread by itself. The kernel has one of those move by `tasks`, which version 1 has, at once; for a
/// whole process it waits until no processor is looking at any, some ten milliseconds.
///
/// # References
/// `cgroup_procs_write_start` in kernel/cgroup/cgroup.c, since Linux 5.6
fn members(directory: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    match openat(directory, "tasks", flags, Mode::empty()) {
        // Not everybody has been given that, too.
        Err(Errno::ENOENT | Errno::EACCES | Errno::EPERM) => {
            Ok(openat(directory, "cgroup.procs", flags, Mode::empty())?)
        }
        opened => Ok(opened?),
    }
}

impl Cgroups {
    /// The directories.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.unified.iter().chain(&self.others).map(|cgroup| cgroup.path.clone()).collect()
    }

    fn take(&mut self, hierarchy: &Hierarchy, path: PathBuf) -> Result<(), Error> {
        let failed = |source| Error::Cgroup { path: path.clone(), source };
        let directory = File::options().read(true).custom_flags(libc::O_DIRECTORY).open(&path).map_err(failed)?;
        if is_frozen(&path) {
            return Err(Error::Frozen { path });
        }
        let directory = OwnedFd::from(directory);
        let members = members(&directory).map_err(failed)?;
        let cgroup = OpenCgroup { directory, members, path };
        match hierarchy.controllers {
            None => self.unified = Some(cgroup),
            Some(_) => self.others.push(cgroup),
        }
        Ok(())
    }
}

/// Opens the control groups that are wanted, and that we are not in.
///
/// # Errors
/// When there is none such, or it is frozen or may not be joined.
pub fn open(wanted: &Cgroup, followed: Option<i32>) -> Result<Cgroups, Error> {
    let hierarchies = hierarchies()?;
    match (wanted, followed) {
        (Cgroup::Named(name), _) => named(name, &hierarchies),
        (Cgroup::Targets, Some(pid)) => of_process(pid, &hierarchies),
        (Cgroup::Targets, None) => Err(Error::NoProcess { what: "a cgroup" }),
    }
}

/// A hierarchy of control groups, where it is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hierarchy {
    /// Its controllers; none for the unified hierarchy.
    pub controllers: Option<Vec<String>>,
    /// The group that is mounted, as /proc calls it.
    pub root: PathBuf,
    /// Where it is mounted.
    pub mounted: PathBuf,
}

impl Hierarchy {
    fn of(mount: &MountInfo) -> Option<Self> {
        let controllers = match mount.fs_type.as_str() {
            "cgroup2" => None,
            "cgroup" => {
                let text = |(key, value): (&String, &Option<String>)| match value {
                    Some(value) => format!("{key}={value}"),
                    None => key.clone(),
                };
                Some(mount.super_options.iter().map(text).collect())
            }
            _ => return None,
        };
        Some(Self { controllers, root: mount.root.clone().into(), mounted: mount.mount_point.clone() })
    }

    /// Whether it is the one that this line of `/proc/PID/cgroup` speaks of.
    #[must_use]
    pub fn is_of(&self, group: &Group) -> bool {
        match &self.controllers {
            None => group.hierarchy == 0,
            Some(controllers) => {
                group.hierarchy != 0 && group.controllers.iter().all(|controller| controllers.contains(controller))
            }
        }
    }

    /// The directory of the group that /proc calls so, if it is within what is mounted.
    #[must_use]
    pub fn directory(&self, pathname: &Path) -> Option<PathBuf> {
        let inner = pathname.strip_prefix(&self.root).ok()?;
        inner.components().all(|part| matches!(part, Component::Normal(_))).then(|| self.mounted.join(inner))
    }
}

/// The hierarchies that are mounted here, each once.
///
/// # Errors
/// When that cannot be read.
pub fn hierarchies() -> Result<Vec<Hierarchy>, Error> {
    Ok(each_once(&mounts::of_cgroups().map_err(|source| Error::Proc { source })?))
}

/// Those that such a text tells of.
///
/// # Errors
/// A line of it makes no sense.
///
/// # References
/// `/proc/PID/mountinfo`, proc(5)
pub fn mounted(text: &[u8]) -> io::Result<Vec<Hierarchy>> {
    Ok(each_once(&mounts::read(text)?))
}

fn each_once(mounts: &[MountInfo]) -> Vec<Hierarchy> {
    let mut found: Vec<Hierarchy> = Vec::new();
    for hierarchy in mounts.iter().filter_map(Hierarchy::of) {
        // Mounted twice, it is the same one still.
        if !found.iter().any(|known| known.controllers == hierarchy.controllers) {
            found.push(hierarchy);
        }
    }
    found
}

/// A line of `/proc/PID/cgroup`.
///
/// # References
/// cgroups(7)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// 0 is the unified hierarchy.
    pub hierarchy: u32,
    /// The controllers of a hierarchy of version 1.
    pub controllers: Vec<String>,
    /// As /proc calls it.
    pub pathname: PathBuf,
}

impl Group {
    /// Those that a process is in.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn all_of(pid: i32) -> io::Result<Vec<Self>> {
        Self::parse(&fs::read(format!("/proc/{pid}/cgroup"))?)
    }

    /// Those that such a text tells of.
    ///
    /// # Errors
    /// A line of it makes no sense.
    pub fn parse(text: &[u8]) -> io::Result<Vec<Self>> {
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| Self::of(line).ok_or_else(|| io::Error::other("malformed list of cgroups"))).collect()
    }

    fn of(line: &[u8]) -> Option<Self> {
        let mut parts = line.splitn(3, |byte| *byte == b':');
        let (hierarchy, controllers) =
            (std::str::from_utf8(parts.next()?).ok()?, std::str::from_utf8(parts.next()?).ok()?);
        Some(Self {
            hierarchy: hierarchy.parse().ok()?,
            controllers: controllers.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            pathname: OsStr::from_bytes(parts.next()?).into(),
        })
    }
}

/// Where the target is and we are not.
fn of_process(pid: i32, hierarchies: &[Hierarchy]) -> Result<Cgroups, Error> {
    let groups = |pid| Group::all_of(pid).map_err(|source| Error::Look { pid, source });
    let (theirs, ours) = (groups(pid)?, groups(std::process::id().cast_signed())?);
    let mut found = Cgroups::default();
    for group in theirs {
        if ours.contains(&group) {
            continue;
        }
        let hierarchy = hierarchies.iter().find(|hierarchy| hierarchy.is_of(&group));
        let directory = hierarchy.and_then(|hierarchy| Some((hierarchy, hierarchy.directory(&group.pathname)?)));
        let (hierarchy, directory) = directory.ok_or(Error::HiddenCgroup { path: group.pathname })?;
        found.take(hierarchy, directory)?;
    }
    Ok(found)
}

fn named(name: &OsStr, hierarchies: &[Hierarchy]) -> Result<Cgroups, Error> {
    let missing = || Error::NoSuchCgroup { name: name.into() };
    let bytes = name.as_bytes();
    let (controllers, path) = match bytes.iter().position(|byte| *byte == b':') {
        Some(at) => {
            (Some(std::str::from_utf8(&bytes[..at]).map_err(|_| missing())?), OsStr::from_bytes(&bytes[at + 1..]))
        }
        None => (None, name),
    };
    let inner: PathBuf = Path::new(path).components().filter(|part| *part != Component::RootDir).collect();
    if path.is_empty() || !inner.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(missing());
    }
    let mut found = Cgroups::default();
    match controllers {
        None => {
            for hierarchy in hierarchies {
                let directory = hierarchy.mounted.join(&inner);
                if directory.is_dir() {
                    found.take(hierarchy, directory)?;
                }
            }
        }
        Some(controllers) => {
            for controller in controllers.split(',') {
                let has = |hierarchy: &&Hierarchy| {
                    hierarchy.controllers.as_ref().is_some_and(|all| all.iter().any(|one| one == controller))
                };
                let hierarchy = hierarchies.iter().find(has).ok_or_else(missing)?;
                let directory = hierarchy.mounted.join(&inner);
                if !directory.is_dir() {
                    return Err(missing());
                }
                found.take(hierarchy, directory)?;
            }
        }
    }
    if found.unified.is_none() && found.others.is_empty() { Err(missing()) } else { Ok(found) }
}

/// Whether what is in this group stands still: a process that went there would never begin.
fn is_frozen(directory: &Path) -> bool {
    let says = |name: &str| fs::read_to_string(directory.join(name)).unwrap_or_default();
    let of_version_1 = says("freezer.state");
    says("cgroup.events").lines().any(|line| line == "frozen 1")
        || says("cgroup.freeze").trim() == "1"
        || (!of_version_1.is_empty() && of_version_1.trim() != "THAWED")
}
