//! From a target to what is pinned: a process by its pidfd, or namespaces by their files.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::errno::Errno;

use crate::container::Container;
use crate::error::Error;
use crate::sys;
use crate::target::Target;
use launch::Kind;
use launch::{Identity, Look};
use registry::Name;
use registry::{Registry, RegistryError};

/// A process, held so that no other can be taken for it.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) identity: Identity,
    pub(crate) pidfd: OwnedFd,
}

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
    let identity = Registry::of_this_user().pause(name)?;
    process(identity.pid, Some(identity))
}

fn process_of(container: &Container) -> Result<Pinned, Error> {
    let identity = container.resolve()?;
    process(identity.pid, Some(identity))
}

/// Pins a process that has namespaces.
fn process(pid: i32, meant: Option<Identity>) -> Result<Pinned, Error> {
    let pidfd = sys::pidfd_open(pid).map_err(|errno| match errno {
        // What a number that can be no pid gets, and, since Linux 6.9, a thread that leads no process.
        Errno::EINVAL | Errno::ENOENT => Error::NoSuchProcess { pid },
        errno => look_error(pid)(errno.into()),
    })?;
    pinned(pid, pidfd, meant)
}

/// Looks at a process that is pinned already.
fn pinned(pid: i32, pidfd: OwnedFd, meant: Option<Identity>) -> Result<Pinned, Error> {
    let look = Look::at(pid).map_err(look_error(pid))?;
    if meant.is_some_and(|meant| meant != look.identity) {
        return Err(Error::Recycled { pid });
    }
    if look.kernel_thread {
        return Err(Error::KernelThread { pid });
    }
    if look.zombie {
        return Err(Error::Ended { pid });
    }
    Ok(Pinned::Process(Process { identity: look.identity, pidfd }))
}

fn look_error(pid: i32) -> impl Fn(io::Error) -> Error {
    move |source| match source.raw_os_error() {
        Some(libc::ESRCH | libc::ENOENT) => Error::NoSuchProcess { pid },
        _ => Error::Look { pid, source },
    }
}

/// The inode of a process in the pidfd file system; before Linux 6.9 all have the same.
fn inode_of(process: &Process) -> Result<u64, Error> {
    let pid = process.identity.pid;
    let copy = process.pidfd.try_clone().map_err(|source| Error::Look { pid, source })?;
    File::from(copy).metadata().map(|found| found.st_ino()).map_err(|source| Error::Look { pid, source })
}

/// Takes the process of a pidfd that somebody has handed us.
fn by_pidfd(number: i32) -> Result<Pinned, Error> {
    let pidfd = sys::duplicate(number).map_err(|source| Error::Descriptor { number, source })?;
    match sys::pid_of(pidfd.as_fd()) {
        Some(pid) => pinned(pid, pidfd, None),
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
    let no_target = || Error::NoTarget { path: path.to_owned() };
    if !found.is_file() || found.len() > 64 {
        return Err(no_target());
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let pid: i32 = text.trim().parse().ok().filter(|pid| *pid > 0).ok_or_else(no_target)?;
    let pinned = process(pid, None)?;
    if let (Pinned::Process(process), Ok(written)) = (&pinned, found.modified())
        && started(process.identity).is_some_and(|started| started > written + SLACK)
    {
        return Err(Error::OldPidFile { path: path.to_owned(), pid });
    }
    Ok(pinned)
}

/// How far the clocks of a file system and of processes may be apart.
const SLACK: Duration = Duration::from_secs(2);

/// When a process started, by the clock of the wall; that one may have been set since.
fn started(process: Identity) -> Option<SystemTime> {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok()??;
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let boot: u64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let since_boot = process.start_time / u64::try_from(ticks).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(boot + since_boot))
}
