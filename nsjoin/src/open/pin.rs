//! From a target to what is pinned: a process by its pidfd, or namespaces by their files.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::os::linux::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::held::{Held, Process, look_error};
use super::pid_file::{Age, PidFile};
use crate::container::Container;
use crate::error::Error;
use crate::outcome::Doubt;
use crate::sys;
use crate::target::Target;
use launch::Kind;
use launch::{Identity, Look};
use registry::Name;
use registry::{Registry, RegistryError};

/// What a target was resolved to.
pub(super) enum Pinned {
    Nobody,
    Process(Process),
    /// A directory whose entries are namespaces.
    Directory(PathBuf),
    Namespace(PathBuf, Kind, File),
}

impl Pinned {
    pub(super) fn into_process(self) -> Option<Process> {
        match self {
            Self::Process(process) => Some(process),
            Self::Nobody | Self::Directory(_) | Self::Namespace(..) => None,
        }
    }
}

/// Resolves the target, once.
pub(super) fn pin(target: &Target) -> Result<Pinned, Error> {
    match target {
        Target::Pid(pid) => process(*pid, None),
        Target::PidInode(pid, inode) => {
            let pinned = process(*pid, None)?;
            match &pinned {
                Pinned::Process(held) if inode_of(held)? == *inode => Ok(pinned),
                _ => Err(Error::Recycled { pid: *pid }),
            }
        }
        Target::Process(identity) => process(identity.pid, Some(*identity)),
        Target::Pidfd(number) => by_pidfd(*number),
        Target::Pod(name) => pod(name),
        Target::Container(container) => process_of(container),
        Target::PodOrContainer(name, container) => match pod(name) {
            Err(Error::Registry(RegistryError::NoSuchPod { .. })) => process_of(container),
            found => found,
        },
        Target::Path(path) => by_path(path),
    }
}

fn pod(name: &Name) -> Result<Pinned, Error> {
    let found = Registry::of_this_user().pod(name)?;
    let identity = found.pause()?;
    // A pod that ends meanwhile is the reason why there is nothing to pin.
    process(identity.pid, Some(identity)).map_err(|error| found.gone().map_or(error, Error::from))
}

fn process_of(container: &Container) -> Result<Pinned, Error> {
    let identity = container.resolve()?;
    process(identity.pid, Some(identity))
}

/// Pins a process that has namespaces, or a thread.
fn process(pid: i32, meant: Option<Identity>) -> Result<Pinned, Error> {
    pinned(pid, Held::of(pid)?, meant)
}

/// Looks at a process that is held already.
fn pinned(pid: i32, held: Held, meant: Option<Identity>) -> Result<Pinned, Error> {
    let look = Look::at(pid).map_err(look_error(pid))?;
    if meant.is_some_and(|meant| meant != look.identity) {
        return Err(Error::Recycled { pid });
    }
    if look.kernel_thread {
        return Err(Error::KernelThread { pid });
    }
    if look.zombie && has_other_threads(pid) {
        return Err(Error::MainThreadEnded { pid });
    }
    if look.zombie {
        return Err(Error::Ended { pid });
    }
    Ok(Pinned::Process(Process { identity: look.identity, held, doubt: None }))
}

/// Whether a process whose main thread has ended goes on; that thread has no namespaces any more.
fn has_other_threads(pid: i32) -> bool {
    fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|threads| threads.count() > 1)
}

/// The inode of a process in the pidfd file system; before Linux 6.9 all have the same.
fn inode_of(process: &Process) -> Result<u64, Error> {
    let pid = process.identity.pid;
    // Whatever is held otherwise has none.
    let Some(pidfd) = process.pidfd() else { return Err(Error::Recycled { pid }) };
    let copy = pidfd.try_clone_to_owned().map_err(|source| Error::Look { pid, source })?;
    File::from(copy).metadata().map(|found| found.st_ino()).map_err(|source| Error::Look { pid, source })
}

/// Takes the process of a pidfd that somebody has handed us.
fn by_pidfd(number: i32) -> Result<Pinned, Error> {
    let pidfd = sys::duplicate(number).map_err(|source| Error::Descriptor { number, source })?;
    match sys::pid_of(pidfd.as_fd()) {
        Some(pid) => pinned(pid, Held::Pidfd(pidfd), None),
        None if sys::is_pidfd(pidfd.as_fd()) => Err(Error::DescriptorEnded { number }),
        None => Err(Error::Descriptor { number, source: Errno::EBADF }),
    }
}

/// A directory of namespaces, a namespace, or a pid file; the file tells.
fn by_path(path: &Path) -> Result<Pinned, Error> {
    let unreadable = |source| Error::File { path: path.to_owned(), source };
    // A fifo would have us wait for its other end.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if found.is_dir() {
        return Ok(Pinned::Directory(path.to_owned()));
    }
    if let Some(kind) = sys::kind_of(file.as_fd()) {
        return Ok(Pinned::Namespace(path.to_owned(), kind, file));
    }
    let pid_file = PidFile::read(&file, path)?.ok_or_else(|| Error::NoTarget { path: path.to_owned() })?;
    let mut pinned = process(pid_file.pid, None)?;
    if let Pinned::Process(process) = &mut pinned {
        let (path, pid) = (path.to_owned(), pid_file.pid);
        match pid_file.age(process.identity)? {
            Age::Fits => {}
            Age::Older => return Err(Error::OldPidFile { path, pid }),
            Age::Doubtful => process.doubt = Some(Doubt::OldPidFile { path, pid }),
        }
    }
    Ok(pinned)
}
