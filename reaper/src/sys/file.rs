//! Descriptors: opening, reading, waiting until there is something to read.

use core::ffi::CStr;
use core::time::Duration;

use linux_raw_sys::general as nr;

use super::{Errno, SIGSET_SIZE, address, arch};
use crate::{Signal, SignalSet};

/// An open descriptor, closed when it is dropped.
#[derive(Debug)]
pub struct Fd(i32);

impl Fd {
    pub(super) fn of(result: isize) -> Result<Self, Errno> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "descriptors are small")]
        Errno::check(result).map(|fd| Self(fd as i32))
    }

    /// One that somebody else has opened for us.
    pub(super) const fn from_raw(fd: i32) -> Self {
        Self(fd)
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> i32 {
        self.0
    }
}

impl Drop for Fd {
    fn drop(&mut self) {
        close(self.0);
    }
}

/// Closes a descriptor.
///
/// # References
/// close(2)
pub fn close(fd: i32) {
    // SAFETY: takes a number; who calls has no more use for it.
    unsafe { arch::syscall5(nr::__NR_close, raw(fd), 0, 0, 0, 0) };
}

/// A descriptor or pid as the kernel takes it, below zero or not.
pub(super) const fn raw(number: i32) -> usize {
    (number as isize).cast_unsigned()
}

/// Opens a file to read, or a directory.
///
/// # Errors
/// Those of openat(2).
pub fn open(path: &CStr) -> Result<Fd, Errno> {
    open_with(path, nr::O_RDONLY)
}

/// Opens a file with these flags, and such that no command inherits it.
pub(super) fn open_with(path: &CStr, flags: u32) -> Result<Fd, Errno> {
    let flags = (flags | nr::O_CLOEXEC) as usize;
    // SAFETY: the kernel reads a C string borrowed for the call.
    Fd::of(unsafe { arch::syscall5(nr::__NR_openat, raw(nr::AT_FDCWD), path.as_ptr() as usize, flags, 0, 0) })
}

/// Whether there is such a file, as far as we may look.
///
/// # References
/// faccessat(2)
#[must_use]
pub fn exists(path: &CStr) -> bool {
    let at = path.as_ptr() as usize;
    // SAFETY: the kernel reads a C string borrowed for the call.
    unsafe { arch::syscall5(nr::__NR_faccessat, raw(nr::AT_FDCWD), at, nr::F_OK as usize, 0, 0) == 0 }
}

/// Reads what is there, at most as much as fits.
///
/// # Errors
/// Those of read(2).
pub fn read(fd: i32, into: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes at most `into.len()` bytes at an address borrowed for the call.
    Errno::check(unsafe { arch::syscall5(nr::__NR_read, raw(fd), into.as_mut_ptr() as usize, into.len(), 0, 0) })
}

/// The entries of an open directory, as many as fit, as `struct linux_dirent64` lays them out.
///
/// # Errors
/// Those of getdents64(2).
pub fn entries(directory: &Fd, into: &mut [u8]) -> Result<usize, Errno> {
    let at = into.as_mut_ptr() as usize;
    // SAFETY: the kernel writes at most `into.len()` bytes at an address borrowed for the call.
    Errno::check(unsafe { arch::syscall5(nr::__NR_getdents64, raw(directory.0), at, into.len(), 0, 0) })
}

/// A pipe that no command inherits: the end to read from, and the end to write to.
///
/// # Errors
/// Those of pipe(2).
pub fn pipe() -> Result<(Fd, Fd), Errno> {
    let mut ends = [0_i32; 2];
    let at = core::ptr::from_mut(&mut ends) as usize;
    // SAFETY: the kernel writes two descriptors at an address borrowed for the call.
    Errno::check(unsafe { arch::syscall5(nr::__NR_pipe2, at, nr::O_CLOEXEC as usize, 0, 0, 0) })?;
    Ok((Fd(ends[0]), Fd(ends[1])))
}

/// Has a descriptor close when a command is executed.
///
/// # Errors
/// Those of fcntl(2): it is not open.
pub fn close_on_exec(fd: i32) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    let done = unsafe { arch::syscall5(nr::__NR_fcntl, raw(fd), nr::F_SETFD as usize, nr::FD_CLOEXEC as usize, 0, 0) };
    Errno::check(done).map(drop)
}

