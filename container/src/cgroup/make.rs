//! Making the group of a container, from the top down, and setting its limits.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, mkdirat};

use super::error::{Error, Lack, Missed};
use super::look::Machine;
use super::place::{OURS, to_pass_on};
use super::remove::{remove, remove_one};
use super::{Cgroup, Directory};
use crate::limits::{Absent, Controller, Limits, Setting, Version, settings};

/// How often a group is made again that somebody has removed, who took it for nobody's.
const TRIES: u32 = 100;

/// Where the groups of a pod are, or will be.
#[derive(Clone, Debug)]
pub struct PodCgroup {
    machine: Machine,
    name: String,
}

/// A hierarchy in which a group is made.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) version: Version,
    pub(super) controllers: Vec<String>,
    pub(super) mounted: PathBuf,
    /// The group in which ours are; none where there is none that we may divide.
    pub(super) parent: Option<PathBuf>,
}

/// The group of a container, and what it does without.
#[derive(Debug)]
pub struct Made {
    /// The group.
    pub cgroup: Cgroup,
    /// What of that which was only to be told cannot be.
    pub missed: Vec<Missed>,
}

/// What was made of a group in one hierarchy.
#[derive(Debug, Default)]
struct Part {
    directory: Option<Directory>,
    missed: Vec<Missed>,
}

/// What a group is for.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    must: &'a [Controller],
    may: &'a [Controller],
}

impl PodCgroup {
    pub(super) fn new(machine: Machine, name: &str) -> Self {
        Self { machine, name: name.to_owned() }
    }

    /// Every directory that the pod's group can have: to be recorded before any is made.
    #[must_use]
    pub fn directories(&self) -> Vec<PathBuf> {
        self.machine.parents().map(|parent| parent.join(OURS).join(&self.name)).collect()
    }

    /// Limits the pod as a whole.
    ///
    /// # Errors
    /// When a limit cannot be had or set.
    pub fn limit(&self, limits: &Limits) -> Result<(), Error> {
        let must = limits.controllers();
        let Made { cgroup, .. } = self.made(&[], limits, Wanted { must: &must, may: &[] })?;
        cgroup.set(limits)
    }

    /// Makes the group of a container, with these limits; and where it can be had, with what tells of
    /// it. What was there under its name is removed before, with every process in it.
    ///
    /// # Errors
    /// When a limit cannot be had or set. Nothing of the container's is left then.
    pub fn make(&self, container: &str, limits: &Limits, told: &[Controller]) -> Result<Made, Error> {
        let must = limits.controllers();
        let own: Vec<_> = self.directories().iter().map(|directory| directory.join(container)).collect();
        remove(&own)?;
        let made = self.made(&[container], limits, Wanted { must: &must, may: told });
        let made = made.and_then(|made| made.cgroup.set(limits).map(|()| made));
        if made.is_err() {
            // The error is what there is to tell; what stays goes with the pod.
            let _goes_with_the_pod = remove(&own);
        }
        made
    }

    fn made(&self, container: &[&str], limits: &Limits, wanted: Wanted<'_>) -> Result<Made, Error> {
        let all: Vec<_> = wanted.must.iter().chain(wanted.may).copied().collect();
        let sites = self.machine.sites(&all);
        let names: Vec<&str> = [OURS, &self.name].into_iter().chain(container.iter().copied()).collect();
        let (mut directories, mut lacks) = (Vec::new(), Vec::new());
        for site in &sites {
            match site.make(&names, wanted) {
                Ok(part) => {
                    directories.extend(part.directory);
                    lacks.extend(part.missed);
                }
                Err(Error::Make { path, source }) if !wanted.must.iter().any(|one| site.has(*one)) => {
                    let reason = Errno::try_from(source).map_or("unknown", Errno::desc).to_owned();
                    let lack = Lack::NotMade { path, reason };
                    let missed = |controller: &Controller| Missed { controller: *controller, lack: lack.clone() };
                    lacks.extend(all.iter().filter(|one| site.has(**one)).map(missed));
                }
                Err(error) => return Err(error),
            }
        }
        let cgroup = Cgroup { directories };
        let mut missed = Vec::new();
        for controller in all {
            if cgroup.has(controller) || missed.iter().any(|missed: &Missed| missed.controller == controller) {
                continue;
            }
            let lack = lacks.iter().find(|missed| missed.controller == controller).map(|missed| missed.lack.clone());
            let lack = lack.unwrap_or_else(|| lack_of(controller, &sites));
            if limits.controllers().contains(&controller) {
                return Err(Error::Lacking { controller, lack });
            }
            missed.push(Missed { controller, lack });
        }
        Ok(Made { cgroup, missed })
    }
}

