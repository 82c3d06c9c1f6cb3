//! Processes: making one, becoming a program, asking how it ended.

use core::ffi::CStr;
use core::marker::PhantomData;

use linux_raw_sys::general as nr;
use linux_raw_sys::prctl;

use super::file::{Fd, raw};
use super::{Errno, address, arch};
use crate::{Signal, WaitStatus};

/// Which of the two we are after a fork.
#[derive(Debug)]
pub enum Fork {
    /// The new process.
    Child,
    /// The one that made it.
    Parent {
        /// The new process, as we count.
        pid: i32,
        /// A descriptor of it, where the kernel has such.
        pidfd: Option<Fd>,
    },
}

/// Makes a copy of this process. Only for one with a single thread.
///
/// # Errors
/// Those of clone(2).
pub fn fork() -> Result<Fork, Errno> {
    let mut pidfd = -1_i32;
    let pid = match clone(nr::CLONE_PIDFD, &mut pidfd) {
        // Who does not know of pidfds: kernels before 5.2, and emulators.
        Err(Errno::EINVAL) => clone(0, &mut pidfd),
        result => result,
    };
    match pid? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent { pid, pidfd: (pidfd >= 0).then(|| Fd::from_raw(pidfd)) }),
    }
}

fn clone(flags: u32, pidfd: &mut i32) -> Result<i32, Errno> {
    let flags = flags as usize | usize::from(Signal::CHLD.number());
    let (first, second) = if cfg!(target_arch = "s390x") { (0, flags) } else { (flags, 0) };
    let at = core::ptr::from_mut(pidfd) as usize;
    // SAFETY: without CLONE_VM the child has memory of its own, and goes on upon the same stack.
    // The kernel writes a descriptor at an address borrowed for the call.
    let pid = unsafe { arch::syscall5(nr::__NR_clone, first, second, at, 0, 0) };
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "pids are below 2^22")]
    Errno::check(pid).map(|pid| pid as i32)
}

/// A list of C strings, closed by a null, as execve(2) wants it.
#[derive(Clone, Copy, Debug)]
pub struct Strings(*const *const u8);

impl Strings {
    /// The list at this address.
    ///
    /// # Safety
    /// It must be a list of pointers to C strings, closed by a null; all live as long as this is used.
    #[must_use]
    pub const unsafe fn at(list: *const *const u8) -> Self {
        Self(list)
    }

    /// The strings, one after the other.
    pub fn iter(self) -> impl Iterator<Item = &'static CStr> {
        let mut next = self.0;
        core::iter::from_fn(move || {
            // SAFETY: `next` points into the list, at most at its closing null, past which we never step.
            let string = unsafe { *next };
            if string.is_null() {
                return None;
            }
            next = next.wrapping_add(1);
            // SAFETY: what is in the list is a C string, and lives as long as the process.
            Some(unsafe { CStr::from_ptr(string.cast()) })
        })
    }
}

/// A list of C strings that is being made, with room for so many.
#[derive(Debug)]
pub struct List<'a, const ROOM: usize> {
    pointers: [*const u8; ROOM],
    length: usize,
    strings: PhantomData<&'a CStr>,
}

impl<'a, const ROOM: usize> List<'a, ROOM> {
    /// The list of none.
    #[must_use]
    pub const fn new() -> Self {
        Self { pointers: [core::ptr::null(); ROOM], length: 0, strings: PhantomData }
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The strings in it.
    pub fn iter(&self) -> impl Iterator<Item = &'a CStr> {
        self.pointers[..self.length].iter().map(|string| {
            // SAFETY: it was made of a C string borrowed for as long.
            unsafe { CStr::from_ptr(string.cast()) }
        })
    }

    /// Adds a string.
    ///
    /// # Errors
    /// `E2BIG` if there is no more room.
    pub fn push(&mut self, string: &'a CStr) -> Result<(), Errno> {
        // The last stays null.
        if self.length + 1 >= ROOM {
            return Err(Errno::E2BIG);
        }
        self.pointers[self.length] = string.as_ptr().cast();
        self.length += 1;
        Ok(())
    }
}

impl<const ROOM: usize> Default for List<'_, ROOM> {
    fn default() -> Self {
        Self::new()
    }
}

