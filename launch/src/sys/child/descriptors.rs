//! In the child: what it has open, where it stands, and with whom it ends.

use std::ffi::{c_int, c_uint};
use std::os::fd::RawFd;

use nix::errno::Errno;

pub(super) fn take_stdio(stdio: [Option<RawFd>; 3]) -> Result<(), Errno> {
    for (number, file) in (0..).zip(stdio) {
        if let Some(file) = file {
            // SAFETY: `file` is a descriptor of ours; stdio is nobody else's in this process.
            Errno::result(unsafe { libc::dup2(file, number) })?;
        }
    }
    Ok(())
}

/// Closes all descriptors from `first` on, and those before it that are ours and were not handed to
/// us; but for the kept ones, which come in the order of their numbers.
pub(super) fn close(first: c_uint, kept: impl Iterator<Item = RawFd> + Clone) -> Result<(), Errno> {
    // Among those that are handed on may be numbers that nobody handed us, and that we use.
    for number in 3..first.cast_signed() {
        let ours = !kept.clone().any(|kept| kept == number) && is_closed_on_exec(number);
        if ours {
            // SAFETY: takes a number, and the descriptor is this process's own copy.
            unsafe { libc::close(number) };
        }
    }
    let mut next = first;
    for kept in kept.map(c_int::cast_unsigned).filter(|kept| *kept >= first) {
        if kept > next {
            close_all(next, kept - 1)?;
        }
        next = kept + 1;
    }
    close_all(next, c_uint::MAX)
}

/// Has the kernel kill us when the process of this pidfd ends, which makes us.
pub(super) fn end_with(us: RawFd) -> Result<(), Errno> {
    // SAFETY: takes numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) })?;
    // It may have ended before; and by its pid, in another namespace, nobody could tell.
    let mut ended = libc::pollfd { fd: us, events: libc::POLLIN, revents: 0 };
    // SAFETY: the kernel reads and writes one pollfd, borrowed for the call.
    if unsafe { libc::poll(&raw mut ended, 1, 0) } != 0 {
        return Err(Errno::ESRCH);
    }
    // SAFETY: a descriptor that is nobody else's in this process.
    unsafe { libc::close(us) };
    Ok(())
}

/// Makes sure that we stand below our root: from elsewhere `..` leads anywhere.
pub(super) fn stand_within() -> Result<(), Errno> {
    let mut path = [0_u8; 4096];
    // SAFETY: the kernel writes at most `path.len()` bytes at `path`. Not by the C library, which
    // would look further where the kernel says that it is unreachable.
    let length = unsafe { libc::syscall(libc::SYS_getcwd, path.as_mut_ptr(), path.len()) };
    match Errno::result(length) {
        Ok(_) if path[0] == b'/' => Ok(()),
        Ok(_) => Err(Errno::EXDEV),
        // Deleted meanwhile: it has no name, and nothing leads on from it.
        Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

fn is_closed_on_exec(number: RawFd) -> bool {
    // SAFETY: takes numbers.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC != 0
}

/// Closes every descriptor of this range.
fn close_all(first: c_uint, last: c_uint) -> Result<(), Errno> {
    // SAFETY: takes numbers, and the descriptors are this process's own copies.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    match Errno::result(closed) {
        // Before Linux 5.9 there is no such call.
        Err(Errno::ENOSYS) => {
            // SAFETY: takes a number.
            let limit = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
            // What was open before the limit was lowered is above it.
            let limit: RawFd = c_int::try_from(limit).unwrap_or(0).clamp(1 << 16, 1 << 20);
            for file in first.cast_signed()..limit.min(i32::try_from(last).unwrap_or(limit).saturating_add(1)) {
                // One that is not open is refused, and that is all the same to us.
                // SAFETY: takes a number, and the descriptor is this process's own copy.
                unsafe { libc::close(file) };
            }
            Ok(())
        }
        closed => closed.map(drop),
    }
}
