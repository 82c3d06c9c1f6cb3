//! One pod's directory: what is in it, by name, and how it is read and written.
//!
//! | entry | what |
//! |---|---|
//! | `origin` | the boot and the namespaces in which its processes were counted |
//! | `pod.json` | what was asked for, and what came of it |
//! | `pause`, `supervisor`, `forwarder`, `workloads/NAME/process` | who it is: its line of `/proc/PID/stat` and a sum |
//! | `workloads/NAME/spec.json`, `end.json` | what was launched, how it ended |
//! | `workloads/NAME/stdout`, `stderr` | the fifos that its output goes through |
//! | `workloads/.NAME` | one that is being launched |
//! | `logs/NAME/N.log` | the output of its Nth launch, in the CRI's log format; `N.log.1` and up is older |
//! | `etc/` | the pod's hostname, hosts and resolv.conf |
//! | `control`, `forwarder.sock` | the supervisor's socket, and the forwarder's |
//! | `supervisor.log` | what went wrong behind the pod |
//!
//! A process leaves word of itself before it becomes what it is to be, so there is none that the
//! directory does not know. The supervisor keeps its record locked for as long as it lives.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use launch::{Identity, Origin, RecordError, Seen, Unseen};
use rustix::fs::{CWD, RenameFlags};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Damage, RegistryError, file};
use crate::lock::{Lock, Sharing};
use crate::name::Name;
use crate::tree;

/// The directory of one pod, or of one in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodDirectory {
    path: PathBuf,
}