/// Why there is nothing of a controller.
fn lack_of(controller: Controller, sites: &[Site]) -> Lack {
    match sites.iter().find(|site| site.has(controller)) {
        Some(site) if site.parent.is_none() => Lack::NotOurs { mounted: site.mounted.clone() },
        Some(site) => {
            let path = site.parent.clone().unwrap_or_default();
            Lack::NotPassedOn { path, reason: "nobody has asked it to".to_owned() }
        }
        None => Lack::NotHere,
    }
}

impl Site {
    fn has(&self, controller: Controller) -> bool {
        self.controllers.iter().any(|one| one == controller.name(self.version))
    }

    /// Makes a group below another, below another; hands back what cannot be had in it.
    fn make(&self, names: &[&str], wanted: Wanted<'_>) -> Result<Part, Error> {
        let Some(parent) = &self.parent else { return Ok(Part::default()) };
        let mut tries = 0;
        loop {
            tries += 1;
            match self.descend(parent, names, wanted) {
                Err(Error::Make { source, .. }) if source.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
                made => return made,
            }
        }
    }

    fn descend(&self, parent: &Path, names: &[&str], wanted: Wanted<'_>) -> Result<Part, Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |errno: Errno| Error::Make { path, source: errno.into() }
        };
        let mut path = parent.to_owned();
        let mut here = open(&path, DIRECTORY, Mode::empty()).map_err(failed(&path))?;
        let mut missed = Vec::new();
        for (depth, name) in names.iter().enumerate() {
            if self.version == Version::Two {
                missed.extend(pass_on(here.as_fd(), &path, wanted, depth > 0)?);
            }
            let above = here;
            path.push(name);
            match mkdirat(&above, *name, Mode::from_bits_truncate(0o755)) {
                Err(Errno::EEXIST) => {}
                made => made.map_err(failed(&path))?,
            }
            here = openat(&above, *name, DIRECTORY, Mode::empty()).map_err(failed(&path))?;
            if self.version == Version::One && self.has(Controller::CpuSet) {
                inherit(above.as_fd(), here.as_fd(), &path)?;
            }
        }
        let controllers = match self.version {
            Version::One => self.controllers.clone(),
            Version::Two => {
                let kind = text(here.as_fd(), "cgroup.type").unwrap_or_default();
                if kind.trim() == "domain invalid" {
                    remove_one(&path)?;
                    let parent = parent.to_owned();
                    let all = wanted.must.iter().chain(wanted.may);
                    let lack = || Lack::Threaded { path: parent.clone() };
                    let missed = all.map(|controller| Missed { controller: *controller, lack: lack() });
                    return Ok(Part { directory: None, missed: missed.collect() });
                }
                let text = text(here.as_fd(), "cgroup.controllers").map_err(reading(&path, "cgroup.controllers"))?;
                text.split_whitespace().map(str::to_owned).collect()
            }
        };
        let directory = Directory { version: self.version, controllers, path, held: here };
        Ok(Part { directory: Some(directory), missed })
    }
}

