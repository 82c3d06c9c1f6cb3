//! From a script to a running command, and from a running command to its status.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use nix::errno::Errno;
use reaper::{Signal, WaitStatus};

use crate::error::Error;
use crate::failure::{Failure, Missed};
use crate::identity::Identity;
use crate::op::Fd;
use crate::script::Script;
use crate::sys;

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

/// A command that was launched, and what it had to do without.
#[derive(Debug)]
pub struct Launched {
    /// The command.
    pub child: Child,
    /// What was not done, of that which may be missing.
    pub missed: Vec<Missed>,
}

/// Runs the script in a new process; returns once that has executed the command.
///
/// # Errors
/// What the process failed at. Nothing is left running then.
pub fn spawn(script: Script) -> Result<Launched, Failure> {
    let (pidfd, missed) = sys::child::spawn(script)?;
    Ok(Launched { child: Child { pidfd, on_drop: OnDrop::Leave }, missed })
}

/// Runs a script that executes nothing in a new process, and waits for its end; says what was done without.
///
/// # Errors
/// What the process failed at.
pub fn errand(script: Script) -> Result<Vec<Missed>, Failure> {
    sys::child::errand(script)
}

/// Runs a script that executes nothing in a new process, and takes over what it makes
/// ([`Script::to_be_made`]), but for what was done without; says what that was.
///
/// # Errors
/// What the process failed at. Nothing that it made is left then.
pub fn make(script: Script, wanted: &[Fd]) -> Result<(Vec<Option<OwnedFd>>, Vec<Missed>), Failure> {
    sys::child::make(script, wanted)
}

/// Becomes the command: what the script has a new process do, this process does. Comes back only when
/// that fails, changed by then as far as it had come.
#[must_use]
pub fn execute(script: Script) -> Failure {
    sys::child::execute(script)
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
        sys::pidfd::pid_of(self.pidfd.as_fd())
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
    /// not our child ([`Parent::Init`](crate::Parent::Init)).
    ///
    /// # References
    /// waitid(2), `P_PIDFD`
    pub fn wait(&self) -> Result<WaitStatus, Error> {
        loop {
            match sys::pidfd::wait(self.pidfd.as_fd(), libc::WEXITED) {
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
        sys::pidfd::wait(self.pidfd.as_fd(), libc::WEXITED | libc::WSTOPPED | libc::WCONTINUED | libc::WNOHANG)
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
        match sys::pidfd::signal(self.pidfd.as_fd(), signal) {
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

#[cfg(test)]
mod tests;
