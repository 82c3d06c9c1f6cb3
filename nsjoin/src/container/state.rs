//! Looking containers up by id, in what low-level runtimes leave in their state directories.
//!
//! There is a directory for each container, of its id, and in it one file of a known name with the pid of
//! the container's first process. Where the runtime also writes when that process started, a recycled pid
//! is told from it; where it writes the pid only, the process has to bear a mark of the container.
//! What anybody but root and us may write to is not believed at all.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use serde::Deserialize;

use super::error::{ContainerError, Passed};
use super::mark::is_marked;
use launch::{Identity, Seen};

/// How many characters it takes to name a container by the beginning of its id.
const LEAST: usize = 4;

/// The variable that names further state directories, separated by colons.
const GIVEN: &str = "NSJOIN_RUNTIME_ROOTS";

/// Where runtimes keep state under `/run`, and under `$XDG_RUNTIME_DIR` for users that run their own.
const STATE: [(&str, Layout); 6] = [
    ("runc", Layout::Containers),
    ("crun", Layout::Containers),
    ("youki", Layout::Containers),
    ("docker/runtime-runc", Layout::Namespaces),
    ("docker/runtime-crun", Layout::Namespaces),
    CONTAINERD,
];

/// Where the runtimes of containerd keep it.
const CONTAINERD: (&str, Layout) = ("containerd/runc", Layout::Namespaces);

/// Where containerd itself does, and Docker's own containerd; of whatever runtime, but pids only.
const TASKS: [(&str, Layout); 2] = [
    ("containerd/io.containerd.runtime.v2.task", Layout::Namespaces),
    ("docker/containerd/daemon/io.containerd.runtime.v2.task", Layout::Namespaces),
];

/// The file in a container's directory that has the pid: runc's and youki's, crun's, containerd's.
const RECORDS: [&str; 3] = ["state.json", "status", "init.pid"];

/// What runc and crun keep in a container's directory from `create` until `start`.
const NOT_STARTED: &str = "exec.fifo";

/// What the directories in a state directory are.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// One for each container.
    Containers,
    /// One for each of containerd's namespaces, with one for each container in it.
    Namespaces,
}

/// A state directory.
#[derive(Debug)]
struct Root {
    path: PathBuf,
    layout: Layout,
}

/// A container's own directory.
#[derive(Debug)]
struct Found {
    id: String,
    directory: PathBuf,
}

/// What was looked into, and what was not.
#[derive(Debug, Default)]
struct Search {
    found: Vec<Found>,
    looked: Vec<PathBuf>,
    passed: Vec<Passed>,
}

/// What is in a runtime's file, as far as it matters here: of runc, of crun, of youki, of containerd.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Record {
    /// Without one, or 0, when there is no process.
    #[serde(alias = "init_process_pid")]
    pid: Option<i32>,
    /// In clock ticks since boot.
    #[serde(alias = "init_process_start", alias = "process-start-time")]
    start_time: Option<u64>,
    /// In youki's words.
    status: Option<String>,
}

/// The first process of the container with this id, or with the only id that begins like this.
///
/// Looked up in the directories that `$NSJOIN_RUNTIME_ROOTS` names (`DIRECTORY/ID`), then where runc, crun,
/// youki, Docker and containerd keep the state of containers, root's and ours, at last among containerd's tasks.
///
/// # Errors
/// When there is none such or more than one, it does not run, or what tells of it cannot be read or believed.
///
/// # References
/// runc(8), crun(1)
pub fn find(id: &str) -> Result<Identity, ContainerError> {
    find_in(id, &[given(), under_run(&STATE), under_run(&TASKS)])
}

/// The same, of containerd's only.
pub(super) fn find_of_containerd(id: &str) -> Result<Identity, ContainerError> {
    find_in(id, &[given(), under_run(&[CONTAINERD]), under_run(&TASKS[..1])])
}

fn given() -> Vec<Root> {
    let value = env::var_os(GIVEN).unwrap_or_default();
    let paths = env::split_paths(&value).filter(|path| !path.as_os_str().is_empty());
    paths.map(|path| Root { path, layout: Layout::Containers }).collect()
}

fn under_run(names: &[(&str, Layout)]) -> Vec<Root> {
    let ours = env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty());
    let ours = ours.map_or_else(|| PathBuf::from(format!("/run/user/{}", geteuid())), PathBuf::from);
    let places = [PathBuf::from("/run"), ours].into_iter();
    places.flat_map(|place| names.iter().map(move |(name, layout)| root(place.join(name), *layout))).collect()
}

fn root(path: PathBuf, layout: Layout) -> Root {
    Root { path, layout }
}

