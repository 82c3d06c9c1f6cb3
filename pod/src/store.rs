//! The registry on disk: how pods' directories come, change and go, so that whoever is killed
//! wherever, the next command finds what is left and clears it away.
//!
//! A pod is made in `.creating-NAME` and renamed to `NAME` when it is whole; it is renamed to
//! `.deleting-NAME-PID` before it is taken apart. So a directory whose name begins with a dot belongs
//! to a command at work, which holds a lock on it, or to nobody; what is nobody's is demolished.
//! Processes leave word of themselves in the directory before they become what they are to be, so
//! there is none that the directory does not know.
//!
//! | entry | what |
//! |---|---|
//! | `pod.json` | [`PodRecord`] |
//! | `pause`, `supervisor`, `workloads/NAME/process` | a line of `/proc/PID/stat`: who it is |
//! | `workloads/NAME/spec.json`, `end.json` | [`WorkloadRecord`], [`EndRecord`] |
//! | `logs/NAME.log` | output, in the CRI log format |
//! | `etc/` | the pod's hostname, hosts and resolv.conf |
//! | `control` | the supervisor's socket |

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nsjoin::{Identity, Name, Pidfd, Registry};
use reaper::Signal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, file};
use crate::record::{EndRecord, PodRecord, WorkloadRecord};

/// The registry of this user, swept.
#[derive(Debug)]
pub struct Store {
    registry: Registry,
}

/// The directory of one pod, or of one in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodDirectory {
    path: PathBuf,
}

/// A workload, as its directory has it.
#[derive(Clone, Debug)]
pub struct Workload {
    /// What was launched, and when.
    pub record: WorkloadRecord,
    /// Its main process.
    pub process: Option<Identity>,
    /// How it ended, where the supervisor saw it.
    pub end: Option<EndRecord>,
}

const CREATING: &str = ".creating-";
const DELETING: &str = ".deleting-";
/// How long killed processes may take to be gone. The kernel needs milliseconds; a loaded machine more.
const PATIENCE: Duration = Duration::from_secs(30);

impl Store {
    /// Opens the registry of this user, making it when there is none, and clears away what dead
    /// commands have left in it.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or is not this user's alone.
    pub fn open() -> Result<Self, Error> {
        let store = Self { registry: Registry::of_this_user() };
        let root = store.registry.root();
        DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(file("create", root))?;
        store.registry.is_ours()?;
        store.sweep()?;
        Ok(store)
    }

    /// Demolishes what belongs to no living command.
    fn sweep(&self) -> Result<(), Error> {
        let hidden: Vec<_> = self.entries()?.into_iter().filter(|entry| entry.starts_with('.')).collect();
        if hidden.is_empty() {
            return Ok(());
        }
        // While nobody is between making a directory and locking it, what is not locked is nobody's.
        let nobody_claims = self.lock_claims(FlockArg::LockExclusive)?;
        let mut nobodys = Vec::new();
        for entry in hidden {
            let directory = PodDirectory { path: self.registry.root().join(entry) };
            nobodys.extend(directory.lock(FlockArg::LockExclusiveNonblock)?.map(|lock| (directory, lock)));
        }
        drop(nobody_claims);
        nobodys.into_iter().try_for_each(|(directory, lock)| directory.demolish(&lock))
    }

    /// Locks the making of directories, not the directories.
    fn lock_claims(&self, how: FlockArg) -> Result<Lock, Error> {
        let root = self.registry.root();
        let opened = File::open(root).map_err(file("open", root))?;
        Flock::lock(opened, how).map_err(|(_, errno)| file("lock", root)(errno.into()))
    }