const DIRECTORY: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Has a group of version 2 pass controllers on to those below it. One that is not ours passes on
/// what it does, and what a limit needs.
///
/// # References
/// The kernel's `Documentation/admin-guide/cgroup-v2.rst`, "Top-down Constraint", "No Internal Process Constraint"
fn pass_on(group: BorrowedFd<'_>, path: &Path, wanted: Wanted<'_>, is_ours: bool) -> Result<Vec<Missed>, Error> {
    let read = |name: &'static str| text(group, name).map_err(reading(path, name));
    let (has, passes_on) = (read("cgroup.controllers")?, read("cgroup.subtree_control")?);
    let all: Vec<_> = wanted.must.iter().chain(wanted.may).copied().collect();
    let (missing, _not_had) = to_pass_on(&has, &passes_on, &all);
    let mut lacks = Vec::new();
    for controller in missing.into_iter().filter(|one| is_ours || wanted.must.contains(one)) {
        let word = format!("+{}", controller.name(Version::Two));
        match write(group, "cgroup.subtree_control", &word) {
            Ok(()) => {}
            Err(error) => {
                let path = path.to_owned();
                let lack = match error.raw_os_error() {
                    Some(libc::EBUSY) => Lack::Occupied { path },
                    Some(libc::EOPNOTSUPP) => Lack::Threaded { path },
                    _ => Lack::NotPassedOn { path, reason: desc(&error) },
                };
                lacks.push(Missed { controller, lack });
            }
        }
    }
    Ok(lacks)
}

fn desc(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |number| Errno::from_raw(number).desc().to_owned())
}

/// Gives a new cpuset of version 1 all that the one above has: nobody can be in an empty one.
fn inherit(above: BorrowedFd<'_>, group: BorrowedFd<'_>, path: &Path) -> Result<(), Error> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        if text(group, file).map_err(reading(path, file))?.trim().is_empty() {
            let all = text(above, file).map_err(reading(path, file))?;
            let all = all.trim();
            let limit = |source| Error::Limit { file: path.join(file), value: all.to_owned(), source };
            write(group, file, all).map_err(limit)?;
        }
    }
    Ok(())
}

impl Cgroup {
    /// Sets limits, each in the version in which its controller is.
    fn set(&self, limits: &Limits) -> Result<(), Error> {
        for directory in &self.directories {
            let mut is_done = false;
            for setting in settings(limits, directory.version) {
                let is_here = self.of(setting.controller).is_some_and(|of| of.path == directory.path);
                if !is_here || std::mem::take(&mut is_done) {
                    continue;
                }
                is_done = directory.set(&setting)? && setting.absent == Absent::Next;
            }
        }
        Ok(())
    }
}

impl Directory {
    /// Whether there was such a file.
    fn set(&self, setting: &Setting) -> Result<bool, Error> {
        let Setting { controller, file, value, absent } = setting;
        match write(self.held.as_fd(), file, value) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match absent {
                Absent::Skip | Absent::Next => Ok(false),
                Absent::Refuse => {
                    Err(Error::Lacking { controller: *controller, lack: Lack::NoFile { file: file.to_string() } })
                }
            },
            Err(source) => Err(Error::Limit { file: self.path.join(&**file), value: value.clone(), source }),
        }
    }

    pub(super) fn read(&self, file: &str) -> Result<String, Error> {
        text(self.held.as_fd(), file).map_err(reading(&self.path, file))
    }
}

fn reading(directory: &Path, file: &str) -> impl FnOnce(io::Error) -> Error {
    let path = directory.join(file);
    move |source| Error::Read { path, source }
}

/// A file of a group.
pub(super) fn file(group: BorrowedFd<'_>, name: &str, how: OFlag) -> io::Result<OwnedFd> {
    Ok(openat(group, name, how | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())?)
}

/// What a file of a group says.
fn text(group: BorrowedFd<'_>, name: &str) -> io::Result<String> {
    let mut text = String::new();
    File::from(file(group, name, OFlag::O_RDONLY)?).read_to_string(&mut text)?;
    Ok(text)
}

/// Tells a file of a group something, in one go.
pub(super) fn write(group: BorrowedFd<'_>, name: &str, value: &str) -> io::Result<()> {
    File::from(file(group, name, OFlag::O_WRONLY)?).write_all(value.as_bytes())
}
