//! Processes by their pidfds.

use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use reaper::{Signal, WaitStatus};

use super::owned;
use crate::identity::Look;

/// A descriptor of the process with this pid, closed on exec.
///
/// # References
/// `pidfd_open`(2), Linux 5.3
pub fn open(pid: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes two numbers.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })
}

/// A descriptor of the thread with this id, closed on exec.
///
/// # References
/// `PIDFD_THREAD`, `pidfd_open`(2), Linux 6.9
pub fn open_thread(tid: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes two numbers.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, tid, libc::O_EXCL) })
}

/// The pid of a process, as our /proc counts; `None` when it has none there, or has been reaped.
///
/// # References
/// proc_pid_fdinfo(5)
pub fn pid_of(pidfd: BorrowedFd<'_>) -> Option<i32> {
    let pid: i32 = info(pidfd)?.trim().parse().ok()?;
    (pid > 0).then_some(pid)
}

/// Whether it is a pidfd, of a process that may have been reaped.
pub fn is_pidfd(fd: BorrowedFd<'_>) -> bool {
    info(fd).is_some()
}

/// The line of the descriptor that only pidfds have.
fn info(fd: BorrowedFd<'_>) -> Option<String> {
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:")).map(str::to_owned)
}

/// Whether a process that has let go of our memory has ended without ever having executed a program.
///
/// It lets go of it a moment before it is seen to have ended, or to have executed. Only who is `sure_to_know`
/// waits for that moment: where a filter may have ended it at that very call.
///
/// # References
/// proc_pid_stat(5), flags; `PF_FORKNOEXEC` of the kernel
pub(crate) fn ended_before_exec(pidfd: BorrowedFd<'_>, sure_to_know: bool) -> bool {
    let has_not_executed = || {
        // One that somebody else has reaped is nobody's to ask any more; it had come as far as executing.
        pid_of(pidfd).and_then(|pid| Look::at(pid).ok()).is_some_and(|look| look.never_executed)
    };
    let patience = if sure_to_know { PollTimeout::from(1_u8) } else { PollTimeout::ZERO };
    loop {
        if sure_to_know && !has_not_executed() {
            return false;
        }
        let mut ended = [PollFd::new(pidfd, PollFlags::POLLIN)];
        match poll(&mut ended, patience) {
            Ok(1) => return has_not_executed(),
            Ok(_) | Err(Errno::EINTR) if sure_to_know => {}
            _ => return false,
        }
    }
}

/// Whether the process still is one, reaped or not being another matter.
pub fn is_alive(pidfd: BorrowedFd<'_>) -> bool {
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

/// How a process ended, reaped or not, our child or not; `None` before Linux 6.15, or while it lives.
///
/// # References
/// `PIDFD_GET_INFO` and `PIDFD_INFO_EXIT`, `include/uapi/linux/pidfd.h`
#[must_use]
pub(crate) fn end(pidfd: BorrowedFd<'_>) -> Option<WaitStatus> {
    // `struct pidfd_info` in its first version: what is asked and answered, a cgroup, eleven ids, the status.
    #[repr(C)]
    struct Info {
        mask: u64,
        cgroup: u64,
        ids: [u32; 11],
        status: i32,
    }
    const EXIT: u64 = 1 << 3;
    let mut info = Info { mask: EXIT, cgroup: 0, ids: [0; 11], status: 0 };
    let request = nix::request_code_readwrite!(0xff, 11, size_of::<Info>());
    // SAFETY: the kernel reads and writes at most the size in the request's number at an address
    // borrowed for the call.
    let done = unsafe { libc::ioctl(pidfd.as_raw_fd(), request as _, std::ptr::from_mut(&mut info)) };
    (done == 0 && info.mask & EXIT != 0).then(|| WaitStatus::from_raw(info.status)).flatten()
}

/// A copy of a descriptor that the process has open under this number.
///
/// # References
/// `pidfd_getfd`(2), Linux 5.6
pub fn take_descriptor(pidfd: BorrowedFd<'_>, number: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: a descriptor that is borrowed for the call, and numbers.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), number, 0) })
}