    /// The names of all pods, in order.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn names(&self) -> Result<Vec<Name>, Error> {
        let mut names: Vec<Name> = self.entries()?.into_iter().filter_map(|entry| entry.try_into().ok()).collect();
        names.sort();
        Ok(names)
    }

    fn entries(&self) -> Result<Vec<String>, Error> {
        let root = self.registry.root();
        let entries: io::Result<Vec<_>> = fs::read_dir(root).map_err(file("list", root))?.collect();
        let names = entries.map_err(file("list", root))?.into_iter();
        Ok(names.filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }

    /// The directory of a pod that exists.
    ///
    /// # Errors
    /// When it does not.
    pub fn pod(&self, name: &Name) -> Result<PodDirectory, Error> {
        let path = self.registry.directory(name);
        if path.is_dir() { Ok(PodDirectory { path }) } else { Err(self.no_such(name)) }
    }

    /// The directory of a pod that exists, and the right to change it.
    ///
    /// # Errors
    /// When it does not exist, or ceases to while we wait for another command.
    pub(crate) fn locked(&self, name: &Name) -> Result<(PodDirectory, Lock), Error> {
        let directory = self.pod(name)?;
        match directory.lock(FlockArg::LockExclusive)? {
            Some(lock) => Ok((directory, lock)),
            None => Err(self.no_such(name)),
        }
    }

    fn no_such(&self, name: &Name) -> Error {
        Error::NoSuchPod { name: name.clone(), root: self.registry.root().to_owned() }
    }

    /// Claims a name, by an empty directory that nobody else sees as a pod.
    pub(crate) fn claim(&self, name: &Name) -> Result<Claim<'_>, Error> {
        if self.registry.directory(name).exists() {
            return Err(Error::NameInUse { name: name.clone() });
        }
        let directory = PodDirectory { path: self.registry.root().join(format!("{CREATING}{name}")) };
        let busy = || Error::Busy { name: name.clone() };
        let _no_sweeping = self.lock_claims(FlockArg::LockShared)?;
        match DirBuilder::new().mode(0o700).create(&directory.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(busy()),
            made => made.map_err(file("create", &directory.path))?,
        }
        let lock = directory.lock(FlockArg::LockExclusiveNonblock)?.ok_or_else(busy)?;
        Ok(Claim { store: self, name: name.clone(), directory, lock, fate: Fate::Demolish })
    }

    /// Takes a pod apart: nothing of it runs afterwards, and its name is free.
    pub(crate) fn remove(&self, name: &Name, directory: &PodDirectory, lock: Lock) -> Result<(), Error> {
        let doomed =
            PodDirectory { path: self.registry.root().join(format!("{DELETING}{name}-{}", std::process::id())) };
        fs::rename(&directory.path, &doomed.path).map_err(file("remove", &directory.path))?;
        doomed.demolish(&lock)
    }
}

/// A lock on a pod's directory. It goes with the process that holds it.
pub(crate) type Lock = Flock<File>;

/// A name that is taken and not yet a pod; dropped unused, it takes all that was made with it.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    store: &'a Store,
    name: Name,
    directory: PodDirectory,
    lock: Lock,
    fate: Fate,
}

/// What becomes of a claim's directory when the claim is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Demolish,
    Keep,
}

impl Claim<'_> {
    pub(crate) fn directory(&self) -> &PodDirectory {
        &self.directory
    }

    /// The lock on the directory; what is handed a copy of it holds it too.
    pub(crate) fn lock(&self) -> &File {
        &self.lock
    }

    /// Makes it a pod.
    pub(crate) fn commit(mut self) -> Result<PodDirectory, Error> {
        let path = self.store.registry.directory(&self.name);
        // A pod's directory is never empty, so this replaces none.
        match fs::rename(&self.directory.path, &path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Err(Error::NameInUse { name: self.name.clone() });
            }
            renamed => renamed.map_err(file("create", &path))?,
        }
        self.fate = Fate::Keep;
        Ok(PodDirectory { path })
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.fate == Fate::Demolish {
            // Whoever drops a claim has an error to tell already; what this leaves, the next command sweeps.
            let _swept_later = self.directory.demolish(&self.lock);
        }
    }
}

impl PodDirectory {
    /// The pod's directory, seen from inside it: for a supervisor, whose directory may be renamed.
    pub(crate) fn current() -> Self {
        Self { path: PathBuf::from(".") }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The log of a workload.
    #[must_use]
    pub fn log(&self, workload: &Name) -> PathBuf {
        self.path.join("logs").join(format!("{workload}.log"))
    }

    /// What was made, and when.
    ///
    /// # Errors
    /// When the record cannot be read or understood.
    pub fn record(&self) -> Result<PodRecord, Error> {
        read_json(&self.path.join("pod.json"))?.ok_or_else(|| Error::File {
            operation: "read",
            path: self.path.join("pod.json"),
            source: io::ErrorKind::NotFound.into(),
        })
    }

    pub(crate) fn write_record(&self, record: &PodRecord) -> Result<(), Error> {
        write_json(&self.path.join("pod.json"), record)
    }

    /// The process that holds the namespaces; it may be dead by now.
    ///
    /// # Errors
    /// When the record cannot be read or understood.
    pub fn pause(&self) -> Result<Option<Identity>, Error> {
        read_identity(&self.path.join(Registry::PAUSE))
    }

    /// The process that owns the workloads and the published ports, if one was needed yet.
    pub(crate) fn supervisor(&self) -> Result<Option<Identity>, Error> {
        read_identity(&self.supervisor_path())
    }

    pub(crate) fn supervisor_path(&self) -> PathBuf {
        self.path.join("supervisor")
    }

    pub(crate) fn pause_path(&self) -> PathBuf {
        self.path.join(Registry::PAUSE)
    }

    pub(crate) fn etc(&self, name: &str) -> PathBuf {
        self.path.join("etc").join(name)
    }

    fn workload_path(&self, name: &str) -> PathBuf {
        self.path.join("workloads").join(name)
    }

    /// The names of the workloads that were ever launched, in order.
    fn workload_names(&self) -> Result<Vec<Name>, Error> {
        let directory = self.path.join("workloads");
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(file("list", &directory))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(file("list", &directory))?.file_name();
            names.extend(name.into_string().ok().and_then(|name| Name::try_from(name).ok()));
        }
        names.sort();
        Ok(names)
    }