/// Becomes the program at this path; comes back only if it cannot.
///
/// # References
/// execve(2)
#[must_use]
pub fn execute<const ROOM: usize, const MORE: usize>(
    path: &CStr,
    argv: &List<'_, ROOM>,
    envp: &List<'_, MORE>,
) -> Errno {
    let (argv, envp) = (address(&argv.pointers), address(&envp.pointers));
    // SAFETY: the kernel reads a C string and two lists of them that end with a null, all borrowed
    // for the call; the strings in them are borrowed for as long as the lists live.
    let result = unsafe { arch::syscall5(nr::__NR_execve, path.as_ptr() as usize, argv, envp, 0, 0) };
    Errno::check(result).err().unwrap_or(Errno::ENOEXEC)
}

/// How a process ended that the kernel has reaped for us; `None` before Linux 6.15, or while it lives.
///
/// # References
/// `PIDFD_GET_INFO` and `PIDFD_INFO_EXIT`, `include/uapi/linux/pidfd.h`
#[must_use]
pub fn reaped_status(pidfd: &Fd) -> Option<WaitStatus> {
    // `struct pidfd_info` in its first version: what is asked and answered, a cgroup, eleven ids, the status.
    #[repr(C)]
    struct Info {
        mask: u64,
        cgroup: u64,
        ids: [u32; 11],
        status: i32,
    }
    const EXIT: u64 = 1 << 3;
    // _IOWR(0xff, 11, struct pidfd_info), which comes to the same on all our architectures.
    const GET_INFO: usize = 0xc000_0000 | (size_of::<Info>() << 16) | 0xff00 | 11;
    let mut info = Info { mask: EXIT, cgroup: 0, ids: [0; 11], status: 0 };
    let at = core::ptr::from_mut(&mut info) as usize;
    // SAFETY: the kernel reads and writes at most the size in the request's number at an address
    // borrowed for the call.
    let done = unsafe { arch::syscall5(nr::__NR_ioctl, raw(pidfd.number()), GET_INFO, at, 0, 0) };
    (done == 0 && info.mask & EXIT != 0).then(|| WaitStatus::from_raw(info.status)).flatten()
}

/// What a wait found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// This child changed so.
    Child(i32, WaitStatus),
    /// Children live, and none has changed.
    Nothing,
    /// There is no child.
    NoChild,
    /// The kernel would not say.
    Untold,
}

/// Looks for a child that has ended or stopped, and reaps it; does not wait for one.
///
/// # References
/// wait4(2)
#[must_use]
pub fn wait_any() -> Waited {
    const ANY: usize = usize::MAX;
    let options = (nr::WNOHANG | nr::WUNTRACED | nr::__WALL) as usize;
    let mut status = 0_i32;
    let at = core::ptr::from_mut(&mut status) as usize;
    // SAFETY: the kernel writes one status at an address borrowed for the call; the resource usage
    // is not asked for.
    let pid = unsafe { arch::syscall5(nr::__NR_wait4, ANY, at, options, 0, 0) };
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "pids are below 2^22")]
    match Errno::check(pid) {
        Ok(0) => Waited::Nothing,
        Ok(pid) => WaitStatus::from_raw(status).map_or(Waited::Nothing, |status| Waited::Child(pid as i32, status)),
        Err(Errno::ECHILD) => Waited::NoChild,
        Err(_) => Waited::Untold,
    }
}

/// Waits for the end of this child, whose status is of no interest, and reaps it.
///
/// # References
/// wait4(2)
pub fn reap(pid: i32) {
    // SAFETY: neither the status nor the resource usage is asked for.
    unsafe { arch::syscall5(nr::__NR_wait4, raw(pid), 0, nr::__WALL as usize, 0, 0) };
}

/// Holds a process by its pid, whoever has that; it has it for as long as it is not reaped.
///
/// # Errors
/// Those of pidfd_open(2), which is as old as Linux 5.3.
pub fn hold(pid: i32) -> Result<Fd, Errno> {
    // SAFETY: takes numbers only.
    Fd::of(unsafe { arch::syscall5(nr::__NR_pidfd_open, raw(pid), 0, 0, 0, 0) })
}

/// Whether the orphans of our descendants come to us.
///
/// # References
/// prctl(2), `PR_GET_CHILD_SUBREAPER`
#[must_use]
pub fn adopts_orphans() -> bool {
    asked(prctl::PR_GET_CHILD_SUBREAPER) == Ok(1)
}

