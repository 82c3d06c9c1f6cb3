//! The system calls that no crate wraps, and the child between clone and exec.
//!
//! # Safety
//! Delicate here: `spawn` runs the child on our memory (`CLONE_VM`), so the child may touch nothing
//! but what the [`Script`] laid out for it; see `sys/child.rs`. The rest hands the kernel numbers,
//! and borrows of values of the size it expects.

mod child;
mod signals;

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use reaper::{Signal, WaitStatus};

pub use child::Step;
pub(crate) use child::{CStrings, Failure, Script, spawn};
pub use signals::Inherited;
pub(crate) use signals::{block_all, die_by};

/// Copies this process's line of `/proc/self/stat` to `record`, whence [`Identity::from_stat`] reads
/// it: so a process can leave word of itself before it becomes something else.
///
/// `proc` is a directory descriptor of the /proc in whose pid namespace the pid is to be counted.
/// Makes system calls only, so a process that shares its parent's memory may call it.
///
/// # Errors
/// When /proc is not one, or the record cannot be written: disk full, say.
///
/// [`Identity::from_stat`]: crate::Identity::from_stat
pub fn leave_identity(proc: BorrowedFd<'_>, record: BorrowedFd<'_>) -> Result<(), Errno> {
    let mut line = [0_u8; 2048];
    // SAFETY: a descriptor and a C string, borrowed for the call.
    let stat = unsafe { libc::openat(proc.as_raw_fd(), c"self/stat".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
    // SAFETY: the kernel has just made this descriptor, and nobody else knows of it.
    let stat = unsafe { OwnedFd::from_raw_fd(Errno::result(stat)?) };
    // SAFETY: the kernel writes at most `line.len()` bytes at `line`.
    let length = Errno::result(unsafe { libc::read(stat.as_raw_fd(), line.as_mut_ptr().cast(), line.len()) })?;
    // SAFETY: the kernel reads `length` bytes, which it has just written, at `line`.
    let written = unsafe { libc::write(record.as_raw_fd(), line.as_ptr().cast(), length.cast_unsigned()) };
    if Errno::result(written)? == length { Ok(()) } else { Err(Errno::ENOSPC) }
}

/// A descriptor of the process with this pid, closed on exec.
///
/// # References
/// `pidfd_open`(2), Linux 5.3
pub(crate) fn pidfd_open(pid: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes two numbers.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    let fd = i32::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The pid of a process, as our /proc counts; `None` when it has none there, or has been reaped.
///
/// # References
/// proc_pid_fdinfo(5)
pub(crate) fn pid_of(pidfd: BorrowedFd<'_>) -> Option<i32> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    let pid: i32 = info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()?;
    (pid > 0).then_some(pid)
}

/// Whether the process still is one, reaped or not being another matter.
pub(crate) fn is_alive(pidfd: BorrowedFd<'_>) -> bool {
    // Signal 0 only asks. What may not be signalled is alive.
    // SAFETY: a descriptor that is borrowed for the call, and numbers.
    let asked = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), 0, 0, 0) };
    !matches!(Errno::result(asked), Err(Errno::ESRCH))
}

/// Sends a signal to just this process.
///
/// # References
/// `pidfd_send_signal`(2)
pub(crate) fn signal(pidfd: BorrowedFd<'_>, signal: Signal) -> Result<(), Errno> {
    let number = libc::c_int::from(signal.number());
    // SAFETY: a descriptor that is borrowed for the call, and numbers.
    Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), number, 0, 0) }).map(drop)
}

/// Waits for a change of state of a child; `None` when `WNOHANG` was asked for and there is none.
///
/// # References
/// waitid(2)
pub(crate) fn wait(pidfd: BorrowedFd<'_>, options: libc::c_int) -> Result<Option<WaitStatus>, Errno> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let id = pidfd.as_raw_fd().cast_unsigned();
    // SAFETY: the kernel writes at most one siginfo_t to `info`, borrowed for the call.
    Errno::result(unsafe { libc::waitid(libc::P_PIDFD, id, info.as_mut_ptr(), options | libc::__WALL) })?;
    // SAFETY: a siginfo_t is numbers, for which all zeroes is valid, and waitid has filled it since.
    let info = unsafe { info.assume_init() };
    // SAFETY: of a siginfo_t from waitid (and of a zeroed one) the pid may be read.
    if unsafe { info.si_pid() } == 0 {
        return Ok(None);
    }
    // SAFETY: of a siginfo_t from waitid the status may be read.
    let status = unsafe { info.si_status() };
    Ok(WaitStatus::from_siginfo(info.si_code, status))
}
