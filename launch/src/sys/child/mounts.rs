//! In the child: its mounts and its root directory.

use std::ffi::{CStr, c_ulong};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};

use nix::errno::Errno;

use super::{make, place};
use crate::op::{Fd, Missing, Mount, Spot};
use crate::script::Script;
use crate::sys::open_below;

pub(super) fn own() -> Result<(), Errno> {
    // SAFETY: takes a number.
    Errno::result(unsafe { libc::unshare(libc::CLONE_NEWNS) }).map(drop)
}

/// Makes all mounts slaves: those of the outside still arrive, ours stay here.
pub(super) fn keep_to_ourselves(proc: RawFd) -> Result<(), Errno> {
    match slave() {
        // Our root directory is that of no mount, or one that another was put over: so from the root
        // of the namespace, which becomes ours by entering it, and back.
        Err(Errno::EINVAL) => {
            let root = open_below(libc::AT_FDCWD, c"/", libc::O_PATH | libc::O_DIRECTORY)?;
            let ours = open_below(proc, c"self/ns/mnt", libc::O_RDONLY)?;
            // SAFETY: a descriptor of this process, and a number.
            Errno::result(unsafe { libc::setns(ours.as_raw_fd(), libc::CLONE_NEWNS) })?;
            let done = slave();
            chroot(root.as_raw_fd())?;
            done
        }
        done => done,
    }
}

fn slave() -> Result<(), Errno> {
    raw(None, c"/", None, libc::MS_REC | libc::MS_SLAVE, None)
}

pub(super) fn mount(mount: &Mount) -> Result<(), Errno> {
    let Mount { source, target, kind, flags, data } = mount;
    raw(Some(source), target, kind.as_deref(), flags.bits(), data.as_deref())
}

fn raw(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: c_ulong,
    data: Option<&CStr>,
) -> Result<(), Errno> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: C strings, or null where the call takes nothing.
    let mounted = unsafe { libc::mount(pointer(source), target.as_ptr(), pointer(kind), flags, pointer(data).cast()) };
    Errno::result(mounted).map(drop)
}

/// Attaches a tree that was made before, and is nowhere yet.
///
/// # References
/// move_mount(2), Linux 5.2
pub(super) fn attach(tree: RawFd, at: &CStr) -> Result<(), Errno> {
    let place = open_below(libc::AT_FDCWD, at, libc::O_PATH)?;
    attach_at(tree, place.as_raw_fd())
}

/// The same below a root, where its place is made if it is not there. What the path means is looked up only once, and
/// by way of no link out of the root.
///
/// # References
/// openat2(2), Linux 5.6
pub(super) fn install(script: &Script, tree: RawFd, at: &Spot, missing: Missing) -> Result<(), Errno> {
    let place = place::make(script, script.number(at.below()), at.rest(), missing)?;
    attach_at(tree, place.as_raw_fd())
}

fn attach_at(tree: RawFd, place: RawFd) -> Result<(), Errno> {
    let by_descriptors = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    let nothing = c"".as_ptr();
    // SAFETY: two descriptors, C strings, and a number.
    let moved = unsafe { libc::syscall(libc::SYS_move_mount, tree, nothing, place, nothing, by_descriptors) };
    Errno::result(moved).map(drop)
}

/// Covers a directory with an empty one, which is one for all, and a file with the device that swallows everything.
pub(super) fn mask(script: &Script, root: RawFd, at: &CStr, null: RawFd, empty: Fd) -> Result<(), Errno> {
    let place = place::open(root, at, libc::O_PATH)?;
    let is_directory = place::kind_of(place.as_raw_fd())? == libc::S_IFDIR;
    let made = script.number(empty);
    if is_directory && made < 0 {
        let inert = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
        let size = (c"size", Some(c"0k"));
        let first = make::fresh(c"tmpfs", std::iter::once(size), std::iter::empty(), inert | libc::MOUNT_ATTR_NOEXEC)?;
        // Before Linux 6.15 there are no copies of what is nowhere.
        attach_at(first.as_raw_fd(), place.as_raw_fd())?;
        script.keep(empty, first.into_raw_fd());
        return Ok(());
    }
    let nothing = make::copy(if is_directory { made } else { null }, c"", false)?;
    attach_at(nothing.as_raw_fd(), place.as_raw_fd())
}

/// Covers a file or a directory with itself, which nobody may write to.
pub(super) fn protect(root: RawFd, at: &CStr) -> Result<(), Errno> {
    let place = place::open(root, at, libc::O_PATH)?;
    let itself = make::copy(place.as_raw_fd(), c"", true)?;
    make::attribute(itself.as_raw_fd(), true, libc::MOUNT_ATTR_RDONLY, 0)?;
    attach_at(itself.as_raw_fd(), place.as_raw_fd())
}

/// Makes a mount the root of everything here; what was the root before goes, with all below it.
///
/// # References
/// pivot_root(2), `pivot_root(".", ".")`
pub(super) fn pivot(root: RawFd) -> Result<(), Errno> {
    // SAFETY: a descriptor of the script.
    Errno::result(unsafe { libc::fchdir(root) })?;
    let here = c".".as_ptr();
    // SAFETY: two C strings.
    Errno::result(unsafe { libc::syscall(libc::SYS_pivot_root, here, here) })?;
    // The old root lies on top of the new one now, and `.` is the old one's.
    // SAFETY: a C string, and a number.
    Errno::result(unsafe { libc::umount2(here, libc::MNT_DETACH) })?;
    // SAFETY: a C string.
    Errno::result(unsafe { libc::chdir(c"/".as_ptr()) }).map(drop)
}

pub(super) fn chroot(root: RawFd) -> Result<(), Errno> {
    // SAFETY: a descriptor of this process.
    Errno::result(unsafe { libc::fchdir(root) })?;
    // SAFETY: a C string that lives for ever.
    Errno::result(unsafe { libc::chroot(c".".as_ptr()) })?;
    // Who stayed where he was would stand outside of the new root.
    // SAFETY: as above.
    Errno::result(unsafe { libc::chdir(c"/".as_ptr()) }).map(drop)
}