/// Has the orphans of our descendants come to us, or not.
///
/// # Errors
/// Those of prctl(2), `PR_SET_CHILD_SUBREAPER`.
pub fn adopt_orphans(adopts: bool) -> Result<(), Errno> {
    control(prctl::PR_SET_CHILD_SUBREAPER, adopts.into())
}

/// The signal that is sent to us when our parent ends, if one is.
///
/// # Errors
/// Those of prctl(2), `PR_GET_PDEATHSIG`.
pub fn signal_of_parents_death() -> Result<Option<Signal>, Errno> {
    asked(prctl::PR_GET_PDEATHSIG).map(Signal::new)
}

/// Has this signal sent to us when our parent ends, or none.
///
/// # Errors
/// Those of prctl(2), `PR_SET_PDEATHSIG`.
pub fn signal_on_parents_death(signal: Option<Signal>) -> Result<(), Errno> {
    control(prctl::PR_SET_PDEATHSIG, signal.map_or(0, Signal::number).into())
}

fn control(option: u32, value: usize) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    Errno::check(unsafe { arch::syscall5(nr::__NR_prctl, option as usize, value, 0, 0, 0) }).map(drop)
}

/// What the kernel answers by way of an address.
fn asked(option: u32) -> Result<i32, Errno> {
    let mut answer = 0_i32;
    let at = core::ptr::from_mut(&mut answer) as usize;
    // SAFETY: the kernel writes one int at an address borrowed for the call.
    Errno::check(unsafe { arch::syscall5(nr::__NR_prctl, option as usize, at, 0, 0, 0) }).map(|_| answer)
}

/// Our parent's pid; 0 if it is not of our pid namespace.
#[must_use]
pub fn getppid() -> isize {
    // SAFETY: takes nothing, cannot fail.
    unsafe { arch::syscall5(nr::__NR_getppid, 0, 0, 0, 0, 0) }
}

/// Makes us the leader of a process group of our own.
///
/// # Errors
/// Those of setpgid(2).
pub fn lead_group() -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    Errno::check(unsafe { arch::syscall5(nr::__NR_setpgid, 0, 0, 0, 0, 0) }).map(drop)
}

/// Our process group.
///
/// # References
/// getpgid(2)
#[must_use]
pub fn group() -> i32 {
    #[allow(clippy::cast_possible_truncation, reason = "pids are below 2^22")]
    // SAFETY: takes a number; 0 is ourselves, which exist.
    let group = unsafe { arch::syscall5(nr::__NR_getpgid, 0, 0, 0, 0, 0) } as i32;
    group
}

/// Makes us the leader of a session of our own, without a terminal.
///
/// # Errors
/// Those of setsid(2).
pub fn lead_session() -> Result<(), Errno> {
    // SAFETY: takes nothing.
    Errno::check(unsafe { arch::syscall5(nr::__NR_setsid, 0, 0, 0, 0, 0) }).map(drop)
}

/// Whether we lead a session.
///
/// # References
/// getsid(2)
#[must_use]
pub fn leads_session() -> bool {
    // SAFETY: takes a number; 0 is ourselves, which exist.
    unsafe { arch::syscall5(nr::__NR_getsid, 0, 0, 0, 0, 0) == super::getpid() }
}

/// Becomes this user, with these groups and no other, for good.
///
/// # Errors
/// Those of setgroups(2), setgid(2) and setuid(2).
pub fn become_user(uid: u32, gid: u32, groups: &[u32]) -> Result<(), Errno> {
    #[cfg(not(target_arch = "arm"))]
    use nr::{__NR_setgid as SETGID, __NR_setgroups as SETGROUPS, __NR_setuid as SETUID};
    // There the calls of the plain names take ids of 16 bits.
    #[cfg(target_arch = "arm")]
    use nr::{__NR_setgid32 as SETGID, __NR_setgroups32 as SETGROUPS, __NR_setuid32 as SETUID};
    // SAFETY: the kernel reads `groups.len()` ids at an address borrowed for the call.
    Errno::check(unsafe { arch::syscall5(SETGROUPS, groups.len(), groups.as_ptr() as usize, 0, 0, 0) })?;
    // SAFETY: takes a number.
    Errno::check(unsafe { arch::syscall5(SETGID, gid as usize, 0, 0, 0, 0) })?;
    // SAFETY: takes a number.
    Errno::check(unsafe { arch::syscall5(SETUID, uid as usize, 0, 0, 0, 0) }).map(drop)
}