    /// The workloads, in the order of their names.
    ///
    /// # Errors
    /// When their records cannot be read or understood.
    pub fn workloads(&self) -> Result<Vec<Workload>, Error> {
        let names = self.workload_names()?;
        let workloads: Result<Vec<_>, _> = names.iter().map(|name| self.workload(name)).collect();
        Ok(workloads?.into_iter().flatten().collect())
    }

    /// One workload, if it was ever launched.
    ///
    /// # Errors
    /// When its records cannot be read or understood.
    pub fn workload(&self, name: &Name) -> Result<Option<Workload>, Error> {
        let directory = self.workload_path(name.as_str());
        let Some(record) = read_json(&directory.join("spec.json"))? else { return Ok(None) };
        let process = read_identity(&directory.join("process"))?;
        let end = read_json(&directory.join("end.json"))?;
        Ok(Some(Workload { record, process, end }))
    }

    /// Records a workload that is about to be launched, in the place of one of the same name that
    /// has ended; hands back the file in which its process is to leave word of itself.
    pub(crate) fn begin_workload(&self, record: &WorkloadRecord) -> Result<File, Error> {
        let directory = self.workload_path(record.plan.name.as_str());
        remove_directory(&directory)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(file("create", &directory))?;
        write_json(&directory.join("spec.json"), record)?;
        let process = directory.join("process");
        File::create_new(&process).map_err(file("create", process))
    }

    /// Forgets a workload that was never launched.
    pub(crate) fn forget_workload(&self, name: &Name) -> Result<(), Error> {
        remove_directory(&self.workload_path(name.as_str()))
    }

    pub(crate) fn end_workload(&self, name: &Name, end: &EndRecord) -> Result<(), Error> {
        write_json(&self.workload_path(name.as_str()).join("end.json"), end)
    }

    /// Locks the directory; `None` when somebody else has it, or it is no longer there.
    fn lock(&self, how: FlockArg) -> Result<Option<Lock>, Error> {
        let directory = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(file("open", &self.path))?,
        };
        let opened = directory.metadata().map_err(file("look at", &self.path))?;
        let lock = match Flock::lock(directory, how) {
            Err((_, Errno::EWOULDBLOCK)) => return Ok(None),
            locked => locked.map_err(|(_, errno)| file("lock", &self.path)(errno.into()))?,
        };
        // While we waited, whoever had it may have renamed or removed it.
        let still = fs::symlink_metadata(&self.path).is_ok_and(|now| now.ino() == opened.ino());
        Ok(still.then_some(lock))
    }

    /// Ends every process that the directory knows, and removes it, under its lock.
    fn demolish(&self, _lock: &Lock) -> Result<(), Error> {
        // First who could launch more; then the pause, and with it the pid namespace and all in
        // it; then those who have pid namespaces of their own.
        let mut doomed = vec![self.supervisor()?, self.pause()?];
        for name in self.workload_names()? {
            doomed.push(read_identity(&self.workload_path(name.as_str()).join("process"))?);
        }
        let name = || self.path.display().to_string();
        let io_error =
            |errno: Errno| Error::File { operation: "end the processes of", path: name().into(), source: errno.into() };
        let mut pinned = Vec::new();
        for identity in doomed.into_iter().flatten() {
            if let Some(process) = Pidfd::of(identity).map_err(io_error)? {
                process.signal(Signal::KILL).map_err(io_error)?;
                pinned.push(process);
            }
        }
        for process in pinned {
            if !process.ended_within(PATIENCE).map_err(io_error)? {
                return Err(io_error(Errno::ETIMEDOUT));
            }
        }
        remove_directory(&self.path)
    }
}

/// Writes a file whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = path.with_extension("draft");
    fs::write(&draft, bytes).map_err(file("write", &draft))?;
    fs::rename(&draft, path).map_err(file("write", path))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let damaged = |source| Error::Damaged { path: path.to_owned(), source };
    let mut text = serde_json::to_vec_pretty(value).map_err(damaged)?;
    text.push(b'\n');
    write_whole(path, &text)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
        Ok(text) => {
            serde_json::from_slice(&text).map(Some).map_err(|source| Error::Damaged { path: path.to_owned(), source })
        }
    }
}

/// The process that has left word in this file; `None` when none has (yet), or when the disk was
/// full before the end of the line: that process has given up.
fn read_identity(path: &Path) -> Result<Option<Identity>, Error> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
        Ok(line) if !line.ends_with(b"\n") => Ok(None),
        Ok(line) => Identity::from_stat(line.as_slice())
            .map(Some)
            .map_err(|error| file("understand", path)(io::Error::other(error))),
    }
}

fn remove_directory(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(file("remove", path)),
    }
}