/// A descriptor that has these signals to read, which must be blocked.
///
/// # Errors
/// Those of signalfd(2).
pub fn signals(set: &SignalSet) -> Result<Fd, Errno> {
    let flags = (nr::O_CLOEXEC | nr::O_NONBLOCK) as usize;
    // SAFETY: the kernel reads SIGSET_SIZE bytes of `set`.
    Fd::of(unsafe { arch::syscall5(nr::__NR_signalfd4, raw(-1), address(set), SIGSET_SIZE, flags, 0) })
}

/// The next signal that has come, if there is one, and the pid of who sent it; 0 if that is not of
/// our pid namespace.
#[must_use]
pub fn next_signal(signals: &Fd) -> Option<(Signal, i32)> {
    // `struct signalfd_siginfo`, which begins with the number; behind two more stands the sender.
    let mut info = [0_u8; 128];
    let length = read(signals.0, &mut info).ok()?;
    let word = |at: usize| info.get(at..).and_then(<[u8]>::first_chunk).map(|bytes| i32::from_ne_bytes(*bytes));
    if length == info.len() { Some((Signal::new(word(0)?)?, word(12)?)) } else { None }
}

/// What is waited for at a descriptor; a number below zero is never ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Await {
    /// Something to read.
    Input(i32),
    /// Room to write.
    Room(i32),
    /// No more than its end, which is told unasked; of a pidfd: that the process has been reaped.
    HangUp(i32),
    /// Nothing.
    Nothing,
}

/// Which of these are ready. Without a time-out it waits for ever.
///
/// # References
/// ppoll(2)
#[must_use]
pub fn wait<const COUNT: usize>(awaited: [Await; COUNT], timeout: Option<Duration>) -> [bool; COUNT] {
    // `struct pollfd`: the descriptor, what is asked and what is answered, two bytes each.
    #[repr(C)]
    struct PollFd(i32, u16, u16);
    #[allow(clippy::cast_possible_truncation, reason = "the flags are two bytes")]
    let mut polled = awaited.map(|awaited| match awaited {
        Await::Input(fd) => PollFd(fd, nr::POLLIN as u16, 0),
        Await::Room(fd) => PollFd(fd, nr::POLLOUT as u16, 0),
        Await::HangUp(fd) => PollFd(fd, 0, 0),
        Await::Nothing => PollFd(-1, 0, 0),
    });
    // Two words, as the calls of this name take them on all our architectures.
    #[allow(clippy::cast_possible_truncation, reason = "as long a time-out as 32 bits can say")]
    let time = timeout.map(|timeout| [timeout.as_secs() as usize, timeout.subsec_nanos() as usize]);
    let time = time.as_ref().map_or(0, address);
    let at = core::ptr::from_mut(&mut polled) as usize;
    // SAFETY: the kernel reads and writes COUNT pollfds, and reads two words of time, or none at 0;
    // all are borrowed for the call. No mask is given.
    unsafe { arch::syscall5(nr::__NR_ppoll, at, polled.len(), time, 0, 0) };
    polled.map(|fd| fd.2 != 0)
}

/// Writes what there is room for, and hands back how much that was.
///
/// # Errors
/// Those of write(2).
pub fn write(fd: i32, bytes: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel reads at most `bytes.len()` bytes at an address borrowed for the call.
    Errno::check(unsafe { arch::syscall5(nr::__NR_write, raw(fd), bytes.as_ptr() as usize, bytes.len(), 0, 0) })
}

/// Since some moment in the past, never going back.
///
/// # References
/// clock_gettime(2), `CLOCK_MONOTONIC`
#[must_use]
pub fn now() -> Duration {
    let mut time = [0_usize; 2];
    let at = core::ptr::from_mut(&mut time) as usize;
    // SAFETY: the kernel writes two words at an address borrowed for the call.
    unsafe { arch::syscall5(nr::__NR_clock_gettime, nr::CLOCK_MONOTONIC as usize, at, 0, 0, 0) };
    #[allow(clippy::cast_possible_truncation, reason = "nanoseconds are below 10^9")]
    Duration::new(time[0] as u64, time[1] as u32)
}
