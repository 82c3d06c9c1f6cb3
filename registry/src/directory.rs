//! One pod's directory, read and written.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use launch::{Identity, Origin, RecordError, Seen, Unseen};
use rustix::fs::{CWD, RenameFlags};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Damage, RegistryError, damaged, file};
use crate::layout::{PodDirectory, Process};
use crate::lock::{Attempt, Lock, Sharing};
use crate::name::Name;
use crate::tree;
use crate::whole::{read, read_json, write_json, write_new_json};

/// The control groups of a pod: a list was all that there was before records said their version.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Groups {
    Said { directories: Vec<PathBuf> },
    Bare(Vec<PathBuf>),
}

impl PodDirectory {
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
        let path = self.origin_file();
        read_json(&path)?.ok_or_else(|| RegistryError::Damaged { path, source: Damage::Missing })
    }

    /// Writes where the pod's processes are counted; the first that is written of a pod.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_origin(&self, origin: &Origin) -> Result<(), RegistryError> {
        write_new_json(&self.origin_file(), origin)
    }

    /// What was asked for, and what came of it.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn pod<T: DeserializeOwned>(&self) -> Result<T, RegistryError> {
        let path = self.pod_file();
        read_json(&path)?.ok_or_else(|| RegistryError::Damaged { path, source: Damage::Missing })
    }

    /// Writes what was asked for, and what came of it; the last that is written before it is a pod.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_pod(&self, record: &impl Serialize) -> Result<(), RegistryError> {
        write_new_json(&self.pod_file(), record)
    }

    /// Writes what is asked for now, of a pod that is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn rewrite_pod(&self, record: &impl Serialize) -> Result<(), RegistryError> {
        write_json(&self.pod_file(), record)
    }

    /// What it is given in its network; `None` where nothing ever was.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn network<T: DeserializeOwned>(&self) -> Result<Option<T>, RegistryError> {
        read_json(&self.network_file())
    }

    /// Writes what it is given in its network, before it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_network(&self, attachment: &impl Serialize) -> Result<(), RegistryError> {
        write_json(&self.network_file(), attachment)
    }

    /// What plugins were asked to make for it; `None` where nothing ever was, or they have undone it.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn cni<T: DeserializeOwned>(&self) -> Result<Option<T>, RegistryError> {
        read_json(&self.cni_file())
    }

    /// Writes what plugins are about to be asked for, or what they have said.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_cni(&self, record: &impl Serialize) -> Result<(), RegistryError> {
        write_json(&self.cni_file(), record)
    }

    /// Forgets what plugins were asked for: they have undone it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn forget_cni(&self) -> Result<(), RegistryError> {
        tree::remove(&self.cni_file())
    }

    /// The names of the workloads that were ever launched, in order.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn workload_names(&self) -> Result<Vec<Name>, RegistryError> {
        let names = tree::names(&self.workloads())?.into_iter();
        let mut names: Vec<Name> = names.filter_map(|name| name.into_string().ok()?.try_into().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// The names of the workloads that are being launched, or whose launch was cut short.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn draft_names(&self) -> Result<Vec<Name>, RegistryError> {
        let names = tree::names(&self.workloads())?.into_iter();
        Ok(names.filter_map(|name| name.into_string().ok()?.strip_prefix('.')?.parse().ok()).collect())
    }

    /// What was launched as this workload; `None` when nothing ever was.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn spec<T: DeserializeOwned>(&self, name: &Name) -> Result<Option<T>, RegistryError> {
        read_json(&Self::spec_file(&self.workload(name)))
    }

    /// How this workload ended; `None` while it runs, and where nobody saw it.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn end<T: DeserializeOwned>(&self, name: &Name) -> Result<Option<T>, RegistryError> {
        read_json(&self.end_file(name))
    }

    /// Writes how this workload ended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_end(&self, name: &Name, end: &impl Serialize) -> Result<(), RegistryError> {
        write_json(&self.end_file(name), end)
    }

    /// The directories of the control groups that were made for the pod, or were to be; none where none
    /// ever were.
    ///
    /// # Errors
    /// When the record cannot be read or is damaged.
    pub fn cgroups(&self) -> Result<Vec<PathBuf>, RegistryError> {
        Ok(match read_json(&self.cgroups_file())? {
            Some(Groups::Said { directories } | Groups::Bare(directories)) => directories,
            None => Vec::new(),
        })
    }

    /// Writes which control groups are about to be made.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_cgroups(&self, directories: &[PathBuf]) -> Result<(), RegistryError> {
        write_json(&self.cgroups_file(), &Groups::Said { directories: directories.to_owned() })
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
        write_json(&Self::spec_file(&draft), spec)?;
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
        Lock::take(self.path(), Sharing::Exclusive)
    }

    /// Locks it if nobody else has it locked.
    ///
    /// # Errors
    /// When it cannot be locked.
    pub fn try_lock(&self) -> Result<Attempt, RegistryError> {
        Attempt::at(self.path(), Sharing::Exclusive)
    }
}
