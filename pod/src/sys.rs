//! The system calls that no crate wraps.
//!
//! # Safety
//! They take over descriptors that nobody else in this process knows of, and say what is done at a signal.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction, signal};
use rustix::event::EventfdFlags;
use tokio::io::unix::AsyncFd;

/// Takes a descriptor that our parent has handed us by its number, and puts nothing in its place.
///
/// `None` when there is none of that number.
pub(crate) fn inherited(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: takes numbers.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return None;
    }
    if let Ok(null) = std::fs::File::open("/dev/null") {
        // SAFETY: takes numbers; what had the number before is ours by its copy.
        unsafe { libc::dup2(null.as_raw_fd(), number) };
    }
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    Some(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// A descriptor that has come with a message.
pub(crate) fn received(number: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows of it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// Closes whatever is open beyond stdin, stdout and stderr. For the very beginning of a program, in
/// which nobody owns any of these.
pub(crate) fn close_inherited() {
    // SAFETY: takes numbers; nothing in this process knows of a descriptor yet.
    if unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) } == 0 {
        return;
    }
    // Before Linux 5.9. What lists them is one of them, and closed already by the time its turn comes.
    let names = registry::tree::names(std::path::Path::new("/proc/self/fd")).unwrap_or_default();
    for number in names.iter().filter_map(|name| name.to_str()?.parse::<RawFd>().ok()).filter(|number| *number > 2) {
        // SAFETY: takes a number; see above.
        unsafe { libc::close(number) };
    }
}

/// Ignores a signal, and so does whatever is not told otherwise.
pub(crate) fn ignore(which: Signal) -> io::Result<()> {
    // SAFETY: no handler is set, nor one replaced.
    unsafe { signal(which, SigHandler::SigIgn) }?;
    Ok(())
}

/// Where it is counted how often we were asked to end.
static ASKED: OnceLock<OwnedFd> = OnceLock::new();
/// And how often the kernel has told of a directory.
static STIRRED: OnceLock<OwnedFd> = OnceLock::new();

/// What is told of a directory, as the kernel's fcntl.h has it: that something comes, goes, or is called otherwise, and
/// each time.
const DN_CREATE: libc::c_ulong = 0x4;
const DN_DELETE: libc::c_ulong = 0x8;
const DN_RENAME: libc::c_ulong = 0x10;
const DN_MULTISHOT: libc::c_ulong = 0x8000_0000;

/// Whoever asks this process to end (TERM, INT, HUP) is only counted from now on, whichever of its threads hears it: what
/// comes back is readable once somebody has.
pub(crate) fn asked_to_end() -> io::Result<&'static OwnedFd> {
    counted(&ASKED, &[Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])
}

/// The kernel tells from now on of what comes to these directories and goes from them, as long as they are open: what
/// comes back is readable once it has.
///
/// # References
/// fcntl(2), `F_NOTIFY`
pub(crate) fn stirred(directories: &[OwnedFd]) -> io::Result<&'static OwnedFd> {
    // Before: by default who is told ends.
    let counter = counted(&STIRRED, &[Signal::SIGIO])?;
    for directory in directories {
        let what = DN_CREATE | DN_DELETE | DN_RENAME | DN_MULTISHOT;
        // SAFETY: takes numbers.
        Errno::result(unsafe { libc::fcntl(directory.as_raw_fd(), libc::F_NOTIFY, what) })?;
    }
    Ok(counter)
}

/// Has these signals be counted in this place, whichever of our threads hears them.
fn counted(place: &'static OnceLock<OwnedFd>, signals: &[Signal]) -> io::Result<&'static OwnedFd> {
    if place.get().is_none() {
        let counter = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Another thread may have been quicker.
        let _kept = place.set(counter);
        let counts = SigAction::new(SigHandler::Handler(count), SaFlags::SA_RESTART, SigSet::empty());
        for which in signals {
            // SAFETY: the handler makes one system call, and leaves errno as it was.
            unsafe { sigaction(*which, &counts) }?;
        }
    }
    place.get().ok_or_else(|| io::ErrorKind::NotFound.into())
}

extern "C" fn count(which: libc::c_int) {
    let errno = Errno::last();
    let place = if which == libc::SIGIO { &STIRRED } else { &ASKED };
    if let Some(counter) = place.get() {
        // One that is full says what it is to say.
        let _full = rustix::io::write(counter, &1_u64.to_ne_bytes());
    }
    errno.set();
}

/// Watches a descriptor: a pidfd is readable once its process has ended.
pub(crate) fn watch(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor must stay open and the same while it is watched: an OwnedFd is for good,
    // and the AsyncFd owns it.
    let watched = unsafe { AsyncFd::register(descriptor) };
    watched.map_err(io::Error::from)
}

/// Watches a descriptor that this process has until it ends.
pub(crate) fn watch_kept(descriptor: BorrowedFd<'static>) -> io::Result<AsyncFd<BorrowedFd<'static>>> {
    // SAFETY: the descriptor must stay open and the same while it is watched: a static is never closed.
    let watched = unsafe { AsyncFd::register(descriptor) };
    watched.map_err(io::Error::from)
}

/// The pid namespace around this one, if it can be seen from here.
///
/// # References
/// ioctl_nsfs(2), `NS_GET_PARENT`
pub(crate) fn parent_namespace(file: &impl AsRawFd) -> Option<OwnedFd> {
    // SAFETY: the request takes nothing but a descriptor, borrowed for the call.
    let parent = unsafe { libc::ioctl(file.as_raw_fd(), libc::NS_GET_PARENT as _) };
    (parent >= 0).then(|| received(parent))
}
