//! From an opened plan to a running command, and from a running command to its status.

use std::ffi::{CString, NulError, OsStr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nix::errno::Errno;
use reaper::{Signal, WaitStatus};

use crate::command::{Copied, OwnPids, Parent};
use crate::error::Error;
use crate::kind::Kind;
use crate::open::Opened;
use crate::sys::{self, Failure, Step};
use launch::Identity;

/// A launched command.
///
/// Dropping it neither ends it nor waits for it, unless [`Child::on_drop`] has it killed.
#[derive(Debug)]
pub struct Child {
    pidfd: OwnedFd,
    on_drop: OnDrop,
}

/// What becomes of a command when its [`Child`] is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDrop {
    /// It runs on.
    Leave,
    /// It is killed, and waited for.
    Kill,
}

impl Opened {
    /// Enters the namespaces and launches the command; returns once it has been executed.
    ///
    /// # Errors
    /// When the kernel refuses the join or the execution. Nothing is left running then.
    pub fn spawn(self) -> Result<Child, Error> {
        let us = match self.command.parent {
            Parent::UsToTheEnd => Some(ourselves()?),
            Parent::Us | Parent::Init => None,
        };
        let script = self.script(us.as_ref())?;
        match sys::spawn(&script) {
            Ok(pidfd) => Ok(Child { pidfd, on_drop: OnDrop::Leave }),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    /// Enters the namespaces and becomes the command, as execve(2) does: no process is made. Of a pid
    /// namespace that is joined only the children of the command will be.
    ///
    /// Only a program with one thread can do this and join a user or time namespace. It comes back
    /// only with an error, and then this process is neither here nor there: it should end.
    #[must_use]
    pub fn execute(self) -> Error {
        if self.command.own_pids == OwnPids::Yes || self.command.parent == Parent::Init {
            return Error::Process { operation: "become", source: Errno::EINVAL };
        }
        match self.script(None) {
            Ok(script) => {
                let failure = sys::execute(&script);
                // What it held has been closed under it.
                let opened = std::mem::ManuallyDrop::new(self);
                opened.explain(failure)
            }
            Err(error) => error,
        }
    }

    /// What the child's bare step and errno mean, said with what we know and it did not.
    fn explain(&self, failure: Failure) -> Error {
        let command = &self.command;
        let Failure { step, errno: source } = failure;
        let program = || command.program.clone();
        let pid = self.process.as_ref().map(|process| process.identity.pid);
        match (step, pid) {
            (Step::Clone, _) => Error::Process { operation: "launch", source },
            (Step::Vanish, _) => Error::KilledBefore { program: program() },
            (Step::Join, Some(pid)) if source == Errno::ESRCH => Error::Ended { pid },
            (Step::Join, pid) => {
                let kinds = self.namespaces.open.iter().map(|namespace| namespace.kind).collect();
                Error::Join { kinds, pid, source }
            }
            (Step::Directory, _) => Error::Directory { directory: self.directory_name(), source: source.into() },
            (Step::Escaped, _) => Error::Escaped { directory: self.directory_name() },
            (Step::Execute, _) => Error::Execute {
                program: program(),
                inside: self.is_elsewhere(),
                sealed: command.copy == Copied::Sealed,
                source,
            },
            (step, _) => Error::Step { step, source },
        }
    }

    fn directory_name(&self) -> PathBuf {
        self.command.directory.clone().unwrap_or_else(|| ".".into())
    }

    /// Whether paths mean something else inside.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.root.is_some() || self.namespaces.joins(Kind::Mount)
    }
}

impl Child {
    /// Chooses what becomes of the command when this is dropped.
    #[must_use]
    pub fn on_drop(mut self, on_drop: OnDrop) -> Self {
        self.on_drop = on_drop;
        self
    }

    /// Its pid, as our /proc counts; `None` once it has been waited for.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        sys::pid_of(self.pidfd.as_fd())
    }

    /// Its pid and start time; `None` once it has been waited for.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        Identity::of(self.pid()?).ok()
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// When somebody else has reaped it, as the kernel does where SIGCHLD is ignored; or when it is
    /// not our child ([`Parent::Init`]).
    ///
    /// # References
    /// waitid(2), `P_PIDFD`
    pub fn wait(&self) -> Result<WaitStatus, Error> {
        loop {
            match sys::wait(self.pidfd.as_fd(), libc::WEXITED) {
                Ok(Some(status)) => return Ok(status),
                Ok(None) | Err(Errno::EINTR) => {}
                Err(source) => return Err(Error::Process { operation: "wait for", source }),
            }
        }
    }

    /// The next change of its state, if there is one: an end, a stop, a continue.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub fn poll(&self) -> Result<Option<WaitStatus>, Error> {
        sys::wait(self.pidfd.as_fd(), libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED | libc::WNOHANG)
            .map_err(|source| Error::Process { operation: "wait for", source })
    }

    /// Sends it a signal; one that has ended takes none, and that is no error.
    ///
    /// # Errors
    /// When it may not be signalled: it runs as somebody else now.
    ///
    /// # References
    /// `pidfd_send_signal`(2)
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        match sys::signal(self.pidfd.as_fd(), signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(source) => Err(Error::Process { operation: "signal", source }),
        }
    }

    /// Kills it. It still has to be waited for.
    ///
    /// # Errors
    /// As [`Child::signal`].
    pub fn kill(&self) -> Result<(), Error> {
        self.signal(Signal::KILL)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that may not be killed would be waited for in vain.
        if self.on_drop == OnDrop::Kill && self.kill().is_ok() {
            let _waited_for_already = self.wait();
        }
    }
}

/// Readable once the command has ended.
impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl AsRawFd for Child {
    fn as_raw_fd(&self) -> RawFd {
        self.pidfd.as_raw_fd()
    }
}

/// A pidfd of this process.
fn ourselves() -> Result<OwnedFd, Error> {
    sys::pidfd_open(nix::unistd::getpid().as_raw()).map_err(|source| Error::Process { operation: "launch", source })
}

pub(crate) fn c_string(text: &OsStr) -> Result<CString, NulError> {
    CString::new(text.as_bytes())
}
