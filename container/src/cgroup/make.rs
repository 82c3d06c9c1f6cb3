//! Making the group of a container, from the top down, and setting its limits.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, mkdirat};

use super::above::Above;
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
    /// The pod's own, in which it is, where that was looked for.
    pub above: Option<Above>,
}

/// What was made of a group in one hierarchy, and the group in which it is.
#[derive(Debug, Default)]
struct Part {
    directory: Option<Directory>,
    above: Option<Directory>,
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

    /// Makes the group of a container, with these limits; and where it can be had, with what tells of
    /// it. What was there under its name is removed before, with every process in it. `together` are the limits of the pod
    /// as a whole.
    ///
    /// # Errors
    /// When a limit cannot be had or set. Nothing of the container's is left then.
    pub fn make(
        &self,
        container: &str,
        limits: &Limits,
        together: &Limits,
        told: &[Controller],
    ) -> Result<Made, Error> {
        let own: Vec<_> = self.directories().iter().map(|directory| directory.join(container)).collect();
        remove(&own)?;
        let must: Vec<_> = limits.controllers().into_iter().chain(together.controllers()).collect();
        let made = self.made(container, limits, Wanted { must: &must, may: told });
        let made = made.and_then(|made| {
            made.above.as_ref().map_or(Ok(()), |above| above.limit(together))?;
            made.cgroup.set(limits)?;
            Ok(made)
        });
        if made.is_err() {
            // The error is what there is to tell; what stays goes with the pod.
            let _goes_with_the_pod = remove(&own);
        }
        made
    }

    fn made(&self, container: &str, limits: &Limits, wanted: Wanted<'_>) -> Result<Made, Error> {
        let all: Vec<_> = wanted.must.iter().chain(wanted.may).copied().collect();
        let sites = self.machine.sites(&all);
        let names = [OURS, &self.name, container];
        let (mut directories, mut above, mut lacks) = (Vec::new(), Vec::new(), Vec::new());
        for site in &sites {
            match site.make(&names, wanted) {
                Ok(part) => {
                    directories.extend(part.directory);
                    above.extend(part.above);
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
        let above = Some(Above::new(above, wanted.must, wanted.may, missed.clone()));
        Ok(Made { cgroup, missed, above })
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
        let (mut held, mut above) = (open(&path, DIRECTORY, Mode::empty()).map_err(failed(&path))?, None);
        let mut missed = Vec::new();
        for (depth, name) in names.iter().enumerate() {
            let mut has = self.controllers.clone();
            if self.version == Version::Two {
                let passed = pass_on(held.as_fd(), &path, wanted, depth > 0)?;
                missed.extend(passed.lacks);
                has = passed.has;
            }
            let directory = Directory { version: self.version, controllers: has, path: path.clone(), held };
            path.push(name);
            match mkdirat(&directory.held, *name, Mode::from_bits_truncate(0o755)) {
                Err(Errno::EEXIST) => {}
                made => made.map_err(failed(&path))?,
            }
            held = openat(&directory.held, *name, DIRECTORY, Mode::empty()).map_err(failed(&path))?;
            if self.version == Version::One && self.has(Controller::CpuSet) {
                inherit(directory.held.as_fd(), held.as_fd(), &path)?;
            }
            above = Some(directory);
        }
        let controllers = match self.version {
            Version::One => self.controllers.clone(),
            Version::Two => match controllers_of(held.as_fd(), &path)? {
                Some(controllers) => controllers,
                None => {
                    remove_one(&path)?;
                    let parent = parent.to_owned();
                    let all = wanted.must.iter().chain(wanted.may);
                    let lack = || Lack::Threaded { path: parent.clone() };
                    let missed = all.map(|controller| Missed { controller: *controller, lack: lack() });
                    return Ok(Part { directory: None, above: None, missed: missed.collect() });
                }
            },
        };
        let directory = Directory { version: self.version, controllers, path, held };
        Ok(Part { directory: Some(directory), above, missed })
    }
}

/// The controllers of a group of version 2; none of one in which nobody can be.
pub(super) fn controllers_of(group: BorrowedFd<'_>, path: &Path) -> Result<Option<Vec<String>>, Error> {
    let kind = text(group, "cgroup.type").unwrap_or_default();
    if kind.trim() == "domain invalid" {
        return Ok(None);
    }
    let text = text(group, "cgroup.controllers").map_err(reading(path, "cgroup.controllers"))?;
    Ok(Some(text.split_whitespace().map(str::to_owned).collect()))
}

pub(super) const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Has a group of version 2 pass controllers on to those below it. One that is not ours passes on
/// what it does, and what a limit needs.
///
/// # References
/// The kernel's `Documentation/admin-guide/cgroup-v2.rst`, "Top-down Constraint", "No Internal Process Constraint"
fn pass_on(group: BorrowedFd<'_>, path: &Path, wanted: Wanted<'_>, is_ours: bool) -> Result<Passed, Error> {
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
    Ok(Passed { has: has.split_whitespace().map(str::to_owned).collect(), lacks })
}

/// What a group has, and what of it those below it cannot have.
struct Passed {
    has: Vec<String>,
    lacks: Vec<Missed>,
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
    pub(super) fn set(&self, limits: &Limits) -> Result<(), Error> {
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
