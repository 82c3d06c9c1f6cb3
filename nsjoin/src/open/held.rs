//! A process or a thread, held so that no other can be taken for it.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use crate::error::Error;
use crate::outcome::Doubt;
use crate::sys;
use launch::{Identity, Kind};

/// Who is joined.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) identity: Identity,
    pub(crate) held: Held,
    /// What speaks against its being the one that was meant, without telling.
    pub(crate) doubt: Option<Doubt>,
}

/// By what it is held.
#[derive(Debug)]
pub(crate) enum Held {
    /// A pidfd.
    Pidfd(OwnedFd),
    /// Its directory in /proc, which becomes nobody else's: of a thread the kernel makes no pidfd before
    /// Linux 6.9.
    Directory(OwnedFd),
}

impl Process {
    /// Whether it is still there, reaped or not being another matter.
    pub(crate) fn is_alive(&self) -> bool {
        match &self.held {
            Held::Pidfd(pidfd) => sys::is_alive(pidfd.as_fd()),
            Held::Directory(directory) => openat(directory, "stat", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty())
                .is_ok_and(|stat| Identity::from_stat(File::from(stat)).is_ok_and(|now| now == self.identity)),
        }
    }

    /// Its pidfd, from which all of its namespaces can be entered.
    pub(crate) fn into_pidfd(self) -> Option<OwnedFd> {
        match self.held {
            Held::Pidfd(pidfd) => Some(pidfd),
            Held::Directory(_) => None,
        }
    }

    /// Its namespace of this kind, if the kernel hands it out without a path.
    pub(super) fn namespace(&self, kind: Kind) -> Option<OwnedFd> {
        sys::namespace_of_pidfd(self.pidfd()?, kind.by_pidfd())?.ok()
    }

    /// A copy of what it has open under this number.
    pub(super) fn descriptor(&self, number: i32) -> Result<OwnedFd, Errno> {
        sys::take_descriptor(self.pidfd().ok_or(Errno::EOPNOTSUPP)?, number)
    }

    pub(super) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        match &self.held {
            Held::Pidfd(pidfd) => Some(pidfd.as_fd()),
            Held::Directory(_) => None,
        }
    }
}

impl Held {
    /// Holds whoever has this pid or, of a process with several threads, this thread id.
    pub(super) fn of(pid: i32) -> Result<Self, Error> {
        match sys::pidfd_open(pid) {
            Ok(pidfd) => Ok(Self::Pidfd(pidfd)),
            // What a number that can be no pid gets, and a thread that leads no process; the latter since Linux 6.9.
            Err(Errno::EINVAL | Errno::ENOENT) => Self::of_thread(pid),
            Err(errno) => Err(look_error(pid)(errno.into())),
        }
    }

    fn of_thread(pid: i32) -> Result<Self, Error> {
        match sys::pidfd_open_thread(pid) {
            Ok(pidfd) => Ok(Self::Pidfd(pidfd)),
            Err(Errno::EINVAL) => {
                let flags = libc::O_DIRECTORY | libc::O_PATH;
                let directory = File::options().read(true).custom_flags(flags).open(format!("/proc/{pid}"));
                directory.map(|directory| Self::Directory(directory.into())).map_err(look_error(pid))
            }
            Err(errno) => Err(look_error(pid)(errno.into())),
        }
    }
}

pub(super) fn look_error(pid: i32) -> impl Fn(std::io::Error) -> Error {
    move |source| match source.raw_os_error() {
        Some(libc::ESRCH | libc::ENOENT) => Error::NoSuchProcess { pid },
        _ => Error::Look { pid, source },
    }
}