/// A process of a pod that leaves word of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process<'a> {
    /// The one that holds the namespaces.
    Pause,
    /// The one that owns the workloads.
    Supervisor,
    /// The one that carries what comes through published ports.
    Forwarder,
    /// The first process of a workload.
    Workload(&'a Name),
    /// And of one that is being launched.
    Draft(&'a Name),
}

const ORIGIN: &str = "origin";
const POD: &str = "pod.json";
const WORKLOADS: &str = "workloads";
const LOGS: &str = "logs";
const SPEC: &str = "spec.json";
const END: &str = "end.json";

impl PodDirectory {
    /// The pod's directory at this path.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The pod's directory, seen from inside it: for a process whose directory may be renamed.
    #[must_use]
    pub fn current() -> Self {
        Self { path: PathBuf::from(".") }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The supervisor's socket.
    #[must_use]
    pub fn control(&self) -> PathBuf {
        self.path.join("control")
    }

    /// Where the supervisor says what went wrong.
    #[must_use]
    pub fn supervisor_log(&self) -> PathBuf {
        self.path.join("supervisor.log")
    }

    /// The pod's own file of /etc.
    #[must_use]
    pub fn etc(&self, name: &str) -> PathBuf {
        self.path.join("etc").join(name)
    }

    /// A workload's directory.
    #[must_use]
    pub fn workload(&self, name: &Name) -> PathBuf {
        self.path.join(WORKLOADS).join(name.as_str())
    }

    /// The directory of a workload that is being launched; no name begins with a dot.
    #[must_use]
    pub fn draft(&self, name: &Name) -> PathBuf {
        self.path.join(WORKLOADS).join(format!(".{name}"))
    }

    /// The directory of a workload's logs.
    #[must_use]
    pub fn logs(&self, name: &Name) -> PathBuf {
        self.path.join(LOGS).join(name.as_str())
    }

    /// The file in which a process leaves word of itself.
    #[must_use]
    pub fn process(&self, process: Process<'_>) -> PathBuf {
        match process {
            Process::Pause => self.path.join("pause"),
            Process::Supervisor => self.path.join("supervisor"),
            Process::Forwarder => self.path.join("forwarder"),
            Process::Workload(name) => self.workload(name).join("process"),
            Process::Draft(name) => self.draft(name).join("process"),
        }
    }

    /// The process that has left word of itself; `None` when none has (yet).
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn recorded(&self, process: Process<'_>) -> Result<Option<Identity>, RegistryError> {
        let path = self.process(process);
        match read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file("read", path)(error)),
            Ok(record) => Identity::from_record(&record).map_err(damaged(path)),
        }
    }

    /// The process that has left word of itself in a directory that is still in the making; one whose
    /// word has no end had no room for it, and has given up.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn drafted(&self, process: Process<'_>) -> Result<Option<Identity>, RegistryError> {
        match self.recorded(process) {
            Err(RegistryError::Damaged { source: Damage::Process(RecordError::Torn), .. }) => Ok(None),
            recorded => recorded,
        }
    }

    /// The process that has left word of itself, and whether it runs. That nobody has is an end.
    #[must_use]
    pub fn look(&self, process: Process<'_>, here: &Origin) -> (Option<Identity>, Seen) {
        let unknown = |error: RegistryError| Seen::Unknown(Unseen::Record(Box::new(error)));
        match self.recorded(process) {
            Err(error) => (None, unknown(error)),
            Ok(None) => (None, Seen::Ended),
            Ok(Some(identity)) => {
                (Some(identity), self.origin().map_or_else(unknown, |origin| origin.look(here, identity)))
            }
        }
    }

    /// Where the pod's processes were counted.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn origin(&self) -> Result<Origin, RegistryError> {
        let path = self.path.join(ORIGIN);
        read_json(&path)?.ok_or_else(|| RegistryError::Damaged { path, source: Damage::Missing })
    }

    /// Writes where the pod's processes are counted; the first that is written of a pod.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_origin(&self, origin: &Origin) -> Result<(), RegistryError> {
        write_json(&self.path.join(ORIGIN), origin)
    }

    /// What was asked for, and what came of it.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn pod<T: DeserializeOwned>(&self) -> Result<T, RegistryError> {
        let path = self.path.join(POD);
        read_json(&path)?.ok_or_else(|| RegistryError::Damaged { path, source: Damage::Missing })
    }

    /// Writes what was asked for, and what came of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_pod(&self, record: &impl Serialize) -> Result<(), RegistryError> {
        write_json(&self.path.join(POD), record)
    }

    /// The names of the workloads that were ever launched, in order.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn workload_names(&self) -> Result<Vec<Name>, RegistryError> {
        let names = tree::names(&self.path.join(WORKLOADS))?.into_iter();
        let mut names: Vec<Name> = names.filter_map(|name| name.into_string().ok()?.try_into().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// The names of the workloads that are being launched, or whose launch was cut short.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn draft_names(&self) -> Result<Vec<Name>, RegistryError> {
        let names = tree::names(&self.path.join(WORKLOADS))?.into_iter();
        Ok(names.filter_map(|name| name.into_string().ok()?.strip_prefix('.')?.parse().ok()).collect())
    }

    /// What was launched as this workload; `None` when nothing ever was.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn spec<T: DeserializeOwned>(&self, name: &Name) -> Result<Option<T>, RegistryError> {
        read_json(&self.workload(name).join(SPEC))
    }

    /// How this workload ended; `None` while it runs, and where nobody saw it.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn end<T: DeserializeOwned>(&self, name: &Name) -> Result<Option<T>, RegistryError> {
        read_json(&self.workload(name).join(END))
    }

    /// Writes how this workload ended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_end(&self, name: &Name, end: &impl Serialize) -> Result<(), RegistryError> {
        write_json(&self.workload(name).join(END), end)
    }

    /// Makes the directory of a workload that is about to be launched; hands back the file in which
    /// its process is to leave word of itself. What it replaces stays until [`promote`](Self::promote).
    ///
    /// # Errors
    /// When something cannot be made or written.
    pub fn write_draft(&self, name: &Name, spec: &impl Serialize) -> Result<File, RegistryError> {
        let draft = self.draft(name);
        tree::remove(&draft)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&draft).map_err(file("create", &draft))?;
        write_json(&draft.join(SPEC), spec)?;
        let process = self.process(Process::Draft(name));
        let options = &mut File::options();
        options.write(true).create_new(true).mode(0o600).open(&process).map_err(file("create", process))
    }

    /// Puts a launched workload in the place of the one of that name before it.
    ///
    /// # Errors
    /// When it cannot be renamed, or the former not removed.
    pub fn promote(&self, name: &Name) -> Result<(), RegistryError> {
        let (draft, workload) = (self.draft(name), self.workload(name));
        match fs::rename(&draft, &workload) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOTEMPTY | libc::EEXIST)) => {}
            renamed => return renamed.map_err(file("create", &workload)),
        }
        // From here to the end it is one or the other that bears the name, and never neither.
        rustix::fs::renameat_with(CWD, &draft, CWD, &workload, RenameFlags::EXCHANGE)
            .map_err(|errno| file("create", &workload)(errno.into()))?;
        tree::remove(&draft)
    }

    /// Forgets a workload that was never launched.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn forget_draft(&self, name: &Name) -> Result<(), RegistryError> {
        tree::remove(&self.draft(name))
    }

    /// Locks it, waiting for who else has it; `None` when it is not there any more.
    ///
    /// # Errors
    /// When it cannot be locked, or somebody has it for too long.
    pub fn lock(&self) -> Result<Option<Lock>, RegistryError> {
        Lock::take(&self.path, Sharing::Exclusive)
    }

    /// Locks it if nobody else has it locked.
    ///
    /// # Errors
    /// When it cannot be locked.
    pub fn try_lock(&self) -> Result<Option<Lock>, RegistryError> {
        Lock::try_take(&self.path, Sharing::Exclusive)
    }
}

fn damaged<T: Into<Damage>>(path: PathBuf) -> impl FnOnce(T) -> RegistryError {
    move |source| RegistryError::Damaged { path, source: source.into() }
}

/// Writes a file whole or not at all, for its owner alone.
fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RegistryError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(damaged(path.to_owned()))?;
    text.push(b'\n');
    let draft = path.with_extension("draft");
    let options = &mut File::options();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&draft);
    let written = opened.and_then(|mut opened| opened.write_all(&text));
    written.map_err(file("write", &draft))?;
    fs::rename(&draft, path).map_err(file("write", path))
}

/// Reads a file. A fifo in its place, which would have us wait for its other end, has nothing to say.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut opened = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let mut text = Vec::new();
    opened.read_to_end(&mut text).map(|_| text)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RegistryError> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("read", path)(error)),
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(damaged(path.to_owned())),
    }
}
