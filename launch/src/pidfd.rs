//! A process held by a descriptor, which no recycled pid can be mistaken for.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use reaper::{Signal, WaitStatus};

use crate::identity::Identity;
use crate::seen::{Seen, Unseen};
use crate::sys;
pub use crate::sys::pidfd::{is_alive, is_pidfd, open, open_thread, pid_of, take_descriptor};

/// A process, pinned. Readable once the process has ended.
///
/// # References
/// `pidfd_open`(2), Linux 5.3
#[derive(Debug)]
pub struct Pidfd {
    fd: OwnedFd,
}

impl Pidfd {
    /// Pins this very process; `None` when it has ended, whoever has its pid now.
    ///
    /// # Errors
    /// When it cannot be told whether it has ended, for want of a descriptor, say.
    pub fn of(identity: Identity) -> Result<Option<Self>, Unseen> {
        match sys::pidfd::open(identity.pid) {
            // Pinned first and compared afterwards: the other way round the pid could change hands between.
            Ok(fd) => match identity.look() {
                Seen::Alive => Ok(Some(Self { fd })),
                Seen::Ended => Ok(None),
                Seen::Unknown(unseen) => Err(unseen),
            },
            Err(Errno::ESRCH | Errno::EINVAL | Errno::ENOENT) => Ok(None),
            Err(errno) => Err(Unseen::Kernel(errno)),
        }
    }

    /// How it ended, where it was not our child or has been reaped; `None` before Linux 6.15, or
    /// while it lives.
    #[must_use]
    pub fn end(&self) -> Option<WaitStatus> {
        sys::pidfd::end(self.fd.as_fd())
    }

    /// Sends it a signal; one that has ended takes none, and that is no error.
    ///
    /// # Errors
    /// When it may not be signalled.
    ///
    /// # References
    /// `pidfd_send_signal`(2)
    pub fn signal(&self, signal: Signal) -> Result<(), Errno> {
        match sys::pidfd::signal(self.fd.as_fd(), signal) {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    /// Waits until it has ended, for so long at most; says whether it has.
    ///
    /// # Errors
    /// When the kernel cannot wait.
    pub fn ended_within(&self, patience: Duration) -> Result<bool, Errno> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(ready) => return Ok(ready > 0),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Pidfd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
