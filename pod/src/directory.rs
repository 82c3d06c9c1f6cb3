//! One pod's directory: what is in it, and how it is ended.
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
use nsjoin::{Identity, Name, Pidfd};
use reaper::Signal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, file};
use crate::record::{EndRecord, PodRecord, WorkloadRecord};

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

/// A lock on a pod's directory. It goes with the process that holds it.
pub(crate) type Lock = Flock<File>;

/// How long killed processes may take to be gone. The kernel needs milliseconds; a loaded machine more.
const PATIENCE: Duration = Duration::from_secs(30);

impl PodDirectory {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

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
        read_identity(&self.path.join("pause"))
    }

    /// The process that owns the workloads and the published ports, if one was needed yet.
    pub(crate) fn supervisor(&self) -> Result<Option<Identity>, Error> {
        read_identity(&self.supervisor_path())
    }

    pub(crate) fn supervisor_path(&self) -> PathBuf {
        self.path.join("supervisor")
    }

    pub(crate) fn pause_path(&self) -> PathBuf {
        self.path.join("pause")
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
    pub(crate) fn lock(&self, how: FlockArg) -> Result<Option<Lock>, Error> {
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
    pub(crate) fn demolish(&self, _lock: &Lock) -> Result<(), Error> {
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
            if let Some(process) = Pidfd::of(identity)
                .map_err(|unseen| file("end the processes of", &self.path)(io::Error::other(unseen)))?
            {
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
        Ok(line) => Identity::from_record(&line).map_err(|error| file("understand", path)(io::Error::other(error))),
    }
}

fn remove_directory(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(file("remove", path)),
    }
}
