//! The system calls that no crate wraps.
//!
//! # Safety
//! They take over descriptors that nobody else in this process knows of.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use nsjoin::{Child, Pidfd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Takes a descriptor that our parent has handed us by its number.
///
/// `None` when there is none of that number.
pub(crate) fn inherited(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: takes numbers.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return None;
    }
    // SAFETY: it is open, and called once per number, before anything else in this process could
    // have opened one: whoever started us put it there for us to own.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// What owns a pidfd, one and the same from its making to its end.
pub(crate) trait Process: AsFd + AsRawFd {}

impl Process for Child {}
impl Process for Pidfd {}

/// Watches a process: it is readable once it has ended.
pub(crate) fn watch<T: Process>(process: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: the descriptor must stay open and the same while it is watched. A `Process` owns one
    // for good, and the AsyncFd owns the process.
    let watched = unsafe { AsyncFd::register_with_interest(process, Interest::READABLE) };
    watched.map_err(io::Error::from)
}
