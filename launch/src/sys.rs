//! The system calls that no crate wraps.
//!
//! # Safety
//! They hand the kernel numbers, and borrows of values of the size it expects.

pub mod pidfd;

use std::os::fd::{FromRawFd, OwnedFd};

use nix::errno::Errno;

/// The descriptor that a system call has returned.
pub(crate) fn owned(result: libc::c_long) -> Result<OwnedFd, Errno> {
    let fd = i32::try_from(Errno::result(result)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
