//! System calls that no crate wraps.
//!
//! # Safety
//! Numbers in, a number out; no more memory is handed over than a byte, and no code of ours to call.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

/// Ignores a signal.
///
/// # References
/// signal(2)
pub(crate) fn ignore(signal: i32) -> Result<(), Errno> {
    // SAFETY: an ignored signal runs no code of ours.
    let before = unsafe { libc::signal(signal, libc::SIG_IGN) };
    if before == libc::SIG_ERR { Err(Errno::last()) } else { Ok(()) }
}

/// Ends this thread, and no other, as pthread_exit(3) does in its end.
pub(crate) fn end_this_thread() {
    // SAFETY: takes a number; what this thread has on its stack stays where it is, and nobody waits for it.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
}

/// Makes a private System V message queue, and hands back its id.
///
/// # References
/// msgget(2)
pub(crate) fn make_queue() -> Result<i32, Errno> {
    // SAFETY: takes numbers.
    Errno::result(unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) })
}

/// Takes a lease on a file, so that whoever opens it waits until we give it back, by our end say.
///
/// # References
/// `F_SETLEASE`, fcntl(2)
pub(crate) fn lease(file: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: takes numbers.
    Errno::result(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, libc::F_WRLCK) }).map(drop)
}

/// Has a terminal believe that somebody has typed a letter.
///
/// # References
/// `TIOCSTI`, ioctl_tty(2)
pub(crate) fn inject(terminal: BorrowedFd<'_>) -> Result<(), Errno> {
    let letter = b'x';
    // SAFETY: the kernel reads one byte, borrowed for the call.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSTI, &raw const letter) }).map(drop)
}

/// Makes a terminal the one that controls our session.
///
/// # References
/// `TIOCSCTTY`, ioctl_tty(2)
pub(crate) fn take_terminal(terminal: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: takes numbers.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) }).map(drop)
}
