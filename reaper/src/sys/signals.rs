//! Signals: blocking them, what happens when one comes, waiting for one, sending one.

use linux_raw_sys::general as nr;

use super::file::{Fd, raw};
use super::{Errno, SIGSET_SIZE, address, arch};
use crate::{Signal, SignalSet};

/// Blocks exactly these signals in this thread, those of the C library's own among them.
///
/// # References
/// rt_sigprocmask(2)
pub fn block_exactly(set: &SignalSet) {
    // SAFETY: the kernel reads SIGSET_SIZE bytes of `set`; the old set is not asked for.
    unsafe { arch::syscall5(nr::__NR_rt_sigprocmask, nr::SIG_SETMASK as usize, address(set), 0, SIGSET_SIZE, 0) };
}

/// The signals that this thread blocks.
///
/// # References
/// rt_sigprocmask(2)
#[must_use]
pub fn blocked() -> SignalSet {
    let mut set = SignalSet::EMPTY;
    let address = core::ptr::from_mut(&mut set) as usize;
    // SAFETY: with no new set given, the kernel only writes the old one, SIGSET_SIZE bytes of `set`.
    unsafe { arch::syscall5(nr::__NR_rt_sigprocmask, nr::SIG_BLOCK as usize, 0, address, SIGSET_SIZE, 0) };
    set
}

/// Waits for one of these signals, which must be blocked; `None` when a stop and continue broke in.
///
/// # References
/// rt_sigtimedwait(2)
#[must_use]
pub fn wait_for(set: &SignalSet) -> Option<Signal> {
    // SAFETY: the kernel reads SIGSET_SIZE bytes of `set`; no siginfo is asked for, no time-out given.
    let number = unsafe { arch::syscall5(nr::__NR_rt_sigtimedwait, address(set), 0, 0, SIGSET_SIZE, 0) };
    #[allow(clippy::cast_possible_truncation, reason = "a signal number or an errno fits an i32")]
    Signal::new(number as i32)
}

/// Ignores a signal; for SIGCHLD that makes the kernel reap our children.
///
/// # References
/// rt_sigaction(2), wait(2) under NOTES
pub fn ignore(signal: Signal) {
    // The kernel's sigaction begins with the handler on all our architectures; flags, restorer and
    // mask, in whatever order, are zero. Some have no restorer, none has more.
    const SIG_IGN: usize = 1;
    let mut action = [0; 3 + SIGSET_SIZE / size_of::<usize>()];
    action[0] = SIG_IGN;
    // SAFETY: the kernel reads one sigaction at `action`, which is at least as large.
    unsafe { arch::syscall5(nr::__NR_rt_sigaction, signal.number().into(), address(&action), 0, SIGSET_SIZE, 0) };
}

/// What happens when a signal comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// What the kernel does by itself.
    Default,
    /// Nothing.
    Ignore,
}

/// Sets what happens when a signal comes, and hands back what it was. Handlers are none of ours.
///
/// # Errors
/// Those of rt_sigaction(2).
pub fn dispose(signal: Signal, disposition: Disposition) -> Result<Disposition, Errno> {
    // The kernel's sigaction begins with the handler on all our architectures; see `ignore`.
    let mut action = [0_usize; 3 + SIGSET_SIZE / size_of::<usize>()];
    let mut before = action;
    action[0] = usize::from(disposition == Disposition::Ignore);
    let at = core::ptr::from_mut(&mut before) as usize;
    // SAFETY: the kernel reads one sigaction and writes another, and both are at least as large.
    Errno::check(unsafe {
        arch::syscall5(nr::__NR_rt_sigaction, signal.number().into(), address(&action), at, SIGSET_SIZE, 0)
    })?;
    Ok(if before[0] == 1 { Disposition::Ignore } else { Disposition::Default })
}

/// What happens when a signal comes; `None` where a handler of this program's is called.
#[must_use]
pub fn disposed(signal: Signal) -> Option<Disposition> {
    // The kernel's sigaction begins with the handler on all our architectures; see `ignore`.
    let mut action = [0_usize; 3 + SIGSET_SIZE / size_of::<usize>()];
    let at = core::ptr::from_mut(&mut action) as usize;
    // SAFETY: with no new action given, the kernel only writes the old one, and `action` is at least as large.
    unsafe { arch::syscall5(nr::__NR_rt_sigaction, signal.number().into(), 0, at, SIGSET_SIZE, 0) };
    match action[0] {
        0 => Some(Disposition::Default),
        1 => Some(Disposition::Ignore),
        _ => None,
    }
}

/// Blocks exactly these signals, and hands back which were blocked before.
///
/// # Errors
/// Those of rt_sigprocmask(2).
pub fn exchange_mask(set: &SignalSet) -> Result<SignalSet, Errno> {
    let mut before = SignalSet::EMPTY;
    let at = core::ptr::from_mut(&mut before) as usize;
    // SAFETY: the kernel reads one set and writes another, SIGSET_SIZE bytes each.
    let done =
        unsafe { arch::syscall5(nr::__NR_rt_sigprocmask, nr::SIG_SETMASK as usize, address(set), at, SIGSET_SIZE, 0) };
    Errno::check(done).map(|_| before)
}

/// Sends a signal; a pid below zero is a process group, -1 everybody that we may.
///
/// # Errors
/// Those of kill(2).
pub fn kill(pid: i32, signal: Signal) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    let done = unsafe { arch::syscall5(nr::__NR_kill, raw(pid), usize::from(signal.number()), 0, 0, 0) };
    Errno::check(done).map(drop)
}

/// Sends a signal to the process of a pidfd, and to no other that has its pid by now.
///
/// # Errors
/// Those of pidfd_send_signal(2).
pub fn kill_pidfd(pidfd: &Fd, signal: Signal) -> Result<(), Errno> {
    let number = usize::from(signal.number());
    // SAFETY: takes numbers only; no siginfo is given.
    let done = unsafe { arch::syscall5(nr::__NR_pidfd_send_signal, raw(pidfd.number()), number, 0, 0, 0) };
    Errno::check(done).map(drop)
}
