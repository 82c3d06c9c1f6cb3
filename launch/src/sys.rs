//! The system calls that no crate wraps, and the child between clone and exec.
//!
//! # Safety
//! Delicate here: `spawn` runs the child on our memory (`CLONE_VM`), so the child may touch nothing
//! but what the `Script` laid out for it; see `sys/child.rs`. The rest hands the kernel numbers,
//! and borrows of values of the size it expects.

#[cfg(all(target_arch = "x86_64", any(target_env = "musl", test)))]
mod bytes;
pub(crate) mod child;
mod clone3;
pub(crate) mod guard;
#[cfg(any(target_env = "musl", test))]
pub(crate) mod heap;
mod hidden;
pub(crate) mod holder;
mod memory;
pub(crate) mod names;
pub(crate) mod namespace;
pub(crate) mod pidfd;
mod report;
pub(crate) mod signals;
#[cfg(any(target_env = "musl", test))]
mod words;

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use crate::sum::{SUM_LENGTH, sum_of};

pub use memory::give_memory_back;

/// Has the files in a mount that is nowhere yet belong to the ids of a user namespace.
///
/// # Errors
/// When the kernel or the file system cannot.
///
/// # References
/// mount_setattr(2): Linux 5.12
pub fn map_ids(mount: BorrowedFd<'_>, users: BorrowedFd<'_>) -> Result<(), Errno> {
    child::map_ids(mount.as_raw_fd(), users.as_raw_fd())
}

/// Copies this process's line of `/proc/self/stat` to `record`, whence [`Identity::from_record`] reads
/// it: so a process can leave word of itself before it becomes something else.
///
/// `proc` is a directory descriptor of the /proc in whose pid namespace the pid is to be counted.
/// Makes system calls only, so a process that shares its parent's memory may call it.
///
/// # Errors
/// When /proc is not one, or the record cannot be written: disk full, say.
///
/// [`Identity::from_record`]: crate::Identity::from_record
pub fn leave_identity(proc: BorrowedFd<'_>, file: BorrowedFd<'_>) -> Result<(), Errno> {
    record(proc.as_raw_fd(), file.as_raw_fd(), false)
}

/// Copies this process's line of `/proc/self/stat` to a file, with its sum, or its pid and a newline.
fn record(proc: RawFd, file: RawFd, only_pid: bool) -> Result<(), Errno> {
    let mut line = [0_u8; 2048];
    let stat = open_below(proc, c"self/stat", libc::O_RDONLY)?;
    let room = line.len() - SUM_LENGTH;
    // SAFETY: the kernel writes at most `room` bytes at `line`, which is longer.
    let length = Errno::result(unsafe { libc::read(stat.as_raw_fd(), line.as_mut_ptr().cast(), room) })?;
    let length = if only_pid {
        line.iter().take_while(|byte| byte.is_ascii_digit()).count()
    } else {
        // The newline comes after the sum.
        let end = length.cast_unsigned().saturating_sub(1);
        let sum = sum_of(&line[..end]);
        line[end..end + SUM_LENGTH].copy_from_slice(&sum);
        end + SUM_LENGTH
    };
    line[length] = b'\n';
    let length = length + 1;
    // SAFETY: the kernel reads `length` bytes of `line`, which is longer.
    let written = Errno::result(unsafe { libc::write(file, line.as_ptr().cast(), length) })?;
    if written.cast_unsigned() == length { Ok(()) } else { Err(Errno::ENOSPC) }
}

/// Opens a file below a directory, closed on exec.
fn open_below(directory: RawFd, path: &CStr, flags: libc::c_int) -> Result<OwnedFd, Errno> {
    // SAFETY: a descriptor and a C string, borrowed for the call.
    let file = unsafe { libc::openat(directory, path.as_ptr(), flags | libc::O_CLOEXEC) };
    // SAFETY: the kernel has just made this descriptor, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(Errno::result(file)?) })
}

/// Writes all of a text to a file below a directory, in one go.
fn write_below(directory: RawFd, path: &CStr, text: &[u8]) -> Result<(), Errno> {
    let file = open_below(directory, path, libc::O_WRONLY)?;
    // SAFETY: the kernel reads `text.len()` bytes of `text`.
    Errno::result(unsafe { libc::write(file.as_raw_fd(), text.as_ptr().cast(), text.len()) }).map(drop)
}

/// A descriptor of our own of what somebody has left open for us under this number.
///
/// # Errors
/// When there is none of that number, or none is left.
pub fn duplicate(number: RawFd) -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers.
    let copy = Errno::result(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) })?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// The descriptor that a system call has returned.
pub(crate) fn owned(result: libc::c_long) -> Result<OwnedFd, Errno> {
    let fd = i32::try_from(Errno::result(result)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