/// Looks into all of these; what the first know is not asked of the later, and a whole id goes before the
/// beginning of another.
fn find_in(id: &str, stages: &[Vec<Root>]) -> Result<Identity, ContainerError> {
    let mut searches: Vec<_> = stages.iter().map(|roots| Search::of(roots)).collect();
    let whole = searches.iter().map(|search| search.all(|found| found.id == id));
    let begins = searches.iter().map(|search| search.all(|found| found.id.starts_with(id)));
    let hits = whole.chain(begins.filter(|_| id.len() >= LEAST)).find(|hits| !hits.is_empty());
    match hits.unwrap_or_default().as_slice() {
        [] if id.len() < LEAST => Err(ContainerError::TooShort { id: id.to_owned(), least: LEAST }),
        [] => Err(ContainerError::NoSuchContainer {
            id: id.to_owned(),
            looked: searches.iter_mut().flat_map(|search| search.looked.drain(..)).collect(),
            passed: searches.iter_mut().flat_map(|search| search.passed.drain(..)).collect(),
        }),
        [found] => found.first_process(),
        [one, other, ..] => Err(ContainerError::Ambiguous {
            id: id.to_owned(),
            one: one.directory.clone(),
            other: other.directory.clone(),
        }),
    }
}

impl Search {
    fn of(roots: &[Root]) -> Self {
        let mut search = Self::default();
        for root in roots {
            search.look_into(&root.path, root.layout);
        }
        search
    }

    fn look_into(&mut self, directory: &Path, layout: Layout) {
        let names = match entries(directory) {
            Ok(Some(names)) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Ok(None) => return self.passed.push(Passed { root: directory.to_owned(), reason: None }),
            Err(error) => return self.passed.push(Passed { root: directory.to_owned(), reason: Some(error) }),
        };
        match layout {
            Layout::Namespaces => {
                names.iter().for_each(|name| self.look_into(&directory.join(name), Layout::Containers));
            }
            Layout::Containers => {
                self.looked.push(directory.to_owned());
                self.found.extend(names.into_iter().map(|id| Found { directory: directory.join(&id), id }));
            }
        }
    }

    fn all(&self, wanted: impl Fn(&Found) -> bool) -> Vec<&Found> {
        // A directory without a record is of a container that is just being made or removed.
        self.found.iter().filter(|found| wanted(found) && found.record().is_some()).collect()
    }
}

/// The names in a directory; `None` when somebody else could have put them there.
fn entries(directory: &Path) -> io::Result<Option<Vec<String>>> {
    if !is_believed(directory)? {
        return Ok(None);
    }
    let entries: Vec<_> = fs::read_dir(directory)?.collect::<io::Result<_>>()?;
    Ok(Some(entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect()))
}

/// Whether only root or we can have written this.
fn is_believed(path: &Path) -> io::Result<bool> {
    let found = fs::symlink_metadata(path)?;
    let owner = found.uid() == 0 || found.uid() == geteuid().as_raw();
    Ok(owner && found.mode() & 0o022 == 0 && !found.is_symlink())
}

impl Found {
    fn record(&self) -> Option<PathBuf> {
        RECORDS.iter().map(|name| self.directory.join(name)).find(|path| path.exists())
    }

    fn first_process(&self) -> Result<Identity, ContainerError> {
        let ended = || ContainerError::Ended { id: self.id.clone() };
        let record = self.read()?;
        let created = matches!(record.status.as_deref(), Some("creating" | "created"));
        if created || self.directory.join(NOT_STARTED).exists() {
            return Err(ContainerError::NotStarted { id: self.id.clone() });
        }
        let pid = record.pid.filter(|pid| *pid > 0).ok_or_else(ended)?;
        let look = |source: io::Error| match source.raw_os_error() {
            Some(libc::ENOENT | libc::ESRCH) => ended(),
            _ => ContainerError::Look { id: self.id.clone(), pid, source },
        };
        let now = Identity::of(pid).map_err(look)?;
        // Containerd's file and youki's outlive a process that has ended and was not removed.
        if record.start_time.is_none() && !is_marked(pid, &self.id).map_err(look)? {
            return Err(ContainerError::Unmarked { id: self.id.clone(), pid });
        }
        let identity = Identity { start_time: record.start_time.unwrap_or(now.start_time), ..now };
        // It may have been removed, and its pid have gone to another, between the two looks.
        match identity.look() {
            Seen::Alive if self.read()? == record => Ok(identity),
            Seen::Alive | Seen::Ended => Err(ended()),
            Seen::Unknown(unseen) => {
                Err(ContainerError::Look { id: self.id.clone(), pid, source: io::Error::other(unseen) })
            }
        }
    }

    fn read(&self) -> Result<Record, ContainerError> {
        let unreadable = |source| ContainerError::Unreadable { id: self.id.clone(), source };
        let path = self.record().ok_or_else(|| ContainerError::Ended { id: self.id.clone() })?;
        for path in [&self.directory, &path] {
            if !is_believed(path).map_err(unreadable)? {
                return Err(ContainerError::NotOurs { path: path.clone() });
            }
        }
        let bytes = fs::read(&path).map_err(unreadable)?;
        Record::from_bytes(&bytes).map_err(|source| ContainerError::Damaged { path, source })
    }
}

impl Record {
    fn from_bytes(bytes: &[u8]) -> serde_json::Result<Self> {
        // Containerd writes a number and nothing else.
        match serde_json::from_slice(bytes) {
            Ok(pid) => Ok(Self { pid: Some(pid), start_time: None, status: None }),
            Err(_) => serde_json::from_slice(bytes),
        }
    }
}

#[cfg(test)]
mod tests;
